"""The command line: `candidly COMMAND`. Light on purpose: `candidly --help` must not load pandas or praw."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from pathlib import Path

import click

from candidly import __version__
from candidly.console import Console
from candidly.errors import CandidlyError

COMMANDS = {
    "init": ("setup", "Write a commented config.yaml to start from."),
    "check": ("setup", "Check the configuration, the store and the secrets."),
    "demo": ("setup", "Run everything on an invented company; no account needed."),
    "collect": ("work", "Read the sources and store what is new."),
    "analyse": ("work", "Score and tag a text, or a file of texts."),
    "evaluate": ("measure", "Measure on labelled texts how right the analysis is."),
    "learn": ("measure", "Adapt the lexicon to the rated mentions of your store."),
    "rescore": ("measure", "Read anew what an older version of the analysis read."),
    "run": ("work", "Collect, look for spikes, deliver alerts, write the report."),
    "report": ("work", "Write the weekly report."),
    "keep": ("keep", "Remove what was deleted at its source or is too old."),
    "source": ("source", "List and test sources, show terms, purge a source, erase mentions."),
    "schedule": ("work", "Run all of it on a schedule until stopped."),
    "alerts": ("read", "List incidents and deliveries; test the channels."),
    "query": ("read", "Ask the dataset in SQL, read-only."),
    "export": ("read", "Write the dataset as CSV or JSON Lines."),
    "status": ("read", "Show how the sources, the store and the deliveries are."),
}

_EXAMPLES = {"config": "x.yaml", "log_format": "json", "now": "2026-02-16"}
"""What to write behind an option for every command that takes a value."""

EPILOG = """\b
Exit codes: 0 done, 1 failed, 2 usage or configuration, 3 some sources failed.
First steps: candidly demo, then candidly init."""


class LazyGroup(click.Group):
    """A group that imports a command's module only when the command is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"candidly.commands.{COMMANDS[cmd_name][0]}")
        command: click.Command = getattr(module, cmd_name)
        return command

    def invoke(self, ctx: click.Context) -> object:
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:  # the reader of our output left (`| head`); click would call that a failure
            sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 - to the end
            return 0
        return result

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        from difflib import get_close_matches

        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            near = get_close_matches(args[0], COMMANDS, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            ctx.fail(f"no such command {args[0]!r}.{hint}")
        return super().resolve_command(ctx, args)


@click.group(cls=LazyGroup, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="candidly")
@click.option(
    "-c",
    "--config",
    type=click.Path(path_type=Path),
    default=Path("config.yaml"),
    envvar="CANDIDLY_CONFIG",
    show_default=True,
    help="The configuration file.",
)
@click.option("-q", "--quiet", is_flag=True, help="Speak only of trouble and of what is new.")
@click.option("--log-format", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--debug", is_flag=True, help="Log what happens in detail.")
@click.option("--now", envvar="CANDIDLY_NOW", metavar="TIME", help="Work as if it were this time (ISO, UTC).")
@click.pass_context
def cli(ctx: click.Context, config: Path, quiet: bool, log_format: str, debug: bool, now: str | None) -> None:
    """What candidates say about you, candidly: from public mentions to a weekly report and alerts."""
    ctx.obj = Console(config=config, quiet=quiet, debug=debug, log_format=log_format, fixed_now=now)
    ctx.obj.set_up_logging()


def main(args: list[str] | None = None) -> None:
    """The console script: every failure ends in one message and a documented exit code."""
    sys.exit(run(args))


def run(args: list[str] | None = None) -> int:
    """Like `main`, but returns the exit code."""
    # Our matrices are small: threads of the algebra library cost memory (30 MB a core) and bring nothing.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        result = cli.main(args, standalone_mode=False)
    except click.NoSuchOption as error:
        if said := _misplaced(error):
            return fail(said, "", error.exit_code)
        error.show()
        return error.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.exceptions.Exit as error:
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("candidly: stopped.", err=True)
        return 130
    except CandidlyError as error:
        return fail(error.message, error.remedy, error.exit_code)
    except MemoryError:
        return fail("out of memory.", "Close other programs or use a smaller file.", 1)
    except OSError as error:
        return fail(f"{error.filename or 'the system'}: {error.strerror or error}.", "", 1)
    except Exception as error:
        if "--debug" in (args if args is not None else sys.argv):
            raise
        return fail(
            f"unexpected {type(error).__name__}.", "Run again with --debug and report what it shows.", 1
        )
    return result if isinstance(result, int) else 0


def _misplaced(error: click.NoSuchOption) -> str | None:
    """What to say of an option for every command that stands behind one; None for any other."""
    known = next((one for one in cli.params if error.option_name in one.opts), None)
    if known is None or error.ctx is None:
        return None
    command = error.ctx.command_path.removeprefix(error.ctx.find_root().command_path).strip()
    given = " ".join(filter(None, ["candidly", error.option_name, _EXAMPLES.get(known.name or ""), command]))
    return f"{error.option_name} is no option of {command}; write it before the command: {given}"


def fail(message: str, remedy: str, code: int) -> int:
    """Print a failure to stderr, secrets masked, and hand back its exit code."""
    from candidly.console import masked

    click.echo(masked(f"candidly: {message}" + (f"\n  {remedy}" if remedy else "")), err=True)
    return code
