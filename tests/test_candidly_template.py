"""The config.yaml that comes along: it loads, its comments are true, the documentation names every key."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import collectors
from candidly import template
from candidly.config import (
    Alerts,
    Analysis,
    Channel,
    Company,
    Config,
    EngineOptions,
    Expect,
    Heartbeat,
    NamedRule,
    Quiet,
    Report,
    Secrets,
    SourceSettings,
    Spike,
    Store,
    Theme,
    format_duration,
)
from candidly.configfile import ENVIRONMENT, json_schema, load
from candidly.errors import UsageError
from candidly.plainwords import models_in
from candidly.template import render, write_template
from collectors.api import ApiSettings

ROOT = Path(__file__).parents[1]
BUILT_IN = {name: collectors.load(name).Settings for name in collectors.COLLECTORS}
BLOCKS = {
    "top level": Config,
    "companies": Company,
    "sources": SourceSettings,
    "expect": Expect,
    "analysis": Analysis,
    "extra_themes": Theme,
    "engine_options": EngineOptions,
    "alerts": Alerts,
    "spike": Spike,
    "channels": Channel,
    "quiet": Quiet,
    "heartbeat": Heartbeat,
    "rules": NamedRule,
    "report": Report,
    "store": Store,
    "secrets": Secrets,
    "other types": ApiSettings,
    **{f"type: {name}": BUILT_IN[name] for name in ("file", "page", "feed", "reddit")},
}
"""What docs/configuration.md tells; the keys of the other types stand in docs/sources/."""


def read(folder, text):
    path = folder / "config.yaml"
    path.write_text(text, encoding="utf-8")
    return load(path, BUILT_IN, {}).config


# ---- config.yaml


def test_the_config_that_comes_along_loads_as_it_stands():
    config = load(ROOT / "config.yaml", BUILT_IN, {}).config
    assert [source.name for source in config.sources if source.enabled] == ["inbox"]
    shown = {source.type for source in config.sources}
    named = re.findall(r"\w+", re.search(r"# More types: ([\w, \n#]+)\.", render())[1])
    assert shown | set(named) == set(BUILT_IN)
    assert not shown & set(named)


@pytest.mark.parametrize("more", [0, 1, 5, 40])
def test_further_types_are_named_within_the_width(more, monkeypatch, tmp_path):
    new = [f"site_number_{n}" for n in range(more)]
    monkeypatch.setattr(collectors, "COLLECTORS", {**collectors.COLLECTORS, **dict.fromkeys(new, "a:B")})
    text = render()
    assert max(map(len, text.splitlines())) <= 110
    assert [name for name in new if not re.search(rf"\b{name}\b", text)] == []
    assert "MORE TYPES" not in text
    assert read(tmp_path, text).sources


def test_it_is_the_template_with_the_default_company():
    assert (ROOT / "config.yaml").read_text(encoding="utf-8") == render()


def test_its_first_line_names_the_schema():
    assert render().startswith("# yaml-language-server: $schema=candidly.schema.json\n")


def test_the_values_it_shows_are_the_defaults(tmp_path):
    shown, bare = read(tmp_path, render()), read(tmp_path, "companies: [{name: Acme}]")
    for block in ("analysis", "alerts", "report", "store", "secrets"):
        assert getattr(shown, block) == getattr(bare, block)


def test_the_examples_in_its_comments_are_right_too(tmp_path):
    text = re.sub(r"(?m)^( *)# (?=- [a-z]+: |  [a-z_]+: |[a-z_]+: )", r"\1", render())
    config = read(tmp_path, text)
    assert len(config.companies) == 2
    assert {channel.type for channel in config.alerts.channels} == {"console", "file", "slack", "email"}
    assert config.secrets.folder == "secrets"
    page = next(source for source in config.sources if source.type == "page")
    assert page.terms_read is not None
    assert page.selectors.item == "li.review"


def test_a_shorter_line_than_an_editor_window():
    assert max(map(len, render().splitlines())) <= 110


# ---- candidly init


@settings(max_examples=50, deadline=None)
@given(name=st.text(min_size=1, max_size=60))
def test_any_company_name_is_quoted_safely(name, tmp_path_factory):
    try:
        text = render(name)
    except UsageError:
        assert not name.strip() or not name.strip().isprintable()
        return
    config = read(tmp_path_factory.getbasetemp(), text)
    assert config.companies[0].name == name.strip()
    assert config.sources[0].company == name.strip()


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "a\0", "x" * 201, "\ud800"])
def test_a_name_that_cannot_be_one_is_refused(name):
    with pytest.raises(UsageError, match="printable"):
        render(name)


def test_init_writes_what_is_needed(tmp_path):
    folder = tmp_path / "new"
    written = write_template(folder, 'Halden & Price "Intl": #1')
    assert [path.name for path in written] == ["config.yaml", "candidly.schema.json", ".gitignore", "inbox"]
    assert all(path.exists() for path in written)
    assert load(folder / "config.yaml", BUILT_IN, {}).config.companies[0].name == 'Halden & Price "Intl": #1'
    assert json.loads((folder / "candidly.schema.json").read_text()) == json_schema(
        collectors.settings_models()
    )
    assert ".candidly-author-key" in (folder / ".gitignore").read_text()


@pytest.mark.parametrize("name", ["config.yaml", "candidly.schema.json"])
def test_init_overwrites_nothing_unless_forced(name, tmp_path):
    (tmp_path / name).write_text("mine")
    with pytest.raises(UsageError, match=f"{re.escape(name)} is there already"):
        write_template(tmp_path, "Acme")
    assert [path.name for path in tmp_path.iterdir()] == [name]
    write_template(tmp_path, "Acme", force=True)
    assert (tmp_path / name).read_text() != "mine"


def test_init_leaves_a_gitignore_and_an_inbox_of_your_own(tmp_path):
    (tmp_path / ".gitignore").write_text("mine")
    (tmp_path / "inbox").mkdir()
    (tmp_path / "inbox" / "export.csv").write_text("mine")
    write_template(tmp_path, "Acme", force=True)
    assert (tmp_path / ".gitignore").read_text() == "mine"
    assert (tmp_path / "inbox" / "export.csv").read_text() == "mine"


def test_init_where_it_cannot_write(tmp_path):
    (tmp_path / "inbox").write_text("a file")
    with pytest.raises(UsageError, match="cannot make the folder"):
        write_template(tmp_path, "Acme")
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="cannot write"):
        write_template(tmp_path / "file", "Acme")


# ---- the schema in the repository


def test_the_schema_that_comes_along_is_up_to_date():
    """Where this fails: `candidly init . --force`, which writes config.yaml and the schema anew."""
    assert (ROOT / "candidly.schema.json").read_text(encoding="utf-8") == template.schema_text(BUILT_IN)


def test_what_is_required_by_the_schema_stands_in_config_yaml():
    schema = json_schema(BUILT_IN)
    config = load(ROOT / "config.yaml", BUILT_IN, {}).config
    assert schema["required"] == ["companies"]
    required = {
        block["properties"]["type"]["const"]: set(block["required"])
        for block in schema["$defs"].values()
        if "const" in block["properties"].get("type", {})
    }
    assert set(required) == set(BUILT_IN)
    for source in config.sources:
        assert required[source.type] <= source.model_fields_set


# ---- docs/configuration.md


def sections():
    text = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    parts = re.split(r"(?m)^#+ (.+)$", text)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def row(section, key):
    found = re.search(rf"(?m)^\| `{re.escape(key)}` \|(.*)\|$", sections().get(section, ""))
    assert found, f"docs/configuration.md: no row for `{key}` under `{section}`"
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", found[1])]


def written(value):
    if isinstance(value, timedelta):
        return format_duration(value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(str, value))}]"
    return f"{value:g}" if isinstance(value, int | float) else str(value)


def documented():
    """(section, key, field) of every key that can stand in config.yaml."""
    blocks = dict(BLOCKS)
    for model in list(blocks.values()):
        for name, field in model.model_fields.items():
            if issubclass(model, SourceSettings) and name not in SourceSettings.model_fields:
                for inner in models_in(field.annotation):
                    blocks[name] = inner
    for section, model in blocks.items():
        shared = set(SourceSettings.model_fields) if "type" in section else set()
        for key, field in model.model_fields.items():
            if key not in shared:
                yield section, field.alias or key, field


@pytest.mark.parametrize(
    ("section", "key", "field"), [pytest.param(*one, id=f"{one[0]}.{one[1]}") for one in documented()]
)
def test_every_key_is_documented_with_its_default(section, key, field):
    _, default, meaning = row(section, key)
    assert len(meaning) > 5
    if field.is_required():
        assert default == "required"
    elif (value := field.default) in (None, ""):
        assert default == ("none" if value is None else "empty")
    elif not list(models_in(field.annotation)):
        assert default == f"`{written(value)}`"


def test_no_key_is_documented_that_does_not_exist():
    known = {(section, key) for section, key, _ in documented()}
    for section, text in sections().items():
        for key in re.findall(r"(?m)^\| `([a-z_]+)` \|", text):
            assert (section, key) in known, f"{section}: {key}"


def test_every_environment_variable_is_documented():
    text = sections()["environment variables"]
    for name in ENVIRONMENT:
        assert f"| `{name}` |" in text
