"""Where the commands on dead letters find them."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from eventgate.cli.terminal import CommandError, ExitCode
from eventgate.config.configuration import Configuration, examine
from eventgate.errors import ConfigurationError
from eventgate.spool.letterbox import Letterbox, NoLetters
from eventgate.spool.stores import OpenSpool


@asynccontextmanager
async def opened(conf: str) -> AsyncIterator[Letterbox]:
    """The dead letters of the spool that the configuration at `conf` names; what else is wrong with it is no matter."""
    configuration, findings = await examine(conf, os.environ, default_sqlite=True)
    wrong = tuple(each for each in findings if each.severity == "error" and each.pointer.startswith("/spool"))
    if configuration is None or wrong:
        raise ConfigurationError(wrong or findings)
    async with letterbox(configuration) as (_, box):
        yield box


@asynccontextmanager
async def letterbox(configuration: Configuration) -> AsyncIterator[tuple[OpenSpool, Letterbox]]:
    """The spool of `configuration`, and its dead letters, until the block is left."""
    box: Letterbox
    spool = configuration.open_spool()
    if spool is None:
        raise CommandError("the configuration has no section `spool`", ExitCode.FINDINGS)
    try:
        # Where there is no file yet a command makes none: it would be its user's, and not the gate's. Without its
        # directory no gate could have made one either: the spool is unreachable, and says so when it is asked.
        file = spool.options.file
        absent = file is not None and not file.exists() and file.parent.is_dir()
        box = NoLetters() if absent else spool.letterbox()
        try:
            yield spool, box
        finally:
            await box.close()
    finally:
        await spool.spool.close()
