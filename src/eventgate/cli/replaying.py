"""A gate's writers without its server, for a command that delivers what lies in the spool."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from eventgate.cli.letterboxes import letterbox
from eventgate.config.loader import PolicyLoader, load_configuration
from eventgate.core.delivery import Delivery
from eventgate.spool.draining import Drain
from eventgate.spool.letterbox import Letterbox, NoLetters
from eventgate.spool.redelivery import Redelivery
from eventgate.spool.replay import Replay


class Replaying:
    """What delivers dead letters, and what waits."""

    def __init__(self, letterbox: Letterbox, replay: Replay, drain: Drain | None) -> None:
        self.letterbox = letterbox
        self.replay = replay
        self._drain = drain

    async def drain(self) -> int:
        """Deliver what waits and can be delivered; how many writes were done. Raises `SinkUnavailable`."""
        return 0 if self._drain is None else await self._drain.once()


@asynccontextmanager
async def open_replaying(conf: str, *, dry_run: bool) -> AsyncIterator[Replaying]:
    """For the configuration at `conf`, which must be in order; raises `ConfigurationError`."""
    configuration = await load_configuration(conf, os.environ)
    policy, _ = await PolicyLoader(configuration).load(None)
    limits = configuration.settings.limits
    async with letterbox(configuration) as (spool, box), AsyncExitStack() as stack:
        writers = configuration.build_writers()
        for writer in writers:
            if not dry_run:
                await writer.open()
                stack.push_async_callback(writer.close)
        delivery = Delivery(writers)
        stack.push_async_callback(delivery.close)
        redelivery = Redelivery(delivery, lambda: policy.topics, limits.request_timeout_seconds)
        names = tuple(writer.name for writer in writers)
        drain = None if isinstance(box, NoLetters) else spool.drain(redelivery, names)
        yield Replaying(box, Replay(box, policy, limits, delivery, dry_run=dry_run), drain)
