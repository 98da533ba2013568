"""How long Kafka takes to acknowledge events that its own client sends at a given rate, without a gate.

    python -m bench.acknowledgements BOOTSTRAP

For every line with a number of seconds and a rate on its standard input it sends so many a second for so long, and
prints one line of JSON. The producer is set as the gate's, and polled by a thread of its own, as the gate's is.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from functools import partial
from typing import Any

from confluent_kafka import Producer

from bench.ceilings import answer
from bench.paced import due_times
from bench.workload import TOPIC, sample_event
from eventgate.writers.kafka.settings import DEFAULTS


def send(producer: Producer, event: bytes, rate: float, seconds: float) -> list[float]:
    """Seconds from the moment at which each event was due to its acknowledgement."""
    latencies: list[float] = []

    def acknowledged(due: float, error: Any, _: Any) -> None:
        if error is not None:
            raise RuntimeError("the broker refused an event")
        latencies.append(time.monotonic() - due)

    for due in due_times(rate, seconds, time.monotonic()):
        if (wait := due - time.monotonic()) > 0:
            time.sleep(wait)
        producer.produce(TOPIC, event, on_delivery=partial(acknowledged, due))
    producer.flush()
    return latencies


def _poll(producer: Producer) -> None:
    while True:
        producer.poll(0.1)


def main() -> None:
    producer = Producer({**DEFAULTS, "bootstrap.servers": sys.argv[1], "acks": "all"})
    event, _ = sample_event()
    threading.Thread(target=_poll, args=(producer,), daemon=True).start()
    for line in sys.stdin:
        seconds, rate = map(float, line.split())
        used, begun = time.process_time(), time.perf_counter()
        latencies = send(producer, event, rate, seconds)
        print(json.dumps(answer(latencies, time.perf_counter() - begun, time.process_time() - used)), flush=True)


if __name__ == "__main__":
    main()
