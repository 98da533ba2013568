"""Lines of requests that are answered in one turn of the event loop share writes; none is lost, and order is kept."""

from __future__ import annotations

import io
import logging
import os
import select
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from eventgate.core.instruments import Trail
from eventgate.telemetry.logs import JsonHandler, lines_gathered
from eventgate.telemetry.outlet import Outlet
from eventgate.telemetry.requests import RequestLog
from eventgate.telemetry.turns import Turns
from tests.deployment import deployment
from tests.server_process import ServerProcess
from tests.wire import Connection


class Loop:
    """An event loop whose turn is over when it is told so."""

    def __init__(self) -> None:
        self.asked: list[Callable[[], None]] = []

    def call_soon(self, callback: Callable[[], None]) -> None:
        self.asked.append(callback)

    def turn(self) -> None:
        asked, self.asked = self.asked, []
        for callback in asked:
            callback()


@pytest.fixture
def loop() -> Loop:
    return Loop()


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Where lines go that are written within `gathered`."""
    return tmp_path / "log"


@contextmanager
def gathered(loop: Loop, log: Path) -> Iterator[None]:
    """As in a worker: the gate's own handler is the only one, and writes to `log`."""
    root, package = logging.getLogger(), logging.getLogger("eventgate")
    handlers, level = root.handlers, package.level
    with log.open("wb") as file:
        root.handlers = [JsonHandler(io.StringIO(), Outlet(file.fileno(), lambda count: b"%d\n" % count))]
        package.setLevel(logging.INFO)
        try:
            with lines_gathered(loop.call_soon):
                yield
        finally:
            root.handlers = handlers
            package.setLevel(level)


def request(number: int) -> None:
    RequestLog().finished(Trail("POST", "/topics/{topic}", f"c-{number}", 202))


def told(log: Path) -> list[str]:
    """Which lines are there."""
    return [line.split('"correlation_id":"')[-1].split('"')[0] for line in log.read_text().splitlines()]


def test_the_first_line_of_a_turn_is_out_at_once_and_the_others_with_its_end(loop: Loop, log: Path) -> None:
    with gathered(loop, log):
        for number in range(4):
            request(number)
        assert told(log) == ["c-0"]
        loop.turn()
        assert told(log) == ["c-0", "c-1", "c-2", "c-3"]
        request(4)
        assert told(log)[4:] == ["c-4"]


def test_nothing_is_asked_of_the_loop_but_once_in_a_turn(loop: Loop, log: Path) -> None:
    with gathered(loop, log):
        for number in range(4):
            request(number)
        assert len(loop.asked) == 1
        loop.turn()
        assert loop.asked == []


def test_other_lines_keep_their_place_among_them(loop: Loop, log: Path) -> None:
    with gathered(loop, log):
        for number in range(3):
            request(number)
        logging.getLogger("eventgate.test").warning("between", extra={"fields": {"correlation_id": "w"}})
        request(3)
        loop.turn()
    assert told(log) == ["c-0", "c-1", "c-2", "w", "c-3"]


@pytest.mark.parametrize("how", ["leave", "flush"])
def test_an_end_before_the_turn_is_over_loses_nothing(loop: Loop, log: Path, how: str) -> None:
    with gathered(loop, log):
        request(0)
        request(1)
        if how == "flush":
            logging.getLogger().handlers[0].flush()
            assert told(log) == ["c-0", "c-1"]
    assert told(log) == ["c-0", "c-1"]
    loop.turn()  # which comes too late
    assert told(log) == ["c-0", "c-1"]


def test_after_a_failure_too(loop: Loop, log: Path) -> None:
    def fail() -> None:
        with gathered(loop, log):
            request(0)
            request(1)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert told(log) == ["c-0", "c-1"]


def test_writes_hold_whole_lines_and_no_more_than_a_pipe_takes_in_one_piece(loop: Loop) -> None:
    """Several workers write to the same pipe: in larger pieces their lines would mix."""
    written: list[bytes] = []
    turns = Turns(written.append, loop.call_soon)
    lines = [b"%0300d\n" % number for number in range(40)] + [b"x" * 10_000 + b"\n", b"last\n"]
    for line in lines:
        turns.take(line)
    loop.turn()
    assert b"".join(written) == b"".join(lines)
    assert len(written) < 8
    assert all(write.endswith(b"\n") for write in written)
    assert all(len(write) <= select.PIPE_BUF or write.count(b"\n") == 1 for write in written)


def test_a_log_that_can_no_longer_be_written_does_not_disturb_the_event_loop(loop: Loop) -> None:
    reader, writer = os.pipe()
    turns = Turns(Outlet(writer, lambda count: b"").write, loop.call_soon)
    turns.take(b"first\n")
    turns.take(b"second\n")
    os.close(reader)
    loop.turn()
    with pytest.raises(OSError, match="Broken pipe"):
        turns.take(b"third\n")
    os.close(writer)


def test_a_forked_process_does_not_repeat_what_is_held_back(loop: Loop) -> None:
    with tempfile.TemporaryFile() as file:
        turns = Turns(Outlet(file.fileno(), lambda count: b"").write, loop.call_soon)
        turns.take(b"first\n")
        turns.take(b"second\n")
        child = os.fork()
        if not child:
            turns.flush()
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        turns.flush()
        file.seek(0)
        assert file.read() == b"first\nsecond\n"


def test_lines_dropped_together_are_counted_one_by_one() -> None:
    """A piece that finds the queue full may be ten lines."""
    reader, writer = os.pipe()
    outlet = Outlet(writer, lambda count: b"%d are missing\n" % count)
    ten = (b"x" * 399 + b"\n") * 10
    pieces = 400
    for _ in range(pieces):
        outlet.write(ten)
    got = b""
    while not got.endswith(b" are missing\n"):
        got += os.read(reader, 65536)
    lines = got.splitlines()
    assert int(lines[-1].split()[0]) == pieces * 10 - (len(lines) - 1)
    assert outlet.flush()
    os.close(reader)
    os.close(writer)


def test_a_server_that_is_stopped_has_logged_every_request(tmp_path: Path) -> None:
    with (
        deployment(tmp_path / "conf") as site,
        ServerProcess(site.conf) as server,
        closing(Connection(server.port)) as connection,
    ):
        for number in range(30):
            connection.send(b"GET /topics HTTP/1.1\r\nHost: g\r\nX-Request-ID: r-%d\r\n\r\n" % number)
        assert {connection.answer().status for _ in range(30)} == {200}
        server.process.terminate()
        server.finish()
    logged = [line for line in server.log.splitlines() if '"GET /topics 200"' in line]
    assert [line.split('"correlation_id":"')[1].split('"')[0] for line in logged] == [f"r-{n}" for n in range(30)]
