"""What the database's and its client's errors mean: a reason for people, and what is to be done about it.

PostgreSQL classes its errors by SQLSTATE (PostgreSQL, "Error Codes"); the first two characters are the class. The
server's message and its DETAIL may hold values of events, so neither is ever used; names of constraints, columns and
tables are.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping

import asyncpg


class Remedy(enum.Enum):
    """What to do after an error, the transaction being rolled back."""

    HALVE = enum.auto()
    """An event of the group is to blame: find it by halving. A lone event is refused."""
    AGAIN = enum.auto()
    """The same transaction once more, on the same connection."""
    RECONNECT = enum.auto()
    """The same transaction once more, on another connection."""
    WAIT = enum.auto()
    """The database is about to take connections: as RECONNECT, for as long as there is time."""
    NONE = enum.auto()
    """Nothing that the writer can do: the event is not there."""


class Trouble(Exception):
    """A transaction did not come through.

    `in_doubt`: it was being committed, and may be there all the same. `stage` is the statement that failed: `ledger`
    for the gate's own, else the name of the file.
    """

    def __init__(
        self, reason: str, remedy: Remedy = Remedy.NONE, *, in_doubt: bool = False, code: str = "", stage: str = ""
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.remedy = remedy
        self.in_doubt = in_doubt
        self.code = code
        self.stage = stage


_ODD = "the database reports an error"
_DATA = "the database cannot hold a value of the event"
_CONSTRAINT = "a constraint of the database does not allow it"
_LOST = "the connection to the database was lost"
_CREDENTIALS = "the database does not accept the gate's credentials"
_RIGHTS = "the gate's database user may not do that"
_SQL = "a statement does not fit the database's tables"
_FULL = "the database has no room or memory left"
_BUSY = "the database gave up the transaction in favour of another"
_DOWN = "the database is starting or stopping"
_SETUP = "the database is not set up for the gate"
_CLIENT = "the connection settings cannot be used"
_RULE = "a rule of the database does not allow it"

CLASSES: Mapping[str, tuple[Remedy, str]] = {
    "03": (Remedy.NONE, _ODD),
    "08": (Remedy.RECONNECT, _LOST),
    "09": (Remedy.NONE, _ODD),
    "0A": (Remedy.NONE, _SQL),
    "0B": (Remedy.RECONNECT, _ODD),
    "0F": (Remedy.NONE, _ODD),
    "0L": (Remedy.NONE, _RIGHTS),
    "0P": (Remedy.NONE, _RIGHTS),
    "0Z": (Remedy.NONE, _ODD),
    "10": (Remedy.HALVE, _DATA),
    "20": (Remedy.HALVE, _RULE),
    "21": (Remedy.HALVE, "the event gives a statement several rows where it takes one"),
    "22": (Remedy.HALVE, _DATA),
    "23": (Remedy.HALVE, _CONSTRAINT),
    "24": (Remedy.RECONNECT, _ODD),
    "25": (Remedy.RECONNECT, _ODD),
    "26": (Remedy.NONE, "a prepared statement is gone; behind a pooler, set statement_cache to false"),
    "27": (Remedy.NONE, _SQL),
    "28": (Remedy.NONE, _CREDENTIALS),
    "2B": (Remedy.NONE, _RIGHTS),
    "2D": (Remedy.NONE, "a statement or function ends the transaction"),
    "2F": (Remedy.NONE, _SQL),
    "34": (Remedy.NONE, _SQL),
    "38": (Remedy.NONE, _ODD),
    "39": (Remedy.NONE, _ODD),
    "3B": (Remedy.NONE, _SQL),
    "3D": (Remedy.NONE, "there is no such database"),
    "3F": (Remedy.NONE, _SETUP),
    "40": (Remedy.AGAIN, _BUSY),
    "42": (Remedy.NONE, _SQL),
    "44": (Remedy.HALVE, _CONSTRAINT),
    "53": (Remedy.NONE, _FULL),
    "54": (Remedy.NONE, _SQL),
    "55": (Remedy.NONE, _SETUP),
    "57": (Remedy.RECONNECT, _DOWN),
    "58": (Remedy.NONE, "the database cannot read or write its files"),
    "72": (Remedy.AGAIN, _BUSY),
    "F0": (Remedy.NONE, _SETUP),
    "HV": (Remedy.NONE, _ODD),
    "P0": (Remedy.HALVE, _RULE),
    "XX": (Remedy.NONE, "the database has an internal error"),
}
"""For every class of errors. Classes 01 and 02 are warnings, which are never raised."""

CODES: Mapping[str, tuple[Remedy, str]] = {
    "22001": (Remedy.HALVE, "a text of the event is longer than its column"),
    "22003": (Remedy.HALVE, "a number of the event is out of its column's range"),
    "22007": (Remedy.HALVE, "a text of the event is no date or time"),
    "22008": (Remedy.HALVE, "a date or time of the event is out of range"),
    "22P02": (Remedy.HALVE, "a text of the event is not what its column takes"),
    "23502": (Remedy.HALVE, "the event lacks a value that the database needs"),
    "23503": (Remedy.HALVE, "the event refers to a row that is not there"),
    "23505": (Remedy.HALVE, "the database holds such a row already"),
    "23514": (Remedy.HALVE, "a check of the database does not allow it"),
    "25006": (Remedy.RECONNECT, "the database takes no changes now"),
    "40002": (Remedy.HALVE, _CONSTRAINT),
    "40003": (Remedy.RECONNECT, _LOST),
    "42501": (Remedy.NONE, _RIGHTS),
    "42703": (Remedy.NONE, "a column that a statement names does not exist"),
    "42883": (Remedy.NONE, "a function that a statement names does not exist"),
    "42P01": (Remedy.NONE, "a table that a statement names does not exist"),
    "42P05": (Remedy.NONE, "a prepared statement is there already; behind a pooler, set statement_cache to false"),
    "53100": (Remedy.NONE, "the database's disk is full"),
    "53300": (Remedy.NONE, "the database has no connections left"),
    "54000": (Remedy.HALVE, "the event is larger than the database can hold"),
    "54001": (Remedy.HALVE, "the event is nested deeper than the database can follow"),
    "55P03": (Remedy.NONE, "a table or row stayed locked"),
    "57014": (Remedy.NONE, "the database took longer than the deadline allows"),
    "57P03": (Remedy.WAIT, _DOWN),
    "57P04": (Remedy.NONE, "there is no such database"),
}
"""For those codes that say more than their class."""

CLIENT: Mapping[str, tuple[Remedy, str]] = {
    "InterfaceError": (Remedy.NONE, _ODD),
    "ClientConfigurationError": (Remedy.NONE, _CLIENT),
    "UnsupportedClientFeatureError": (Remedy.NONE, _CLIENT),
    "UnsupportedServerFeatureError": (Remedy.NONE, _CLIENT),
    "InternalClientError": (Remedy.RECONNECT, _ODD),
    "OutdatedSchemaCacheError": (Remedy.RECONNECT, _SQL),
    "InvalidCachedStatementError": (Remedy.RECONNECT, _SQL),
    "ProtocolError": (Remedy.RECONNECT, _LOST),
    "TargetServerAttributeNotMatched": (Remedy.NONE, "no database takes changes now"),
}
"""For what asyncpg raises by itself, by the name of the class."""

UNREACHABLE = "the database cannot be reached"
NO_ANSWER = "the database did not answer"
NO_ANSWER_IN_TIME = "the database did not answer before the deadline"
NO_TIME = "no time was left"
ROLLED_BACK = "the database rolled the transaction back"
NO_TOKEN = "there are no AWS credentials or no region to make a password from"  # noqa: S105  none itself
CLOSED = "the writer is closed"
BUSY = "all connections were in use until the deadline"
DROPPED = "a trigger or a concurrent deletion in the database dropped it"
MISSING_TABLES = "the gate's tables are missing; run `eventgate db migrate`"
_TABLE_MISSING = "42P01"

REASONS: frozenset[str] = frozenset(
    {
        *(reason for table in (CLASSES, CODES, CLIENT) for _, reason in table.values()),
        *(UNREACHABLE, NO_ANSWER, NO_ANSWER_IN_TIME, NO_TIME, ROLLED_BACK, NO_TOKEN, CLOSED, BUSY, DROPPED),
        MISSING_TABLES,
    }
)
"""All that is said of an event that is not there; docs/postgres.md tells what to do about each."""
LEDGER = "ledger"
"""The stage of the gate's own statements."""
CONNECTING = "connecting"
"""The stage before any."""


def trouble(error: BaseException, *, stage: str = LEDGER, committing: bool = False, lost: bool = False) -> Trouble:
    """What `error` means, met while `stage` ran or while the transaction was being committed.

    `lost`: the connection is closed. A transaction whose COMMIT the server refused is rolled back; only if the
    connection went with it (a shutdown speaks up after a commit, too) is it in doubt.
    """
    if isinstance(error, Trouble):
        return error
    remedy, reason, code = _judge(error, lost)
    if code == _TABLE_MISSING and stage == LEDGER:
        reason = MISSING_TABLES
    named = f"{reason} ({_place(error, code)})" if code else reason
    text = named if stage in (LEDGER, CONNECTING) else f"{stage}: {named}"
    refused = isinstance(error, asyncpg.PostgresError) and not lost and code[:2] not in ("08", "57") and code != "40003"
    in_doubt = committing and not refused
    return Trouble(text, remedy, in_doubt=in_doubt, code=code, stage=stage)


def _judge(error: BaseException, lost: bool) -> tuple[Remedy, str, str]:
    if (known := CLIENT.get(type(error).__name__)) is not None and not (lost and known[0] is Remedy.NONE):
        return (*known, "")
    if isinstance(error, asyncpg.PostgresError):
        code = error.sqlstate or "XX000"
        remedy, reason = CODES.get(code) or CLASSES.get(code[:2]) or (Remedy.NONE, _ODD)
        return remedy, reason, code
    if isinstance(error, TimeoutError):
        return Remedy.RECONNECT, NO_ANSWER, ""
    if lost or isinstance(error, OSError | EOFError):
        return Remedy.RECONNECT, _LOST, ""
    return Remedy.NONE, _ODD, ""


def _place(error: BaseException, code: str) -> str:
    """The code, and what the server names: never values."""
    names = [
        f"{noun} {name}"
        for noun in ("table", "column", "constraint")
        if isinstance(name := getattr(error, f"{noun}_name", None), str) and name
    ]
    return ", ".join([code, *names])
