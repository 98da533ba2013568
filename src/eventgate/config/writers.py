"""The writers of config.json and how topics use them, each checked against what its type declares."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from eventgate.config.shape import parse_struct
from eventgate.config.suggest import did_you_mean
from eventgate.core.pointer import join
from eventgate.core.writer import WriterSpec, WriterUse
from eventgate.errors import Finding
from eventgate.writers.registry import find_spec, known_types

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class ConfiguredWriter(msgspec.Struct, frozen=True):
    """One entry of `writers`: ready to be built by `spec.build(settings, context)`."""

    name: str
    type: str
    settings: msgspec.Struct
    spec: WriterSpec


def parse_writers(
    raw: Mapping[str, Mapping[str, Any]], *, file: str, directory: Path | None = None
) -> tuple[dict[str, ConfiguredWriter], tuple[Finding, ...]]:
    """The writers that are in order, by name, and what is wrong with the others.

    `directory` is where relative paths in their settings lead, if it is a local one.
    """
    writers: dict[str, ConfiguredWriter] = {}
    findings: list[Finding] = []
    for name, entry in raw.items():
        writer, wrong = _parse_writer(name, entry, file, directory)
        findings.extend(wrong)
        if writer is not None:
            writers[name] = writer
    return writers, (*findings, *_shared(writers, file, directory))


def parse_use(
    raw: Mapping[str, Any], writer: ConfiguredWriter, *, file: str, pointer: str
) -> tuple[WriterUse | None, tuple[Finding, ...]]:
    """How a topic uses `writer`, from `topics.TOPIC.writers.NAME`."""
    required = raw.get("required", True)
    options, findings = parse_struct(
        {name: value for name, value in raw.items() if name != "required"},
        writer.spec.topic_settings,
        file=file,
        pointer=pointer,
    )
    if not isinstance(required, bool):
        findings += (Finding("error", file, "must be true or false", f"{pointer}/required"),)
    return (None if findings else WriterUse(required=required, options=options)), findings


def _parse_writer(
    name: str, raw: Mapping[str, Any], file: str, directory: Path | None
) -> tuple[ConfiguredWriter | None, tuple[Finding, ...]]:
    pointer = join(["writers", name])
    type_ = raw.get("type", name)
    if not _NAME.fullmatch(name):
        return None, (Finding("error", file, "a writer's name has letters, digits and ._- only, 64 at most", pointer),)
    if not isinstance(type_, str):
        return None, (Finding("error", file, "must be a string", f"{pointer}/type"),)
    place = f"{pointer}/type" if "type" in raw else pointer
    try:
        spec = find_spec(type_)
    except LookupError as error:
        return None, (_unknown_type(type_, str(error), file, place),)
    given = {key: value for key, value in raw.items() if key != "type"}
    settings, findings = parse_struct(given, spec.settings, file=file, pointer=pointer)
    if settings is None:
        return None, findings
    findings += tuple(
        msgspec.structs.replace(finding, file=file, pointer=pointer + finding.pointer)
        for finding in spec.check(settings, directory)
    )
    return ConfiguredWriter(name, type_, settings, spec), findings


def _shared(writers: Mapping[str, ConfiguredWriter], file: str, directory: Path | None) -> Iterator[Finding]:
    """Warnings for writers whose sink is another's already: what the one wrote is a duplicate to the other."""
    claimed: dict[tuple[str, str], str] = {}
    for name, writer in writers.items():
        claim = writer.spec.claims(writer.settings, directory)
        first = claimed.setdefault((writer.type, claim), name) if claim is not None else name
        if first != name:
            message = f"writes to the same place as the writer {first}: every event would be its duplicate"
            yield Finding("warning", file, message, join(["writers", name]))


def _unknown_type(type_: str, why: str, file: str, place: str) -> Finding:
    known = known_types()
    if type_ in known:
        return Finding("error", file, why, place)
    return Finding("error", file, f"there is no writer type `{type_}`", place, did_you_mean(type_, known))
