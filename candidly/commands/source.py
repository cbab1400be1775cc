"""The commands about one source."""

from __future__ import annotations

import click

from candidly.commands.keep import erase, purge
from candidly.commands.sourceterms import terms
from candidly.commands.sourcetest import list_, test


@click.group()
def source() -> None:
    """What can be done with one source; see its commands."""


source.add_command(list_)
source.add_command(test)
source.add_command(erase)
source.add_command(purge)
source.add_command(terms)
