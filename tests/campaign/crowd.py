"""The clients of a campaign: each posts one event after the other, as real programs do and as they should not."""

from __future__ import annotations

import random
import threading
from collections.abc import Sequence
from contextlib import suppress
from itertools import count

from eventgate.client import Client, Retry
from eventgate.errors import Unreachable
from tests.campaign.wire import document

PATIENCE = (0.0, 1.0, 4.0, 8.0)
"""How long the clients keep trying, in seconds: some give up at once, so that what failed stays so."""
PAUSE_SECONDS = 0.05


class Crowd:
    """`size` clients of the gate at `url`, until told to stop. What they post is drawn from `seed`."""

    def __init__(self, url: str, token: str, topics: Sequence[str], size: int, seed: str) -> None:
        self._topics = topics
        self._over = threading.Event()
        self._clients = [Client(url, token, retry=_retry(number), connections=4) for number in range(size)]
        self._threads = [
            threading.Thread(target=self._run, args=(client, f"{seed}/client {number}", number))
            for number, client in enumerate(self._clients)
        ]
        self.failure: BaseException | None = None

    def start(self) -> None:
        """Begin to post."""
        for thread in self._threads:
            thread.start()

    def finish(self) -> None:
        """Let every post that is under way come to its end; raises what went wrong with the clients themselves."""
        self._over.set()
        for thread in self._threads:
            thread.join()
        for client in self._clients:
            client.close()
        if self.failure is not None:
            raise self.failure

    def _run(self, client: Client, seed: str, own: int) -> None:
        drawn = random.Random(seed)  # noqa: S311  a plan that can be repeated, no secret
        try:
            for number in count():
                if self._over.wait(drawn.uniform(0, PAUSE_SECONDS)):
                    return
                self._act(client, drawn, f"c{own}-{number}")
        except BaseException as failure:
            self.failure = failure

    def _act(self, client: Client, drawn: random.Random, event_id: str) -> None:
        topic = drawn.choice(self._topics)
        body = document(event_id, text="x" * drawn.randrange(2000))
        other = document(event_id, text="the same id, but not the same event")
        course = drawn.random()
        if course < 0.85:
            _post(client, topic, body)
        elif course < 0.93:
            _at_once(client, topic, [body] * drawn.choice((2, 3)))
        elif course < 0.97:
            _post(client, topic, body)
            _post(client, topic, other)
        else:
            _at_once(client, topic, [body, other])


def _post(client: Client, topic: str, body: bytes) -> None:
    with suppress(Unreachable):
        client.post(topic, body)


def _at_once(client: Client, topic: str, bodies: Sequence[bytes]) -> None:
    threads = [threading.Thread(target=_post, args=(client, topic, body)) for body in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _retry(number: int) -> Retry:
    total = PATIENCE[number % len(PATIENCE)]
    return Retry(first=0.05, longest=0.5, total=total, introduction=max(total, 1.0))
