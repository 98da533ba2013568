"""Where a spool is: what `spool.store` may say, and opening it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from eventgate.core.spool import Spool
from eventgate.spool.draining import Drain
from eventgate.spool.letterbox import Letterbox
from eventgate.spool.redelivery import Redelivery

if TYPE_CHECKING:
    from eventgate.spool.sqlite.spool import SqliteSpool
    from eventgate.spool.sqs.queue import Received
    from eventgate.spool.sqs.spool import SqsSpool

FORMS: Final = "`sqlite:PATH` or `sqs:QUEUE`"


class Place(msgspec.Struct, frozen=True):
    """What `spool.store` names: a file, or a queue by its name or address."""

    kind: str
    name: str


class SpoolOptions(msgspec.Struct, frozen=True):
    """How a spool is opened. `directory` is what a relative path is relative to."""

    place: Place
    directory: Path | None
    max_events: int
    max_age_seconds: int
    ca_bundle: bool | str = True

    @property
    def file(self) -> Path | None:
        """The file that it is, if it is one."""
        if self.place.kind != "sqlite":
            return None
        path = Path(self.place.name)
        return (path if self.directory is None else self.directory / path).absolute()


def parse_store(text: str) -> Place:
    """What `text` names; raises `ValueError` with a text for people."""
    kind, colon, name = text.partition(":")
    if not colon or kind not in ("sqlite", "sqs") or not name or "\0" in name:
        raise ValueError(f"must be {FORMS}")
    return Place(kind, name)


class OpenSpool(msgspec.Struct, frozen=True):
    """A spool that is open, and how what waits there is drained."""

    spool: Spool
    options: SpoolOptions

    def drain(self, redelivery: Redelivery, writers: tuple[str, ...]) -> Drain:
        """What takes up the writes that wait for `writers`."""
        if self.options.place.kind == "sqs":
            from eventgate.spool.sqs.drain import SqsDrain

            return SqsDrain(self._queue(), redelivery)
        from eventgate.spool.sqlite.drain import SqliteDrain

        return SqliteDrain(self._file(), redelivery, writers, self.options.max_age_seconds)

    async def consume(self, redelivery: Redelivery, received: Sequence[Received], until: float) -> set[str]:
        """Try messages of the queue that others received; the ids of those that are done. Others come back later."""
        from eventgate.spool.sqs.consume import Consumer
        from eventgate.spool.sqs.drain import put_off

        queue = self._queue()
        done = await Consumer(queue, redelivery).consume(received, until)
        await put_off(queue, [each for each in received if each.id not in done])
        return done

    def letterbox(self) -> Letterbox:
        """Its dead letters."""
        if self.options.place.kind == "sqs":
            from eventgate.spool.sqs.letterbox import SqsLetterbox

            return SqsLetterbox(self._queue())
        from eventgate.spool.sqlite.letterbox import SqliteLetterbox

        return SqliteLetterbox(self._file())

    def _file(self) -> SqliteSpool:
        from eventgate.spool.sqlite.spool import SqliteSpool

        assert isinstance(self.spool, SqliteSpool)  # noqa: S101 # for the type checker
        return self.spool

    def _queue(self) -> SqsSpool:
        from eventgate.spool.sqs.spool import SqsSpool

        assert isinstance(self.spool, SqsSpool)  # noqa: S101 # for the type checker
        return self.spool


def open_spool(options: SpoolOptions) -> OpenSpool:
    """The spool that `options` describe; it comes up by itself if it cannot be reached now."""
    if options.place.kind == "sqs":
        from eventgate.spool.sqs.spool import SqsSpool

        queue = SqsSpool(options.place.name, options.max_events, options.max_age_seconds, options.ca_bundle)
        return OpenSpool(queue, options)
    from eventgate.spool.sqlite.spool import SqliteSpool

    assert options.file is not None  # noqa: S101 # there is no third kind
    file = SqliteSpool(options.file, options.max_events)
    file.open()
    return OpenSpool(file, options)
