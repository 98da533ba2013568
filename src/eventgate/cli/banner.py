"""What `eventgate dev` prints once the gate is up: commands that work as pasted."""

from __future__ import annotations

import shlex
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import eventgate
from eventgate.cli.terminal import say
from eventgate.dev import DEFAULT_DIRECTORY

if TYPE_CHECKING:
    from eventgate.dev.offer import Offer

_RULE = "=" * 96


class SignedOffer(NamedTuple):
    """An event to try, and a token of who may send it."""

    offer: Offer
    token: str


class Banner:
    """The text for the gate whose files are in `directory`; `made`: that they were made just now.

    `issuer` is the address of the token issuer, None where the configuration names one of its own.
    """

    def __init__(self, directory: Path, issuer: str | None, offer: SignedOffer | None, *, made: bool) -> None:
        self._directory = directory
        self._issuer = issuer
        self._offer = offer
        self._made = made
        self._command = _own_command()

    def show(self, url: str) -> None:
        """Print it for the gate at `url`."""
        say("\n".join(self._lines(url)))

    def _lines(self, url: str) -> Iterator[str]:
        yield ""
        yield _RULE
        yield "  FOR DEVELOPMENT ONLY, on this machine."
        if self._issuer is not None:
            yield f"  The token issuer at {self._issuer} gives anyone who asks a token for any name."
        yield _RULE
        yield ""
        yield f"The gate listens on {url}. Ctrl-C stops everything."
        yield f"Its files are in {self._directory}{' (new)' if self._made else ''}. Edit topics/ and access.json there;"
        yield "they are in force seconds later."
        if self._issuer is not None:
            yield f"In a browser: {url}/ shows the topics, {self._issuer}/ what arrives, and why it is refused."
        yield from self._tries(url)
        yield from _paragraph("Events as they land:", f"{self._command} events --follow{self._database()}")
        if self._issuer is not None:
            yield from self._tokens()
        yield from self._examples()
        yield ""

    def _tries(self, url: str) -> Iterator[str]:
        if self._issuer is None:
            yield from _paragraph("config.json names a token issuer of its own: tokens come from there.")
        elif self._offer is None:
            yield from _paragraph(
                "No file in samples/ fits a topic and its access rules, so there is no event to offer."
            )
        else:
            offer, token = self._offer
            yield from _paragraph("An event that is accepted:", _curl(url, offer.topic, token, offer.good))
            if offer.bad is not None:
                title = "One that is refused, with every reason and its place:"
                yield from _paragraph(title, _curl(url, offer.topic, token, offer.bad))

    def _tokens(self) -> Iterator[str]:
        where = "" if self._directory == DEFAULT_DIRECTORY else f" --dir {shlex.quote(str(self._directory))}"
        yield from _paragraph(
            "A token for another name (access.json says who may send what):",
            f"{self._command} token --sub NAME{where}",
            f"curl -sS '{self._issuer}/token?sub=NAME'",
        )

    def _database(self) -> str:
        if self._directory == DEFAULT_DIRECTORY:
            return ""
        return f" --db {shlex.quote(str(self._directory / 'events.db'))}"

    def _examples(self) -> Iterator[str]:
        names = [name for name in sorted(examples()) if self._directory != Path(f"{DEFAULT_DIRECTORY}-{name}")]
        if names:
            yield from _paragraph(
                "Topics of a real platform:", *(f"{self._command} dev --example {name}" for name in names)
            )


def examples() -> dict[str, Path]:
    """The examples of the project that `eventgate dev` can take topics from, by name: there are none in a wheel."""
    roots = (Path("examples"), Path(eventgate.__file__).parents[2] / "examples")
    return {
        folder.name: folder
        for root in reversed(roots)
        if root.is_dir()
        for folder in root.iterdir()
        if all((folder / part).exists() for part in ("access.json", "topics", "events"))
    }


def _paragraph(title: str, *commands: str) -> Iterator[str]:
    yield ""
    yield title
    if commands:
        yield ""
    for command in commands:
        yield f"  {command}"


def _curl(url: str, topic: str, token: str, event: str) -> str:
    return (
        f"curl -sS {url}/topics/{topic} -H 'Authorization: Bearer {token}' "
        f"-H 'Content-Type: application/json' -d {shlex.quote(event)}"
    )


def _own_command() -> str:
    """How to call this program from the shell that called it: in a virtual environment it may not be on the path."""
    called = sys.argv[0]
    found = shutil.which("eventgate")
    if found is not None and Path(called).exists() and Path(found).samefile(called):
        return "eventgate"
    return shlex.quote(called) if Path(called).name == "eventgate" else "eventgate"
