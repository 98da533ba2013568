"""The parent process: starts workers, restarts those that crash, passes signals on, waits for all at the end."""

from __future__ import annotations

import logging
import os
import selectors
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import NoReturn

import msgspec

from eventgate.server.link import Link
from eventgate.server.signals import HURRY, forget_parents_signals, held_back, watched_signals

log = logging.getLogger("eventgate.server")

EXIT_DEFECT = 70
"""How a worker ends that met an error nobody foresaw (sysexits.h, EX_SOFTWARE)."""


class Pace(msgspec.Struct, frozen=True):
    """How patient the parent is, in seconds and counts.

    Workers get `drain_seconds` and `grace_seconds` more to stop before they are killed. A crashed worker is started
    again after `first_delay`, doubled each time up to `longest_delay`; one that served for `settled_seconds` starts
    over. `attempts` failed starts in a row, with no other worker serving, end the server.
    """

    drain_seconds: float
    grace_seconds: float = 10
    first_delay: float = 0.2
    longest_delay: float = 30
    settled_seconds: float = 60
    attempts: int = 3


class Place:
    """One process's place: the one that fills it now, and how its predecessors fared.

    `serves`: it is a worker, which the server cannot do without.
    """

    def __init__(self, work: Callable[[Link], int], *, serves: bool) -> None:
        self.work = work
        self.serves = serves
        self.noun = "worker" if serves else "metrics process"
        self.pid: int | None = None
        self.ready = False
        self.started_at = 0.0
        self.start_at = 0.0
        self.failed_starts = 0
        self.crashes = 0


class Parent:
    """Keeps a process running for each of `works`, the workers', and of `beside`, until SIGTERM or SIGINT.

    Each runs in a forked process and returns its exit code. `on_ready` is called once, when all serve for the first
    time; `on_stop` when no connection is to be accepted any more.
    """

    def __init__(
        self,
        works: Sequence[Callable[[Link], int]],
        *,
        beside: Sequence[Callable[[Link], int]] = (),
        on_ready: Callable[[], None],
        on_stop: Callable[[], None],
        pace: Pace,
    ) -> None:
        self._places = [Place(work, serves=True) for work in works]
        self._places += [Place(work, serves=False) for work in beside]
        self._on_ready = on_ready
        self._on_stop = on_stop
        self._pace = pace
        self._link = Link()
        self._announced = False
        self._stopping = False
        self._kill_at: float | None = None
        self._code = 0

    def run(self) -> int:
        """Run until stopped, and return the exit code. Every worker has ended then."""
        with watched_signals() as signals, selectors.DefaultSelector() as selector:
            selector.register(signals, selectors.EVENT_READ)
            selector.register(self._link.reports, selectors.EVENT_READ)
            while not (self._stopping and all(place.pid is None for place in self._places)):
                self._start_missing()
                selector.select(self._patience())
                self._note_ready()
                with suppress(BlockingIOError):
                    for number in signals.recv(4096):
                        self._act_on(number)
                self._reap()
                self._kill_late()
        self._link.close()
        return self._code

    def _start_missing(self) -> None:
        for place in self._vacant():
            if time.monotonic() >= place.start_at:
                place.pid, place.ready, place.started_at = self._fork(place.work), False, time.monotonic()

    def _vacant(self) -> list[Place]:
        """Places to fill. The first worker goes ahead: what is wrong is said once, and what it creates is there."""
        if self._stopping:
            return []
        places = self._places if self._announced or self._places[0].ready else self._places[:1]
        return [place for place in places if place.pid is None]

    def _fork(self, work: Callable[[Link], int]) -> int:
        sys.stdout.flush()
        sys.stderr.flush()
        with held_back():
            pid = os.fork()
            if pid == 0:
                self._be_a_worker(work)
        return pid

    def _be_a_worker(self, work: Callable[[Link], int]) -> NoReturn:
        """Run and exit: what is on the stack is the parent's, and must not be unwound here."""
        code = EXIT_DEFECT
        try:
            forget_parents_signals()
            self._link.keep_worker_ends()
            code = work(self._link)
        except BaseException:
            log.exception("a worker met an error that nobody foresaw")
        finally:
            with suppress(Exception):
                sys.stdout.flush()
                sys.stderr.flush()
                logging.shutdown()
            os._exit(code)

    def _patience(self) -> float | None:
        """Seconds until something is due that no signal announces."""
        due = [place.start_at for place in self._vacant()]
        due += [] if self._kill_at is None else [self._kill_at]
        return max(0.0, min(due) - time.monotonic()) if due else None

    def _note_ready(self) -> None:
        for pid in self._link.ready_pids():
            for place in self._places:
                if place.pid == pid:
                    place.ready, place.failed_starts = True, 0
        if not self._announced and all(place.ready for place in self._places):
            self._announced = True
            self._on_ready()

    def _act_on(self, number: int) -> None:
        if number == signal.SIGHUP:
            self._send(signal.SIGHUP)
        elif number in (signal.SIGTERM, signal.SIGINT):
            if self._stopping:
                self._hurry()
            else:
                self._stop()

    def _stop(self) -> None:
        self._stopping = True
        self._on_stop()
        self._kill_at = time.monotonic() + self._pace.drain_seconds + self._pace.grace_seconds
        self._send(signal.SIGTERM)

    def _hurry(self) -> None:
        self._kill_at = time.monotonic() + min(self._pace.grace_seconds, 5)
        self._send(HURRY)

    def _kill_late(self) -> None:
        if self._kill_at is not None and time.monotonic() >= self._kill_at:
            self._kill_at = None
            log.error("workers did not stop in time and are killed")
            self._code = self._code or 1
            self._send(signal.SIGKILL)

    def _send(self, number: int) -> None:
        for place in self._places:
            if place.pid is not None:
                with suppress(ProcessLookupError):
                    os.kill(place.pid, number)

    def _reap(self) -> None:
        for place in self._places:
            if place.pid is not None:
                pid, status = os.waitpid(place.pid, os.WNOHANG)
                if pid:
                    place.pid = None
                    self._ended(place, pid, os.waitstatus_to_exitcode(status))

    def _ended(self, place: Place, pid: int, code: int) -> None:
        if self._stopping:
            self._code = self._code or (1 if code > 0 and place.serves else 0)
            return
        if place.ready:
            settled = time.monotonic() - place.started_at >= self._pace.settled_seconds
            place.crashes = 1 if settled else place.crashes + 1
        else:
            place.crashes += 1
            place.failed_starts += 1
        gave_reason = 0 < code < EXIT_DEFECT and place.serves
        if not gave_reason or self._announced:
            how = f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"
            log.error("%s %d %s", place.noun, pid, how, extra={"fields": {"pid": pid}})
        if (gave_reason and not self._announced) or self._is_hopeless(place):
            self._code = max(code, 1)
            self._stop()
            return
        place.ready = False
        delay = min(self._pace.first_delay * 2 ** min(place.crashes - 1, 20), self._pace.longest_delay)
        place.start_at = time.monotonic() + delay

    def _is_hopeless(self, place: Place) -> bool:
        serving = any(each.ready for each in self._places if each.serves)
        return place.serves and place.failed_starts >= self._pace.attempts and not serving
