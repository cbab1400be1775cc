"""The contract of collectors, for every type of the registry; and that it catches those that break it."""

import inspect
import json
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import contract_broken
import pytest
from contract_broken import BROKEN, Honest
from contract_cases import CASES

from collectors import COLLECTORS
from collectors.contract import RULES, Case, running, violations
from collectors.contract.case import leaks
from collectors.contract.guard import guarded
from collectors.contract.ondisk import SPOILS
from collectors.contract.online import FAULTS

LIVE = sorted(name for name in CASES if name != "file")
_RUNNING: dict = {}


@pytest.fixture(scope="module")
def benches():
    """A bench of each case, set up once."""
    stacks = []

    def bench(name):
        if name not in _RUNNING:
            stack = running(CASES[name]())
            _RUNNING[name] = stack.__enter__()
            stacks.append(stack)
        return _RUNNING[name]

    yield bench
    _RUNNING.clear()
    for stack in stacks:
        stack.__exit__(None, None, None)


def found(findings):
    return "\n".join(dict.fromkeys(map(str, findings)))


def test_every_type_of_the_registry_has_a_case():
    assert sorted(CASES) == sorted(COLLECTORS)


def test_the_guide_counts_the_faults_right():
    guide = (Path(__file__).parents[1] / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert f"under {len(FAULTS)} faults" in " ".join(guide.split())


@pytest.mark.parametrize("name", sorted(CASES))
def test_a_read(benches, name):
    assert not found(benches(name).check_read())


@pytest.mark.parametrize("name", sorted(CASES))
def test_the_double_is_worth_the_name(benches, name):
    """Several units, or nothing is proved of resuming; and a secret wherever the type has one."""
    full = benches(name).full
    assert len(full.units) >= 2
    assert all(len(value) >= 8 for value in benches(name).case.secrets.values())
    wanted = any(field.endswith("_secret") for field in type(benches(name).settings).model_fields)
    assert bool(benches(name).case.secrets) == wanted


@pytest.mark.parametrize("name", sorted(CASES))
def test_a_case_says_what_its_double_holds(benches, name):
    """Without it, a collector that reads the first page alone would pass; deleted items go by their ids."""
    case = benches(name).case
    assert set(case.expected) == benches(name).full.ids
    assert case.rejected


@pytest.mark.parametrize("name", sorted(CASES))
def test_junk_in_a_unit(benches, name):
    assert not found(benches(name).check_junk())


@pytest.mark.parametrize("name", sorted(CASES))
def test_reading_on_from_every_cursor(benches, name):
    assert not found(benches(name).check_resume())


@pytest.mark.parametrize("name", sorted(CASES))
def test_cursors_of_the_future_and_damaged_ones(benches, name):
    assert not found(benches(name).check_cursors())


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("name", LIVE)
def test_a_fault_in_the_middle(benches, name, fault):
    assert not found(benches(name).check_fault(fault, start=False))


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("name", LIVE)
def test_a_fault_from_the_start(benches, name, fault):
    assert not found(benches(name).check_fault(fault))


@pytest.mark.parametrize("fault", SPOILS)
def test_a_spoilt_file(benches, fault):
    assert not found(benches("file").check_fault(fault))


@pytest.mark.slow
@pytest.mark.parametrize("name", LIVE)
def test_a_bomb_of_200_mb_does_not_fill_the_memory(name):
    """In a process of its own, whose peak is its own."""
    tests = Path(__file__).parent
    code = (
        "from contract_cases import CASES; from collectors.contract import running\n"
        f"with running(CASES[{name!r}]()) as bench:\n"
        "    print(*bench.check_memory(), sep='\\n')"
    )
    path = f"import sys; sys.path[:0] = {[str(tests.parent), str(tests)]!r}; "
    done = subprocess.run(
        [sys.executable, "-c", path + code], capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "", "")


# ---------------------------------------------------------------- the contract itself


def test_an_honest_collector_of_somebody_else_passes():
    assert not found(violations(contract_broken.case()))


def test_a_double_may_say_how_many_mentions_it_holds():
    case = replace(contract_broken.case(contract_broken.FirstPages), expected=19, rejected=2)
    with running(case) as bench:
        said = found(bench.check_read())
    assert "10 mentions were read, where 19 are" in said
    assert "2 of 2 items that must become Rejects did not" in said


def test_a_token_that_is_a_number_breaks_nothing():
    with running(contract_broken.case(contract_broken.Tokens)) as bench:
        assert not found([*bench.check_cursors(), *bench.check_resume()])


@pytest.mark.parametrize("collector", BROKEN, ids=[one.__name__ for one in BROKEN])
def test_a_broken_collector_is_caught_by_the_rule_that_it_breaks(collector):
    rule, words, check = BROKEN[collector]
    with running(contract_broken.case(collector)) as bench:
        findings = list(check(bench))
    assert rule in RULES
    assert [one for one in findings if one.rule == rule and words in one.message], found(findings)


def test_the_broken_ones_break_what_they_say_and_the_honest_one_is_their_model():
    assert all(issubclass(one, Honest) and inspect.getdoc(one) for one in BROKEN)
    assert len({rule for rule, _, _ in BROKEN.values()}) >= 7


def test_findings_name_no_text_and_no_author():
    with running(contract_broken.case(contract_broken.SameIds)) as bench:
        said = found(bench.check_read())
    assert "No reply" not in said


# ---------------------------------------------------------------- its parts


@pytest.mark.parametrize(
    ("text", "leaking"),
    [
        ("key=abc%2F12345", True),
        ("abc/12345", True),
        ("Basic aWQtMTIzNDU6YWJjLzEyMzQ1", True),
        ("YWJjLzEyMzQ1", True),
        ("abc", False),
    ],
)
def test_a_secret_is_found_in_every_dress(text, leaking):
    assert leaks(["abc/12345", "id-12345"], text) is leaking


def test_the_guard_lets_nobody_out_but_to_what_is_declared():
    with (
        socket.create_server(("127.0.0.1", 0)) as one,
        socket.create_server(("127.0.0.1", 0)) as other,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagram,
    ):
        declared, strange = (f"127.0.0.1:{server.getsockname()[1]}" for server in (one, other))
        with guarded(frozenset({declared})) as guard:
            socket.create_connection(one.getsockname()).close()
            for call in (
                lambda: socket.create_connection(other.getsockname()),
                lambda: socket.create_connection(("nowhere.example", 80)),
                lambda: datagram.sendto(b"x", ("192.0.2.1", 53)),
            ):
                with pytest.raises(OSError, match="not a host of this source"):
                    call()
    assert guard.strange == [strange, "nowhere.example", "192.0.2.1:53"]


def test_no_test_framework_is_needed():
    code = "import sys, collectors.contract; print('pytest' in sys.modules)"
    root = Path(__file__).parents[1]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_a_case_is_json_apart_from_its_functions():
    case = contract_broken.case()
    assert isinstance(case, Case)
    assert json.dumps(dict(case.block("http://127.0.0.1:1")), default=str)
