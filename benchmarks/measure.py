"""Run a command as a whole process and take the operating system's account of it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Usage:
    """CPU seconds (user and system) and peak resident memory (MB) of one finished process."""

    cpu: float
    peak: float


def measure(command: Sequence[str], **environment: str) -> Usage:
    """The cost of one run of `command`; RuntimeError where it fails."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=os.environ | environment)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{command} ended with exit code {process.returncode}")
    return Usage(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
