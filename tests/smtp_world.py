"""A mail server that fails where it is told to: a reply, silence, a hang-up, a drip of bytes at each step."""

from __future__ import annotations

import contextlib
import socket
import ssl
import subprocess
import threading
from contextlib import contextmanager
from email import message_from_bytes, policy

STEPS = ("connect", "EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "text")
"""`text`: the answer after the whole mail was handed over."""
GOOD = {
    "connect": "220 mail.example.org", "STARTTLS": "220 go ahead", "AUTH": "235 welcome", "MAIL": "250 ok",
    "RCPT": "250 ok", "DATA": "354 go on", "text": "250 taken", "QUIT": "221 bye", "RSET": "250 ok",
}  # fmt: skip


class MailServer:
    """`script`: step -> what happens there, or a list of that by turns, the last for ever. `mails`: what it
    took responsibility for (a mail that was followed by a refusal or a hang-up is in `seen` only)."""

    def __init__(self, script=None, *, tls=None, at_once=False, offers=("STARTTLS", "AUTH PLAIN LOGIN")):
        self.script, self.offers, self.tls = dict(script or {}), offers, tls
        self.mails, self.seen, self.connections, self.at_once = [], [], 0, at_once
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.closing = threading.Event()
        self.threads = [threading.Thread(target=self._listen, daemon=True)]
        self.threads[0].start()

    def close(self):
        self.closing.set()
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for thread in self.threads:
            thread.join(5)

    def _listen(self):
        while not self.closing.is_set():
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            thread = threading.Thread(target=self._guarded, args=(connection,), daemon=True)
            self.threads.append(thread)
            thread.start()

    def _guarded(self, connection):
        connection.settimeout(10)
        with contextlib.ExitStack() as opened, contextlib.suppress(OSError, ConnectionError):
            opened.enter_context(connection)
            if self.at_once:
                connection = opened.enter_context(self.tls.wrap_socket(connection, server_side=True))
            self._talk(connection, opened)

    def _planned(self, step):
        planned = self.script.get(step, "good")
        if isinstance(planned, list):
            return planned.pop(0) if len(planned) > 1 else planned[0]
        return planned

    def _answer(self, connection, step, good=None):
        """Act out a step; whether the conversation goes on."""
        planned = self._planned(step)
        if planned == "hang":
            self.closing.wait(10)
            return False
        if planned == "drop":
            return False
        if planned == "drip":
            while not self.closing.wait(0.02):
                connection.sendall(b"2")
            return False
        line = (good or GOOD.get(step, "250 ok")) if planned == "good" else planned
        connection.sendall(line.encode() + b"\r\n")
        return not line.startswith("421")

    def _talk(self, connection, opened):
        if not self._answer(connection, "connect"):
            return
        secure, reader, to = self.at_once, opened.enter_context(connection.makefile("rb")), []
        while line := reader.readline():
            verb = line.split()[0].upper().decode() if line.split() else ""
            if verb in ("EHLO", "HELO"):
                offers = [one for one in self.offers if not (secure and one == "STARTTLS")]
                said = "\r\n".join(
                    ["250-mail.example.org", *(f"250-{one}" for one in offers), "250 8BITMIME"]
                )
                going = self._answer(connection, "EHLO", said)
            elif verb == "STARTTLS":
                going = self._answer(connection, verb)
                if going and self.tls and self.script.get(verb, "good") == "good":
                    connection = opened.enter_context(self.tls.wrap_socket(connection, server_side=True))
                    reader, secure = opened.enter_context(connection.makefile("rb")), True
            elif verb == "DATA":
                going = self._answer(connection, verb)
                if going and self.script.get(verb, "good") == "good":
                    going = self._take(connection, reader, to)
            else:
                going = self._answer(connection, verb)
                if verb == "RCPT":
                    to.append(line.decode().partition("<")[2].partition(">")[0])
                elif verb == "MAIL":
                    to = []
            if not going or verb == "QUIT":
                return

    def _take(self, connection, reader, to):
        lines = []
        while (line := reader.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        mail = message_from_bytes(b"".join(lines), policy=policy.default)
        self.seen.append(mail)
        planned = self.script.get("text", "good")
        good = (planned[0] if isinstance(planned, list) else planned) in ("good", "250 taken")
        going = self._answer(connection, "text")
        if good:
            self.mails.append((list(to), mail))
        return going


@contextmanager
def smtp_server(script=None, **options):
    server = MailServer(script, **options)
    try:
        yield server
    finally:
        server.close()


def certificate(folder):
    """A server's context for 127.0.0.1, and the file that makes a client trust it."""
    key, cert = folder / "key.pem", folder / "cert.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-keyout", key, "-out", cert, "-days", "30", "-subj", "/CN=127.0.0.1",
         "-addext", "subjectAltName=IP:127.0.0.1"],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return context, cert
