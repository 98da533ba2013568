"""What a topic's page has beside the schema and the editor."""

from __future__ import annotations

from eventgate.catalogue.layout import Frame
from eventgate.catalogue.markup import Markup
from eventgate.core.topics import Topic


def sections(topic: Topic, frame: Frame) -> tuple[Markup, ...]:
    """Further sections, each a `section` with an `id` and an `h2`."""
    return ()


def first_event(topic: Topic) -> str:
    """The JSON text that the editor begins with."""
    return "{\n}"
