"""Secrets: where they are looked up, and how they stay out of everything that candidly writes.

A secret NAME is, in this order: the environment variable NAME; the file that the variable NAME_FILE points
to (Docker's convention); the file NAME in the secrets folder. Never config.yaml, never the command line.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
import secrets
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, quote_plus, unquote, urlsplit

from candidly.errors import ConfigError

if TYPE_CHECKING:
    from candidly.configfile import Loaded

MASK: Final = "**********"
MIN_MASKED: Final = 4
"""Shorter values are not masked: they would blot out ordinary words."""
MAX_SECRET_BYTES: Final = 65_536
AUTHOR_KEY: Final = "CANDIDLY_AUTHOR_KEY"
AUTHOR_KEY_FILE: Final = ".candidly-author-key"
_MIN_TOKEN: Final = 8
_NAME: Final = re.compile(r"[A-Z_][A-Z0-9_]{0,127}")


class SecretStore:
    """Looks secrets up, remembers those it gave out, and masks them. Never shows a value of itself."""

    def __init__(self, environ: Mapping[str, str], folder: Path | None = None) -> None:
        self._environ = environ
        self._folder = folder
        self._read: set[str] = set()
        self._masked: list[str] = []

    def __repr__(self) -> str:
        return f"SecretStore({len(self._read)} read)"

    def __reduce__(self) -> str:
        raise TypeError("secrets are not pickled")

    def get(self, name: str) -> str:
        """The value of a secret; raises ConfigError that says how to set it."""
        value = self.find(name)
        if value is None:
            raise ConfigError([f"the secret {name} is not set: {self._remedy(name)}"])
        return value

    def find(self, name: str) -> str | None:
        """The value, or None where nobody set it; raises ConfigError where it cannot be read safely."""
        if not _NAME.fullmatch(name):
            # Not repeated: it may be the secret itself, put where its name belongs.
            raise ConfigError(["the name of a secret should be in capitals, such as SLACK_URL (A-Z, 0-9, _)"])
        value = self._environ.get(name) or self._from_file(name) or self._from_folder(name)
        if value and value not in self._read:
            self._read.add(value)
            forms = {form for form in _forms(value) if len(form) >= MIN_MASKED}
            self._masked = sorted({*self._masked, *forms}, key=len, reverse=True)
        return value or None

    def mask(self, text: str) -> str:
        """The text with every secret that was read replaced, as it is, quoted in a URL or in JSON."""
        for value in self._masked:
            text = text.replace(value, MASK)
        return text

    def _from_file(self, name: str) -> str | None:
        named = self._environ.get(f"{name}_FILE")
        return read_secret_file(Path(named), f"the file of {name}") if named else None

    def _from_folder(self, name: str) -> str | None:
        if self._folder is None or not (self._folder / name).is_file():
            return None
        return read_secret_file(self._folder / name, f"the secret {name}")

    def _remedy(self, name: str) -> str:
        place = f"write it into the file {self._folder / name}" if self._folder else "set `secrets.folder`"
        return f"set the environment variable {name}, or {name}_FILE to a file that holds it, or {place}"


def read_secret_file(path: Path, what: str) -> str:
    """The text of a secret file without the line break at its end.

    Raises ConfigError where it is absent, no UTF-8 text, too large, or open to every user of the machine.
    """
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            if os.name == "posix" and stat.S_IMODE(mode) & 0o007:
                raise ConfigError([f"{what}: every user can read {path}: run `chmod 600 {path}`"])
            raw = file.read(MAX_SECRET_BYTES + 1)
        text = raw.decode("utf-8-sig").rstrip("\r\n")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        raise ConfigError([f"{what}: cannot read {path}: {reason}"]) from None
    if len(raw) > MAX_SECRET_BYTES or "\0" in text:
        raise ConfigError([f"{what}: {path} does not look like a secret"])
    return text


def _forms(value: str) -> Iterator[str]:
    """A secret as it may turn up in messages. Of an address also its parts: clients log these alone."""
    for form in {value, value.strip(), *(_parts(value) if "://" in value else ())}:
        yield from (form, quote(form), quote(form, safe=""), quote_plus(form))
        yield json.dumps(form)[1:-1]
        yield json.dumps(form, ensure_ascii=False)[1:-1]
        yield repr(form)[1:-1]


def _parts(address: str) -> Iterator[str]:
    """Password, path and token-like pieces of an address such as `https://hooks.example/services/T0/B0/x9y8`."""
    scheme, _, rest = address.partition("://")
    try:
        split = urlsplit(address)
        if split.password:
            yield from (split.password, unquote(split.password))
    except ValueError:
        pass
    _, _, behind = rest.partition("/")
    if len(behind) >= _MIN_TOKEN:
        yield f"/{behind}"
    pieces = re.split(r"[/?&=:@#,]+", rest if scheme not in ("http", "https") else behind)
    for piece in pieces:
        if len(piece) >= _MIN_TOKEN and re.search(r"[0-9]", piece) and re.search(r"[A-Za-z]", piece):
            yield from (piece, unquote(piece))


class MaskingFilter(logging.Filter):
    """Masks every log record. Add it to handlers: a logger's filter does not see its children's."""

    def __init__(self, store: SecretStore) -> None:
        super().__init__()
        self._store = store

    def filter(self, record: logging.LogRecord) -> bool:
        """Always True; the record's message, traceback and stack are masked in place."""
        try:
            message = record.getMessage()
        except Exception:  # a wrong format string must neither stop the run nor leak
            message = f"{record.msg} {record.args}"
        record.msg, record.args = self._store.mask(message), None
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        # Without exc_info no later formatter can write the traceback a second time, unmasked.
        record.exc_info = None
        record.exc_text = self._store.mask(record.exc_text) if record.exc_text else None
        record.stack_info = self._store.mask(record.stack_info) if record.stack_info else None
        return True


def author_key(loaded: Loaded) -> bytes:
    """The installation's key for author pseudonyms, 32 bytes; never in the database.

    It is the secret CANDIDLY_AUTHOR_KEY, hashed, where that is set; else the file `.candidly-author-key`
    beside the configuration, made on first use. Another key gives other pseudonyms.
    Raises ConfigError for a key that is short, damaged, readable by all, or cannot be written.
    """
    given = loaded.secrets.find(AUTHOR_KEY)
    if given is not None:
        if len(given.strip()) < 16:
            raise ConfigError([f"{AUTHOR_KEY} is too short: use at least 16 characters, best random ones"])
        return hashlib.sha256(given.strip().encode("utf-8", "surrogateescape")).digest()
    path = loaded.folder / AUTHOR_KEY_FILE
    if not path.exists():
        _write_once(path, secrets.token_hex(32))
    return _stored_key(path)


def check_author_key(loaded: Loaded) -> None:
    """Raises ConfigError where `author_key` would; makes no file."""
    path = loaded.folder / AUTHOR_KEY_FILE
    if loaded.secrets.find(AUTHOR_KEY) is not None or path.exists():
        author_key(loaded)
    elif not os.access(loaded.folder, os.W_OK | os.X_OK):
        raise _unwritable(path, "the folder is not writable")


def _write_once(path: Path, text: str) -> None:
    """Write a file whole or not at all; where another process was first, its file stays."""
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                file.write(text + "\n")
                file.flush()
                os.fsync(file.fileno())
            # A hard link is made by one process only, and never shows a half-written file.
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    except OSError as error:
        raise _unwritable(path, str(error.strerror)) from None


def _unwritable(path: Path, reason: str) -> ConfigError:
    return ConfigError([f"cannot write {path}: {reason}; set the environment variable {AUTHOR_KEY} instead"])


def _stored_key(path: Path) -> bytes:
    text = read_secret_file(path, "the key of author pseudonyms").strip()
    if not re.fullmatch(r"[0-9a-f]{64}", text):
        problem = f"{path} is damaged: restore it from a backup, or delete it (authors get new pseudonyms)"
        raise ConfigError([problem])
    return bytes.fromhex(text)
