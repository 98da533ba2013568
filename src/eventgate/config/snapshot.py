"""The sources of topics and access rules as they were at one moment."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from eventgate.config import seed as flat
from eventgate.config.configuration import Configuration
from eventgate.config.contents import Content, Text, Unreadable
from eventgate.config.named_files import files_named_in
from eventgate.config.places import is_in_s3, name_of_topics
from eventgate.config.sources import Directory
from eventgate.config.text import parse_file
from eventgate.errors import Finding, SourceError

INDEX_FILE: Final = "index.json"


class _NoKeysFile(SourceError):
    def __init__(self) -> None:
        super().__init__("there is no such file")


class Snapshot(msgspec.Struct, frozen=True):
    """What was read, by names relative to the configuration directory.

    `index` is the index of topics (for a flat configuration: the file of the topics' keys), `index_name` its name and
    `base` the folder that its paths are relative to. `files` are the files below `roots`; a schema refers to files of
    its own root only. `candidates` are the files that are topics by their names: (topic, file). `missing` says why
    there are no topics to be had, `missing_at` at which pointer of config.json that shows, if at one. `named` are the
    files that settings of topics name for their writers, as they do.
    """

    access: Content
    index: Content
    index_name: str
    base: str
    files: Mapping[str, Text | Unreadable]
    roots: tuple[str, ...]
    candidates: tuple[tuple[str, str], ...] = ()
    missing: str | None = None
    missing_at: str = ""
    findings: tuple[Finding, ...] = ()
    named: Mapping[str, Text | Unreadable] = {}


async def take_snapshot(configuration: Configuration) -> Snapshot:
    """Read everything that a policy is made of. Never raises: what cannot be read says so in its place."""
    access = await _read(configuration.directory, configuration.settings.access_config)
    try:
        snapshot = await _topics(configuration)
        named = await _read_named(configuration, snapshot)
        return msgspec.structs.replace(snapshot, access=access, named=named)
    except SourceError as error:
        at = "/topic_keys_config" if isinstance(error, _NoKeysFile) else ""
        return Snapshot(access, None, "", "", {}, (), missing=str(error), missing_at=at)


async def _topics(configuration: Configuration) -> Snapshot:
    topics = configuration.settings.topics
    if configuration.seed is not None and configuration.seed.own_topics:
        return await _by_old_names(configuration, configuration.seed)
    if not isinstance(topics, str):
        return await _by_index(configuration, Text(configuration.text), configuration.file, "")
    name = posixpath.normpath(name_of_topics(topics) if is_in_s3(topics) else topics)
    name = "" if name == "." else name
    if await configuration.directory.read_folder(name, recursive=False) is not None:
        return _by_folder(name, await _read_roots(configuration, (name,)))
    index = await _read(configuration.directory, name)
    if index is None:
        raise SourceError("there is no such folder or index file")
    return await _by_index(configuration, index, name, posixpath.dirname(name))


def _by_folder(folder: str, files: Mapping[str, Text | Unreadable]) -> Snapshot:
    index_name = posixpath.join(folder, INDEX_FILE)
    candidates = tuple((_stem(name), name) for name in files if _is_topic(name, folder))
    return Snapshot(None, files.get(index_name), index_name, folder, files, (folder,), candidates)


async def _by_index(configuration: Configuration, index: Content, name: str, base: str) -> Snapshot:
    """An index file, or the `topics` of config.json: the files are those of the folders that it names schemas in."""
    roots = {base, *(_root(path) for path in _schema_paths(configuration, index))}
    files = await _read_roots(configuration, roots)
    return Snapshot(None, index, name, base, files, tuple(sorted(roots, key=len, reverse=True)))


async def _by_old_names(configuration: Configuration, seed: flat.Seed) -> Snapshot:
    keys = await _read(configuration.directory, seed.keys_file) if seed.keys_file else None
    if seed.keys_file and keys is None:
        raise _NoKeysFile
    roots = (flat.SCHEMA_FOLDER, "")
    files = await _read_roots(configuration, roots)
    former = [name for name in files if _is_topic(name, "") and name.startswith(flat.SCHEMA_PREFIX)]
    newer = [name for name in files if _is_topic(name, flat.SCHEMA_FOLDER)]
    found = [(flat.topic_of(name), name) for name in sorted(newer) if name != seed.keys_file]
    topics = {topic for topic, _ in found}
    old = [(flat.topic_of(name), name) for name in sorted(former) if name != seed.keys_file]
    candidates = (*found, *((topic, name) for topic, name in old if topic not in topics))
    shadowed = tuple(
        Finding("warning", name, f"has no effect: {topic} has a file in {flat.SCHEMA_FOLDER}")
        for topic, name in old
        if topic in topics
    )
    return Snapshot(None, keys, seed.keys_file or "", "", files, roots, candidates, findings=shadowed)


async def _read_roots(configuration: Configuration, roots: Iterable[str]) -> dict[str, Text | Unreadable]:
    """All files below `roots`; of the configuration directory itself only those that lie in it directly."""
    files: dict[str, Text | Unreadable] = {}
    for root in roots:
        found = await configuration.directory.read_folder(root, recursive=bool(root))
        files.update(_contents(found or {}))
    for name in (configuration.file, posixpath.normpath(configuration.settings.access_config)):
        files.pop(name, None)
    return files


async def _read_named(configuration: Configuration, snapshot: Snapshot) -> dict[str, Text | Unreadable]:
    """The files that settings of topics name: beside the index, else below the configuration directory."""
    files: dict[str, Text | Unreadable] = {}
    for name in files_named_in(_entries(configuration, snapshot.index), configuration.writers):
        for base in dict.fromkeys((snapshot.base, "")):
            found = await _read(configuration.directory, posixpath.normpath(posixpath.join(base, name)))
            if found is not None:
                files[name] = found
                break
    return files


def _schema_paths(configuration: Configuration, index: Content) -> list[str]:
    entries = _entries(configuration, index)
    schemas = [entry.get("schema") for entry in entries.values() if isinstance(entry, dict)]
    return [schema for schema in schemas if isinstance(schema, str)]


def _entries(configuration: Configuration, index: Content) -> dict[str, Any]:
    """Settings by topic, as they are written; none where they cannot be made out."""
    try:
        document = parse_file(index.content) if isinstance(index, Text) else {}
    except SourceError:
        return {}
    entries = configuration.settings.topics if isinstance(configuration.settings.topics, dict) else document
    return entries if isinstance(entries, dict) else {}


def _root(path: str) -> str:
    """The folder of the configuration directory in which `path` lies; of what lies beside the directory, its own."""
    inside = posixpath.normpath(path)
    first, slash, _ = inside.partition("/")
    if first == "..":
        return posixpath.dirname(inside)
    return first if slash and first else ""


async def _read(directory: Directory, name: str) -> Content:
    try:
        found = await directory.read(name)
    except SourceError as error:
        return Unreadable(str(error))
    return Text(found.content) if found is not None else None


def _contents(files: Mapping[str, Any]) -> dict[str, Text | Unreadable]:
    return {
        posixpath.normpath(name): Unreadable(str(found)) if isinstance(found, SourceError) else Text(found.content)
        for name, found in files.items()
    }


def _is_topic(name: str, folder: str) -> bool:
    stem = posixpath.basename(name)
    return posixpath.dirname(name) == folder and not stem.startswith("_") and stem != INDEX_FILE


def _stem(name: str) -> str:
    return posixpath.basename(name).removesuffix(".json").lower()
