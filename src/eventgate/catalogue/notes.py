"""What a topic's schema says of itself to people: title, description, owner, tags."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from eventgate.core.topics import Topic

_LONGEST: Final = 200
"""Characters of a title, an owner or a tag that are shown."""
_MOST_TAGS: Final = 20


class Notes(msgspec.Struct, frozen=True):
    """Annotations at the root of a schema; empty where it has none, or none of the right type."""

    title: str
    description: str
    owner: str
    tags: tuple[str, ...]
    deprecated: bool


def notes(topic: Topic) -> Notes:
    """The annotations of the schema of `topic`: `title`, `description`, `x-owner`, `x-tags`, `deprecated`."""
    document = topic.schema.document
    root: dict[str, Any] = document if isinstance(document, dict) else {}
    tags = root.get("x-tags")
    return Notes(
        title=_text(root.get("title"))[:_LONGEST],
        description=_text(root.get("description")),
        owner=_text(root.get("x-owner"))[:_LONGEST],
        tags=tuple(text[:_LONGEST] for tag in (tags if isinstance(tags, list) else ()) if (text := _text(tag)))[
            :_MOST_TAGS
        ],
        deprecated=root.get("deprecated") is True,
    )


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""
