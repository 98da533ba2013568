"""What can be wrong with an event of each topic, and what the gate must say of it."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lake_events import Event, created, later, run_job


@dataclass(frozen=True)
class Problem:
    """One expected entry of the answer's `errors`; `property` only where the keyword is `required`."""

    pointer: str
    keyword: str
    property: str | None = None


@dataclass(frozen=True)
class Fault:
    """A way to spoil a valid event. `spoil` may change the event it is given, and returns what to send."""

    why: str
    problems: tuple[Problem, ...]
    spoil: Callable[[Event, random.Random], Any]


def missing(name: str) -> Fault:
    """The event lacks the member `name`."""

    def spoil(event: Event, _: random.Random) -> Event:
        del event[name]
        return event

    return Fault(f"{name} is missing", (Problem("", "required", name),), spoil)


def wrong(name: str, value: Any, keyword: str, why: str) -> Fault:
    """The member `name` has a `value` that `keyword` refuses."""
    return Fault(f"{name} {why}", (Problem(f"/{name}", keyword),), lambda event, _: event | {name: value})


def whole(value: Any, why: str) -> Fault:
    """Something else instead of an object."""
    return Fault(why, (Problem("", "type"),), lambda _event, _: value)


def both(one: Fault, other: Fault) -> Fault:
    """Two faults in one event: the gate names them both."""
    return Fault(
        f"{one.why}, and {other.why}",
        one.problems + other.problems,
        lambda event, rng: other.spoil(one.spoil(event, rng), rng),
    )


def job_fault(why: str, problem: Problem, spoil: Callable[[Event], Any]) -> Fault:
    """The second job of a run is spoilt; `problem` is seen from that job."""

    def spoil_run(event: Event, rng: random.Random) -> Event:
        start = event["timestamp_start"]
        return event | {"jobs": [run_job(rng, start), spoil(run_job(rng, start))]}

    return Fault(why, (Problem(f"/jobs/1{problem.pointer}", problem.keyword, problem.property),), spoil_run)


def without(job: Event, name: str) -> Event:
    return {member: value for member, value in job.items() if member != name}


def instead(why: str, make: Callable[[random.Random], Event], *problems: Problem) -> Fault:
    """Another event altogether, broken in itself."""
    return Fault(why, problems, lambda _event, rng: make(rng))


def stage(kind: str, state: str) -> Callable[[random.Random], Event]:
    """A later event of a job, of type `kind` with status `state`."""
    return lambda rng: later(rng, created(rng), kind, state, 1_000)


def ruled_out(kind: str, state: str, keyword: str) -> Fault:
    why = f"a {kind} cannot be {state}"
    if kind.startswith("JobCreated"):
        return instead(why, lambda rng: created(rng, kind) | {"status_type": state}, Problem("/status_type", keyword))
    return instead(why, stage(kind, state), Problem("/status_type", keyword))


def bare_creation(rng: random.Random) -> Event:
    first = created(rng, "JobCreatedAndStartedEvent")
    return {name: first[name] for name in ("event_id", "event_type", "timestamp_event", "job_id", "status_type")}


FIRST_EVENT = ("job_name", "source_app", "source_app_version", "environment", "definition_id", "platform")

RUN_FAULTS = (
    *(missing(name) for name in ("event_id", "job_ref", "tenant_id", "source_app_version", "timestamp_end", "jobs")),
    wrong("event_id", 4711, "type", "is a number"),
    wrong("tenant_id", None, "type", "is null"),
    wrong("timestamp_start", "2026-01-31T08:00:00Z", "type", "is text"),
    wrong("timestamp_end", True, "type", "is a boolean"),
    wrong("jobs", {}, "type", "is an object"),
    job_fault("a job without a status", Problem("", "required", "status"), lambda job: without(job, "status")),
    job_fault("a job without an entry", Problem("", "required", "catalog_id"), lambda job: without(job, "catalog_id")),
    job_fault("a status in capitals", Problem("/status", "enum"), lambda job: job | {"status": "SUCCEEDED"}),
    job_fault("a country that is null", Problem("/country", "type"), lambda job: job | {"country": None}),
    job_fault("a message in parts", Problem("/message", "type"), lambda job: job | {"message": ["part", "part"]}),
    job_fault(
        "free-form data as text", Problem("/additional_info", "type"), lambda job: job | {"additional_info": "{}"}
    ),
    job_fault("a job that is only a name", Problem("", "type"), lambda job: job["catalog_id"]),
    both(missing("environment"), wrong("source_app", [], "type", "is an array")),
    whole([], "an array instead of an event"),
)
CHANGE_FAULTS = (
    *(missing(name) for name in ("event_id", "catalog_id", "operation", "format", "timestamp_event")),
    wrong("operation", "truncate", "enum", "is none of the four"),
    wrong("operation", "Append", "enum", "is capitalised"),
    wrong("format", None, "type", "is null"),
    wrong("timestamp_event", "1767225600000", "type", "is text"),
    wrong("location", {"bucket": "lake"}, "type", "is an object"),
    wrong("format_options", ["zstd"], "type", "is an array"),
    wrong("additional_info", None, "type", "is null"),
    both(missing("tenant_id"), missing("source_app_version")),
    whole("append", "text instead of an event"),
)
TEST_FAULTS = (
    *(missing(name) for name in ("event_id", "tenant_id", "source_app", "environment", "timestamp")),
    wrong("timestamp", None, "type", "is null"),
    wrong("event_id", False, "type", "is a boolean"),
    wrong("additional_info", [], "type", "is an array"),
    both(wrong("source_app", 1, "type", "is a number"), wrong("environment", {}, "type", "is an object")),
    whole(None, "null instead of an event"),
)
STATUS_FAULTS = (
    *(missing(name) for name in ("event_id", "timestamp_event", "job_id", "status_type", "event_type")),
    *(missing(name) for name in FIRST_EVENT),
    wrong("event_id", "not-a-uuid", "format", "is no UUID"),
    wrong("job_id", "b3f1c2d4e5f60718293a4b5c6d7e8f90", "format", "is a UUID without dashes"),
    wrong("parent_job_id", "none", "format", "is no UUID"),
    wrong("timestamp_event", -1, "minimum", "is before 1970"),
    wrong("timestamp_event", 1767225600000.5, "type", "is a fraction"),
    wrong("attempt_number", 0, "minimum", "is below 1"),
    wrong("job_name", None, "type", "is null"),
    wrong("platform_metadata", "{}", "type", "is text"),
    wrong("event_type", "JobPausedEvent", "enum", "is none of the five"),
    ruled_out("JobCreatedEvent", "RUNNING", "const"),
    ruled_out("JobCreatedAndStartedEvent", "WAITING", "const"),
    ruled_out("JobStartedEvent", "WAITING", "const"),
    ruled_out("JobUpdatedEvent", "FAILED", "enum"),
    ruled_out("JobFinishedEvent", "RUNNING", "enum"),
    instead("a first event that says nothing", bare_creation, *(Problem("", "required", name) for name in FIRST_EVENT)),
    whole(17, "a number instead of an event"),
)
FAULTS = {
    "public.cps.za.runs": RUN_FAULTS,
    "public.cps.za.dlchange": CHANGE_FAULTS,
    "public.cps.za.test": TEST_FAULTS,
    "public.cps.za.status_change": STATUS_FAULTS,
}
"""By topic."""
