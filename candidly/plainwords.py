"""What pydantic found wrong, in words for people who do not know pydantic.

No message repeats a value of the file: it may be a secret in the wrong place.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, get_args

from pydantic import BaseModel

from candidly.config import PATTERNS, Config
from candidly.conflicts import KeyPath

_SECRET_KEY: Final = re.compile(
    r"secret|passw(or)?d|token|api_?key|private_?key|credential|^(webhook_?)?url$|^client_id$", re.IGNORECASE
)
_OTHER_WORDS: Final = {
    "interval": "every",
    "schedule": "every",
    "cron": "every",
    "frequency": "every",
    "kind": "type",
    "disabled": "enabled",
    "active": "enabled",
    "rivals": "competitors",
    "synonyms": "aliases",
    "tz": "timezone",
}
"""What people write instead of our keys."""


def message(error: Mapping[str, Any], known: Sequence[str], owner: str = "") -> str:
    """One problem in plain words.

    `error` is one item of `ValidationError.errors()`, `known` the keys that its block may have, `owner`
    the start of the environment variable that should hold a secret found there (a source's type).
    """
    kind, given, context = str(error["type"]), error.get("input"), error.get("ctx", {})
    if kind == "extra_forbidden":
        return unknown_key(str(error["loc"][-1]), known, owner)
    if kind in ("value_error", "assertion_error"):
        return _scrubbed(str(context.get("error", error["msg"])), given)
    if words := _BY_TYPE.get(kind):
        return words(given, context)
    for start, text in _BY_PREFIX:
        if kind.startswith(start):
            return f"should be {text}, not {_what(given)}"
    return _scrubbed(str(error["msg"]).replace("Input should", "should"), given)


def unknown_key(key: str, known: Sequence[str], owner: str = "") -> str:
    """An unknown key: a secret in the wrong place, a slip of the pen, or a key of another block."""
    if key == "<<":
        return "merge keys (`<<`) are no part of YAML 1.2; write the keys out"
    if "url_secret" in known and re.search(r"url|hook", key, re.IGNORECASE):
        return (
            "secrets never stand in config.yaml, and an address that anybody can post to is one; put it into "
            "an environment variable such as ALERT_URL and write `url_secret: ALERT_URL`"
        )
    # A client_secret must not be led into client_secret_secret, which wants the name of a variable.
    cutoff = 0.9 if _SECRET_KEY.search(key) else 0.6
    if near := difflib.get_close_matches(key.lower(), [*known, *_OTHER_WORDS], 1, cutoff):
        meant = near[0] if near[0] in known else _OTHER_WORDS[near[0]]
        if meant in known:
            return f"unknown key; did you mean `{meant}`?"
    if _SECRET_KEY.search(key):
        variable = re.sub(r"\W+", "_", f"{owner}_{key}" if owner else key).upper().strip("_")
        return f"secrets never stand in config.yaml; set the environment variable {variable} instead"
    for block, field in Config.model_fields.items():
        if any(key in model.model_fields for model in models_in(field.annotation)):
            return f"unknown key here; it belongs into `{block}`"
    return "unknown key; known here: " + ", ".join(sorted(known))


def could_be_secret(text: str) -> bool:
    """Whether a text looks like a token, a password or an address with one, rather than like words."""
    if len(text) < 8 or re.search(r"\s", text):
        return False
    return "://" in text or len(text) > 40 or bool(re.search(r"[0-9]", text) and re.search(r"[A-Za-z]", text))


def dotted(path: KeyPath) -> str:
    """`sources.1.url`; a key that is no plain word is not repeated."""
    return ".".join(
        "?"
        if isinstance(part, str) and (not re.fullmatch(r"[\w<.-]{1,40}", part) or _odd(part))
        else str(part)
        for part in path
    )


def _odd(key: str) -> bool:
    return len(key) >= 12 and could_be_secret(key)


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models in a type such as `tuple[Channel, ...]` or `Expect | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from models_in(inner)


def keys_at(model: type[BaseModel], path: KeyPath) -> list[str]:
    """The keys that may stand in the block at `path` within `model`; empty where no model says."""
    blocks = [model]
    for part in path:
        if isinstance(part, str):
            fields = [block.model_fields[part] for block in blocks if part in block.model_fields]
            # What is no field is a name that the user chose, as of a theme: its block is the one below.
            blocks = (
                [inner for field in fields for inner in models_in(field.annotation)] if fields else blocks
            )
    return [field.alias or name for block in blocks for name, field in block.model_fields.items()]


def _scrubbed(text: str, given: Any) -> str:
    """A validator's own message without the value that it may quote."""
    leaves = [given] if isinstance(given, str) and len(given) > 3 else list(_leaves(given))
    for leaf in sorted(leaves, key=len, reverse=True):
        text = text.replace(leaf, "…")
    return " ".join(text.split())


def _leaves(data: Any) -> Iterator[str]:
    if isinstance(data, str) and could_be_secret(data):
        yield data
    elif isinstance(data, Mapping):
        yield from (leaf for value in data.values() for leaf in _leaves(value))
    elif isinstance(data, list | tuple):
        yield from (leaf for value in data for leaf in _leaves(value))


def _what(given: Any) -> str:
    for types, words in (
        (bool, "true or false"),
        (int | float, "a number"),
        (str, "text"),
        (list | tuple, "a list"),
        (Mapping, "a block of keys"),
    ):
        if isinstance(given, types):
            return words
    return "nothing"


def _text(given: Any, _: Any) -> str:
    return f"should be text, not {_what(given)}" + (" (quote it)" if isinstance(given, int | float) else "")


def _list(given: Any, _: Any) -> str:
    return f"should be a list, not {_what(given)}" + (" (write [...])" if isinstance(given, str) else "")


def _literal(given: Any, context: Any) -> str:
    expected = str(context.get("expected") or context.get("expected_tags"))
    near = difflib.get_close_matches(str(given), re.findall(r"'([^']+)'", expected), 1)
    return f"should be {expected.replace(chr(39), '`')}" + (f"; did you mean `{near[0]}`?" if near else "")


def _bound(words: str, key: str) -> Callable[[Any, Any], str]:
    return lambda _, context: f"should be {words} {str(context[key]).removesuffix('.0')}"


def _at_least(_: Any, context: Any) -> str:
    least = context.get("min_length", 1)
    return f"needs at least {least} " + ("entry" if least == 1 else "entries")


_BY_TYPE: Final[dict[str, Callable[[Any, Any], str]]] = {
    "missing": lambda *_: "is missing",
    "string_type": _text,
    "string_too_short": lambda _, context: (
        "should not be empty" if context["min_length"] == 1 else f"needs {context['min_length']} characters"
    ),
    "string_too_long": lambda _, context: f"should have at most {context['max_length']} characters",
    "string_pattern_mismatch": lambda _, context: PATTERNS.get(
        context["pattern"], f"should match the pattern {context['pattern']}"
    ),
    "literal_error": _literal,
    "enum": _literal,
    "union_tag_invalid": _literal,
    "union_tag_not_found": lambda _, context: f"needs {context['discriminator']}",
    "greater_than": _bound("greater than", "gt"),
    "greater_than_equal": _bound("at least", "ge"),
    "less_than": _bound("less than", "lt"),
    "less_than_equal": _bound("at most", "le"),
    "multiple_of": _bound("a multiple of", "multiple_of"),
    "too_short": _at_least,
    "too_long": lambda _, context: f"should have at most {context['max_length']} entries",
    "list_type": _list,
    "tuple_type": _list,
    "set_type": _list,
    "frozen_set_type": _list,
    "finite_number": lambda *_: "should be an ordinary number",
}
_BY_PREFIX: Final = (
    ("int_", "a whole number"),
    ("float_", "a number"),
    ("decimal_", "a number"),
    ("bool_", "true or false"),
    ("datetime_", "a date and time such as 2026-11-01T09:00:00Z"),
    ("date_", "a date such as 2026-11-01"),
    ("time_delta_", "a time span such as 30m, 6h, 1d or 2w"),
    ("model_", "a block of keys"),
    ("dict_", "a block of keys"),
    ("mapping_", "a block of keys"),
    ("url_", "a web address such as https://example.com/jobs"),
)
