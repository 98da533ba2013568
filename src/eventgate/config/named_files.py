"""Files that a topic's settings for its writers name, such as statements: which ones they are, and what they fill."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from eventgate.config.contents import Text, Unreadable
from eventgate.config.shape import parse_struct
from eventgate.core.writer import WriterUse
from eventgate.errors import Finding

if TYPE_CHECKING:
    from eventgate.config.writers import ConfiguredWriter


def files_named_in(entries: Mapping[str, Any], writers: Mapping[str, ConfiguredWriter]) -> tuple[str, ...]:
    """The names in all `entries` (settings by topic, as they are written); what is misshapen names none."""
    named: dict[str, None] = {}
    for entry in entries.values():
        uses = entry.get("writers") if isinstance(entry, dict) else None
        for name, raw in uses.items() if isinstance(uses, dict) else ():
            if isinstance(raw, dict) and name in writers:
                named.update(dict.fromkeys(_files(raw, writers[name])))
    return tuple(named)


def fill_use(
    use: WriterUse, writer: ConfiguredWriter, read: Mapping[str, Text | Unreadable], *, file: str, pointer: str
) -> tuple[WriterUse | None, tuple[Finding, ...]]:
    """`use` with its options filled with what was `read`; None with findings where a file is missing or wrong."""
    contents: dict[str, bytes] = {}
    findings: tuple[Finding, ...] = ()
    for name in writer.spec.files(use.options):
        found = read.get(name)
        if isinstance(found, Text):
            contents[name] = found.content
        else:
            reason = found.reason if isinstance(found, Unreadable) else "there is no such file"
            findings += (Finding("error", file, f"the file {name}: {reason}", pointer),)
    if findings:
        return None, findings
    try:
        return msgspec.structs.replace(use, options=writer.spec.fill(use.options, contents)), ()
    except ValueError as error:
        return None, (Finding("error", file, str(error), pointer),)


def _files(raw: Mapping[str, Any], writer: ConfiguredWriter) -> tuple[str, ...]:
    given = {name: value for name, value in raw.items() if name != "required"}
    options, _ = parse_struct(given, writer.spec.topic_settings, file="")
    return () if options is None else tuple(writer.spec.files(options))
