"""Every error that candidly raises on purpose, with what to do about it.

CandidlyError              exit code 1
├── UsageError             exit code 2: what was asked for cannot be done as asked
│   ├── ConfigError        one line a problem: file:line:column: dotted.path: message
│   └── StoreError         the database cannot be used as it is
├── CollectorError         a source failed; `permanent` and `retry_after` decide what happens next
│   └── Degraded           an answer came, but not in the shape that the source should have
├── DeliveryError          a message could not be sent; `permanent` decides whether to try again
├── EngineError            the configured scoring engine is down or refuses; nothing was analysed
└── Busy                   another process holds the run lock; exit code 0, as the work is being done
"""

from __future__ import annotations

from collections.abc import Sequence


class CandidlyError(Exception):
    """Something went wrong in a way we know; the message says what to do."""

    exit_code = 1

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()


class UsageError(CandidlyError):
    """The command, its options or its input cannot be used."""

    exit_code = 2


class ConfigError(UsageError):
    """The configuration has problems; all of them are listed."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


class StoreError(UsageError):
    """The database cannot be opened or is not ours, too new, damaged or locked."""


class CollectorError(CandidlyError):
    """A source could not be read.

    `permanent`: trying again will not help until somebody changes something (a key, the config).
    `retry_after`: seconds after which the source may be asked again, where it said so.
    """

    def __init__(
        self, message: str, remedy: str = "", *, permanent: bool = False, retry_after: float | None = None
    ) -> None:
        super().__init__(message, remedy)
        self.permanent = permanent
        self.retry_after = retry_after


class Degraded(CollectorError):
    """The source answered, but not with what it should hold: reported as an incident, cursor not moved."""


class DeliveryError(CandidlyError):
    """A channel did not take a message; `permanent` errors stop at once, others are tried again.

    `left`: the recipients that do not have it yet, where others have.
    """

    def __init__(
        self,
        message: str,
        remedy: str = "",
        *,
        permanent: bool = False,
        retry_after: float | None = None,
        left: Sequence[str] = (),
    ) -> None:
        super().__init__(message, remedy)
        self.permanent = permanent
        self.retry_after = retry_after
        self.left = tuple(left)


class EngineError(CandidlyError):
    """The scoring engine cannot work now; a later run may go on where this one stopped."""


class Busy(CandidlyError):
    """Another candidly process is at work on the same store: said on stderr, but no failure."""

    exit_code = 0
