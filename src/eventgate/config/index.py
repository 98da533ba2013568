"""The index of topics: settings of some or all topics, by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from eventgate.config import seed as flat
from eventgate.config.configuration import Configuration
from eventgate.config.contents import Text, Unreadable
from eventgate.config.settings import ANNOTATIONS, TopicSettings
from eventgate.config.shape import parse_struct
from eventgate.config.snapshot import Snapshot
from eventgate.config.suggest import did_you_mean
from eventgate.config.text import parse_file, raw_members
from eventgate.core.pointer import Pointer, join
from eventgate.errors import Finding, SourceError


class Entry(msgspec.Struct, frozen=True):
    """What an index says of one topic. With errors in `findings` the topic cannot serve: `settings` then hold what is
    in order, to look for further findings; None where nothing can be made out.

    `text` is the schema as it is written there, where it is written there. `pointer` is the entry's place in the file.
    """

    settings: TopicSettings | None
    findings: tuple[Finding, ...] = ()
    text: bytes | None = None
    pointer: str = ""


class Index(msgspec.Struct, frozen=True):
    """Entries by topic name (lower-cased). `defaults` are the settings of topics that have no entry."""

    entries: Mapping[str, Entry] = {}
    defaults: TopicSettings = TopicSettings()
    findings: tuple[Finding, ...] = ()


async def read_index(configuration: Configuration, snapshot: Snapshot) -> Index:
    """The index in `snapshot`; raises `SourceError` if it cannot be taken at all."""
    if isinstance(snapshot.index, Unreadable):
        raise SourceError(snapshot.index.reason)
    defaults = TopicSettings(event_id="/event_id") if configuration.is_seed else TopicSettings()
    if configuration.seed is not None and configuration.seed.own_topics:
        keys = Index(defaults=defaults) if snapshot.index is None else _keys(snapshot, snapshot.index, defaults)
        return _with_uses(keys, snapshot, configuration.seed, configuration.writers)
    if snapshot.index is None:
        return Index(defaults=defaults)
    in_config = snapshot.index_name == configuration.file
    document = parse_file(snapshot.index.content)
    entries = document["topics"] if in_config else document
    if not isinstance(entries, dict):
        raise SourceError("must be a JSON object of topics by name")
    raw = raw_members(snapshot.index.content, "topics" if in_config else "")
    names = [name for name in entries if in_config or name not in ANNOTATIONS]
    found: dict[str, Entry] = {}
    for name in names:
        pointer = join(["topics", name] if in_config else [name])
        entry = await _entry(configuration, entries[name], raw[name], snapshot.index_name, pointer, defaults)
        found[name.lower()] = entry if name.lower() not in found else _twice(name, snapshot.index_name, pointer)
    return Index(found, defaults)


async def _entry(
    configuration: Configuration, raw: Any, text: msgspec.Raw, file: str, pointer: str, defaults: TopicSettings
) -> Entry:
    if not isinstance(raw, dict):
        return Entry(None, (Finding("error", file, "must be an object with the topic's settings", pointer),))
    # A schema may hold strings that look like references; they are none.
    settable = {name: value for name, value in raw.items() if name != "schema"}
    resolved, unresolved = await configuration.secrets.resolve(settable, file=file, pointer=pointer)
    schema = {"schema": raw["schema"]} if "schema" in raw else {}
    settings, misshapen = parse_struct({**schema, **resolved}, TopicSettings, file=file, pointer=pointer)
    wrong = (*unresolved, *misshapen)
    if settings is None:
        settings = _in_order({**schema, **resolved}, wrong, pointer)
    if settings is None:
        return Entry(None, wrong, pointer=pointer)
    if "event_id" not in raw:
        settings = msgspec.structs.replace(settings, event_id=defaults.event_id)
    written = isinstance(settings.schema, dict | bool)
    own = bytes(raw_members(bytes(text), "")["schema"]) if written else None
    return Entry(settings, wrong, text=own, pointer=pointer)


def _in_order(raw: Mapping[str, Any], wrong: Iterable[Finding], pointer: str) -> TopicSettings | None:
    """The members that are in order; None where the schema is not among them, on which most depends."""
    depth = len(Pointer(pointer).tokens)
    spoilt = {tokens[depth] for each in wrong if len(tokens := Pointer(each.pointer).tokens) > depth}
    if "schema" in spoilt:
        return None
    rest = {name: value for name, value in raw.items() if name not in spoilt}
    return parse_struct(rest, TopicSettings, file="")[0]


def _twice(name: str, file: str, pointer: str) -> Entry:
    finding = Finding("error", file, f"the topic {name.lower()} is here twice; case does not count", pointer)
    return Entry(None, (finding,), pointer=pointer)


def _keys(snapshot: Snapshot, text: Text, defaults: TopicSettings) -> Index:
    """The file of `topic_keys_config`: topic -> the top-level member (or pointer) that is its key."""
    document = parse_file(text.content)
    if not isinstance(document, dict):
        raise SourceError("must be a JSON object of keys by topic")
    topics = {topic for topic, _ in snapshot.candidates}
    entries: dict[str, Entry] = {}
    findings: list[Finding] = []
    for name, field in document.items():
        pointer = join([name])
        key = flat.key_pointer(field)
        if name.lower() not in topics:
            hint = did_you_mean(name, topics)
            findings.append(Finding("warning", snapshot.index_name, "there is no such topic", pointer, hint))
        elif key is None:
            wrong = Finding("error", snapshot.index_name, "must be the name of a top-level member", pointer)
            entries[name.lower()] = Entry(None, (wrong,), pointer=pointer)
        else:
            entries[name.lower()] = Entry(msgspec.structs.replace(defaults, key=key), pointer=pointer)
    return Index(entries, defaults, tuple(findings))


def _with_uses(index: Index, snapshot: Snapshot, seed: flat.Seed, writers: Iterable[str]) -> Index:
    """`index` with the settings for single writers that a flat configuration implies; the others serve as always."""
    entries = dict(index.entries)
    for topic in {topic for topic, _ in snapshot.candidates} & seed.uses.keys():
        settings = entries[topic].settings if topic in entries else index.defaults
        if settings is not None:
            uses = {name: dict(seed.uses[topic].get(name, {})) for name in writers}
            settings = msgspec.structs.replace(settings, writers=uses)
            entries[topic] = msgspec.structs.replace(entries.get(topic, Entry(None)), settings=settings)
    return msgspec.structs.replace(index, entries=entries)
