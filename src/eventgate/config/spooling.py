"""The section `spool` of config.json: what makes no sense, and what it opens."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from eventgate.config.settings import Settings
from eventgate.config.sources import Directory
from eventgate.errors import Finding
from eventgate.spool.stores import SpoolOptions, parse_store

_PLACE = "/spool/store"


def spool_findings(settings: Settings, directory: Directory, file: str, *, freezes: bool) -> Iterator[Finding]:
    """What is wrong with the spool. `freezes`: the gate is a Lambda function."""
    if settings.spool is None:
        return
    try:
        place = parse_store(settings.spool.store)
    except ValueError as error:
        yield Finding("error", file, str(error), _PLACE)
        return
    if place.kind == "sqs":
        from eventgate.aws.client import HINT, NEEDS, is_installed

        if not is_installed():
            yield Finding("error", file, f"a spool on SQS {NEEDS}", _PLACE, HINT)
    if place.kind == "sqlite" and freezes:
        message = "a file of a Lambda function ends with its environment, and the events in it"
        yield Finding("error", file, message, _PLACE, "use `sqs:QUEUE`")
    if place.kind == "sqlite" and directory.local is None and not posixpath.isabs(place.name):
        message = "the path must be absolute, as the configuration is not in a local directory"
        yield Finding("error", file, message, _PLACE)


def spool_options(settings: Settings, directory: Directory) -> SpoolOptions | None:
    """How the spool is opened; None where there is none."""
    if settings.spool is None:
        return None
    return SpoolOptions(
        parse_store(settings.spool.store),
        directory.local,
        settings.spool.max_events,
        settings.spool.max_age_seconds,
        settings.ssl_ca_bundle,
    )
