"""What a topic's page has beside the schema and the editor: examples, and programs that send one."""

from __future__ import annotations

from typing import Final

from eventgate.catalogue.examples.example import Examples
from eventgate.catalogue.markup import Markup, tag
from eventgate.catalogue.snippets import LANGUAGES, LONGEST
from eventgate.core.topics import Topic

_GATE: Final = "https://gate.example"
"""Stands for the gate's address, until the page's script puts in the one by which the page was reached."""
_MOST_SHOWN: Final = 64 * 1024
"""Bytes of an example that the page shows."""


def sections(topic: Topic, found: Examples) -> tuple[Markup, ...]:
    """Further sections, each a `section` with an `id` and an `h2`."""
    return (_examples(found), _programs(topic, found))


def first_event(found: Examples) -> str:
    """The JSON text that the editor begins with."""
    return "{\n}" if found.minimal is None or len(found.minimal) > _MOST_SHOWN else found.minimal.decode()


def _examples(found: Examples) -> Markup:
    if found.full is None or found.minimal is None:
        told = tag("p", "No event was found that this schema takes. There may be none.", class_="note")
        return tag("section", tag("h2", "Examples"), told, id="examples")
    shown = [_folded("Everything that may be there", "example-full", found.full, is_open=True)]
    if found.minimal != found.full:
        shown.append(_folded("Only what has to be there", "example-minimal", found.minimal))
    made = tag("p", "Made from the schema; the gate takes each of them as it is.", class_="note")
    return tag("section", tag("h2", "Examples"), made, *shown, id="examples")


def _folded(title: str, name: str, text: bytes, *, is_open: bool = False) -> Markup:
    if len(text) > _MOST_SHOWN:
        return tag("p", f"{title}: {len(text)} bytes, at this address with /example behind it.", class_="note")
    return tag(
        "details",
        tag("summary", title),
        tag("button", "Copy", type="button", class_="quiet copy", data_copy=name),
        tag("button", "Edit", type="button", class_="quiet", data_edit=name),
        tag("pre", text.decode(), id=name, tabindex=0),
        open=is_open,
    )


def _programs(topic: Topic, found: Examples) -> Markup:
    short = next((text for text in (found.full, found.minimal) if text is not None and len(text) <= LONGEST), None)
    event = None if short is None else short.decode()
    told = (
        "They take the token from the environment variable EVENTGATE_TOKEN"
        + ("." if event is not None else ", and the event from the file event.json.")
    )  # fmt: skip
    programs: list[Markup] = []
    for language, write in LANGUAGES.items():
        name = f"program-{language.lower()}"
        head, *rest = write(_GATE, topic.name, event).split(_GATE)
        text = [head, *(part for each in rest for part in (tag("span", _GATE, class_="gate"), each))]
        programs.append(
            tag(
                "details",
                tag("summary", language),
                tag("button", "Copy", type="button", class_="quiet copy", data_copy=name),
                tag("pre", *text, id=name, tabindex=0),
                open=not programs,
            )
        )
    return tag("section", tag("h2", "Programs that send one"), tag("p", told, class_="note"), *programs, id="programs")
