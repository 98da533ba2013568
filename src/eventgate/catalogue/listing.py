"""The catalogue: all topics on one page, to be searched by its script."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from eventgate.catalogue.layout import Frame, page
from eventgate.catalogue.markup import Markup, tag
from eventgate.catalogue.notes import Notes, notes
from eventgate.core.model import Response
from eventgate.core.policy import Policy

_MOST: Final = 5000
"""Topics that are listed: the page has to fit into what Lambda may answer."""
_LONGEST: Final = 280
"""Characters of a description that stand in the list; all of it is on the topic's page."""


def page_of(policy: Policy, frame: Frame) -> Response:
    """The page of all topics of `policy`."""
    names = sorted({*policy.topics, *policy.broken})
    rows = [_row(policy, name, frame) for name in names[:_MOST]]
    left = len(names) - _MOST
    content = (
        tag("h1", "Topics"),
        tag(
            "div",
            tag("label", "Search", for_="search", class_="unseen"),
            tag("input", type="search", id="search", placeholder="Search topics  /", autocomplete="off"),
            tag("p", _count(len(names)), id="count", role="status"),
            class_="bar",
            role="search",
        ),
        tag("ul", *rows, class_="topics", id="topics") if rows else _none(),
        tag("p", f"{left} more are not shown; GET /topics names them all.") if left > 0 else None,
        tag("p", "No topic matches.", id="no-match", hidden=True),
        tag("section", tag("h2", "Health"), tag("dl", id="dependencies"), class_="state", id="state", hidden=True),
    )
    return page(frame, "EventGate", *content, current="topics")


def _count(count: int) -> str:
    return "1 topic" if count == 1 else f"{count} topics"


def _none() -> Markup:
    return tag("p", "This gate has no topic yet: a topic is a JSON Schema in the configuration's topics folder.")


def _row(policy: Policy, name: str, frame: Frame) -> Markup:
    topic = policy.topics.get(name)
    if topic is None:
        return _broken(name)
    told = notes(topic)
    return tag(
        "li",
        tag(
            "h2",
            tag("a", told.title or name, href=f"{frame.root}topics/{quote(name, safe='')}"),
            tag("code", name) if told.title else None,
            tag("span", "deprecated", class_="badge warn") if told.deprecated else None,
        ),
        tag("p", _short(told.description)) if told.description else None,
        about(told, frame),
        data_search=" ".join((name, told.title, told.description, told.owner, *told.tags)).lower(),
    )


def _broken(name: str) -> Markup:
    return tag(
        "li",
        tag("h2", tag("span", name), tag("span", "out of service", class_="badge bad")),
        tag("p", "Its configuration is broken; the gate's operator finds the reason in its log."),
        data_search=name,
    )


def about(told: Notes, frame: Frame) -> Markup | None:
    """Owner and tags; a tag leads to the topics that have it."""
    owner = tag("span", told.owner, class_="owner") if told.owner else None
    tags = [tag("a", name, class_="tag", href=f"{frame.root}?q={quote(name, safe='')}") for name in told.tags]
    return tag("p", owner, *tags, class_="about") if owner or tags else None


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1].rstrip() + "…"
