"""What each sink takes from its own client, without a gate: as many events under way as the load has connections.

    python -m bench.ceilings kafka|postgres|sqlite|eventbridge TARGET UNDER_WAY

For every line with a number of seconds on its standard input it writes for so long, and prints one line of JSON. An
event counts once the sink has acknowledged it. Settings are those that the gate uses: a durable commit, acks=all.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import uvloop

from bench.figures import percentile
from bench.workload import TOPIC, sample_event

Latencies = list[float]
Ceiling = Callable[[float], Latencies]
"""Writes for so many seconds; how long each event took, in seconds."""

POSTGRES_CONNECTIONS = 5
"""As the gate's default `pool_size`."""
ENTRIES = 10
"""Entries that one PutEvents takes at most."""


def kafka(bootstrap: str, under_way: int) -> Ceiling:
    """An idempotent producer with acks=all; each acknowledgement lets the next event go."""
    from confluent_kafka import Producer

    producer = Producer({"bootstrap.servers": bootstrap, "enable.idempotence": True, "acks": "all", "linger.ms": 0})
    event, _ = sample_event()

    def write(seconds: float) -> Latencies:
        latencies: Latencies = []
        end = time.perf_counter() + seconds

        def produce() -> None:
            begun = time.perf_counter()

            def acknowledged(error: Any, _: Any) -> None:
                if error is not None:
                    raise RuntimeError("the broker refused an event")
                latencies.append(time.perf_counter() - begun)
                if time.perf_counter() < end:
                    produce()

            producer.produce(TOPIC, event, on_delivery=acknowledged)

        for _ in range(under_way):
            produce()
        producer.flush()
        return latencies

    return write


def postgres(dsn: str, under_way: int) -> Ceiling:
    """Groups of the events under way, a row each by `unnest` and a commit for each group, on the gate's connections."""
    import asyncio

    import asyncpg

    event = sample_event()[0].decode()
    group = max(1, under_way // POSTGRES_CONNECTIONS)
    insert = "insert into ceiling select i, e::jsonb from unnest($1::uuid[], $2::text[]) as rows(i, e)"

    async def run(seconds: float) -> Latencies:
        latencies: Latencies = []
        pool = await asyncpg.create_pool(dsn, min_size=POSTGRES_CONNECTIONS, max_size=POSTGRES_CONNECTIONS)
        await pool.execute("create table if not exists ceiling (id uuid primary key, event jsonb)")
        end = time.perf_counter() + seconds

        async def write() -> None:
            async with pool.acquire() as connection:
                while (begun := time.perf_counter()) < end:
                    await connection.execute(insert, [uuid.uuid4() for _ in range(group)], [event] * group)
                    latencies.extend([time.perf_counter() - begun] * group)

        await asyncio.gather(*(write() for _ in range(POSTGRES_CONNECTIONS)))
        await pool.close()
        return latencies

    return lambda seconds: uvloop.run(run(seconds))


def sqlite(path: str, under_way: int) -> Ceiling:
    """All events under way in one transaction with a durable commit, again and again."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("pragma journal_mode=wal")
    connection.execute("pragma synchronous=full")
    connection.execute("create table if not exists ceiling (id text primary key, event blob)")
    event, _ = sample_event()

    def write(seconds: float) -> Latencies:
        latencies: Latencies = []
        end = time.perf_counter() + seconds
        while (begun := time.perf_counter()) < end:
            connection.execute("begin immediate")
            rows = [(str(uuid.uuid4()), event) for _ in range(under_way)]
            connection.executemany("insert into ceiling values (?, ?)", rows)
            connection.execute("commit")
            latencies.extend([time.perf_counter() - begun] * under_way)
        return latencies

    return write


def eventbridge(target: str, under_way: int) -> Ceiling:
    """Full PutEvents requests, as many at once as the events under way fill."""
    import botocore.session

    bus, endpoint = target.split(",")
    client: Any = botocore.session.get_session().create_client("events", endpoint_url=endpoint)
    entry = {"EventBusName": bus, "Source": TOPIC, "DetailType": "JSON", "Detail": sample_event()[0].decode()}
    threads = max(1, under_way // ENTRIES)

    def write(seconds: float) -> Latencies:
        end = time.perf_counter() + seconds

        def put(_: int) -> Latencies:
            latencies: Latencies = []
            while (begun := time.perf_counter()) < end:
                if client.put_events(Entries=[entry] * ENTRIES)["FailedEntryCount"]:
                    raise RuntimeError("the bus refused an event")
                latencies.extend([time.perf_counter() - begun] * ENTRIES)
            return latencies

        with ThreadPoolExecutor(threads) as executor:
            return [latency for each in executor.map(put, range(threads)) for latency in each]

    return write


CEILINGS: dict[str, Callable[[str, int], Ceiling]] = {
    "kafka": kafka,
    "postgres": postgres,
    "sqlite": sqlite,
    "eventbridge": eventbridge,
}


def answer(latencies: Latencies, seconds: float, cpu_seconds: float) -> dict[str, Any]:
    """What a client says of a round, as `bench.rounds` reads it."""
    ordered = sorted(latencies)
    return {
        "statuses": {"202": len(ordered)},
        "seconds": seconds,
        "cpu_seconds": cpu_seconds,
        "p50_ms": percentile(ordered, 0.50) * 1000,
        "p99_ms": percentile(ordered, 0.99) * 1000,
    }


def main() -> None:
    name, target, under_way = sys.argv[1:]
    write = CEILINGS[name](target, int(under_way))
    for line in sys.stdin:
        used, begun = time.process_time(), time.perf_counter()
        latencies = write(float(line))
        print(json.dumps(answer(latencies, time.perf_counter() - begun, time.process_time() - used)), flush=True)


if __name__ == "__main__":
    main()
