"""Where a configuration lies: in a local directory or in S3, its topics and access file perhaps elsewhere in S3."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from eventgate.config.sources import S3_SCHEME, Directory, FileDirectory, Read
from eventgate.errors import SourceError

TOPICS: Final = "topics"
"""The folder of a configuration as which topics in S3 are seen."""


def is_in_s3(name: str) -> bool:
    """Whether `name` is an address in S3, not a name in the configuration directory."""
    return name.startswith(S3_SCHEME)


def open_directory(conf: str, ca_bundle: bool | str = True) -> Directory:
    """The configuration directory `conf`; raises `SourceError` if there is none. In S3, the first read tells."""
    if is_in_s3(conf):
        from eventgate.config.s3 import S3Directory  # asked for by few gates, as all of AWS

        return S3Directory(conf, ca_bundle)
    path = Path(conf)
    if not os.path.exists(path):  # `Path.exists` raises for names that no file system takes
        raise SourceError("there is no such directory")
    if not os.path.isdir(path):
        raise SourceError("this is a file; the configuration is a directory that holds config.json")
    return FileDirectory(path.absolute())


def name_of_topics(topics: str) -> str:
    """What topics at the address `topics` in S3 are called among the places: a folder, or an index file in it."""
    from eventgate.config.s3 import split

    return f"{TOPICS}/{split(topics)[1]}" if topics.endswith(".json") else TOPICS


class Places:
    """A configuration directory in which files with `s3://` names, and the folder of the topics, may be S3's.

    Addresses are known here only: findings name `topics/orders.json` wherever that is.
    """

    def __init__(self, directory: Directory, ca_bundle: bool | str) -> None:
        self._directory = directory
        self._ca_bundle = ca_bundle
        self._files: dict[str, tuple[Directory, str]] = {}
        self._topics: Directory | None = None

    def mount_file(self, address: str) -> None:
        """Let `address` be the name of the object that it leads to; raises `SourceError` if it is no address."""
        from eventgate.config.s3 import S3Directory, split

        folder, name = split(address)
        self._files[address] = (S3Directory(folder, self._ca_bundle), name)

    def mount_topics(self, address: str) -> None:
        """Let `topics` be the folder at `address`, or that of the index there; raises `SourceError`."""
        from eventgate.config.s3 import S3Directory, split

        folder = split(address)[0] if address.endswith(".json") else address
        self._topics = S3Directory(folder, self._ca_bundle)

    @property
    def local(self) -> Path | None:
        """The configuration directory itself, where it is a local one."""
        return self._directory.local

    async def read(self, name: str) -> Read | None:
        """The file `name`; None if there is none. Raises `SourceError`."""
        directory, inside = self._files.get(name) or self._find(name)
        return await directory.read(inside)

    async def read_folder(self, folder: str, *, recursive: bool) -> Mapping[str, Read | SourceError] | None:
        """Every `*.json` in `folder`, by its name; None if there is no such folder. Raises `SourceError`."""
        directory, inside = self._find(folder)
        found = await directory.read_folder(inside, recursive=recursive)
        if found is None or directory is self._directory:
            return found
        return {posixpath.join(TOPICS, name): each for name, each in found.items()}

    def _find(self, name: str) -> tuple[Directory, str]:
        first, _, rest = name.partition("/")
        if self._topics is not None and first == TOPICS:
            return self._topics, rest
        return self._directory, name
