"""One configuration, opened: its keys and policy, and what is read of them again and told of them."""

from __future__ import annotations

import asyncio
import logging
import time

from eventgate.config.configuration import Configuration
from eventgate.config.loader import PolicyLoader
from eventgate.core.auth.keyring import KeyRing
from eventgate.core.gateway import Gateway
from eventgate.core.policy import Policy
from eventgate.core.spool import SpoolStatus
from eventgate.errors import Finding, SourceError
from eventgate.spooling import Spooling
from eventgate.telemetry.condition import Condition

log = logging.getLogger("eventgate.configuration")

KEYS_TIMEOUT_SECONDS = 5.0
"""How long one answer of the key endpoint may take."""
_RETRY_KEYS_SECONDS = 2.0


class Assembly:
    """What is built from one reading of `config.json`. Made by `open_assembly`, which also closes it."""

    def __init__(self, configuration: Configuration, loader: PolicyLoader, policy: Policy, keyring: KeyRing) -> None:
        self.configuration = configuration
        self.keyring = keyring
        self.policy = policy
        self.rebuild_failure: str | None = None
        self._loader = loader
        self._loading = asyncio.Lock()
        self._loaded_at = self._confirmed_at = time.monotonic()
        self._told: frozenset[Finding] = frozenset()

    gateway: Gateway
    spooling: Spooling

    async def condition(self, *, ask_spool: bool) -> Condition:
        """What the gate's requests do not tell of it; the spool is looked at only where that is asked for."""
        status = await self.spooling.status() if ask_spool else None
        return Condition(
            in_flight=self.gateway.in_flight,
            topics=self.policy.topics.keys(),
            key_age=self.keyring.age,
            policy_age=time.monotonic() - self._confirmed_at,
            spool_events=None if status is None else status.deferred,
            spool_age=_age(status),
            dead_letters=None if status is None else status.dead,
        )

    async def refresh_policy(self) -> None:
        """Read topics and access rules again; what cannot be taken leaves its last good version in force."""
        async with self._loading:
            self.policy, findings = await self._loader.load(self.policy)
            self._loaded_at = time.monotonic()
            if not self.policy.failures:
                self._confirmed_at = self._loaded_at
            self.tell(findings)

    async def refresh(self) -> None:
        """Read everything that may change while the gate is open again, at once."""
        await asyncio.gather(self.refresh_policy(), self.keyring.refresh(KEYS_TIMEOUT_SECONDS))

    async def refresh_due(self) -> None:
        """Read again what is older than its refresh interval."""
        if self._policy_due:
            await self.refresh_policy()
        if self.keyring.due(time.time()):
            await self.keyring.refresh(KEYS_TIMEOUT_SECONDS)

    @property
    def due(self) -> bool:
        """Whether topics, access rules or keys are older than their interval."""
        return self._policy_due or self.keyring.due(time.time())

    @property
    def _policy_due(self) -> bool:
        return time.monotonic() - self._loaded_at >= self.configuration.settings.refresh_seconds

    async def keep_current(self) -> None:
        """Refresh by timer, until cancelled."""
        while True:
            settings = self.configuration.settings
            keys = settings.auth.refresh_seconds if self.keyring.ready else _RETRY_KEYS_SECONDS
            await asyncio.sleep(min(settings.refresh_seconds, keys))
            try:
                await self.refresh_due()
            except Exception:
                log.exception("refreshing failed in a way it should not; the last good versions stay in force")

    def tell(self, findings: tuple[Finding, ...]) -> None:
        """Log the findings that the last call did not have."""
        for finding in findings:
            if finding not in self._told:
                log.log(logging.ERROR if finding.severity == "error" else logging.WARNING, "%s", finding)
        self._told = frozenset(findings)

    def warnings(self) -> list[str]:
        """What `/health` warns of: broken topics, and topics whose last good version is in force."""
        broken = [f"topic {name} is out of service: {why}" for name, why in sorted(self.policy.broken.items())]
        return [*broken, *self.policy.notes, *self.spooling.warnings()]

    async def ask_configuration(self) -> None:
        """Raises `SourceError` if the gate was to be rebuilt and could not."""
        if self.rebuild_failure is not None:
            raise SourceError(self.rebuild_failure)

    async def ask_keys(self) -> None:
        """Ask the key endpoint; raises `SourceError`."""
        if not await self.keyring.refresh(KEYS_TIMEOUT_SECONDS / 2):
            raise SourceError("no answer yet")
        if self.keyring.failure is not None:
            raise SourceError(self.keyring.failure)

    async def ask_source(self, name: str) -> None:
        """Read the configuration's sources again; raises `SourceError` if the one called `name` failed."""
        await self.refresh_policy()
        if name in self.policy.failures:
            raise SourceError(self.policy.failures[name])


def _age(status: SpoolStatus | None) -> float | None:
    """For how long the oldest event waits; 0 where none does, None where nobody knows."""
    if status is None or status.deferred is None:
        return None
    return 0.0 if status.oldest_at is None else max(0.0, time.time() - status.oldest_at)
