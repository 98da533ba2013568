"""Options that several commands have."""

from __future__ import annotations

import os
from typing import Annotated

import typer

ConfOption = Annotated[
    str | None,
    typer.Option(
        "--conf", metavar="D", show_default=False, help="The configuration directory. Default: CONF_DIR, else conf."
    ),
]


def configuration_directory(conf: str | None) -> str:
    """The configuration directory: the option, else `CONF_DIR`, else `conf`."""
    return conf or os.environ.get("CONF_DIR") or "conf"
