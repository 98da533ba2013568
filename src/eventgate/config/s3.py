"""A folder of an S3 bucket as a directory: what did not change, by its ETag, is not read again."""

from __future__ import annotations

import asyncio
import contextlib
import posixpath
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from eventgate.aws.client import HINT, NEEDS, Client, is_installed
from eventgate.aws.faults import AwsFailure
from eventgate.config.sources import MAX_FILE_BYTES, MAX_FILES, MAX_FOLDER_DEPTH, S3_SCHEME, Read, forget
from eventgate.errors import SourceError

SECONDS: Final = 10.0
"""How long one file, or one folder with all its files, may take."""

_AT_ONCE: Final = 8
_ATTEMPTS: Final = 5
_PAGES: Final = 100
_PAGE_KEYS: Final = 1000
_NOT_MODIFIED: Final = 304
_PRECONDITION_FAILED: Final = 412
_ABSENT: Final = "NoSuchKey"


class _Object(msgspec.Struct, frozen=True):
    """One entry of a listing."""

    tag: str
    size: int


class S3Directory:
    """The objects of a bucket whose keys begin with a prefix, as files of a directory.

    A read asks whether the object is still the one that it knows (`If-None-Match`); a folder is listed, and only what
    has another ETag is fetched, and only in the version that was listed.
    """

    local: Path | None = None

    def __init__(self, url: str, ca_bundle: bool | str = True) -> None:
        """`url`: `s3://BUCKET/PREFIX/`. Raises `SourceError` for what is none, or without botocore."""
        bucket, _, prefix = url.removeprefix(S3_SCHEME).partition("/")
        if not url.startswith(S3_SCHEME) or not bucket:
            raise SourceError("is not of the form s3://BUCKET/PREFIX/")
        if not is_installed():
            raise SourceError(f"{S3_SCHEME} {NEEDS}: {HINT}")
        self._bucket = bucket
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self._client = Client("s3", ca_bundle=ca_bundle)
        self._known: dict[str, Read] = {}

    async def read(self, name: str) -> Read | None:
        """The file `name`; None if there is none. Raises `SourceError`."""
        known = self._known.get(name)
        condition = {"IfNoneMatch": known.tag} if known is not None else {}
        try:
            found = await self._get(name, condition, _soon())
        except AwsFailure as problem:
            if problem.status == _NOT_MODIFIED and known is not None:
                return known
            if problem.code == _ABSENT:
                self._known.pop(name, None)
                return None
            raise SourceError(f"cannot be read from S3: {problem.reason}") from None
        self._known[name] = found
        return found

    async def read_folder(self, folder: str, *, recursive: bool) -> Mapping[str, Read | SourceError] | None:
        """Every `*.json` in `folder` at one moment: what changes while it is read is listed and read again."""
        deadline = _soon()
        try:
            listed = await self._list(folder, recursive, deadline)
            for _ in range(_ATTEMPTS):
                if listed is None:
                    return None
                files = await self._read_all(folder, listed, deadline)
                before, listed = listed, (await self._list(folder, recursive, deadline) if files.fetched else listed)
                if before == listed:
                    break
        except AwsFailure as problem:
            raise SourceError(f"cannot be listed in S3: {problem.reason}") from None
        return files.found

    async def _read_all(self, folder: str, listed: Mapping[str, _Object], deadline: float) -> _Files:
        changed = [name for name, each in listed.items() if self._tag(name) != each.tag]
        places = asyncio.Semaphore(_AT_ONCE)
        read = await asyncio.gather(*(self._read_one(name, listed[name], places, deadline) for name in changed))
        fresh = dict(zip(changed, read, strict=True))
        forget(self._known, folder, listed)
        found = {name: fresh[name] if name in fresh else self._known[name] for name in listed}
        return _Files({name: each for name, each in found.items() if each is not None}, bool(changed))

    async def _read_one(
        self, name: str, listed: _Object, places: asyncio.Semaphore, deadline: float
    ) -> Read | SourceError | None:
        if listed.size > MAX_FILE_BYTES:
            return SourceError(f"is larger than {MAX_FILE_BYTES} bytes")
        async with places:
            try:
                self._known[name] = found = await self._get(name, {"IfMatch": listed.tag}, deadline)
            except AwsFailure as problem:
                self._known.pop(name, None)
                gone = problem.code == _ABSENT or problem.status == _PRECONDITION_FAILED  # the next listing tells
                return None if gone else SourceError(f"cannot be read from S3: {problem.reason}")
        return found

    async def _get(self, name: str, condition: Mapping[str, str], deadline: float) -> Read:
        arguments = {"Bucket": self._bucket, "Key": self._key(name), **condition}
        return await self._client.call("get_object", arguments, _content, deadline=deadline)

    async def _list(self, folder: str, recursive: bool, deadline: float) -> dict[str, _Object] | None:
        """The files of `folder` by name; None if no key begins with it."""
        prefix = self._key(folder) if folder else self._prefix
        prefix = f"{prefix.rstrip('/')}/" if prefix else ""
        arguments: dict[str, Any] = {"Bucket": self._bucket, "Prefix": prefix, "MaxKeys": _PAGE_KEYS}
        if not recursive:
            arguments["Delimiter"] = "/"
        files: dict[str, _Object] = {}
        exists = False
        for _ in range(_PAGES):
            page = await self._client.call("list_objects_v2", arguments, dict, deadline=deadline)
            exists = exists or bool(page.get("Contents") or page.get("CommonPrefixes"))
            files.update(_files(page.get("Contents") or (), prefix, folder))
            if len(files) > MAX_FILES:
                raise SourceError(f"the folder holds more than {MAX_FILES} files")
            if not page.get("IsTruncated"):
                return files if exists else None
            arguments["ContinuationToken"] = page["NextContinuationToken"]
        raise SourceError("the folder holds too many objects")

    def _tag(self, name: str) -> str | None:
        known = self._known.get(name)
        return known.tag if known is not None else None

    def _key(self, name: str) -> str:
        inside = posixpath.normpath(name)
        if inside == ".." or inside.startswith(("../", "/")):
            raise SourceError("lies outside of the configuration's folder in S3")
        return self._prefix + inside


class _Files(msgspec.Struct, frozen=True):
    """What a listing holds, and whether any of it had to be fetched."""

    found: dict[str, Read | SourceError]
    fetched: bool


def split(url: str) -> tuple[str, str]:
    """The folder in which the object at `url` lies, and its name there."""
    folder, _, name = url.rstrip("/").rpartition("/")
    if len(folder) <= len(S3_SCHEME):
        raise SourceError("is not of the form s3://BUCKET/KEY")
    return f"{folder}/", name


def _files(contents: Iterable[Mapping[str, Any]], prefix: str, folder: str) -> Iterable[tuple[str, _Object]]:
    for each in contents:
        parts = str(each["Key"]).removeprefix(prefix).split("/")
        hidden = any(not part or part.startswith(".") for part in parts)
        if parts[-1].endswith(".json") and not hidden and len(parts) <= MAX_FOLDER_DEPTH + 1:
            yield posixpath.join(folder, *parts), _Object(str(each["ETag"]), int(each["Size"]))


def _content(answer: Mapping[str, Any]) -> Read:
    with contextlib.closing(answer["Body"]) as body:
        content: bytes = body.read(MAX_FILE_BYTES + 1)
        if len(content) > MAX_FILE_BYTES:
            raise AwsFailure(f"it is larger than {MAX_FILE_BYTES} bytes")
        body.read(1)  # at its end, the length is compared with the one that was announced
    return Read(content, str(answer["ETag"]))


def _soon() -> float:
    return asyncio.get_running_loop().time() + SECONDS
