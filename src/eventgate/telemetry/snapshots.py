"""What a worker process says of itself when it is asked: its counts, as one line."""

from __future__ import annotations

import msgspec

from eventgate.telemetry.families import Labels, Series, Value


class Snapshot(msgspec.Struct, frozen=True):
    """The answer to question `number`; `process` differs from process to process, also of one id."""

    number: int
    process: str
    rows: dict[str, list[tuple[Labels, Value]]]

    @classmethod
    def of(cls, number: int, process: str, series: Series) -> Snapshot:
        """A snapshot of `series`."""
        return cls(number, process, {name: list(rows.items()) for name, rows in series.items()})

    @property
    def series(self) -> Series:
        """The values."""
        return {name: dict(rows) for name, rows in self.rows.items()}

    def line(self) -> bytes:
        """As bytes, with a line feed at both ends: what a process that was killed left half-written ends there."""
        return b"\n" + _encode(self) + b"\n"


def read(line: bytes) -> Snapshot | None:
    """The snapshot in `line`; None for anything else."""
    try:
        return _decode(line)
    except msgspec.MsgspecError:
        return None


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Snapshot).decode
