"""Seven cases in which an alert may be lost or doubled: candidly beside Prometheus' Alertmanager.

`python -m benchmarks.alertmanager` runs both against the same scripted receiver on this machine and prints a
table. Alertmanager is looked for as `prometheus-alertmanager` (Debian's name) and `alertmanager`; where it is
missing, its column says so. Its waits are set to seconds (group_wait 1 s, group_interval 2 s, repeat_interval
5 s); everything else is as it comes. For candidly the clock is passed in, so that a wait takes no time. Kills
are SIGKILL. It takes about a minute.
"""

from __future__ import annotations

import json
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)
CASES = (
    "1 ten equal posts",
    "2 fifty at once",
    "3 receiver: 500, 503, 500, 200",
    "4a receiver: 400, then 200",
    "4b receiver: 429, then 200",
    "5 accepted, SIGKILL before sending",
    "6 sent, SIGKILL before it is noted",
    "7 stays open",
)


class Receiver(ThreadingHTTPServer):
    """Answers with the scripted statuses in turn, the last one for ever; keeps when and what it was sent."""

    daemon_threads = True

    def __init__(self, *script: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.script, self.got = list(script), list[tuple[float, int, dict[str, Any]]]()
        self.before: Callable[[], None] = lambda: None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/"

    def taken(self) -> list[dict[str, Any]]:
        return [body for _, status, body in self.got if status == 200]

    def wait(self, n: int, seconds: float) -> bool:
        """Until `n` messages were taken, or the time is up."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and len(self.taken()) < n:
            time.sleep(0.05)
        return len(self.taken()) >= n


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        script = self.server.script
        status = script.pop(0) if len(script) > 1 else script[0]
        self.server.got.append((time.monotonic(), status, body))
        self.server.before()
        with suppress(OSError):
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def receiving(*script: int) -> Iterator[Receiver]:
    server = Receiver(*script)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


# ---- Alertmanager


def find() -> str | None:
    return shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")


class Manager:
    """One Alertmanager, and the folder that it keeps its state in."""

    def __init__(self, program: str, folder: Path, url: str) -> None:
        self.program, self.folder = program, folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.address = f"127.0.0.1:{probe.getsockname()[1]}"
        (folder / "config.yml").write_text(
            "route: {receiver: hook, group_by: [alertname], group_wait: 1s, group_interval: 2s, "
            "repeat_interval: 5s}\n"
            f"receivers: [{{name: hook, webhook_configs: [{{url: '{url}', send_resolved: false}}]}}]\n",
            encoding="utf-8",
        )

    def start(self) -> None:
        self.process = subprocess.Popen(
            [self.program, f"--config.file={self.folder / 'config.yml'}",
             f"--storage.path={self.folder / 'data'}", f"--web.listen-address={self.address}",
             "--cluster.listen-address="],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        for _ in range(200):
            with suppress(OSError):
                urllib.request.urlopen(f"http://{self.address}/-/ready", timeout=1).close()
                return
            time.sleep(0.05)
        raise RuntimeError("Alertmanager did not start")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def post(self, instances: int = 1) -> None:
        alerts = [{"labels": {"alertname": "spike", "instance": str(n)}} for n in range(instances)]
        request = urllib.request.Request(
            f"http://{self.address}/api/v2/alerts",
            json.dumps(alerts).encode(),
            {"Content-Type": "application/json"},
        )
        urllib.request.urlopen(request, timeout=5).close()  # noqa: S310 - http, see above


def theirs(program: str, case: int, server: Receiver, folder: Path) -> str:
    """What Alertmanager makes of a case, in words."""
    manager = Manager(program, folder, server.url)
    manager.start()
    try:
        return _THEIRS[case](manager, server)
    finally:
        manager.kill()


def _their_posts(manager: Manager, server: Receiver) -> str:
    for _ in range(10):
        manager.post()
    server.wait(2, 3)
    return f"{len(server.taken())} message"


def _their_group(manager: Manager, server: Receiver) -> str:
    manager.post(50)
    server.wait(2, 3)
    return f"{len(server.taken())} message of {len(server.taken()[0]['alerts'])}"


def _their_retries(manager: Manager, server: Receiver) -> str:
    manager.post()
    if not server.wait(1, 15):
        return "not delivered"
    return f"delivered on try {len(server.got)}, after {server.got[-1][0] - server.got[0][0]:.1f} s"


def _their_refusal(manager: Manager, server: Receiver) -> str:
    manager.post()
    server.wait(1, 6)
    said = f"sent again after {server.got[-1][0] - server.got[0][0]:.1f} s" if server.taken() else "lost"
    return f"{said} (its next group interval)"


def _their_accepted(manager: Manager, server: Receiver) -> str:
    manager.post()
    manager.kill()
    manager.start()
    return "delivered" if server.wait(1, 5) else "LOST unless it is posted again"


def _their_sent(manager: Manager, server: Receiver) -> str:
    manager.post()
    server.wait(1, 5)
    manager.kill()
    manager.start()
    alone = server.wait(2, 4)
    if not alone:
        manager.post()
        server.wait(2, 4)
    return f"sent {len(server.taken())} times" + (" (once it is posted again)" if not alone else "")


def _their_repeat(manager: Manager, server: Receiver) -> str:
    manager.post()
    server.wait(2, 12)
    times = [when for when, _, _ in server.got]
    return f"told again after {times[1] - times[0]:.0f} s (set: 5 s, seen at group intervals)"


_THEIRS = (
    _their_posts, _their_group, _their_retries, _their_refusal, _their_refusal, _their_accepted, _their_sent,
    _their_repeat,
)  # fmt: skip


# ---- candidly


def ours(case: int, server: Receiver, folder: Path) -> str:
    """What candidly makes of it, in words."""
    from storage.store import Store

    url = f"sqlite:///{folder / 'candidly.db'}"
    with Store.open(url) as store, receiving(200) as operator:
        return _OURS[case](_Ours(url, store, server, operator))


class _Ours:
    """An outbox, the receiver of the case, and another channel for what cannot be told there."""

    def __init__(self, url: str, store: Any, server: Receiver, operator: Receiver) -> None:
        self.url, self.store, self.server, self.operator = url, store, server, operator

    def record(self, n: int = 1) -> None:
        record_alerts(self.store, n)

    def deliver(self, now: datetime = NOW) -> None:
        deliver(self.store, now, hook=self.server.url, operator=self.operator.url)

    def run(self) -> datetime:
        """As the scheduler: again whenever something is due; until when."""
        now = NOW
        while due := self.store.next_due():
            now = max(now, due)
            self.deliver(now)
        return now

    def spawn(self, what: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-m", __spec__.name, what, self.url, self.server.url])


def record_alerts(store: Any, n: int) -> None:
    from alerting.outbox import record
    from alerting.rules import Change
    from candidly.records import Incident

    opened = tuple(
        Incident(id=f"spike-{k}", rule="spike", company="Northwind Robotics", opened=NOW, subject=str(k),
                 title=f"spike {k}", detail={"summary": "14 negative mentions in 3 days"})
        for k in range(n)
    )  # fmt: skip
    record(store, Change(opened=opened), ["hook"], NOW)


def deliver(store: Any, now: datetime, **urls: str) -> None:
    from alerting.channels import WebhookChannel
    from alerting.outbox import deliver_due

    def channel(url: str) -> WebhookChannel:
        return WebhookChannel(lambda: url, allow_private=True, deadline=5.0)

    deliver_due(store, {name: channel(url) for name, url in urls.items()}, now)


def _our_posts(it: _Ours) -> str:
    for _ in range(10):
        it.record()
        it.run()
    return f"{len(it.server.taken())} message"


def _our_group(it: _Ours) -> str:
    it.record(50)
    it.run()
    return f"{len(it.server.taken())} message of {len(it.server.taken()[0]['incidents'])}"


def _our_retries(it: _Ours) -> str:
    it.record()
    waited = it.run() - NOW
    return f"delivered on try {len(it.server.got)}, after {waited.total_seconds():.0f} s (back-off)"


def _our_refusal(it: _Ours) -> str:
    it.record()
    waited = it.run() - NOW
    if it.operator.taken():
        return "not asked again; the operator is told at once through another channel"
    return f"sent again after {waited.total_seconds():.0f} s"


def _our_accepted(it: _Ours) -> str:
    it.spawn("accept").wait(60)
    it.run()
    return "delivered" if it.server.taken() else "LOST"


def _our_sent(it: _Ours) -> str:
    it.record()
    process = it.spawn("send")
    it.server.before = process.kill
    process.wait(60)
    it.server.before = lambda: None
    it.run()
    ids = [body["id"] for _, _, body in it.server.got]
    return f"sent {len(ids)} times, {'with one id' if len(set(ids)) == 1 else 'WITH DIFFERENT IDS'}"


def _our_repeat(it: _Ours) -> str:
    from alerting.outbox import remind
    from storage import queries

    it.record()
    told = 0
    for hours in range(25):
        now = NOW + timedelta(hours=hours)
        remind(it.store, queries.incidents(it.store, status="open"), ["hook"], now, timedelta(hours=24))
        it.deliver(now)
        told = told or (hours if len(it.server.taken()) == 2 else 0)
    return f"told again after {told} h (set: 24 h)"


_OURS = (
    _our_posts, _our_group, _our_retries, _our_refusal, _our_refusal, _our_accepted, _our_sent, _our_repeat,
)  # fmt: skip


# ---- side by side


SCRIPTS = ((200,), (200,), (500, 503, 500, 200), (400, 200), (429, 200), (200,), (200,), (200,))


def main() -> None:
    program = find()
    print(f"| case | {version(program)} | candidly |\n| --- | --- | --- |")
    for case, name in enumerate(CASES):
        cells = []
        for run in (program and (lambda *rest: theirs(str(program), *rest)), ours):
            with ExitStack() as stack:
                folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
                server = stack.enter_context(receiving(*SCRIPTS[case]))
                cells.append(run(case, server, folder) if run else "missing")
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


def version(program: str | None) -> str:
    if program is None:
        return "Alertmanager (missing: apt-get install prometheus-alertmanager)"
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    return f"Alertmanager {(said.stdout or said.stderr).split()[2]}"


def _child(what: str, url: str, address: str) -> None:
    from storage.store import Store

    with Store.open(url) as store:
        if what == "accept":
            record_alerts(store, 1)
            signal.raise_signal(signal.SIGKILL)
        deliver(store, NOW, hook=address)


if __name__ == "__main__":
    if len(sys.argv) == 4:
        _child(*sys.argv[1:])
    else:
        main()
