"""A writer for EventGate that appends events to one file per topic."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from eventgate.core.writer import WriterContext, WriterSpec
from eventgate_writer_files.writer import FilesWriter


class FilesSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`writers.NAME` of a configuration."""

    folder: Annotated[
        str,
        Meta(
            min_length=1, description="Folder for the files, relative to the configuration directory; made if absent."
        ),
    ] = "archive"


class FilesTopicSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`topics.TOPIC.writers.NAME` of a configuration."""

    file: (
        Annotated[
            str, Meta(pattern="^[A-Za-z0-9_-][A-Za-z0-9._-]*$", description="The file's name; default `TOPIC.ndjson`.")
        ]
        | None
    ) = None


def build(settings: FilesSettings, context: WriterContext) -> FilesWriter:
    """A writer of that name, not opened yet."""
    return FilesWriter(context.name, (context.directory or Path()) / settings.folder)


SPEC = WriterSpec(
    settings=FilesSettings,
    topic_settings=FilesTopicSettings,
    build=build,
    summary="one line an event, in a file per topic",
)
