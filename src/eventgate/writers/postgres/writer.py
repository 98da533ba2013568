"""The Postgres writer: groups of events, each in one transaction, with a ledger that makes every retry harmless."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from eventgate.core.model import Event, Unacceptable, WriteResult
from eventgate.core.writer import Grouping, WriterContext, WriterSpec
from eventgate.errors import ConfigurationError, Finding, SinkUnavailable
from eventgate.writers.postgres import inspection, ledger, refusals, statements
from eventgate.writers.postgres.bounded import within
from eventgate.writers.postgres.connect import Connector
from eventgate.writers.postgres.delivery import Group
from eventgate.writers.postgres.errors import MISSING_TABLES, trouble
from eventgate.writers.postgres.migrations import NewerTables, migrate
from eventgate.writers.postgres.pool import Lease, Pool
from eventgate.writers.postgres.settings import PostgresSettings, PostgresTopicSettings, TopicStatements
from eventgate.writers.postgres.transaction import Task

if TYPE_CHECKING:
    from eventgate.writers.postgres.connect import Connection

T = TypeVar("T")

GROUP_EVENTS = 512
"""Events in one transaction at most: a batch of 500 takes half the time that it would take in parts of 64."""
WORTH_EVENTS = 32
"""Events that make another transaction worth while beside one under way: one of 32 takes the server and the gate a
quarter less for each event than one of 16, which is what 64 connections would come to on four connections."""
OPEN_SECONDS = 2.0
"""How long opening may wait for a first connection, which is not needed yet."""
PROBE_SECONDS = 2.5
"""How long a probe may take."""
INSPECT_SECONDS = 8.0
MARGIN_SECONDS = 0.1
"""How long before its deadline a write is given up, a tenth of the time at most: so that its reason arrives in time."""
PRUNE_SECONDS = 600.0
"""How often the ledger is looked through."""
PRUNING_SECONDS = 1.0
"""How long that may take; a write with less time left leaves it to the next one."""


class PostgresWriter:
    """Writes groups of events; opens connections as it needs them, and again whenever they are lost."""

    def __init__(
        self,
        name: str,
        connector: Connector,
        settings: PostgresSettings,
        retain_days: int = 30,
        *,
        freezes: bool = False,
    ) -> None:
        self.name = name
        # One place is left over, so that a topic whose table is locked does not take all others along.
        self.grouping: Grouping | None = Grouping(
            max_events=GROUP_EVENTS, concurrency=max(1, settings.pool_size - 1), by_topic=True, worth=WORTH_EVENTS
        )
        self._connector = connector
        self._pool = Pool(connector, settings.pool_size, freezes=freezes)
        self._group = Group(self._pool, self._after)
        self._ledger = settings.ledger
        self._creates_tables = settings.create_tables
        self._looking = asyncio.Lock()
        self._looked = not settings.create_tables
        self._retain_days = retain_days
        self._prune_at = 0.0

    async def open(self) -> None:
        """Let connections be made; tries to make the first one, and the tables where that is asked for."""
        self._pool.open()
        with contextlib.suppress(SinkUnavailable):  # health says so, and each write tries again
            await self._ask(OPEN_SECONDS, self._look)

    def refuse(self, event: Event) -> Unacceptable | None:
        """What jsonb cannot hold: NUL, numbers with too many places, too many bytes."""
        return refusals.refusal(event)

    def target(self, topic: str, options: Any) -> str:
        """The database, and the statements or the table there."""
        statements = options.sql if isinstance(options, TopicStatements) else ()
        texts = [statement.text for statement in statements] or [ledger.EVENTS_TABLE]
        return "\n".join((self._connector.place, *texts))

    async def write(self, events: Sequence[Event], deadline: float) -> Sequence[WriteResult]:
        """Write events, those of each topic in a transaction of their own; an id that repeats has to wait its turn."""
        loop = asyncio.get_running_loop()
        until = deadline - min(MARGIN_SECONDS, max(deadline - loop.time(), 0.0) * 0.1)
        if not self._looked:
            await self._look_before(loop.time() + (until - loop.time()) / 2)
        if events and _are_alike(events, self.name):
            return await self._write_topic(events, until)
        topics: dict[tuple[str, Any], list[int]] = {}
        for index, event in enumerate(events):
            topics.setdefault((event.topic, event.options.get(self.name)), []).append(index)
        results: dict[int, WriteResult] = {}
        written = await asyncio.gather(
            *(self._write_topic([events[index] for index in indices], until) for indices in topics.values())
        )
        for indices, found in zip(topics.values(), written, strict=True):
            results.update(zip(indices, found, strict=True))
        return [results[index] for index in range(len(events))]

    async def probe(self) -> None:
        """Ask the database for the gate's tables, and whether the gate may write to them."""
        if missing := await self._ask(PROBE_SECONDS, self._look):
            raise SinkUnavailable(missing)

    async def inspect(self, topics: Mapping[str, Any]) -> Sequence[Finding]:
        """What is wrong between the topics' statements and the database's tables; raises `SinkUnavailable`."""
        return await self._ask(
            INSPECT_SECONDS, lambda connection: inspection.inspect(connection, topics, ledger=self._ledger)
        )

    async def close(self) -> None:
        """Wait for what is under way, and part from the database."""
        await self._pool.close()

    async def _write_topic(self, events: Sequence[Event], until: float) -> list[WriteResult]:
        """Events of one topic, in rounds in which no id occurs twice."""
        results: list[WriteResult | None] = [None] * len(events)
        while left := [index for index, result in enumerate(results) if result is None]:
            first = {events[index].event_id: index for index in reversed(left)}
            turn = sorted(first.values())
            task = self._task(events[turn[0]].options.get(self.name))
            written = await self._group.deliver(task, [events[index] for index in turn], until)
            for index, result in zip(turn, written, strict=True):
                results[index] = result
        return [result for result in results if result is not None]

    def _task(self, options: object) -> Task:
        sql = options.sql if isinstance(options, TopicStatements) else ()
        table = ledger.EVENTS_TABLE if not sql else ledger.LEDGER_TABLE if self._ledger else None
        return Task(table, sql)

    async def _after(self, lease: Lease, task: Task, until: float) -> None:
        """Now and then, forget a few old entries of the ledger, while there is a connection and time for it."""
        now = asyncio.get_running_loop().time()
        if task.table != ledger.LEDGER_TABLE or now < self._prune_at or until - now < PRUNING_SECONDS:
            return
        self._prune_at = now + PRUNE_SECONDS
        try:
            pruning = ledger.prune(lease.connection, self._retain_days)
            if await within(lease.connection, now + PRUNING_SECONDS, pruning):
                self._prune_at = 0.0
        except Exception:  # the events are safe; whoever may not delete is told by `check --connect`
            lease.broken = True

    async def _look_before(self, until: float) -> None:
        """Make the tables ahead of the first events: the database may have been down when the writer was opened."""
        with contextlib.suppress(SinkUnavailable, TimeoutError):  # the write itself says what is wrong
            async with asyncio.timeout_at(until), self._looking:
                if not self._looked:
                    await self._ask(until - asyncio.get_running_loop().time(), self._look)

    async def _look(self, connection: Connection) -> str | None:
        missing = await inspection.missing(connection, ledger=self._ledger)
        if missing == MISSING_TABLES and self._creates_tables:
            with contextlib.suppress(NewerTables):
                await migrate(connection)
            missing = await inspection.missing(connection, ledger=self._ledger)
        self._looked = True
        return missing

    async def _ask(self, seconds: float, question: Callable[[Connection], Coroutine[Any, Any, T]]) -> T:
        """The answer to `question`, on another connection if one that lay idle proves dead; `SinkUnavailable`."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while True:
            fresh = True
            try:
                async with self._pool.lease(until) as lease:
                    fresh = lease.fresh
                    patience = until if fresh else min(until, loop.time() + seconds / 2)
                    return await within(lease.connection, patience, question(lease.connection))
            except Exception as error:
                late = loop.time() >= until
                if fresh or late:
                    reason = f"no answer within {seconds:g} s" if late else trouble(error).reason
                    raise SinkUnavailable(reason) from None
                self._pool.forget_idle()


def _are_alike(events: Sequence[Event], writer: str) -> bool:
    """Whether all are of one topic with one set of statements, as in the groups that the gate makes."""
    topic, options = events[0].topic, events[0].options.get(writer)
    return not [each for each in events if each.topic != topic or each.options.get(writer) is not options]


def check(settings: PostgresSettings, directory: Path | None) -> Sequence[Finding]:
    """What is wrong with how the database is named."""
    try:
        Connector(settings)
    except ValueError as error:
        return (Finding("error", "", str(error), "/dsn"),)
    return ()


def build(settings: PostgresSettings, context: WriterContext) -> PostgresWriter:
    """A writer to the database that `settings` name; raises `ConfigurationError` where they name none."""
    try:
        connector = Connector(settings, context.resolve)
    except ValueError as error:
        pointer = f"/writers/{context.name}/dsn"
        raise ConfigurationError((Finding("error", "config.json", str(error), pointer),)) from None
    return PostgresWriter(context.name, connector, settings, context.ledger_retain_days, freezes=context.freezes)


SPEC = WriterSpec(
    settings=PostgresSettings,
    topic_settings=PostgresTopicSettings,
    build=build,
    check=check,
    summary="rows in PostgreSQL, by SQL of your own if you like; never holds one event id twice",
    files=statements.named_files,
    fill=statements.fill,
)
