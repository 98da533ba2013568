"""A log that nobody reads stops nobody; what is missing is told once somebody reads again."""

from __future__ import annotations

import fcntl
import os
import signal
import threading
import warnings
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from eventgate.telemetry.outlet import MOST_BYTES, Outlet
from tests.deployment import deployment
from tests.server_process import ServerProcess
from tests.wire import Connection

LINE = b"x" * 999 + b"\n"
MANY = MOST_BYTES // len(LINE) + 500


class Pipe:
    """A pipe whose reader takes its time."""

    def __init__(self) -> None:
        self.reader, self.writer = os.pipe()
        fcntl.fcntl(self.writer, fcntl.F_SETPIPE_SZ, 4096)
        self.outlet = Outlet(self.writer, lambda count: b"%d are missing\n" % count)

    def read_until(self, end: bytes) -> bytes:
        """What comes, up to a line that is `end`."""
        got = b""
        while not got.endswith(end):
            got += os.read(self.reader, 65536)
        return got

    def close(self) -> None:
        for each in (self.reader, self.writer):
            with suppress(OSError):
                os.close(each)


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    with closing(Pipe()) as made:
        yield made


def threads() -> list[threading.Thread]:
    return [each for each in threading.enumerate() if each.name == "eventgate-log"]


def test_lines_that_are_read_are_written_at_once_and_need_no_thread(pipe: Pipe) -> None:
    for number in range(10):
        pipe.outlet.write(b"%d\n" % number)
        assert os.read(pipe.reader, 100) == b"%d\n" % number
    assert threads() == []


def test_lines_that_nobody_reads_wait_then_are_dropped_and_counted(pipe: Pipe) -> None:
    """Written straight into the pipe, the fifth would have waited for ever."""
    for number in range(MANY):
        pipe.outlet.write(b"%6d" % number + LINE)
    got = pipe.read_until(b" are missing\n").splitlines()
    numbers = [int(line[:6]) for line in got[:-1]]
    assert numbers == list(range(len(numbers)))
    assert int(got[-1].split()[0]) == MANY - len(numbers)
    assert 0 < MANY - len(numbers) < MANY
    pipe.outlet.flush()
    pipe.outlet.write(b"after that\n")
    assert pipe.read_until(b"that\n") == b"after that\n"


def test_a_line_larger_than_the_pipe_comes_whole_and_in_its_turn(pipe: Pipe) -> None:
    large = b"l" * 50_000 + b"\n"
    for line in (b"before\n", large, b"behind\n"):
        pipe.outlet.write(line)
    assert pipe.read_until(b"behind\n") == b"before\n" + large + b"behind\n"


def test_a_descriptor_that_does_not_block_is_no_different(pipe: Pipe) -> None:
    os.set_blocking(pipe.writer, False)
    for _ in range(10):
        pipe.outlet.write(LINE)
    pipe.outlet.write(b"end\n")
    assert pipe.read_until(b"end\n") == LINE * 10 + b"end\n"


def test_a_reader_that_is_gone_is_an_error_or_ends_the_waiting(pipe: Pipe) -> None:
    for _ in range(10):
        pipe.outlet.write(LINE)
    os.close(pipe.reader)
    for thread in threads():
        thread.join(60)
    with pytest.raises(OSError, match="Broken pipe"):
        pipe.outlet.write(LINE)


def test_a_forked_process_writes_its_own_lines_only(pipe: Pipe) -> None:
    """Those that wait belong to the process that wrote them, and so does the thread."""
    for _ in range(10):
        pipe.outlet.write(LINE)
    with warnings.catch_warnings(action="ignore"):  # that it is of no good to fork beside threads
        child = os.fork()
    if not child:
        signal.alarm(60)
        pipe.outlet.write(b"child\n")
        while not pipe.outlet.flush():
            pass
        os._exit(0)
    got = b""
    while got.count(b"\n") < 11:
        got += os.read(pipe.reader, 65536)
    assert os.waitpid(child, 0)[1] == 0
    assert got.count(b"x" * 999) == 10
    assert got.count(b"child\n") == 1


def test_a_server_whose_log_nobody_reads_goes_on(tmp_path: Path) -> None:
    """Each request is a line, and a pipe takes a few hundred of them."""
    with (
        deployment(tmp_path / "conf") as site,
        ServerProcess(site.conf) as server,
        closing(Connection(server.port)) as connection,
    ):
        for _ in range(100):
            connection.send(b"GET /topics HTTP/1.1\r\nHost: g\r\n\r\n" * 10)
            assert {connection.answer().status for _ in range(10)} == {200}
