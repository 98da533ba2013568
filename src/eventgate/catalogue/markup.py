"""HTML put together from elements: text is escaped by itself, so that no text of a schema can become markup."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Final

Attribute = str | int | bool | None

_VOID: Final = frozenset({"br", "hr", "img", "input", "link", "meta"})


class Markup(str):
    """HTML that needs no escaping any more. Made by `tag` and `join`."""

    __slots__ = ()


Child = Markup | str | None


def tag(name: str, /, *children: Child, **attributes: Attribute) -> Markup:
    """The element `name`; children that are plain text are escaped, None is left out.

    An underscore in an attribute's name stands for a hyphen, one at its end for nothing (`class_`, `data_topic`). True
    gives an attribute without value; False and None give none.
    """
    parts = [f"<{name}"]
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        parts.append(f" {key.rstrip('_').replace('_', '-')}")
        if value is not True:
            parts.append(f'="{escape(str(value))}"')
    parts.append(">")
    if name not in _VOID:
        parts += (join(children), f"</{name}>")
    return Markup("".join(parts))


def join(children: Iterable[Child]) -> Markup:
    """`children` one after the other."""
    return Markup(
        "".join(child if isinstance(child, Markup) else escape(child) for child in children if child is not None)
    )
