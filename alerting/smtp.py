"""One mail to one mail server, by RFC 5321: what is refused now may pass (4xx), or will not (5xx).

The server's own words stay out of errors, but for its codes: they may name people.
"""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from candidly.errors import DeliveryError

_ENHANCED = re.compile(rb"\b[245]\.\d{1,3}\.\d{1,3}\b")


@dataclass(frozen=True, slots=True)
class Server:
    """Where mail is handed in. `security`: starttls, tls or none; no `user`: no login."""

    host: str
    port: int
    security: str = "starttls"
    user: str = ""


def hand_over(
    server: Server, password: str, sender: str, to: Sequence[str], content: bytes, deadline: float
) -> None:
    """Hand in a mail; returns when the server has taken responsibility for every recipient.

    Raises DeliveryError; its `left` are the recipients that do not have it, where others do. After `deadline`
    seconds the connection is cut, wherever it stands.
    """
    context = ssl.create_default_context()
    smtp = (
        smtplib.SMTP_SSL(timeout=deadline, context=context)
        if server.security == "tls"
        else smtplib.SMTP(timeout=deadline)
    )
    late = threading.Event()
    watch = threading.Timer(deadline, _cut, (smtp, late))
    watch.daemon = True
    watch.start()
    try:
        _greet(smtp, server, context)
        if server.user:
            with _step("the login"):
                smtp.login(server.user, password)
        _transfer(smtp, sender, to, content)
    except DeliveryError as error:
        # Half a line, read when the connection was cut, can look like any answer.
        if late.is_set() and not error.left:
            raise DeliveryError("the mail server did not answer in time.") from None
        raise
    finally:
        watch.cancel()
        with suppress(OSError):
            smtp.close()


def _cut(smtp: smtplib.SMTP, late: threading.Event) -> None:
    """End a connection under the reader: a server that sends a byte now and then outlives any time-out."""
    late.set()
    with suppress(OSError, AttributeError):
        smtp.sock.shutdown(socket.SHUT_RDWR)  # type: ignore[union-attr]  # None is an AttributeError


def _greet(smtp: smtplib.SMTP, server: Server, context: ssl.SSLContext) -> None:
    with _step("the connection"):
        smtp._host = server.host  # type: ignore[attr-defined]  # noqa: SLF001 - the name that TLS checks
        code, words = smtp.connect(server.host, server.port)
        if code != 220:
            raise smtplib.SMTPConnectError(code, words)
    with _step("EHLO"):
        smtp.ehlo_or_helo_if_needed()
    if server.security == "starttls":
        with _step("STARTTLS"):
            smtp.starttls(context=context)
        with _step("EHLO"):
            smtp.ehlo_or_helo_if_needed()


def _transfer(smtp: smtplib.SMTP, sender: str, to: Sequence[str], content: bytes) -> None:
    with _step("the sender"):
        _expect(smtp.mail(sender), 250)
    refused: dict[str, tuple[int, bytes]] = {}
    for one in to:
        with _step("a recipient"):
            code, words = smtp.rcpt(one)
            if code == 421:  # it hangs up: nobody gets it
                raise smtplib.SMTPResponseException(code, words)
            if code not in (250, 251):
                refused[one] = (code, words)
    if len(refused) == len(to):
        raise _recipients(refused, of=len(to))
    with _step("the text"):
        _expect(smtp.data(content), 250)
    with suppress(OSError):
        smtp.putcmd("quit")  # its answer changes nothing: the mail is in the server's hands
    if refused:
        raise _recipients(refused, of=len(to))


def _expect(answer: tuple[int, bytes], wanted: int) -> None:
    if answer[0] != wanted:
        raise smtplib.SMTPResponseException(*answer)


def _recipients(refused: dict[str, tuple[int, bytes]], *, of: int) -> DeliveryError:
    """Tried again while one of them may still be taken; the others are asked again with it."""
    codes = sorted({_code(*answer) for answer in refused.values()})
    return DeliveryError(
        f"the mail server refused {len(refused)} of {of} recipients ({', '.join(codes)}).",
        "Check the addresses under `to`.",
        permanent=all(code >= 500 for code, _ in refused.values()),
        left=tuple(refused) if len(refused) < of else (),
    )


@contextmanager
def _step(name: str) -> Iterator[None]:
    """Turn what goes wrong at one step into a DeliveryError that names it."""
    try:
        yield
    except smtplib.SMTPResponseException as error:
        raise _refused(name, error) from None
    except smtplib.SMTPNotSupportedError:
        raise _unsupported(name) from None
    except smtplib.SMTPException:
        raise DeliveryError(f"the mail server closed the connection at {name}.") from None
    except ssl.SSLError:
        raise DeliveryError(
            f"no encrypted connection to the mail server at {name}: its certificate is not valid, or it "
            "does not speak TLS there.",
            "Check `host`, `port` and `security`.",
        ) from None
    except TimeoutError:
        raise DeliveryError(f"the mail server did not answer in time at {name}.") from None
    except UnicodeError:
        raise DeliveryError(
            f"{name} holds characters other than ASCII, which this login does not know.", permanent=True
        ) from None
    except (OSError, ValueError):
        raise DeliveryError(f"no connection to the mail server at {name}.") from None


def _refused(name: str, error: smtplib.SMTPResponseException) -> DeliveryError:
    words = error.smtp_error if isinstance(error.smtp_error, bytes) else str(error.smtp_error).encode()
    permanent = error.smtp_code >= 500
    remedy = "Check the settings of the channel: it was refused and will not be tried again."
    return DeliveryError(
        f"the mail server answered {_code(error.smtp_code, words)} to {name}.",
        remedy if permanent else "",
        permanent=permanent,
    )


def _unsupported(name: str) -> DeliveryError:
    if name == "STARTTLS":
        return DeliveryError(
            "the mail server offers no STARTTLS, and without it nothing is sent.",
            "Set `security` to tls (port 465); or to none, if the way there is safe.",
            permanent=True,
        )
    return DeliveryError(
        f"the mail server offers no way for {name}.", "Check `host` and `port`.", permanent=True
    )


def _code(code: int, words: bytes) -> str:
    """`550 5.7.1`, where the server gives the longer code too (RFC 3463)."""
    found = _ENHANCED.search(words)
    return f"{code} {found[0].decode()}" if found else str(code)
