"""The clients of a campaign: each posts one event after the other, as real programs do and as they should not."""

from __future__ import annotations

import random
import threading
from collections.abc import Sequence
from contextlib import suppress
from itertools import count

from eventgate.client import Client, Retry, Unanswered
from tests.campaign.records import Key
from tests.campaign.wire import document, key_of

PATIENCE = (0.0, 1.0, 4.0, 8.0)
"""How long the clients keep trying, in seconds: some give up at once, so that what failed stays so."""
PAUSE_SECONDS = 0.05


class Crowd:
    """`size` clients of the gate at `url`, until told to stop. What they post is drawn from `seed`.

    `believed` is what they take for accepted.
    """

    def __init__(self, url: str, token: str, topics: Sequence[str], size: int, seed: str) -> None:
        self.believed: list[Key] = []
        self.failure: BaseException | None = None
        self._topics = topics
        self._over = threading.Event()
        self._clients = [
            Client(url, token, retry=_retry(number), connections=4, compress=number % 2 == 0) for number in range(size)
        ]
        self._threads = [
            threading.Thread(target=self._run, args=(client, f"{seed}/client {number}", number))
            for number, client in enumerate(self._clients)
        ]

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
                topic = drawn.choice(self._topics)
                for posts in course(drawn, f"c{own}-{number}"):
                    self._at_once(client, topic, posts)
        except BaseException as failure:
            self.failure = failure

    def _at_once(self, client: Client, topic: str, posts: Sequence[Post]) -> None:
        threads = [threading.Thread(target=self._post, args=(client, topic, post)) for post in posts[1:]]
        for thread in threads:
            thread.start()
        self._post(client, topic, posts[0])
        for thread in threads:
            thread.join()

    def _post(self, client: Client, topic: str, post: Post) -> None:
        with suppress(Unanswered):
            answers = [client.post(topic, post[0])] if len(post) == 1 else client.post_batch(topic, post).results
            self.believed += [
                key_of(topic, event) for event, answer in zip(post, answers, strict=True) if answer.accepted
            ]


Post = Sequence[bytes]
"""The events of one post: several are a batch."""


def course(drawn: random.Random, event_id: str) -> list[list[Post]]:
    """What a client does next: posts one after the other, of which each may be several at once."""
    event = document(event_id, text="x" * drawn.randrange(2000))
    other = document(event_id, text="the same id, but not the same event")
    batch = [
        document(f"{event_id}-{number}", text="y" * drawn.randrange(200)) for number in range(drawn.randrange(2, 30))
    ]
    courses: list[tuple[int, list[list[Post]]]] = [
        (66, [[[event]]]),
        (8, [[[event]] * drawn.randrange(2, 4)]),
        (4, [[[event]], [[other]]]),
        (3, [[[event], [other]]]),
        (14, [[batch]]),
        (2, [[batch] * 2]),
        (2, [[[*batch, batch[0]]]]),
        (1, [[[event, *batch, other]]]),
    ]
    return drawn.choices([plan for _, plan in courses], [weight for weight, _ in courses])[0]


def _retry(number: int) -> Retry:
    total = PATIENCE[number % len(PATIENCE)]
    return Retry(first=0.05, longest=0.5, total=total, introduction=max(total, 1.0))
