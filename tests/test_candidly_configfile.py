"""config.yaml: every problem at once, each at its place, in plain words, and never a value."""

from __future__ import annotations

import json
import logging
import os
from datetime import date, timedelta
from pathlib import Path
from typing import Literal

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import Field, HttpUrl, ValidationError, field_validator

from candidly import yamlmarks
from candidly.config import Config, Expect, SourceSettings, format_duration, parse_duration
from candidly.configfile import ENVIRONMENT, json_schema, load
from candidly.errors import ConfigError
from candidly.plainwords import dotted, message, unknown_key
from candidly.yamlmarks import YamlError, parse

CANARY = "hunter2-CANARY-8f3a9cd41b"


class PageSettings(SourceSettings):
    type: Literal["page"]
    url: str
    pages: int | list[int] = 3
    columns: dict[str, str] = Field({})

    live = True

    @field_validator("url")
    @classmethod
    def _https(cls, value: str) -> str:
        if not value.startswith("https://"):
            raise ValueError(f"{value} is no address that starts with https://")
        return value


class FileSettings(SourceSettings):
    type: Literal["file"]
    path: str = "inbox"
    homepage: HttpUrl | None = None
    size: float = Field(1.5, gt=0, lt=10)


MODELS: dict[str, type[SourceSettings]] = {"page": PageSettings, "file": FileSettings}
GOOD = """\
companies:
  - name: Northwind Robotics
    aliases: [Northwind, no, "3"]
sources:
  - name: site
    type: page
    url: https://reviews.example/northwind
    terms_read: 2026-11-01
"""


@pytest.fixture
def read(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def read(text, environ=None, name="config.yaml"):
        Path(name).write_bytes(text if isinstance(text, bytes) else text.encode())
        return load(Path(name), MODELS, environ or {})

    return read


@pytest.fixture
def problems(read):
    def problems(text, environ=None):
        with pytest.raises(ConfigError) as error:
            read(text, environ)
        return list(error.value.problems)

    return problems


def companies(rest):
    return "companies: [{name: Northwind Robotics}]\n" + rest


def source(rest, kind="page"):
    return companies(f"sources:\n  - name: site\n    type: {kind}\n    {rest}\n")


# ---- what is right


def test_a_good_file_is_read(read, tmp_path):
    loaded = read(GOOD)
    assert loaded.config.companies[0].aliases == ("Northwind", "no", "3")
    (site,) = loaded.config.sources
    assert isinstance(site, PageSettings)
    assert site.terms_read == date(2026, 11, 1)
    assert loaded.path == Path("config.yaml")
    assert loaded.folder == tmp_path
    assert loaded.config.report.hour == 7


def test_a_block_with_everything_commented_out_means_the_defaults(read):
    loaded = read(companies("sources:\nalerts:\n  # every: 1h\nsecrets:\n"))
    assert loaded.config.alerts.every == timedelta(hours=1)
    assert loaded.config.sources == ()


def test_a_byte_order_mark_is_no_part_of_the_first_key(read):
    assert read(b"\xef\xbb\xbf" + GOOD.encode()).config.companies


def test_the_word_no_switches_off(read):
    assert not read(source("enabled: no", "file")).config.sources[0].enabled


def test_anchors_may_be_used(read):
    loaded = read(companies("report: {folder: &place out}\nsecrets: {folder: *place}\n"))
    assert loaded.config.secrets.folder == "out"


# ---- places and words, one rule a line

RULES = {
    "unknown key": (companies("reprot: {}\n"), "2:1: reprot: unknown key; did you mean `report`?"),
    "unknown key in a source": (
        source("url: https://a.example\n    intervall: 6h"),
        "6:5: sources.0.intervall: unknown key; did you mean `every`?",
    ),
    "key of another block": (
        companies("timezone: UTC\n"),
        "2:1: timezone: unknown key here; it belongs into `report`",
    ),
    "key like no other": (
        companies("secrets: {colour: red}\n"),
        "2:11: secrets.colour: unknown key; known here: folder",
    ),
    "nested key": (
        companies("alerts: {spike: {min_negatives: 3}}\n"),
        "2:18: alerts.spike.min_negatives: unknown key; did you mean `min_negative`?",
    ),
    "missing key": (source("# nothing"), "3:5: sources.0.url: is missing"),
    "missing block": ("sources: []\n", "1:1: companies: is missing"),
    "empty file": ("", "1:1: companies: is missing"),
    "null block": ("companies:\n", "1:11: companies: is missing"),
    "no company": ("companies: []\n", "1:12: companies: needs at least 1 entry"),
    "not a mapping": ("- a\n", "1:1: should be a block of keys such as `companies:`"),
    "number for text": (
        source("url: 3"),
        "5:10: sources.0.url: should be text, not a number (quote it)",
    ),
    "boolean for text": (
        source("url: true"),
        "5:10: sources.0.url: should be text, not true or false (quote it)",
    ),
    "list for text": (source("url: []"), "5:10: sources.0.url: should be text, not a list"),
    "nothing for text": (source("url:"), "5:9: sources.0.url: should be text, not nothing"),
    "text for a number": (
        companies("report: {hour: early}\n"),
        "2:16: report.hour: should be a whole number, not text",
    ),
    "above a bound": (companies("report: {hour: 24}\n"), "2:16: report.hour: should be at most 23"),
    "not above a bound": (
        source("size: 0", "file"),
        "5:11: sources.0.size: should be greater than 0",
    ),
    "infinite": (
        source("size: .inf", "file"),
        "5:11: sources.0.size: should be an ordinary number",
    ),
    "text for a list": (
        "companies: [{name: Acme, aliases: acme}]\n",
        "1:35: companies.0.aliases: should be a list, not text (write [...])",
    ),
    "text for a block": (
        companies("report: weekly\n"),
        "2:9: report: should be a block of keys, not text",
    ),
    "number in a list": (
        "companies: [{name: Acme, aliases: [acme, 3]}]\n",
        "1:42: companies.0.aliases.1: should be text, not a number (quote it)",
    ),
    "an empty alias matches everything": (
        "companies: [{name: Acme, aliases: ['']}]\n",
        "1:36: companies.0.aliases.0: should not be empty",
    ),
    "choice": (
        companies("report: {formats: [hmtl]}\n"),
        "2:20: report.formats.0: should be `html`, `md` or `json`; did you mean `html`?",
    ),
    "duration without a unit": (
        source("every: 30", "file"),
        "5:12: sources.0.every: needs a unit, for example 30m, 6h, 1d or 2w",
    ),
    "duration of another kind": (
        source("every: hourly", "file"),
        "5:12: sources.0.every: should look like 30m, 6h, 1d or 2w",
    ),
    "no duration": (source("every: 0h", "file"), "5:12: sources.0.every: should be longer than nothing"),
    "date": (
        source("terms_read: yesterday", "file"),
        "5:17: sources.0.terms_read: should be a date such as 2026-11-01, not text",
    ),
    "number for a date": (
        source("terms_read: 0", "file"),
        "5:17: sources.0.terms_read: should be a date such as 2026-11-01",
    ),
    "web address": (
        source("homepage: nowhere", "file"),
        "5:15: sources.0.homepage: should be a web address such as https://example.com/jobs, not text",
    ),
    "name of a source": (
        companies("sources: [{name: my site, type: file}]\n"),
        "2:18: sources.0.name: should start with a letter or digit and hold only letters, digits, "
        "`_`, `.` and `-` (at most 64)",
    ),
    "timezone": (
        companies("report: {timezone: Europe/Berln}\n"),
        "2:20: report.timezone: unknown timezone; did you mean `Europe/Berlin`?",
    ),
    "language": (
        companies("analysis: {languages: [english]}\n"),
        "2:24: analysis.languages.0: should be a language code such as en, de or no",
    ),
    "region": (
        companies("analysis: {phone_regions: [us]}\n"),
        "2:28: analysis.phone_regions.0: should be a country code such as US, GB or DE",
    ),
    "expectations": (
        source("expect: {min: 5, max: 2}", "file"),
        "5:13: sources.0.expect: `min` should not be greater than `max`",
    ),
    "unknown type": (
        source("url: x", "paige"),
        "4:11: sources.0.type: unknown type; did you mean `page`? Known: file, page",
    ),
    "no type": (
        companies("sources: [{name: site}]\n"),
        "2:11: sources.0.type: is missing; one of file, page",
    ),
    "type of another kind": (
        source("url: x", "3"),
        "4:11: sources.0.type: unknown type; Known: file, page",
    ),
    "source that is no block": (
        companies("sources: [site]\n"),
        "2:11: sources.0: should be a block of keys with `name` and `type`",
    ),
    "sources that are no list": (
        companies("sources: {name: site}\n"),
        "2:10: sources: should be a list, not a block of keys",
    ),
    "a validator of a collector, without the value": (
        source(f"url: http://{CANARY}"),
        "5:10: sources.0.url: … is no address that starts with https://",
    ),
    "members of a union together": (
        source("url: https://a.example\n    pages: many"),
        "6:12: sources.0.pages: should be a whole number, not text or should be a list, "
        "not text (write [...])",
    ),
    "file channel": (
        companies("alerts: {channels: [{name: log, type: file}]}\n"),
        "2:21: alerts.channels.0: a channel of type file needs `path`",
    ),
    "webhook channel": (
        companies("alerts: {channels: [{name: log, type: webhook}]}\n"),
        "2:21: alerts.channels.0: a channel of type webhook needs `url_secret`: the name of the secret "
        "with its address",
    ),
    "duplicate key": (
        companies("report: {hour: 8, hour: 9}\n"),
        "2:19: report.hour: this key stands here twice (first in line 2, column 10)",
    ),
    "merge key": (
        companies("report: {<<: {}}\n"),
        "2:10: report.<<: merge keys (`<<`) are no part of YAML 1.2; write the keys out",
    ),
    "company twice": (
        "companies: [{name: Acme}, {name: acme}]\n",
        "1:34: companies.1.name: this name is used twice (first in companies.0)",
    ),
    "source twice": (
        companies("sources:\n  - {name: a, type: file}\n  - {name: a, type: file}\n"),
        "4:12: sources.1.name: this name is used twice (first in sources.0)",
    ),
    "channel twice": (
        companies("alerts: {channels: [{name: a, type: console}, {name: a, type: console}]}\n"),
        "2:54: alerts.channels.1.name: this name is used twice (first in alerts.channels.0)",
    ),
    "unknown company": (
        source("company: Northwind Robotic", "file"),
        "5:14: sources.0.company: is not the name of one of `companies`; did you mean `Northwind Robotics`?",
    ),
    "unknown competitor": (
        "companies: [{name: Acme, competitors: [Zenith]}]\n",
        "1:40: companies.0.competitors.0: is not the name of one of `companies`",
    ),
    "own competitor": (
        "companies: [{name: Acme, competitors: [Acme]}]\n",
        "1:40: companies.0.competitors.0: a company is no competitor of itself",
    ),
    "name of two companies": (
        "companies: [{name: Acme}, {name: Zenith, aliases: [ACME]}]\n",
        "1:52: companies.1.aliases.0: companies.0 has this name too",
    ),
    "a secret in a source": (
        source(f"url: https://a.example\n    client_secret: {CANARY}"),
        "6:5: sources.0.client_secret: secrets never stand in config.yaml; set the environment "
        "variable PAGE_CLIENT_SECRET instead",
    ),
    "a secret elsewhere": (
        companies(f"smtp_password: {CANARY}\n"),
        "2:1: smtp_password: secrets never stand in config.yaml; set the environment variable "
        "SMTP_PASSWORD instead",
    ),
    "the address of a channel": (
        companies(f"alerts: {{channels: [{{name: a, type: console, webhook_url: {CANARY}}}]}}\n"),
        "2:46: alerts.channels.0.webhook_url: secrets never stand in config.yaml, and an address "
        "that anybody can post to is one; put it into an environment variable such as ALERT_URL and write "
        "`url_secret: ALERT_URL`",
    ),
    "the address in place of a secret's name": (
        companies(f"alerts: {{channels: [{{name: a, type: webhook, url_secret: 'https://{CANARY}'}}]}}\n"),
        "2:58: alerts.channels.0.url_secret: should be the name of a secret, in capitals such as "
        "SLACK_URL, not the secret itself",
    ),
    "a name before a mail address": (
        companies(
            "alerts: {channels: [{name: a, type: email, host: h, from: 'Me <me@a.org>', to: [b@a.org]}]}\n"
        ),
        "2:59: alerts.channels.0.from: should be a bare mail address such as team@example.org",
    ),
    "a password in the store's address": (
        companies(f"store: {{url: 'postgresql://me:{CANARY}@host/db'}}\n"),
        "2:14: store.url: secrets never stand in config.yaml; leave the password out of the address "
        "and set the environment variable PGPASSWORD instead (or use ~/.pgpass)",
    ),
}


@pytest.mark.parametrize("rule", RULES)
def test_each_problem_has_its_place_and_plain_words(rule, problems):
    text, expected = RULES[rule]
    assert problems(text) == [f"config.yaml:{expected}"]
    assert CANARY not in expected


def test_all_problems_come_at_once_in_the_order_of_the_file(problems):
    wrong = ["unknown key in a source", "above a bound"]
    text = RULES[wrong[0]][0] + "  - {name: b, type: page}\nreport: {hour: 24, hour: 3}\nreprot: 1\n"
    found = problems(text, {"CANDIDLY_CONFG": "x"})
    assert [line.split(": ")[1] for line in found] == [
        "sources.0.intervall",
        "sources.1.url",
        "report.hour",
        "report.hour",
        "reprot",
        "CANDIDLY_CONFG",
    ]


def test_conflicts_between_blocks_come_with_the_other_problems(problems):
    found = problems("companies: [{name: Acme}, {name: Acme}, {aliases: []}]\nreport: {hour: 99}\n")
    assert len(found) == 3


def test_conflicts_are_refused_without_a_file_too():
    with pytest.raises(ValidationError, match="used twice"):
        Config.model_validate({"companies": [{"name": "Acme"}, {"name": "Acme"}]})
    with pytest.raises(ValidationError, match=r"sources\.0\.company: is not the name"):
        Config(companies=({"name": "Acme"},), sources=(FileSettings(name="a", type="file", company="Zen"),))


def test_a_file_is_named_as_the_user_gave_it(tmp_path):
    path = tmp_path / "other.yml"
    path.write_text("companies: 3\n", encoding="utf-8")
    with pytest.raises(ConfigError) as error:
        load(path, MODELS, {})
    assert str(error.value) == f"{path}:1:12: companies: should be a list, not a number"
    assert error.value.exit_code == 2


# ---- the file itself


def test_a_missing_file_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError) as error:
        load(Path("config.yaml"), MODELS, {})
    remedy = "run `candidly init` to write one, or point to one with --config"
    assert str(error.value) == f"no config.yaml here: {remedy}"
    with pytest.raises(ConfigError, match=r"no file other\.yaml: run `candidly init`"):
        load(Path("other.yaml"), MODELS, {})
    with pytest.raises(ConfigError, match="no file "):
        load(Path("a/b.yaml"), MODELS, {})


def test_a_path_with_a_nul_is_no_traceback():
    with pytest.raises(ConfigError, match="not a path"):
        load(Path("a\0b"), MODELS, {})


def test_a_folder_or_a_pipe_is_not_a_file(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe"):
        with pytest.raises(ConfigError, match="not a file"):
            load(path, MODELS, {})


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission(tmp_path):
    path = tmp_path / "config.yaml"
    path.touch(mode=0)
    with pytest.raises(ConfigError, match="cannot be read: Permission denied"):
        load(path, MODELS, {})


BROKEN = {
    "latin-1": (b"companies:\n  - name: M\xfcller\n", "2:12: not UTF-8 text; save it as UTF-8"),
    "tab": (
        "a:\n\tb: 1\n",
        "2:1: indent with spaces, not tabs, and quote text that starts with @, % or a backtick",
    ),
    "colon": ("a: b: c\n", "1:5: a `:` that cannot stand here; check the indentation or quote the text"),
    "bracket": ("a: [b\nc: d\n", "2:2: a `,` or the closing bracket is missing"),
    "quote": ('a: "b\n', "2:1: a quote that is not closed"),
    "indentation": (
        "a: 1\n b: 2\n",
        "2:3: a `:` that cannot stand here; check the indentation or quote the text",
    ),
    "dedent": ("- a\nb: c\n", "2:1: does not fit the lines above; check the indentation and the quotes"),
    "backslash": ('a: "C:\\q"\n', "1:8: a backslash in double quotes; put the text into single quotes"),
    "tag": ("a: !hunter2!CANARY x\n", "1:4: tags (a word with `!`) have no meaning here"),
    "grammar": ("%CANARY\n", "2:1: not valid YAML: expected `<document start>`, but found `<stream end>`"),
    "no colon": ("a: 1\nb\n", "3:1: a `:` is missing after the key, or a quote is not closed"),
    "two documents": ("a: 1\n---\nb: 1\n", "2:1: no second document (`---`) in one file, please"),
    "alias": (
        "a: *hunter2CANARY\n",
        "1:4: `*` refers to an anchor (`&`) that is not defined above; quote the text",
    ),
    "nul": ("a: 1\nbc\0: 1\n", "2:3: a character that no text should hold"),
    "escape": ('a: "\\UFFFFFFFF"\n', "1:7: not valid YAML: an escape that stands for no character"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_invalid_yaml_is_one_clear_line_with_its_place(case, problems):
    text, expected = BROKEN[case]
    assert problems(text) == [f"config.yaml:{expected}"]


def test_a_file_over_a_megabyte_is_refused(problems):
    assert problems("#" * 1_000_001) == ["config.yaml: larger than 1 MB; is this the right file?"]


def test_depth_is_limited():
    parse("[" * 99 + "]" * 99)
    for text in ("[" * 101 + "]" * 101, "[" * 20_000, "".join(" " * n + "a:\n" for n in range(200))):
        with pytest.raises(YamlError, match="nested deeper"):
            parse(text)


def test_an_alias_bomb_is_refused():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
    with pytest.raises(YamlError, match="more than 50,000"):
        parse("\n".join(lines))


def test_an_alias_of_itself_is_refused():
    with pytest.raises(YamlError, match="nested deeper"):
        parse("a: &a [*a]")


def test_too_many_nodes_are_refused_while_reading(monkeypatch):
    monkeypatch.setattr(yamlmarks, "MAX_NODES", 10)
    with pytest.raises(YamlError, match="more than 10 keys"):
        parse("[" + "a, " * 10 + "]")


# ---- YAML 1.2


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *((word, word) for word in ("no", "yes", "on", "off", "Off", "y", "n", "tRue", "nUll", "<<", "=")),
        *((word, True) for word in ("true", "True", "TRUE")),
        *((word, False) for word in ("false", "False", "FALSE")),
        *((word, None) for word in ("null", "Null", "NULL", "~", "")),
        ("12:30", "12:30"),
        ("190:20:30", "190:20:30"),
        ("0777", 777),
        ("0o17", 15),
        ("0x1F", 31),
        ("0b11", "0b11"),
        ("1_000", "1_000"),
        ("-12", -12),
        ("+3", 3),
        ("1.10", 1.1),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("1.", 1.0),
        ("-.INF", float("-inf")),
        ("2026-11-01", "2026-11-01"),
        ("2026-11-01T09:00:00Z", "2026-11-01T09:00:00Z"),
        ("1.2.3", "1.2.3"),
        ("!!str 5", "5"),
        ("!!int '5'", 5),
        ("!!float 5", 5.0),
        ("!!bool 'True'", True),
        ("'no'", "no"),
        ('"5"', "5"),
    ],
)
def test_scalars_are_those_of_yaml_1_2(text, value):
    document = parse(f"a: {text}")
    assert not document.problems
    assert document.data == {"a": value}
    assert type(document.data["a"]) is type(value)


def test_not_a_number():
    assert parse(".nan").data != parse(".nan").data


@pytest.mark.parametrize("key", ["no", "1", "true", "~", "1.10", "2026-11-01"])
def test_keys_are_text_as_written(key):
    assert parse(f"{key}: x").data == {key: "x"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: !!python/object:os.system x", "tags"),
        ("a: !mine {}", "tags"),
        ("a: !!set {b}", "tags"),
        ("a: !!omap [b: 1]", "tags"),
        ("a: !!binary aGk=", "tags"),
        ("a: !!timestamp 2026-11-01", "tags"),
        ("a: !!int no", "cannot be read as int"),
        ("a: !!bool 1", "cannot be read as bool"),
        (f"a: {'9' * 5000}", "cannot be read as int"),
        ("{[b]: c}", "a key should be a word"),
        ('a: "\\ud800"', "half a character"),
    ],
)
def test_what_yaml_allows_and_we_do_not_is_a_problem_with_a_place(text, words):
    (problem,) = parse(text).problems
    assert words in problem.message
    assert problem.place.line == 1


def test_a_lone_surrogate_does_not_get_out():
    assert parse('a: "x\\ud800"').data == {"a": "x?"}


def test_places_of_keys_and_values():
    document = parse("a:\n  - b: 1\n    c: [x,\n      y]\n")
    assert document.keys["a", 0, "c"] == (3, 5)
    assert document.values["a", 0, "c", 1] == (4, 7)
    assert document.values["a", 0] == (2, 5)


# ---- environment


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("CANDIDLY_CONFG", "CANDIDLY_CONFIG"),
        ("CANDIDLY_NWO", "CANDIDLY_NOW"),
        ("CANDIDLY_AUTHORKEY", "CANDIDLY_AUTHOR_KEY"),
        ("CANDIDLY_SECRET_DIR", "CANDIDLY_SECRETS_DIR"),
    ],
)
def test_a_misspelt_variable_is_a_problem(name, meant, problems):
    line = f"environment: {name}: unknown variable; did you mean {meant}?"
    assert problems(GOOD, {name: CANARY}) == [line]


def test_other_variables_are_none_of_our_business(read):
    read(GOOD, {**dict.fromkeys(ENVIRONMENT, "x"), "CANDIDLY_SLACK_URL": "x", "CANDIDLYCONFIG": "x"})


def test_a_variable_that_the_file_names_is_known(read):
    channel = "alerts: {channels: [{name: a, type: webhook, url_secret: CANDIDLY_CONFI}]}\n"
    read(companies(channel), {"CANDIDLY_CONFI": "x"})


# ---- words


def test_durations():
    for text in ("30m", "6h", "1d", "2w", "45s", "1.5h", "1 d"):
        written = format_duration(parse_duration(text))
        assert parse_duration(written) == parse_duration(text)
    assert format_duration(timedelta(hours=36)) == "36h"
    for text in ("", "m", "h6", "²h", "1y", "-1h", "1e3h", "P1D", "99999999w", "9" * 400 + "w"):
        with pytest.raises(ValueError, match="should"):
            parse_duration(text)
    assert parse_duration(timedelta(1)) == timedelta(1)
    with pytest.raises(ValueError, match="needs a unit"):
        parse_duration(True)


def test_a_key_that_is_no_word_is_not_repeated():
    assert dotted(("sources", 0, "every")) == "sources.0.every"
    assert dotted(("a", "two words")) == "a.?"
    assert dotted((CANARY,)) == "?"


def test_words_of_unknown_kinds_of_errors_do_not_repeat_the_value():
    error = {
        "type": "new_in_pydantic",
        "loc": ("a",),
        "input": CANARY,
        "msg": f"Input should not be {CANARY}",
    }
    assert message(error, []) == "should not be …"
    nested = {
        **error,
        "type": "value_error",
        "input": {"a": [CANARY, "webhook"]},
        "ctx": {"error": error["msg"]},
    }
    assert message({**nested, "ctx": {"error": f"a webhook {CANARY}"}}, []) == "a webhook …"


def test_every_known_key_that_sounds_like_a_secret_is_still_allowed():
    assert "did you mean `url_secret`" not in unknown_key("password", ["url_secret"])
    assert unknown_key("token", ["name"], "reddit").endswith("REDDIT_TOKEN instead")
    assert unknown_key("url_secrt", ["name", "url_secret"]) != unknown_key("url_secrt", ["name"])


def test_a_secret_is_not_led_into_the_key_for_its_name():
    words = unknown_key("client_secret", ["client_secret_secret", "client_id_secret"], "reddit")
    assert words.endswith("set the environment variable REDDIT_CLIENT_SECRET instead")


# ---- nothing but ConfigError, and no canary, whatever stands in the file

KEYS = st.sampled_from(
    [*Config.model_fields, "name", "type", "url", "every", "channels", "spike", "aliases", "competitors",
     "company", "expect", "min", "hour", "timezone", "password", "pages", "folder", "<<", "weird key"]
)  # fmt: skip
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["page", "file", "webhook", "Acme", "6h", CANARY, f"https://x:{CANARY}@y.example"])
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=25,
)
FILES = st.dictionaries(KEYS, VALUES, max_size=6) | VALUES


def refused_cleanly(folder, text):
    path = folder / "config.yaml"
    path.write_bytes(text)
    refusal = None
    try:
        load(path, MODELS, {})
    except ConfigError as error:
        refusal = error
    assert CANARY not in str(refusal)
    for line in refusal.problems if refusal else ():
        assert "\n" not in line
        assert "Input should" not in line


@settings(max_examples=100, deadline=None)
@given(data=FILES)
def test_any_data_gives_a_config_or_a_config_error(data, tmp_path_factory):
    text = yaml.safe_dump(data, allow_unicode=True, sort_keys=False)
    refused_cleanly(tmp_path_factory.getbasetemp(), text.encode("utf-8", "surrogatepass"))


@settings(max_examples=100, deadline=None)
@given(
    at=st.integers(0, 400),
    noise=st.text(max_size=6) | st.sampled_from(["\t", "- ", ": ", "[", '"', "*x", "!!y "]),
)
def test_a_damaged_file_gives_a_config_or_a_config_error(at, noise, tmp_path_factory):
    text = GOOD[:at] + noise + GOOD[at:]
    refused_cleanly(tmp_path_factory.getbasetemp(), text.encode("utf-8", "surrogatepass"))


@settings(max_examples=100, deadline=None)
@given(
    text=st.text(alphabet=st.sampled_from("ab01 :-[]{}&*!|>'\"%@#?,.~<\\\n\t\0é"), max_size=40)
    | st.text(max_size=40)
)
def test_any_text_is_read_or_refused_as_yaml(text):
    try:
        places = list(parse(text).values.values())
    except YamlError as error:
        places = [error.place]
    assert all(place >= (1, 1) for place in places)


def test_validation_errors_of_pydantic_hide_values_as_well():
    with pytest.raises(ValidationError) as error:
        Expect.model_validate({"min": CANARY})
    assert CANARY not in str(error.value)


# ---- the schema for editors


def resolve(schema, reference):
    return schema["$defs"][reference["$ref"].rpartition("/")[2]]


def test_the_schema_tells_sources_apart_by_type():
    schema = json_schema(MODELS)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    blocks = [resolve(schema, block) for block in schema["properties"]["sources"]["items"]["oneOf"]]
    assert [block["properties"]["type"]["const"] for block in blocks] == ["file", "page"]
    assert all("type" in block["required"] and block["additionalProperties"] is False for block in blocks)
    assert blocks[1]["required"] == ["name", "type", "url"]


def test_the_schema_shows_defaults_as_they_are_written():
    schema = json_schema(MODELS)
    every = schema["$defs"]["Alerts"]["properties"]["every"]
    assert every["default"] == "1h"
    assert every["type"] == "string"
    assert '"PT' not in json.dumps(schema)


def test_every_key_of_the_schema_is_described():
    schema = json_schema({})
    for name, block in {"Config": schema, **schema["$defs"]}.items():
        for key, field in block.get("properties", {}).items():
            assert field.get("description") or "$ref" in field, f"{name}.{key}"


def test_references_of_the_schema_lead_somewhere():
    schema = json_schema(MODELS)
    text = json.dumps(schema)
    for part in text.split('"#/$defs/')[1:]:
        assert part.partition('"')[0] in schema["$defs"]


def test_no_log_is_written(read, caplog):
    caplog.set_level(logging.DEBUG)
    read(GOOD)
    assert not caplog.records
