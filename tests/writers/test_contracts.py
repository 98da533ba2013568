"""Every built-in writer and every double keeps the writer contract."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from eventgate.core.writer import Writer, WriterContext
from eventgate.testing import KeepingWriterContract, LedgerWriterContract, RecordingWriter, WriterContract
from eventgate.writers.registry import BUILT_IN, find_spec
from eventgate.writers.sqlite.reader import read_events
from tests.writers.eventbridge import test_contract as eventbridge
from tests.writers.kafka import test_contract as kafka
from tests.writers.postgres import test_contract as postgres


def build(type: str, folder: Path) -> Writer:
    """A writer of that type with its default settings."""
    spec = find_spec(type)
    return spec.build(spec.settings(), WriterContext(name=type, directory=folder))


class TestDiscard(WriterContract):
    """The writer that keeps nothing."""

    def writer(self, folder: Path) -> Writer:
        """No sink at all."""
        return build("discard", folder)


class TestRecording(WriterContract):
    """The double that other doubles are made from."""

    def writer(self, folder: Path) -> Writer:
        """A list as its sink."""
        return RecordingWriter()


class TestSqlite(LedgerWriterContract):
    """Events in `events.db` in the folder."""

    def writer(self, folder: Path) -> Writer:
        """The default path."""
        return build("sqlite", folder)

    async def stored(self, folder: Path) -> Sequence[tuple[str, str, bytes]]:
        """Read with the reader of `eventgate events`."""
        return [(each.topic, each.event_id, each.event) for each in read_events(folder / "events.db")]

    async def break_sink(self, folder: Path) -> None:
        """A file of something else takes the database's place."""
        other = folder / "other"
        other.write_text("no database at all\n" * 1000)
        other.replace(folder / "events.db")

    async def mend_sink(self, folder: Path) -> None:
        """It goes away."""
        (folder / "events.db").unlink()


CONTRACTS: dict[str, type[WriterContract]] = {
    "discard": TestDiscard,
    "eventbridge": eventbridge.TestEventBridge,
    "kafka": kafka.TestKafka,
    "postgres": postgres.TestPostgres,
    "sqlite": TestSqlite,
}


@pytest.mark.parametrize("type", BUILT_IN)
def test_every_built_in_writer_is_held_to_a_contract(type: str) -> None:
    """A new one without a contract class fails here."""
    assert issubclass(CONTRACTS[type], WriterContract)


def test_the_contracts_build_on_each_other() -> None:
    """Whoever keeps a ledger keeps all the rest as well."""
    assert issubclass(LedgerWriterContract, KeepingWriterContract)
    assert issubclass(KeepingWriterContract, WriterContract)
