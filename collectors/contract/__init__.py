"""The contract of collectors, ours and third parties', as checks that need no test framework:

    from collectors.contract import Case, violations

    case = Case(
        collector=MySite,
        block=lambda address: {"name": "mysite", "type": "mysite", "base_url": address, ...},
        serve=my_local_double,      # a context manager that gives "http://127.0.0.1:PORT"
        now=datetime(2026, 11, 24, tzinfo=UTC),
        secrets={"MYSITE_KEY": "a-canary-that-nothing-else-holds"},
    )
    assert not list(violations(case))

`RULES` says what is demanded. The double must answer as the site does, over two pages or more; the faults
(429, reset, slow drip, bomb, redirects, garbage ...) are put between the two. With pytest, one test a fault:
`running(case)` gives a `Bench` with a method for each check.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from collectors.contract.bench import Bench, running
from collectors.contract.case import RULES, Case, Finding, hosts_of
from collectors.contract.faults import FAULTS

__all__ = ["FAULTS", "RULES", "Bench", "Case", "Finding", "hosts_of", "running", "violations"]


def violations(case: Case, faults: Iterable[str] = tuple(FAULTS)) -> Iterator[Finding]:
    """Every rule that a collector breaks, each way it does. Memory is not measured here: `check_memory`."""
    with running(case) as bench:
        yield from bench.check_read()
        yield from bench.check_resume()
        yield from bench.check_cursors()
        for name in faults:
            yield from bench.check_fault(name)
