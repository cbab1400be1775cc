"""Run by the kill tests in a process of its own: deliver what is due in DATABASE to a file channel."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

from alerting.channels import FileChannel
from alerting.outbox import deliver_due
from storage.store import Store

if __name__ == "__main__":
    url, target, now = sys.argv[1:]
    with Store.open(url) as store:
        deliver_due(store, {"log": FileChannel(Path(target))}, datetime.fromisoformat(now))
