"""Doubles, makers and the writer contract, for our tests and for those of plugin authors.

Everything here needs nothing but the gate itself; the contract suite, in `eventgate.testing.contract`, needs pytest
and pytest-asyncio, and is imported when it is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from eventgate.testing.doubles import FailingWriter, RecordingWriter, SlowWriter
from eventgate.testing.events import make_event
from eventgate.testing.tokens import TokenMaker

if TYPE_CHECKING:
    from eventgate.testing.contract import KeepingWriterContract, WriterContract
    from eventgate.testing.ledger_contract import LedgerWriterContract

__all__ = [
    "FailingWriter",
    "KeepingWriterContract",
    "LedgerWriterContract",
    "RecordingWriter",
    "SlowWriter",
    "TokenMaker",
    "WriterContract",
    "make_event",
]

_CONTRACTS = {"KeepingWriterContract", "LedgerWriterContract", "WriterContract"}


def __getattr__(name: str) -> Any:
    if name not in _CONTRACTS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from eventgate.testing import contract, ledger_contract

    return getattr(ledger_contract if name == "LedgerWriterContract" else contract, name)
