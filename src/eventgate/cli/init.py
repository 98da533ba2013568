"""`eventgate init`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from eventgate.cli.terminal import say, usage


def init(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The new directory. Nothing in it is overwritten.")],
) -> None:
    """Scaffold a configuration: sample topics, access rules, and notes on what to edit."""
    from eventgate.dev.scaffold import NotScaffolded, scaffold_init

    try:
        scaffold_init(directory)
    except NotScaffolded as error:
        raise usage(str(error)) from error
    say(f"{directory} is a configuration now; its README.md says what to edit. Then:")
    say(f"  eventgate check --conf {directory}")
    say(f"  eventgate serve --conf {directory}")
