"""What goes wrong in a campaign: a track of faults for each sink and one for the gates, drawn from the seed."""

from __future__ import annotations

import random
import signal
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import urllib3

from tests.campaign.site import Gate, Site
from tests.services.proxy import TcpProxy

SHORTEST_SECONDS, LONGEST_SECONDS = 0.2, 3.0
"""How long a fault lasts: shorter and longer than a request may take."""
QUIET_SECONDS = (0.5, 6.0)
"""How long a track rests between two faults, so that there is something to lose."""


def _nothing() -> None:
    """For faults that are over at once."""


@dataclass(frozen=True)
class Fault:
    """`begin` and `end` block until it is so. `lasting`: it goes on for a while in between."""

    name: str
    begin: Callable[[], object]
    end: Callable[[], object] = _nothing
    lasting: bool = True


class Service(Protocol):
    """What a track does to a sink's process."""

    def start(self) -> None: ...
    def stop(self) -> None: ...
    def kill(self) -> None: ...
    def pause(self) -> None: ...
    def resume(self) -> None: ...


class Track:
    """One fault after the other, each healed before the next, until told to end.

    `history` has each with the times (monotonic, seconds) at which it began and was healed.
    """

    def __init__(self, name: str, faults: Sequence[Fault], seed: str) -> None:
        self.history: list[tuple[str, float, float]] = []
        self.failure: BaseException | None = None
        self._name = name
        self._faults = faults
        self._deck: list[Fault] = []
        self._random = random.Random(f"{seed}/{name}")  # noqa: S311  a plan that can be repeated, no secret
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"faults of {name}")

    def start(self) -> None:
        """Begin, with a rest."""
        self._thread.start()

    def finish(self) -> None:
        """Heal what is broken just now, and end; raises what went wrong with the faults themselves."""
        self._over.set()
        self._thread.join()
        if self.failure is not None:
            raise self.failure

    def _next(self) -> Fault:
        """Each kind comes once before any comes again."""
        if not self._deck:
            self._deck = self._random.sample(self._faults, len(self._faults))
        return self._deck.pop()

    def _run(self) -> None:
        try:
            while not self._over.wait(self._random.uniform(*QUIET_SECONDS)):
                fault = self._next()
                seconds = self._random.uniform(SHORTEST_SECONDS, LONGEST_SECONDS)
                began = time.monotonic()
                try:
                    fault.begin()
                    if fault.lasting:
                        self._over.wait(seconds)
                finally:
                    fault.end()
                    self.history.append((f"{self._name}: {fault.name}", began, time.monotonic()))
        except BaseException as failure:
            self.failure = failure


def tracks(site: Site, seed: str) -> list[Track]:
    """All that happens to a site."""
    wires = site.wires
    plans = {
        "kafka": [*_ends(site.kafka), *_process(site.kafka), *_wire(wires["kafka"])],
        "postgres": [
            *_ends(site.postgres),
            *_process(site.postgres),
            *_wire(wires["postgres"]),
            Fault("sessions ended", site.end_sessions, lasting=False),
        ],
        "eventbridge": [*_process(site.aws), *_wire(wires["eventbridge"])],
        "sqlite": [Fault("locked", site.lock_file, site.unlock_file)],
        "gate": [fault for gate in site.gates for fault in _gate(gate, site.token)],
    }
    return [Track(name, faults, seed) for name, faults in plans.items()]


def _ends(service: Service) -> list[Fault]:
    """The process ends and comes back; what only memory held is gone."""
    return [Fault("killed", service.kill, service.start), Fault("restarted", service.stop, service.start)]


def _process(service: Service) -> list[Fault]:
    return [Fault("paused", service.pause, service.resume)]


def _wire(wire: TcpProxy) -> list[Fault]:
    return [
        Fault("wire cut", wire.cut, wire.restore),
        Fault("requests held back", lambda: wire.drop("up"), wire.restore),
        Fault("answers held back", lambda: wire.drop("down"), wire.restore),
        Fault("wire slow", lambda: wire.delay(0.1), wire.restore),
        Fault("connections reset", wire.reset, lasting=False),
    ]


def _gate(gate: Gate, token: str) -> list[Fault]:
    def rebuild() -> None:
        fields = {"Authorization": f"Bearer {token}"}
        urllib3.request("POST", f"http://127.0.0.1:{gate.port}/terminate", headers=fields, retries=False)

    return [
        Fault("killed", gate.child.kill, gate.start),
        Fault("drained", gate.stop, gate.start, lasting=False),
        Fault("paused", gate.child.pause, gate.child.resume),
        Fault("a worker killed", lambda: gate.kill_worker(0), lasting=False),
        Fault("another worker killed", lambda: gate.kill_worker(1), lasting=False),
        Fault("reloaded", lambda: gate.signal(signal.SIGHUP), lasting=False),
        Fault("rebuilt", rebuild, lasting=False),
    ]
