"""Realistic events of the four topics, made from a random source that the caller seeds."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable
from typing import Any

Event = dict[str, Any]

EPOCH = 1_767_225_600_000
"""2026-01-01 00:00 UTC in milliseconds: where the events begin."""
DAY = 86_400_000

TENANTS = ("avms", "cps", "fraud-desk", "retail-kč", "treasury")
APPS = ("enceladus", "hermes", "pramen", "spline", "unify")
VERSIONS = ("1.4.0", "2.11.3", "3.0.0-rc.1", "2026.1+build.77")
ENVIRONMENTS = ("dev", "prod", "uat")
COUNTRIES = ("", "BW", "CZ", "KE", "ZA", "ZM")
CATALOG = ("accounts", "card_payments", "fx_rates", "käufe/täglich", "市場データ", "transactions~raw")
MESSAGES = (
    None,
    "",
    "12 partitions written",
    'Retried twice: executor lost\nlast line: "exit 137"\t(out of memory)',
    "Příliš žluťoučký kůň úpěl ďábelské ódy",
    "已完成 ✅ 👩🏽‍💻",
    "path C:\\data\\in is empty",
)
STATES_AT_END = ("SUCCEEDED", "SUCCEEDED", "SUCCEEDED", "FAILED", "KILLED")


def new_id(rng: random.Random) -> str:
    """A random UUID as text."""
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))


def moment(rng: random.Random) -> int:
    """Some millisecond of the year's first quarter."""
    return EPOCH + rng.randrange(90 * DAY)


def chance(rng: random.Random, one_in: int) -> bool:
    return rng.randrange(one_in) == 0


def additional_info(rng: random.Random) -> Event:
    """Free-form data, with the numbers that careless programs damage: over 64 bits, tiny, not exact in binary."""
    info: Event = {"records": rng.randrange(10**9), "skew": rng.random(), "late": chance(rng, 2)}
    if chance(rng, 3):
        info["checksum"] = 2**64 + rng.getrandbits(64)
    if chance(rng, 4):
        info["rows~by/country"] = {"ZA": rng.randrange(10**6), "Česko": None, "": [0.1, -1e-9, []]}
    return info


def origin(rng: random.Random) -> Event:
    """Who sent an event; one in four is what the restricted subject may send."""
    if chance(rng, 4):
        return {"tenant_id": "avms", "source_app": "restricted-app", "environment": "dev"}
    return {"tenant_id": rng.choice(TENANTS), "source_app": rng.choice(APPS), "environment": rng.choice(ENVIRONMENTS)}


def run_job(rng: random.Random, started: int) -> Event:
    job: Event = {
        "catalog_id": f"lake.{rng.choice(CATALOG)}",
        "status": rng.choice(("succeeded", "succeeded", "succeeded", "failed", "killed", "skipped")),
        "timestamp_start": started,
        "timestamp_end": started + rng.randrange(600_000),
    }
    if chance(rng, 2):
        job["country"] = rng.choice(COUNTRIES)
    if chance(rng, 2):
        job["message"] = rng.choice(MESSAGES)
    if chance(rng, 3):
        job["additional_info"] = additional_info(rng)
    return job


def run(rng: random.Random) -> Event:
    """A finished run with up to five jobs; now and then with none."""
    started = moment(rng)
    jobs = [run_job(rng, started + 1_000 * place) for place in range(rng.choice((0, 1, 1, 2, 2, 3, 5)))]
    event: Event = {
        "event_id": new_id(rng),
        "job_ref": f"application_{started}_{rng.randrange(10_000):04}",
        **origin(rng),
        "source_app_version": rng.choice(VERSIONS),
        "timestamp_start": started,
        "timestamp_end": max([started, *(job["timestamp_end"] for job in jobs)]),
        "jobs": jobs,
    }
    if chance(rng, 5):
        event["trace_id"] = f"{rng.getrandbits(128):032x}"
    return event


def change(rng: random.Random) -> Event:
    """A change of one catalog entry's data."""
    entry = rng.choice(CATALOG)
    event: Event = {
        "event_id": new_id(rng),
        **origin(rng),
        "source_app_version": rng.choice(VERSIONS),
        "timestamp_event": moment(rng),
        "catalog_id": f"lake.{entry}",
        "operation": rng.choice(("append", "append", "overwrite", "archive", "delete")),
        "format": rng.choice(("parquet", "delta", "crunch")),
    }
    optional: Event = {
        "country": rng.choice(COUNTRIES),
        "location": f"s3://lake-{event['environment']}/{entry}/",
        "format_options": {
            "compression": rng.choice(("snappy", "zstd", None)),
            "block_bytes": 2 ** rng.randrange(20, 70),
        },
        "additional_info": additional_info(rng),
    }
    return event | {name: value for name, value in optional.items() if chance(rng, 2)}


def test(rng: random.Random) -> Event:
    event: Event = {"event_id": new_id(rng), **origin(rng), "timestamp": moment(rng)}
    if chance(rng, 2):
        event["additional_info"] = additional_info(rng)
    return event


def created(rng: random.Random, kind: str = "JobCreatedEvent") -> Event:
    """The first event of a job: all that is known of it."""
    event: Event = {
        "event_id": new_id(rng),
        "event_type": kind,
        "timestamp_event": moment(rng),
        "job_id": new_id(rng),
        "status_type": "WAITING" if kind == "JobCreatedEvent" else "RUNNING",
        "job_name": f"ingest {rng.choice(CATALOG)}",
        **origin(rng),
        "source_app_version": rng.choice(VERSIONS),
        "definition_id": f"def-{rng.randrange(100)}",
        "platform": rng.choice(("EMR", "Glue", "Kubernetes", None)),
    }
    optional: Event = {
        "job_ref": rng.choice((None, f"j-{rng.getrandbits(48):012X}")),
        "country": rng.choice((None, *COUNTRIES)),
        "parent_job_id": rng.choice((None, new_id(rng))),
        "job_group_id": new_id(rng),
        "attempt_number": rng.choice((None, 1, 2, 3)),
        "platform_metadata": rng.choice((None, {"nodes": rng.randrange(1, 40), "zone": "af-south-1a"})),
        "input_arguments": {"--date": "2026-01-31", "--limit": 2**63 + rng.randrange(1000), "--dry-run": False},
        "additional_context": rng.choice((None, {}, additional_info(rng))),
        "definition_version": rng.choice((None, "7")),
        "status_subtype": None,
    }
    return event | {name: value for name, value in optional.items() if chance(rng, 2)}


def later(rng: random.Random, first: Event, kind: str, state: str, after: int) -> Event:
    """A later event of the job that `first` began, `after` milliseconds on."""
    event: Event = {
        "event_id": new_id(rng),
        "event_type": kind,
        "timestamp_event": first["timestamp_event"] + after,
        "job_id": first["job_id"],
        "status_type": state,
    }
    if kind == "JobUpdatedEvent":
        event["additional_context"] = {"progress": rng.random(), "stage": f"{rng.randrange(1, 9)}/9"}
    if state in ("FAILED", "KILLED"):
        event |= {"status_subtype": rng.choice((None, "TIMEOUT")), "status_detail": rng.choice(MESSAGES)}
    return event


def life(rng: random.Random) -> list[Event]:
    """All events of one job execution, in the order in which they happened."""
    if chance(rng, 3):
        events = [created(rng, "JobCreatedAndStartedEvent")]
    else:
        first = created(rng)
        events = [first, later(rng, first, "JobStartedEvent", "RUNNING", rng.randrange(1, 60_000))]
    after = events[-1]["timestamp_event"] - events[0]["timestamp_event"]
    for _ in range(rng.randrange(3)):
        after += rng.randrange(1, 60_000)
        events.append(later(rng, events[0], "JobUpdatedEvent", "RUNNING", after))
    if not chance(rng, 6):
        after += rng.randrange(1, 60_000)
        events.append(later(rng, events[0], "JobFinishedEvent", rng.choice(STATES_AT_END), after))
    return events


def status_changes(rng: random.Random, jobs: int) -> list[Event]:
    """The lives of `jobs` executions, in the order in which a network may deliver them: any."""
    events = [event for _ in range(jobs) for event in life(rng)]
    rng.shuffle(events)
    return events


MAKERS: dict[str, Callable[[random.Random], Event]] = {
    "public.cps.za.runs": run,
    "public.cps.za.dlchange": change,
    "public.cps.za.test": test,
    "public.cps.za.status_change": created,
}
"""One valid event of each topic, from a random source."""
