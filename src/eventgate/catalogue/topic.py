"""A topic's page: what its events look like, and a place to try one."""

from __future__ import annotations

from eventgate.catalogue.layout import Frame, page
from eventgate.catalogue.listing import about
from eventgate.catalogue.markup import Markup, tag
from eventgate.catalogue.notes import notes
from eventgate.core.model import Response
from eventgate.core.topics import Topic


def page_of(topic: Topic, frame: Frame) -> Response:
    """The page of `topic`."""
    told = notes(topic)
    content = (
        tag("p", tag("a", "Topics", href=frame.root), " / ", tag("code", topic.name), class_="trail"),
        tag("h1", told.title or topic.name),
        tag("p", told.description, class_="text") if told.description else None,
        about(told, frame),
        _raw(topic),
    )
    return page(frame, told.title or topic.name, *content)


def _raw(topic: Topic) -> Markup:
    return tag("section", tag("pre", topic.schema.text.decode("utf-8", "replace")), id="raw")
