"""The contract of collectors, ours and third parties', as checks that need no test framework:

    from collectors.contract import Case, violations

    case = Case(
        collector=MySite,
        block=lambda address: {"name": "mysite", "type": "mysite", "base_url": address, ...},
        serve=my_local_double,      # a context manager that gives "http://127.0.0.1:PORT"
        now=datetime(2026, 11, 24, tzinfo=UTC),
        expected={"p1", "p2", "p3"},  # the ids of all mentions that it holds, or how many
        rejected={"p4"},            # those of what must be a Reject: deleted, hidden, empty
        secrets={"MYSITE_KEY": "a-canary-that-nothing-else-holds"},
    )
    assert not list(violations(case))

For a source that reads files `serve` gives a folder, whose copy is the block's `address`.

`RULES` says what is demanded. The double must answer as the site does, over two pages or more; the faults
(429, reset, slow drip, bomb, redirects, garbage ...) are put between the two. With pytest, one test a fault:
`running(case)` gives a `Bench` with a method for each check.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from collectors.contract.bench import Bench
from collectors.contract.case import RULES, Case, Finding, hosts_of
from collectors.contract.ondisk import OnDisk
from collectors.contract.online import Online, online

__all__ = ["RULES", "Bench", "Case", "Finding", "OnDisk", "Online", "hosts_of", "running", "violations"]


@contextmanager
def running(case: Case) -> Iterator[Bench]:
    """The case set up, for as long as the block lasts."""
    with tempfile.TemporaryDirectory() as folder, case.serve() as address:
        if not address.startswith("http"):
            yield OnDisk(case, Path(folder), Path(address))
            return
        with online(case, address, Path(folder)) as bench:
            yield bench


def violations(case: Case) -> Iterator[Finding]:
    """Every rule that a collector breaks, each way it does. Memory is not measured here: `check_memory`."""
    with running(case) as bench:
        yield from bench.check_read()
        yield from bench.check_junk()
        yield from bench.check_resume()
        yield from bench.check_cursors()
        for name in bench.names:
            yield from bench.check_fault(name)
