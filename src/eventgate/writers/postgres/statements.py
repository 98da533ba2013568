"""Files with a statement of the user's: one each, over `$1` and perhaps `$2`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from eventgate.writers.postgres.settings import PostgresTopicSettings, TopicStatements

BUILT_IN: Final = "builtin:"
"""What the name of a file begins with that comes with the gate."""
_FOLDER: Final = Path(__file__).with_name("builtin")

_TOKEN = re.compile(
    r"""(?P<skip>\s+|--[^\n]*)
      | (?P<comment>/\*)
      | (?P<parameter>\$[0-9]+)
      | (?P<text>[eE]'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|(?P<quote>\$(?:[^\W\d][\w]*)?\$).*?(?P=quote))
      | (?P<word>[^\W\d][\w$]*)
      | (?P<end>;)
      | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
"""PostgreSQL, "Lexical Structure"."""
_COMMENT_MARK = re.compile(r"/\*|\*/")


class Statement(msgspec.Struct, frozen=True):
    """One statement of one file. `parameters` is 1 or 2: how many it takes, each of them a `jsonb`."""

    name: str
    text: str
    parameters: int


def parse_statement(name: str, content: bytes) -> Statement:
    """The statement in a file; raises `ValueError` with a text for people where there is not exactly one."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(f"{name} is not UTF-8 text") from None
    used: set[int] = set()
    parts: list[str] = []
    ended = empty = True
    for kind, token in _tokens(name, text):
        parts.append(f"{token}::jsonb" if kind == "parameter" else token)
        if kind == "skip":
            continue
        if kind == "end":
            ended = True
            continue
        if ended and not empty:
            raise ValueError(f"{name} holds more than one statement; give each a file of its own")
        ended = empty = False
        if kind == "parameter":
            used.add(int(token[1:]))
    if empty:
        raise ValueError(f"{name} holds no statement")
    if used not in ({1}, {1, 2}):
        raise ValueError(f"the statement in {name} must use $1, the new events, and may use $2; it uses {_said(used)}")
    return Statement(name, "".join(parts), len(used))


def named_files(settings: PostgresTopicSettings) -> tuple[str, ...]:
    """The files of the configuration that a topic's settings name."""
    return tuple(name for name in settings.sql if not name.startswith(BUILT_IN))


def fill(settings: PostgresTopicSettings, files: Mapping[str, bytes]) -> TopicStatements:
    """The statements that `settings` name, out of `files` or the gate's own; raises `ValueError`."""
    from eventgate.writers.postgres.settings import TopicStatements

    return TopicStatements(
        tuple(
            parse_statement(name, _built_in(name) if name.startswith(BUILT_IN) else files[name])
            for name in settings.sql
        )
    )


def built_in_files() -> Sequence[str]:
    """The names of the statements that come with the gate."""
    return sorted(
        f"{BUILT_IN}{group.name}/{file.name}"
        for group in _FOLDER.iterdir()
        if group.is_dir()
        for file in group.iterdir()
        if file.name.endswith(".sql") and file.name != "schema.sql"
    )


def _built_in(name: str) -> bytes:
    if name not in built_in_files():
        raise ValueError(f"there is no {name}; the gate has {', '.join(built_in_files())}")
    return (_FOLDER / name.removeprefix(BUILT_IN)).read_bytes()


def _tokens(name: str, text: str) -> Iterator[tuple[str, str]]:
    """Kind and text of each token, which together are the whole text; white space and comments are `skip`."""
    position = 0
    while position < len(text):
        token = _TOKEN.match(text, position)
        kind = token.lastgroup if token is not None else None
        if token is None or kind is None or (kind == "other" and token[0] in "'\""):
            raise ValueError(f"{name} ends within a quoted text")
        start, position = position, token.end() if kind != "comment" else _after_comment(name, text, token.end())
        yield "skip" if kind == "comment" else kind, text[start:position]


def _after_comment(name: str, text: str, position: int) -> int:
    """Where the comment ends whose inside begins at `position`; comments nest."""
    depth = 1
    for mark in _COMMENT_MARK.finditer(text, position):
        depth += 1 if mark[0] == "/*" else -1
        if not depth:
            return mark.end()
    raise ValueError(f"{name} ends within a comment")


def _said(used: set[int]) -> str:
    return ", ".join(f"${number}" for number in sorted(used)) or "neither"
