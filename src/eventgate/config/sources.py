"""Where configuration is read from: a directory, each file in one piece and with a tag that says whether it changed."""

from __future__ import annotations

import asyncio
import os
import posixpath
import stat
import time
from collections.abc import Container, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final, Protocol

import msgspec

from eventgate.errors import SourceError

S3_SCHEME: Final = "s3://"
"""What an address in S3 begins with."""
MAX_FILE_BYTES: Final = 16 * 1024 * 1024
"""Largest configuration file; a larger one is no configuration."""
MAX_FILES: Final = 10_000
"""Most files that one folder may hold."""
MAX_FOLDER_DEPTH: Final = 8
"""How deep folders are searched; bounds loops of symbolic links too."""

_SETTLED_SECONDS: Final = 2.0
"""A file changed this recently may change again without a new time: clocks of file systems are coarse."""
_ATTEMPTS: Final = 5


class Read(msgspec.Struct, frozen=True):
    """The content of one file. Equal tags mean equal content; an empty tag means nothing."""

    content: bytes
    tag: str = ""


class Directory(Protocol):
    """What a configuration is read from. Names are relative to it, with `/` between their parts."""

    @property
    def local(self) -> Path | None:
        """The directory in the local file system, where it is one."""

    async def read(self, name: str) -> Read | None:
        """The file `name`; None if there is none. Raises `SourceError`."""

    async def read_folder(self, folder: str, *, recursive: bool) -> Mapping[str, Read | SourceError] | None:
        """Every `*.json` in `folder`, by its name; None if there is no such folder. Raises `SourceError`.

        Names that begin with a dot are left out, folders included.
        """


class FileDirectory:
    """A local directory. What did not change since the last call is not read again."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: dict[str, Read] = {}

    @property
    def local(self) -> Path:
        """The directory itself."""
        return self._path

    async def read(self, name: str) -> Read | None:
        """The file `name`, which may be absolute; None if there is none. Raises `SourceError`."""
        return await asyncio.to_thread(self._read, name)

    async def read_folder(self, folder: str, *, recursive: bool) -> Mapping[str, Read | SourceError] | None:
        """Every `*.json` in `folder` at one moment: a folder that changes while it is read is read again."""
        return await asyncio.to_thread(self._read_folder, folder, recursive)

    def _read_folder(self, folder: str, recursive: bool) -> Mapping[str, Read | SourceError] | None:
        path = self._path / folder
        if not os.path.isdir(path):  # `Path.is_dir` raises for names that no file system takes
            return None
        names = self._list(path, folder, recursive)
        for _ in range(_ATTEMPTS):
            files = dict(self._read_each(names))
            before, names = names, self._list(path, folder, recursive)
            if before == names and all(self._tag(name) == self._seen(name) for name in files):
                break
        forget(self._known, folder, files)
        return files

    def _list(self, path: Path, folder: str, recursive: bool) -> list[str]:
        names = sorted(posixpath.join(folder, name) for name in _json_files(path, MAX_FOLDER_DEPTH if recursive else 0))
        if len(names) > MAX_FILES:
            raise SourceError(f"the folder holds more than {MAX_FILES} files")
        return names

    def _read_each(self, names: Iterable[str]) -> Iterator[tuple[str, Read | SourceError]]:
        for name in names:
            try:
                found = self._read(name)
            except SourceError as error:
                yield name, error
            else:
                if found is not None:
                    yield name, found

    def _read(self, name: str) -> Read | None:
        tag = self._tag(name)
        known = self._known.get(name)
        if known is not None and known.tag and known.tag == tag:
            return known
        try:
            found = _read_whole(self._path / name)
        except (FileNotFoundError, NotADirectoryError, ValueError):  # ValueError: a NUL, which no name may hold
            self._known.pop(name, None)
            return None
        except OSError as error:
            raise SourceError(f"cannot be read: {(error.strerror or 'input/output error').lower()}") from None
        self._known[name] = found
        return found

    def _seen(self, name: str) -> str:
        known = self._known.get(name)
        return known.tag if known is not None and known.tag else self._tag(name)

    def _tag(self, name: str) -> str:
        try:
            return _tag(os.stat(self._path / name))
        except (OSError, ValueError):
            return ""


def forget(known: dict[str, Read], folder: str, files: Container[str]) -> None:
    """Keep of `folder` in `known` only what is among `files`: a gate runs for months while files come and go."""
    prefix = f"{folder}/" if folder else ""
    for name in [name for name in known if name.startswith(prefix) and name not in files]:
        del known[name]


def _json_files(path: Path, depth: int) -> Iterator[str]:
    try:
        entries = sorted(os.scandir(path), key=lambda entry: entry.name)
    except OSError as error:
        raise SourceError(f"cannot be listed: {(error.strerror or 'input/output error').lower()}") from None
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if entry.name.endswith(".json"):
            yield entry.name
        elif depth and os.path.isdir(entry.path):  # `entry.is_dir` raises for a link to itself
            yield from (f"{entry.name}/{name}" for name in _json_files(path / entry.name, depth - 1))


def _read_whole(path: Path) -> Read:
    """Read `path` between two looks at it that agree, so that nothing half old and half new is taken."""
    for _ in range(_ATTEMPTS):
        # Not blocking: a named pipe in the place of a file would hold the thread for ever.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(descriptor, "rb") as file:
            before = os.fstat(descriptor)
            if not stat.S_ISREG(before.st_mode):
                raise SourceError("is no regular file")
            if before.st_size > MAX_FILE_BYTES:
                raise SourceError(f"is larger than {MAX_FILE_BYTES} bytes")
            content = file.read(MAX_FILE_BYTES + 1)
            after = os.fstat(descriptor)
        if _tag(before) == _tag(after) and len(content) == after.st_size:
            settled = abs(time.time() - after.st_mtime) > _SETTLED_SECONDS
            return Read(content, _tag(after) if settled else "")
    raise SourceError("changes faster than it can be read")


def _tag(status: os.stat_result) -> str:
    return f"{status.st_ino:x}-{status.st_size:x}-{status.st_mtime_ns:x}"
