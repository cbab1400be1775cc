"""Secrets are found where they should be, and never seen again."""

from __future__ import annotations

import io
import json
import logging
import multiprocessing
import os
import pickle
import re
import stat
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from candidly.config import Config
from candidly.configfile import Loaded, load
from candidly.errors import ConfigError
from candidly.secretstore import (
    AUTHOR_KEY_FILE,
    MASK,
    MaskingFilter,
    SecretStore,
    author_key,
    check_author_key,
)

CANARY = "hunter2-CANARY/8f3a 9cd41b&ü"


def write(path, text, mode=0o600):
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    path.chmod(mode)
    return path


def loaded(folder, environ=None):
    config = Config(companies=({"name": "Northwind Robotics"},))
    return Loaded(config, folder / "config.yaml", folder, SecretStore(environ or {}))


@pytest.fixture
def store():
    store = SecretStore({"TOKEN": CANARY})
    store.get("TOKEN")
    return store


# ---- looking up


def test_the_environment_comes_first_then_the_named_file_then_the_folder(tmp_path):
    write(tmp_path / "named", "from the named file\n")
    write(tmp_path / "TOKEN", "from the folder\r\n")
    environ = {"TOKEN": "from the environment", "TOKEN_FILE": str(tmp_path / "named")}
    assert SecretStore(environ, tmp_path).get("TOKEN") == "from the environment"
    del environ["TOKEN"]
    assert SecretStore(environ, tmp_path).get("TOKEN") == "from the named file"
    assert SecretStore({}, tmp_path).get("TOKEN") == "from the folder"


def test_an_empty_variable_is_not_set(tmp_path):
    write(tmp_path / "TOKEN", "from the folder")
    assert SecretStore({"TOKEN": "", "TOKEN_FILE": ""}, tmp_path).get("TOKEN") == "from the folder"


def test_a_missing_secret_says_exactly_how_to_set_it(tmp_path):
    with pytest.raises(ConfigError) as error:
        SecretStore({}).get("REDDIT_CLIENT_SECRET")
    assert str(error.value) == (
        "the secret REDDIT_CLIENT_SECRET is not set: set the environment variable REDDIT_CLIENT_SECRET, or "
        "REDDIT_CLIENT_SECRET_FILE to a file that holds it, or set `secrets.folder`"
    )
    with pytest.raises(ConfigError, match=re.escape(f"write it into the file {tmp_path / 'TOKEN'}")):
        SecretStore({}, tmp_path).get("TOKEN")
    assert SecretStore({}, tmp_path / "absent").find("TOKEN") is None


@pytest.mark.parametrize("name", ["../etc/passwd", "A/B", "", "A B", "1A", "A\n", "A" * 200, "lower", CANARY])
def test_a_name_is_no_path(name, tmp_path):
    with pytest.raises(ConfigError, match="should be in capitals") as error:
        SecretStore({}, tmp_path).get(name)
    assert CANARY not in str(error.value)


@pytest.mark.parametrize("mode", [0o604, 0o644, 0o606, 0o601])
def test_a_file_that_everybody_may_read_is_refused(mode, tmp_path):
    path = write(tmp_path / "TOKEN", CANARY, mode)
    for store in (SecretStore({}, tmp_path), SecretStore({"TOKEN_FILE": str(path)})):
        with pytest.raises(ConfigError, match=re.escape(f"run `chmod 600 {path}`")) as error:
            store.get("TOKEN")
        assert CANARY not in str(error.value)


def test_a_file_that_the_group_may_read_is_taken(tmp_path):
    write(tmp_path / "TOKEN", "good enough", 0o640)
    assert SecretStore({}, tmp_path).get("TOKEN") == "good enough"


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"\xff\xfe", "not UTF-8 text"), (b"a\0b", "does not look like"), (b"x" * 70_000, "does not look like")],
)
def test_a_file_that_is_no_secret(content, words, tmp_path):
    write(tmp_path / "TOKEN", content)
    with pytest.raises(ConfigError, match=words):
        SecretStore({}, tmp_path).get("TOKEN")


def test_a_named_file_that_is_not_there(tmp_path):
    for bad in (tmp_path / "absent", tmp_path, "a\0b"):
        with pytest.raises(ConfigError, match="the file of TOKEN: cannot read"):
            SecretStore({"TOKEN_FILE": str(bad)}).get("TOKEN")


@pytest.mark.parametrize("by_variable", [True, False])
def test_the_folder_starts_at_the_configuration(by_variable, tmp_path):
    folder = tmp_path / "vault"
    folder.mkdir()
    write(folder / "TOKEN", "found")
    named = "absent" if by_variable else "vault"
    path = write(tmp_path / "config.yaml", f"companies: [{{name: Acme}}]\nsecrets: {{folder: {named}}}\n")
    environ = {"CANDIDLY_SECRETS_DIR": str(folder)} if by_variable else {}
    assert load(path, {}, environ).secrets.get("TOKEN") == "found"


# ---- masking


@pytest.mark.parametrize(
    "form",
    [
        CANARY,
        quote(CANARY),
        quote(CANARY, safe=""),
        quote_plus(CANARY),
        json.dumps(CANARY),
        json.dumps(CANARY, ensure_ascii=False),
        repr(CANARY),
    ],
)
def test_every_form_of_a_secret_is_masked(form, store):
    masked = store.mask(f"before {form} after")
    assert MASK in masked
    assert "CANARY" not in masked
    assert masked.startswith("before ")
    assert masked.endswith(" after")


def test_the_longest_is_masked_first():
    store = SecretStore({"A": "abcd", "B": "abcdefgh"})
    store.get("A"), store.get("B")
    assert store.mask("abcdefgh abcd") == f"{MASK} {MASK}"


def test_very_short_values_are_not_masked():
    store = SecretStore({"A": "abc"})
    store.get("A")
    assert store.mask("abc") == "abc"


def test_only_what_was_read_is_masked():
    store = SecretStore({"TOKEN": CANARY})
    assert store.mask(CANARY) == CANARY


@pytest.mark.parametrize(
    ("address", "leaks"),
    [
        ("https://hooks.example/services/T0001/B0002/xY9zQw83",
         ["Max retries exceeded with url: /services/T0001/B0002/xY9zQw83", "token xY9zQw83"]),
        ("mailtos://me:p%40ssw0rd@mail.example?to=hr@mail.example", ["p%40ssw0rd", "p@ssw0rd"]),
        ("https://api.example/send?key=abc123def456", ["key is abc123def456"]),
        ("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnl09", ["https://hooks.slack.example/services/T1JJ3T3L2/A1BRTD4JD"]),
        ("https://[broken/abc123def456", ["abc123def456"]),
    ],
)  # fmt: skip
def test_the_telling_parts_of_an_address_are_masked(address, leaks):
    store = SecretStore({"URL": address})
    store.get("URL")
    for leak in leaks:
        masked = store.mask(leak)
        assert MASK in masked
        assert not re.search(r"[a-zA-Z0-9@%]*[0-9][a-zA-Z0-9@%]{5,}", masked)


def test_the_host_of_an_address_stays_readable():
    store = SecretStore({"URL": "https://hooks.example/services/T0001/B0002/xY9z"})
    store.get("URL")
    assert "hooks.example" in store.mask("HTTPSConnectionPool(host='hooks.example')")


def test_the_store_never_shows_itself(store):
    for text in (repr(store), str(store), f"{store}", repr(loaded(Path("x"), {"TOKEN": CANARY}))):
        assert "CANARY" not in text
    assert repr(store) == "SecretStore(1 read)"
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(store)


@settings(max_examples=60, deadline=None)
@given(
    value=st.text(min_size=4, max_size=30).filter(lambda text: text.strip("*") and len(text.strip()) >= 4),
    before=st.text(max_size=10),
    after=st.text(max_size=10),
)
def test_no_secret_survives_masking(value, before, after):
    store = SecretStore({"TOKEN": value})
    store.get("TOKEN")
    assert value not in store.mask(f"{before}{value}{after}").replace(MASK, "|")


# ---- logging


@pytest.fixture
def log(store):
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(MaskingFilter(store))
    logger = logging.getLogger("test.candidly.masking")
    logger.propagate = False
    logger.setLevel(logging.DEBUG)
    logger.addHandler(handler)
    yield logger, stream
    logger.removeHandler(handler)


def test_records_are_masked_in_message_arguments_and_traceback(log):
    logger, stream = log
    logger.info("given %s", CANARY)
    logger.info("given %(value)s", {"value": CANARY})
    logger.info(CANARY)
    logger.info("percent %", extra={})
    try:
        raise ValueError(f"bad {CANARY}")
    except ValueError:
        logger.exception("failed", stack_info=True)
    written = stream.getvalue()
    assert CANARY not in written
    assert written.count(MASK) >= 4
    assert "Traceback" in written
    assert "percent %" in written


def test_a_wrong_format_string_neither_stops_nor_leaks(log):
    logger, stream = log
    logger.info(*["two %s %s", CANARY])
    assert "CANARY" not in stream.getvalue()
    assert MASK in stream.getvalue()


def test_a_formatter_that_writes_the_exception_itself_finds_none(store):
    record = logging.LogRecord("a", logging.INFO, "f", 1, "x", (), (ValueError, ValueError(CANARY), None))
    assert MaskingFilter(store).filter(record)
    assert record.exc_info is None
    assert MASK in record.exc_text


# ---- the key of author pseudonyms


def test_the_key_is_made_once_with_mode_0600(tmp_path):
    first = author_key(loaded(tmp_path))
    path = tmp_path / AUTHOR_KEY_FILE
    assert len(first) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text(encoding="ascii") == first.hex() + "\n"
    assert author_key(loaded(tmp_path)) == first
    assert [entry.name for entry in tmp_path.iterdir()] == [AUTHOR_KEY_FILE]


def test_installations_have_different_keys(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    assert author_key(loaded(tmp_path / "a")) != author_key(loaded(tmp_path / "b"))


def test_a_given_key_is_hashed_and_nothing_is_written(tmp_path):
    given_key = {"CANDIDLY_AUTHOR_KEY": "a passphrase of some length "}
    key = author_key(loaded(tmp_path, given_key))
    assert len(key) == 32
    assert key == author_key(loaded(tmp_path, {"CANDIDLY_AUTHOR_KEY": "a passphrase of some length"}))
    assert key != author_key(loaded(tmp_path, {"CANDIDLY_AUTHOR_KEY": "another passphrase altogether"}))
    assert not list(tmp_path.iterdir())


def test_a_short_key_is_refused_and_not_shown(tmp_path):
    with pytest.raises(ConfigError, match="at least 16 characters") as error:
        author_key(loaded(tmp_path, {"CANDIDLY_AUTHOR_KEY": "hunter2-CANARY"}))
    assert "CANARY" not in str(error.value)


@pytest.mark.parametrize("content", ["", "abc", "g" * 64, "a" * 63])
def test_a_damaged_key_file_is_not_replaced(content, tmp_path):
    path = write(tmp_path / AUTHOR_KEY_FILE, content)
    with pytest.raises(ConfigError, match="is damaged: restore it"):
        author_key(loaded(tmp_path))
    assert path.read_text() == content


def test_a_key_file_that_everybody_may_read_is_refused(tmp_path):
    author_key(loaded(tmp_path))
    (tmp_path / AUTHOR_KEY_FILE).chmod(0o644)
    with pytest.raises(ConfigError, match="chmod 600"):
        author_key(loaded(tmp_path))


def test_a_folder_that_cannot_be_written_to(tmp_path):
    with pytest.raises(ConfigError, match="set the environment variable CANDIDLY_AUTHOR_KEY instead"):
        author_key(loaded(tmp_path / "absent"))


def test_checking_the_key_makes_none(tmp_path):
    check_author_key(loaded(tmp_path))
    assert not list(tmp_path.iterdir())
    with pytest.raises(ConfigError, match="set the environment variable CANDIDLY_AUTHOR_KEY instead"):
        check_author_key(loaded(tmp_path / "absent"))


def _make_key(folder, start, results):
    start.wait()
    results.put(author_key(loaded(folder)))


def test_two_processes_at_once_end_with_one_key(tmp_path):
    context = multiprocessing.get_context("fork" if os.name == "posix" else "spawn")
    start, results = context.Barrier(6), context.Queue()
    workers = [context.Process(target=_make_key, args=(tmp_path, start, results)) for _ in range(6)]
    for worker in workers:
        worker.start()
    keys = {results.get(timeout=30) for _ in workers}
    for worker in workers:
        worker.join()
    assert len(keys) == 1
    assert [entry.name for entry in tmp_path.iterdir()] == [AUTHOR_KEY_FILE]


def test_losing_the_race_after_looking_ends_with_the_winners_key(tmp_path, monkeypatch):
    winner = author_key(loaded(tmp_path))
    monkeypatch.setattr(Path, "exists", lambda _: False)
    assert author_key(loaded(tmp_path)) == winner
