"""The parent process with workers that misbehave: processes of their own, for a parent must have no threads."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

PROGRAM = '''
import logging, os, signal, sys
from eventgate.server.parent import Pace, Parent
from eventgate.server.signals import let_through

logging.basicConfig()
lives, spending = os.pipe()
os.set_blocking(lives, False)
os.write(spending, b"12345")

def serve_or(end):
    """Five workers end; the sixth serves."""
    try:
        os.read(lives, 1)
    except BlockingIOError:
        let_through()
        signal.pause()
    return end()

def work(link):
    print("started", flush=True)
    {work}

def beside(link):
    {beside}

pace = Pace(drain_seconds=0.1, grace_seconds={grace}, first_delay=0.01, longest_delay=0.02)
parent = Parent(
    [work] * {count},
    beside={others},
    on_ready=lambda: print("ready", flush=True),
    on_stop=lambda: print("stopped", flush=True),
    pace=pace,
)
sys.exit(parent.run())
'''


@contextmanager
def parent_of(work: str, count: int = 1, beside: str = "", grace: float = 60) -> Iterator[subprocess.Popen[str]]:
    """A parent whose workers run the statement `work`, and another process the statement `beside`.

    It gives them `grace` seconds to end: a busy machine may need many.
    """
    others = "[beside]" if beside else "[]"
    program = PROGRAM.format(work=work, count=count, beside=beside or "pass", others=others, grace=grace)
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def lines(process: subprocess.Popen[str], wanted: str, count: int) -> None:
    """Read until `wanted` has come `count` times."""
    assert process.stdout is not None
    while count:
        line = process.stdout.readline()
        assert line, f"the output ended without {wanted!r}"
        count -= line.strip() == wanted


def test_a_first_worker_that_says_why_it_cannot_start_ends_the_server_with_its_code() -> None:
    """No second one is started to say the same again."""
    with parent_of("return 3", count=4) as process:
        output, log = process.communicate(timeout=90)
    assert (process.returncode, output.split(), log) == (3, ["started", "stopped"], "")


@pytest.mark.parametrize(
    ("work", "code", "reason"),
    [
        ("os.kill(os.getpid(), signal.SIGKILL)", 1, "was ended by signal 9"),
        ("raise RuntimeError", 70, "ended with exit code 70"),
    ],
)
def test_a_worker_that_fails_to_start_again_and_again_ends_the_server(work: str, code: int, reason: str) -> None:
    with parent_of(work) as process:
        output, log = process.communicate(timeout=90)
    assert (process.returncode, output.split()) == (code, ["started"] * 3 + ["stopped"])
    assert log.count(reason) == 3


@pytest.mark.parametrize("end", ["os.kill(os.getpid(), signal.SIGSEGV)", "0", "1"])
def test_a_worker_that_served_is_replaced_however_it_ends(end: str) -> None:
    """More often than a start may fail. That all serve is said once."""
    with parent_of(f"link.report_ready(); return serve_or(lambda: {end})") as process:
        lines(process, "started", 6)
        process.send_signal(signal.SIGTERM)
        output, log = process.communicate(timeout=90)
    assert process.returncode == 0
    assert "ready" not in output
    assert "worker" in log


def test_a_process_beside_the_workers_that_keeps_failing_does_not_end_the_server() -> None:
    serve = "link.report_ready(); let_through(); signal.pause()"
    with parent_of(serve, beside="print('beside', flush=True); return 3") as process:
        lines(process, "beside", 5)
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=90)
    assert "metrics process" in log
    assert process.returncode == 0


def test_a_process_beside_the_workers_does_not_make_up_for_them() -> None:
    """Without a worker that serves there is no server."""
    failing = "os.kill(os.getpid(), signal.SIGKILL)"
    with parent_of(failing, beside="link.report_ready(); let_through(); signal.pause()") as process:
        process.communicate(timeout=90)
    assert process.returncode == 1


def test_a_worker_that_does_not_stop_is_killed() -> None:
    """Signals of a worker that never lets them through are held back, so that it does not know."""
    with parent_of("link.report_ready(); signal.pause()", count=2, grace=0.1) as process:
        lines(process, "ready", 1)
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=90)
    assert process.returncode == 1
    assert "killed" in log


def test_a_change_by_one_process_is_seen_by_all() -> None:
    """And two changes are never taken for none."""
    program = """
import os
from eventgate.server.generation import Generation
generation = Generation()
before = generation()
for _ in range(2):
    pid = os.fork()
    if pid == 0:
        generation.advance()
        os._exit(0)
    os.waitpid(pid, 0)
    assert generation() > before
    before = generation()
"""
    subprocess.run([sys.executable, "-c", program], check=True)
