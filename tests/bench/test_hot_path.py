"""What one event costs, counted rather than timed: the same on every machine, however busy.

`python -m bench.hot_path` prints the counts. Whoever makes the path cheaper lowers what is recorded here.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.batches import EVENTS
from bench.counting import Counts
from bench.hot_path import BATCH, ECHO, GATE, LOGGING
from tests.unmeasured import unmeasured

ROOT = Path(__file__).parents[2]
EAGER = sys.version_info >= (3, 12)
"""Python 3.11 cannot start a task at once: an answer takes two tasks there, and their turns of the loop."""
RECORDED = {GATE: 1.95, LOGGING: 2.25} if EAGER else {GATE: 2.4, LOGGING: 2.7}
"""Bytecode instructions as multiples of the echo's: the interpreters differ less in these than in the instructions."""
IN_A_BATCH = 0.37 if EAGER else 0.41
"""The same for an event of a batch, its share of the request included."""
MARGIN = 1.25
"""How much more it may be: versions of Python and uvicorn differ by some percent."""


@pytest.fixture(scope="module")
def counts() -> dict[str, Counts]:
    """The counts of a process that nothing else traces."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.hot_path", "--json"],
        cwd=ROOT,
        env=unmeasured(),
        capture_output=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr.decode()
    return {name: Counts(**each) for name, each in json.loads(done.stdout).items()}


@pytest.mark.parametrize("name", RECORDED)
def test_an_event_takes_no_more_instructions_than_it_used_to(counts: dict[str, Counts], name: str) -> None:
    assert counts[name].bytecodes / counts[ECHO].bytecodes < RECORDED[name] * MARGIN


@pytest.mark.parametrize("name", [GATE, LOGGING])
def test_what_is_expensive_is_done_once(counts: dict[str, Counts], name: str) -> None:
    """One parse, one look at the schema, one hash (of the token); the event encoded anew to find names that repeat."""
    c_calls = counts[name].c_calls
    assert c_calls["Decoder.decode"] == 1
    assert sum(calls for call, calls in c_calls.items() if call.endswith("Validator.is_valid")) == 1
    assert c_calls["openssl_sha256"] == 1
    answer_and_line = {GATE: 1, LOGGING: 2}
    assert c_calls["Encoder.encode"] == 1 + answer_and_line[name]


def test_an_event_of_a_batch_takes_no_more_instructions_than_it_used_to(counts: dict[str, Counts]) -> None:
    assert counts[BATCH].bytecodes / EVENTS / counts[ECHO].bytecodes < IN_A_BATCH * MARGIN


def test_what_is_expensive_is_done_once_for_an_event_of_a_batch(counts: dict[str, Counts]) -> None:
    """As for a single event; besides the event its id is encoded, and once what all items of the answer share."""
    c_calls = counts[BATCH].c_calls
    assert c_calls["Decoder.decode"] == EVENTS
    assert sum(calls for call, calls in c_calls.items() if call.endswith("Validator.is_valid")) == EVENTS
    assert c_calls["openssl_sha256"] == 1
    assert 2 * EVENTS <= c_calls["Encoder.encode"] < 2.1 * EVENTS


def test_a_batch_is_one_trip_and_one_answer(counts: dict[str, Counts]) -> None:
    """No task, future or timer for any of its events; turns are what it leaves to other requests."""
    one = counts[BATCH]
    assert one.writes == 1
    assert (one.tasks, one.futures, one.timers) == (0, 0, 0) if EAGER else one.tasks == 2


@pytest.mark.parametrize("name", [GATE, LOGGING])
def test_an_answer_that_waits_for_nothing_asks_nothing_of_the_event_loop(counts: dict[str, Counts], name: str) -> None:
    """No task, future, timer or turn."""
    one = counts[name]
    assert one.timers == 0
    if EAGER:
        assert (one.tasks, one.futures, one.turns) == (0, 0, 0)
    else:
        assert one.tasks == 2


@pytest.mark.parametrize("name", [GATE, LOGGING])
def test_an_answer_is_one_write(counts: dict[str, Counts], name: str) -> None:
    assert counts[name].writes == 1


@pytest.mark.parametrize("name", [GATE, LOGGING])
def test_no_log_record_is_made(counts: dict[str, Counts], name: str) -> None:
    """The line of a request is written without one, where only the gate's own handler would get it."""
    assert not [call for call in counts[name].called if call.startswith(("LogRecord", "Logger.handle", "Logger._log"))]


def test_no_lock_is_taken_but_the_log_s(counts: dict[str, Counts]) -> None:
    assert not [call for call in counts[GATE].c_calls if "lock" in call.lower()]
