"""The commands to set up with: init, check, demo."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from candidly.commands.work import PARTLY
from candidly.console import Console

if TYPE_CHECKING:
    from candidly.config import SourceSettings
    from candidly.configalerts import ChannelType
    from candidly.configfile import Loaded


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), default=Path())
@click.option("--company", default="Example Ltd", show_default=True, help="The company to listen for.")
@click.option("--force", is_flag=True, help="Overwrite an existing config.yaml.")
@click.pass_obj
def init(console: Console, folder: Path, company: str, force: bool) -> None:
    """Write a commented config.yaml and an inbox for exports into FOLDER (default: here).

    \b
    Example: candidly init --company "Northwind Robotics"
    """
    from candidly.template import write_template

    for path in write_template(folder, company, force=force):
        console.say(f"wrote {path}")
    here = "" if folder == Path() else f"cd {folder} && "
    console.say(f"Next: put an export (CSV, XLSX, JSON, saved page) into {folder / 'inbox'}, then")
    console.say(f"  {here}candidly check && candidly run")


@click.command()
@click.option("--live", is_flag=True, help="Ask each live source for a little, to see whether it answers.")
@click.option("--schema", is_flag=True, help="Print the JSON Schema of config.yaml for editors.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def check(console: Console, live: bool, schema: bool, as_json: bool) -> int:
    """Check the configuration, the store and the secrets; without --live nothing is fetched or sent.

    \b
    Example: candidly check --live
    """
    if schema:
        import collectors
        from candidly.configfile import json_schema

        console.json(json_schema(collectors.settings_models()))
        return 0
    loaded = console.load()
    findings = [*_check_store(loaded), *_check_author_key(loaded), *_check_analysis(loaded)]
    findings += [*_check_sources(console, loaded), *_check_channels(loaded)]
    problems = [text for good, text in findings if not good]
    tried = _try_sources(console, loaded) if live else []
    failed = [text for good, text in tried if not good]
    findings += tried
    if as_json:
        console.json(
            {"ok": not problems + failed, "findings": [{"ok": good, "text": text} for good, text in findings]}
        )
    else:
        for good, text in findings:
            console.say(f"{'ok  ' if good else 'FAIL'} {text}")
    return 2 if problems else PARTLY if failed else 0


def _try_sources(console: Console, loaded: Loaded) -> list[tuple[bool, str]]:
    """Does each enabled live source answer? One or two small requests each; nothing is stored."""
    import collectors
    from collectors.base import Context
    from collectors.contract.live import probe

    tried = []
    for source in loaded.config.sources:
        if source.enabled and source.live:
            context = Context(now=console.now(), folder=loaded.folder, secret=loaded.secrets.get)
            reading = probe(collectors.load(source.type), source, context)
            problem = reading.error or reading.crash
            told = str(problem) if reading.error else f"{type(problem).__name__} in the collector."
            tried.append(
                (problem is None, f"{source.name} answers" if problem is None else f"{source.name}: {told}")
            )
    return tried


def _check_store(loaded: Loaded) -> list[tuple[bool, str]]:
    from candidly.errors import StoreError
    from candidly.session import open_session

    try:
        with open_session(loaded) as session:
            names = ", ".join(company.name for company in session.config.companies)
            return [(True, f"configuration: {names}"), (True, "store opens")]
    except StoreError as error:
        return [(False, f"store: {error}")]


def _check_author_key(loaded: Loaded) -> list[tuple[bool, str]]:
    """Without the key of author pseudonyms no source is read. One that is not there yet is made by a run."""
    from candidly.errors import ConfigError
    from candidly.secretstore import check_author_key

    try:
        check_author_key(loaded)
    except ConfigError as error:
        return [(False, f"key of authors: {error}")]
    return [(True, "key of authors")]


def _check_analysis(loaded: Loaded) -> list[tuple[bool, str]]:
    """Can the texts be read: themes, engine and its secrets? An engine is set up, but not asked."""
    from candidly.errors import CandidlyError
    from candidly.session import make_analyser

    try:
        return [(True, f"analysis: {make_analyser(loaded).version}")]
    except CandidlyError as error:
        return [(False, f"analysis: {error}")]


def _check_sources(console: Console, loaded: Loaded) -> list[tuple[bool, str]]:
    """Can each enabled source be set up: its secrets there, its terms read, its files in place?"""
    import collectors
    from candidly.errors import CandidlyError
    from collectors.base import Context
    from collectors.file import FileSettings
    from collectors.filesearch import find
    from collectors.terms import check_terms, stale

    found = []
    for source in loaded.config.sources:
        if not source.enabled:
            found.append((True, f"source {source.name}: off"))
            continue
        try:
            context = Context(now=console.now(), folder=loaded.folder, secret=loaded.secrets.get)
            collectors.load(source.type)(source, context)
            for name in _secrets_of(source):
                loaded.secrets.get(name)
            if source.live:
                check_terms(source, getattr(source, "urls", ()))
            if isinstance(source, FileSettings):
                find(source.path, loaded.folder)
            note = stale(source, console.now().date()) if source.live else ""
            found.append((True, f"source {source.name} ({source.type}){note and f': {note}'}"))
        except CandidlyError as error:
            found.append((False, f"source {source.name}: {error}"))
    return found


def _secrets_of(source: SourceSettings) -> list[str]:
    """The names of the secrets that a source needs; with an access token of its own it needs no other."""
    named = {name: value for name, value in source if name.endswith("_secret") and value}
    token = named.get("access_token_secret")
    return [token] if token else list(named.values())


def _check_channels(loaded: Loaded) -> list[tuple[bool, str]]:
    from candidly.errors import CandidlyError

    alerts = loaded.config.alerts
    asked: list[tuple[str, str, ChannelType, str]] = [
        (f"channel {one.name}", f" ({one.type})", one.type, one.url_secret) for one in alerts.channels
    ]
    if alerts.heartbeat.url_secret:
        asked.append(("heartbeat", "", "webhook", alerts.heartbeat.url_secret))
    found = []
    for name, detail, kind, secret in asked:
        try:
            if secret:
                _check_address(kind, secret, loaded.secrets.get(secret))
            found.append((True, f"{name}{detail}"))
        except CandidlyError as error:
            found.append((False, f"{name}: {error}"))
    return found


def _check_address(type_: ChannelType, secret: str, value: str) -> None:
    """Raises ConfigError for a secret that is no address; the value itself is not repeated."""
    from candidly.errors import ConfigError, DeliveryError

    address = value.strip()
    kind, example = "http or https URL", "https://hooks.example.com/..."
    if type_ == "apprise":  # it has schemes of its own, a hundred of them
        kind, example = "address that apprise understands", "ntfys://ntfy.example.com/topic"
        good = re.match(r"[a-z][a-z0-9+.-]*://", address, re.IGNORECASE) is not None
    else:
        from alerting.post import wants_text

        try:
            wants_text(address)
            good = re.search(r"\s", address) is None
        except DeliveryError:
            good = False
    if not good:
        raise ConfigError([f"the secret {secret} holds no {kind}: set it to one like {example}"])


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), default=Path("candidly-demo"))
@click.pass_obj
def demo(console: Console, folder: Path) -> int:
    """Run the whole of candidly on an invented company, from local servers, into FOLDER.

    No account and no network are needed. What is in FOLDER from an earlier demo is replaced.
    """
    from candidly.demo.run import run_demo

    return run_demo(console, folder)
