"""`check --show`: the settings in force, and where each topic's events go."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from eventgate.config.configuration import Configuration
from eventgate.config.secrets import REFERENCES, Secret
from eventgate.core.policy import Policy
from eventgate.core.writer import WriterUse

MASK: Final = "..."
_PRIVATE: Final = re.compile(r"password|passphrase|secret|private|dsn|key\.pem$|token$")
"""Names under which a secret stands: the built-in writers' and librdkafka's, and what a plugin's are likely to be."""
_USERINFO: Final = re.compile(r"//[^/?#]*@")


class Row(msgspec.Struct, frozen=True):
    """One topic: its writers (an optional one says so), their destinations in the same order, and its subjects."""

    topic: str
    writers: tuple[str, ...]
    destinations: tuple[str, ...]
    subjects: tuple[str, ...]


def effective_settings(configuration: Configuration) -> dict[str, Any]:
    """config.json with every default filled in. A secret is shown as it was written: `env:NAME`, never its value.

    What should have been a reference and stands in the file itself (keys, passwords, DSNs) is left out.
    """
    shown: dict[str, Any] = msgspec.to_builtins(configuration.settings, enc_hook=_reference)
    receipts = configuration.settings.receipts
    if receipts is not None:
        keys = {key_id: _reference(key) if isinstance(key, Secret) else MASK for key_id, key in receipts.keys.items()}
        shown["receipts"]["keys"] = keys
    shown["writers"] = {
        name: {"type": writer.type, **msgspec.to_builtins(writer.settings, enc_hook=_reference)}
        for name, writer in configuration.writers.items()
    }
    return {name: _masked(name, value) for name, value in shown.items()}


def rows(configuration: Configuration, policy: Policy) -> list[Row]:
    """A row for each topic, by name; broken ones have no writers."""
    return [
        Row(
            name,
            *_uses(configuration, policy.topics[name].uses if name in policy.topics else {}),
            policy.access.subjects(name),
        )
        for name in sorted({*policy.topics, *policy.broken})
    ]


def show_rows(table: Sequence[Row], broken: Mapping[str, str]) -> None:
    """Print the table."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    grid = Table("topic", "writers", "destination", "subjects", box=box.SIMPLE_HEAD, pad_edge=False)
    for row in table:
        writers = "(broken: out of service)" if row.topic in broken else "\n".join(row.writers)
        grid.add_row(row.topic, writers, "\n".join(row.destinations), "\n".join(row.subjects) or "(nobody)")
    # Beside a terminal there is nothing to fit into: a line is a line.
    width = None if sys.stdout.isatty() else 100_000
    Console(width=width, highlight=False, markup=False).print(grid)


def _uses(configuration: Configuration, uses: Mapping[str, WriterUse]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    names = tuple(name if use.required else f"{name} (optional)" for name, use in uses.items())
    return names, tuple(_destination(configuration, name, use) for name, use in uses.items())


def _destination(configuration: Configuration, name: str, use: WriterUse) -> str:
    """The topic's own place in the sink, else the writer's, as far as their settings name one."""
    writer = configuration.writers[name]
    for settings, key in ((use.options, "topic"), (writer.settings, "path")):
        place = getattr(settings, key, None)
        if isinstance(place, str) and place:
            return str(_reference(place))
    return writer.type


def _masked(name: str, value: Any) -> Any:
    """`value`, which stands under `name`, without what nobody may read over somebody's shoulder."""
    if isinstance(value, dict):
        return {key: _masked(str(key), each) for key, each in value.items()}
    if isinstance(value, list):
        return [_masked(name, each) for each in value]
    if not isinstance(value, str) or value.startswith(REFERENCES):
        return value
    return MASK if value and _PRIVATE.search(name.lower()) else _USERINFO.sub(f"//{MASK}@", value)


def _reference(value: object) -> str:
    return value.reference if isinstance(value, Secret) else str(value)
