"""What the documents say, as far as tests want to know: headings, tables, links, code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tests.project.sources import ROOT

DOCUMENTS = (ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").glob("*.md")))

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"!?\[(?:[^\[\]]|!\[[^\]]*\])*\]\(([^()\s]+)\)")
_HEADING = re.compile(r"^(#+) +(.+)$", re.MULTILINE)


def code(path: Path, *languages: str) -> list[str]:
    """The code blocks of a document in these languages."""
    return [text for language, text in _FENCE.findall(path.read_text()) if language in languages]


def prose(path: Path) -> str:
    """A document without its code blocks."""
    return _FENCE.sub("", path.read_text())


def links(path: Path) -> list[str]:
    """The targets of a document's links and pictures."""
    return _LINK.findall(prose(path))


def anchors(path: Path) -> set[str]:
    """The anchors of a document's headings, made as the usual renderers do."""
    return {_anchor(title) for _, title in _HEADING.findall(prose(path))}


def section(path: Path, title: str) -> str:
    """The text below one heading, up to the next of any level."""
    parts = _HEADING.split(prose(path))
    return next(text for name, text in zip(parts[2::3], parts[3::3], strict=True) if name == title)


def rows(text: str) -> Iterator[list[str]]:
    """The cells of every table row, header and rule left out."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        if not _is_rule(line) and not _is_rule(following):
            yield [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def _is_rule(line: str) -> bool:
    return bool(line) and not set(line) - set("|-: ")


def _anchor(title: str) -> str:
    kept = re.sub(r"[^\w\- ]", "", title.replace("`", "").lower())
    return kept.replace(" ", "-")
