"""docs/sources/: every source type has its page, what it says from data is so, and its examples load."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

import collectors
from candidly.configfile import load
from candidly.sourcepage import MARKS, keys_table, read_on, renewed, terms_table
from collectors.terms import admit
from collectors.termsrecords import READ, TERMS, WITHOUT_COLLECTOR

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs" / "sources"
MODELS = {name: collectors.load(name).Settings for name in collectors.COLLECTORS}
INDEX = (FOLDER / "README.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```yaml\n(sources:\n.*?)^```$", re.DOTALL | re.MULTILINE)


def page(name):
    return (FOLDER / f"{name}.md").read_text(encoding="utf-8")


def read(folder, block):
    """A block of a page, as the real loader reads it."""
    path = folder / "config.yaml"
    path.write_text(f"companies: [{{name: Northwind Robotics}}]\n{block}", encoding="utf-8")
    return load(path, MODELS, {}).config.sources


@pytest.mark.parametrize("name", MODELS)
def test_every_type_has_a_page_with_all_that_a_user_needs(name):
    text = page(name)
    for row in ("Credentials", "Cost", "Limits", "Terms"):
        assert re.search(rf"(?m)^\| {row} \| .+ \|$", text), row
    headings = ["What is stored", "Keys", "What goes wrong"] + (["Terms"] if MODELS[name].live else [])
    for heading in headings:
        assert f"\n## {heading}\n" in text, heading
    assert "Deletion" in text or "deletion" in text


@pytest.mark.parametrize("name", MODELS)
def test_each_example_loads_with_the_real_loader(name, tmp_path):
    blocks = BLOCK.findall(page(name))
    assert blocks
    for block in blocks:
        for source in read(tmp_path, block):
            assert source.type == name
            assert admit(source, READ) == [], "an example passes the gate, without a note"


def test_the_examples_of_the_index_load(tmp_path):
    assert [source.type for block in BLOCK.findall(INDEX) for source in read(tmp_path, block)] == ["feed"]


@pytest.mark.parametrize("name", MODELS)
def test_keys_and_terms_are_told_as_they_stand(name):
    """Where this fails: `python -m candidly.sourcepage docs/sources`."""
    text = page(name)
    assert MARKS["keys"][0] in text
    assert MODELS[name].live == (MARKS["terms"][0] in text)
    assert renewed(text, name, MODELS[name]) == text
    assert keys_table(MODELS[name]) in text
    if name in TERMS:
        assert terms_table(TERMS[name]) in text
        assert read_on(TERMS[name]) in text


@pytest.mark.parametrize("name", MODELS)
def test_every_key_says_what_it_is_for(name):
    for line in keys_table(MODELS[name]).splitlines()[2:]:
        assert len(line.split("|")[-2].strip()) > 8, line


@pytest.mark.parametrize("name", MODELS)
def test_the_index_lists_every_type(name):
    assert re.search(rf"(?m)^\| \[`{name}`\]\({name}\.md\) \|( [^|]+ \|){{5}}$", INDEX)


@pytest.mark.parametrize("name", MODELS)
def test_the_other_pages_list_every_type(name):
    configuration, privacy = (
        (ROOT / "docs" / f"{page}.md").read_text("utf-8") for page in ("configuration", "privacy")
    )
    assert re.search(rf"(?m)^\| `type` \| [^|]*`{name}`", configuration)
    assert re.search(rf"(?m)^### type: {name}$|^The keys of [^|]*?`{name}`", configuration)
    assert re.search(rf"(?m)^\| (`\w+`, )*`{name}`(, `\w+`)* \| [^|]+ \|$", privacy)


def test_the_index_names_the_sites_without_a_source_type():
    for record in WITHOUT_COLLECTOR.values():
        assert record.site in INDEX


def test_what_was_not_read_is_not_claimed_to_be():
    for name, record in TERMS.items():
        if record.read is None and (FOLDER / f"{name}.md").exists():
            assert "not read by us" in page(name) or "of each site" in record.version


@pytest.mark.parametrize("path", [*FOLDER.glob("*.md"), ROOT / "README.md"], ids=lambda path: path.name)
def test_links_lead_somewhere(path):
    text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" in target or target.startswith("mailto:"):
            continue
        file, _, anchor = target.partition("#")
        found = (path.parent / file).resolve() if file else path
        assert found.exists(), target
        if anchor:
            headings = re.findall(r"(?m)^#+ (.+)$", found.read_text(encoding="utf-8"))
            slugs = {re.sub(r"[^\w -]", "", head.lower()).strip().replace(" ", "-") for head in headings}
            assert anchor in slugs, target


@pytest.mark.parametrize("name", ["README.md", "docs/configuration.md"])
def test_the_pages_are_linked_from(name):
    where = "docs/sources/README.md" if name == "README.md" else "sources/README.md"
    assert f"]({where})" in (ROOT / name).read_text(encoding="utf-8")


def test_a_page_that_tells_something_else_would_be_found():
    name = "yelp"
    wrong = page(name).replace("| `order` | `newest` |", "| `order` | `oldest` |")
    assert wrong != page(name)
    assert renewed(wrong, name, MODELS[name]) == page(name)
    assert date(2026, 1, 1) < READ
