"""Run by the kill tests in a process of its own, which they end in the middle of its work.

`accept DATABASE N`: open N incidents with messages to the channel `hook`, then die by SIGKILL.
`send DATABASE URL NOW`: send what is due to a webhook.
"""

from __future__ import annotations

import os
import signal
import sys
from datetime import datetime

from alert_world import NOW, several

from alerting.channels import WebhookChannel
from alerting.outbox import deliver_due, record
from alerting.rules import Change
from storage.store import Store


def accept(url, n):
    with Store.open(url) as store:
        record(store, Change(opened=several(int(n))), ["hook"], NOW)
        os.kill(os.getpid(), signal.SIGKILL)


def send(url, address, now):
    hook = WebhookChannel(lambda: address, allow_private=True, deadline=5.0)
    with Store.open(url) as store:
        deliver_due(store, {"hook": hook}, datetime.fromisoformat(now))


if __name__ == "__main__":
    {"accept": accept, "send": send}[sys.argv[1]](*sys.argv[2:])
