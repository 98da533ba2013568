"""A topic's page: what its events look like, and a place to try one."""

from __future__ import annotations

from typing import Final

from eventgate.catalogue.examples.example import Examples
from eventgate.catalogue.layout import Frame, page
from eventgate.catalogue.listing import about
from eventgate.catalogue.markup import Markup, tag
from eventgate.catalogue.notes import notes
from eventgate.catalogue.sections import first_event, sections
from eventgate.catalogue.tree import tree
from eventgate.core.model import Response
from eventgate.core.topics import Topic

_MOST_SHOWN: Final = 256 * 1024
"""Bytes of a schema's own text that the page repeats."""

_CONTENTS: Final = (
    ("schema", "Schema"),
    ("examples", "Examples"),
    ("programs", "Programs"),
    ("try", "Try an event"),
)
"""The parts of the page, for those who would have to scroll to them."""


def page_of(topic: Topic, frame: Frame, found: Examples) -> Response:
    """The page of `topic`, with the examples `found` for it."""
    told = notes(topic)
    title = told.title or topic.name
    content = tag(
        "article",
        tag("p", tag("a", "Topics", href=frame.root), " / ", tag("code", topic.name), class_="trail"),
        tag("h1", title, tag("span", "deprecated", class_="badge warn") if told.deprecated else None),
        tag("p", told.description, class_="text lead") if told.description else None,
        about(told, frame),
        tag(
            "nav",
            *(tag("a", text, href=f"#{name}") for name, text in _CONTENTS),
            class_="contents",
            aria_label="On this page",
        ),
        tag(
            "div",
            tag("div", _schema(topic), _written(topic), *sections(topic, found), class_="reading"),
            tag("div", _editor(topic, found), class_="trying"),
            class_="columns",
        ),
        class_="topic",
    )
    return page(frame, title, content, scripts=("editor.js", "samples.js"))


def _schema(topic: Topic) -> Markup:
    buttons = tag(
        "span",
        tag("button", "Open all", type="button", class_="quiet", data_fold="open"),
        tag("button", "Close all", type="button", class_="quiet", data_fold="close"),
        class_="tools",
    )
    heading = tag("div", tag("h2", "Schema"), buttons, class_="heading")
    return tag("section", heading, tree(topic.schema.graph.root), id="schema")


def _written(topic: Topic) -> Markup:
    """The schema's own text, folded away; a very large one is left to those who ask for JSON."""
    text = topic.schema.text
    if len(text) > _MOST_SHOWN:
        told = tag("p", f"{len(text)} bytes; GET the address of this page as application/json to have it.")
        return tag("section", tag("h2", "As written"), told, id="written")
    return tag(
        "section",
        tag(
            "details",
            tag("summary", tag("h2", "As written"), tag("span", f"JSON Schema, draft {topic.schema.draft}")),
            tag("button", "Copy", type="button", class_="quiet copy", data_copy="schema-text"),
            tag("pre", text.decode("utf-8", "replace"), id="schema-text", tabindex=0),
        ),
        id="written",
    )


def _editor(topic: Topic, found: Examples) -> Markup:
    field = tag(
        "textarea",
        "\n" + first_event(found),  # HTML takes away the first line break of a text area
        id="event",
        spellcheck="false",
        autocomplete="off",
        autocapitalize="off",
        wrap="off",
        rows=12,
        aria_describedby="event-help",
    )
    paper = tag(
        "div",
        tag("div", id="lines", aria_hidden="true"),
        tag("div", tag("pre", id="marks", aria_hidden="true"), field, class_="paper"),
        class_="editor",
    )
    return tag(
        "section",
        tag("div", tag("h2", tag("label", "Try an event", for_="event")), class_="heading"),
        tag(
            "p",
            "Check has the gate judge it and deliver nothing (Ctrl+Enter). Send delivers it.",
            id="event-help",
            class_="note",
        ),
        paper,
        tag(
            "div",
            tag("button", "Check", type="button", id="check", class_="primary"),
            tag("button", "Send", type="button", id="send"),
            tag("button", "Format", type="button", id="format", class_="quiet"),
            class_="actions",
        ),
        tag("div", id="verdict", role="status"),
        id="try",
        data_topic=topic.name,
    )
