"""A campaign: clients post while everything around the gates fails, and then every answer is held to what is there."""

from __future__ import annotations

import json
import re
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from eventgate.client import Client, Retry
from tests.campaign import records
from tests.campaign.copies import EXCUSES
from tests.campaign.crowd import Crowd
from tests.campaign.faults import tracks
from tests.campaign.held import read_back
from tests.campaign.judge import believed_in_vain, judge
from tests.campaign.report import Report
from tests.campaign.site import TOPICS, Gate, Site
from tests.campaign.wire import document
from tests.campaign.witness import HARM, Witness
from tests.services.aws import Aws
from tests.services.broker import Broker
from tests.services.database import Database

CLIENTS, GATES = 12, 2
HEALING_SECONDS = 120.0

_TRACEBACK = re.compile(r'"traceback":|Traceback \(most recent call last\)')


@dataclass(frozen=True)
class Services:
    """The real things behind the gates."""

    kafka: Broker
    postgres: Database
    aws: Aws


def run(folder: Path, services: Services, seconds: float, seed: str) -> Report:
    """Run for so long, heal everything, and compare. Raises only for what is wrong with the campaign itself."""
    report = Report(seed, seconds)
    file = folder / "ledger.ndjson"
    with ExitStack() as stack:
        for service in (services.kafka, services.postgres, services.aws):
            stack.callback(service.start)
            stack.callback(service.resume)
        site = Site(folder, services.kafka, services.postgres, services.aws, GATES, stack)
        for gate in site.gates:
            gate.start()
        ledger = records.Ledger(file)
        stack.callback(ledger.close)
        witness = Witness(ledger, [gate.port for gate in site.gates], f"{seed}/witness")
        stack.callback(witness.close)
        crowd = Crowd(witness.url, site.token, sorted(TOPICS), CLIENTS, seed)
        history = _let_loose(site, crowd, seconds, seed)
        (folder / "faults.json").write_text(json.dumps(history))
        report.faults.update(name for name, _, _ in history)
        report.faults.update({f"client: {fate}": count for fate, count in witness.fates.items() if fate in HARM})
        witness.calm()
        _recover(site, witness)
        for gate in site.gates:
            gate.stop()
            report.violations += _complaints(gate)
        sinks = read_back(site)
    attempts = records.read(file)
    result = judge(attempts, sinks, site.rules(), frozenset(EXCUSES))
    report.events = len({key for attempt in attempts for key in attempt.events})
    report.requests = len(attempts)
    report.answers = witness.statuses
    report.copies = result.copies
    report.violations += [*result.violations, *believed_in_vain(attempts, crowd.believed)]
    return report


def _let_loose(site: Site, crowd: Crowd, seconds: float, seed: str) -> list[tuple[str, float, float]]:
    """Have the crowd post while everything fails; the history of the faults."""
    plans = tracks(site, seed)
    stack = ExitStack()
    try:
        stack.callback(crowd.finish)
        crowd.start()
        for plan in plans:
            stack.callback(plan.finish)
            plan.start()
        time.sleep(seconds)  # the length of a campaign is what was asked for
    finally:
        stack.close()
    return [each for plan in plans for each in plan.history]


def _recover(site: Site, witness: Witness) -> None:
    """Start the gates anew, post to each topic until it is taken, and wait until nothing is left in the spools.

    What was on its way before has come to its end then.
    """
    for gate in site.gates:
        gate.stop()
        gate.start()
    with Client(witness.url, site.token, retry=Retry(longest=0.5, total=HEALING_SECONDS, introduction=30)) as client:
        for topic in TOPICS:
            answer = client.post(topic, document(f"healed-{topic}"))
            assert answer.accepted, f"the gates did not recover: {topic} says {answer}"
    end = time.monotonic() + HEALING_SECONDS
    while left := sum(gate.waiting() for gate in site.gates):
        assert time.monotonic() < end, f"{left} writes are still in the spools"
        time.sleep(0.1)


def _complaints(gate: Gate) -> list[str]:
    """What a gate's log and ends say against it."""
    log = gate.child.log.read_text(errors="replace")
    found = [f"{gate.child.name} ended with code {code} when it was drained" for code in gate.ends if code]
    return found + [
        f"{gate.child.name} logged a traceback: {line}" for line in log.splitlines() if _TRACEBACK.search(line)
    ]


_TRACEBACK = re.compile(r'"traceback":|Traceback \(most recent call last\)')
