"""Where topics and the files that their settings name are written down: the places that findings about them show."""

from __future__ import annotations

import posixpath
from typing import Final

import msgspec

from eventgate.config.configuration import Configuration
from eventgate.config.index import Index, read_index
from eventgate.config.snapshot import Snapshot, take_snapshot
from eventgate.core.pointer import join
from eventgate.errors import Finding, SourceError

TOPIC: Final = "topic "
"""How the `file` of a writer's finding begins that is about a topic."""


class Declared:
    """What a configuration's sources declare where. Made by `declared`."""

    def __init__(self, configuration: Configuration, snapshot: Snapshot, index: Index) -> None:
        self._configuration = configuration
        self._snapshot = snapshot
        self._index = index
        self._files = dict(snapshot.candidates)

    async def place(self, finding: Finding, writer: str) -> Finding:
        """A `finding` of `writer` (as `Inspecting` describes) with its file and pointer in the configuration."""
        if finding.file.startswith(TOPIC):
            return self._in_topic(finding, finding.file.removeprefix(TOPIC), writer)
        if finding.file:
            return msgspec.structs.replace(finding, file=await self._path(finding.file))
        pointer = join(["writers", writer]) + finding.pointer
        placed = msgspec.structs.replace(finding, file=self._configuration.file, pointer=pointer)
        seed = self._configuration.seed
        return placed if seed is None else seed.rename(placed)

    def _in_topic(self, finding: Finding, topic: str, writer: str) -> Finding:
        """At the topic's settings for the writer, as far as there are any; the message names who it is about."""
        entry = self._index.entries.get(topic)
        message = f"the topic {topic}: {finding.message}"
        if entry is None or not entry.pointer:
            file = self._files.get(topic, self._snapshot.index_name)
            return msgspec.structs.replace(finding, file=file, message=message, pointer="")
        pointer = entry.pointer
        of_today = self._configuration.seed is None or not self._configuration.seed.own_topics
        if of_today and entry.settings is not None and writer in (entry.settings.writers or ()):
            pointer += join(["writers", writer]) + finding.pointer
        return msgspec.structs.replace(finding, file=self._snapshot.index_name, message=message, pointer=pointer)

    async def _path(self, name: str) -> str:
        """The file of that name: beside the index, else below the configuration directory; `name` if there is none."""
        for base in (self._snapshot.base, ""):
            path = posixpath.normpath(posixpath.join(base, name))
            try:
                if await self._configuration.directory.read(path) is not None:
                    return path
            except SourceError:
                continue
        return name


async def declared(configuration: Configuration) -> Declared:
    """What the sources of `configuration` declare now."""
    snapshot = await take_snapshot(configuration)
    try:
        index = await read_index(configuration, snapshot) if snapshot.missing is None else Index()
    except SourceError:  # which the findings say
        index = Index()
    return Declared(configuration, snapshot, index)
