"""A configuration directory whose policy is loaded again and again."""

from __future__ import annotations

from pathlib import Path

from eventgate.config.loader import PolicyLoader
from eventgate.core.policy import Policy
from eventgate.errors import Finding
from tests.config.directories import loader


class Watched:
    """A directory and the policy in force; `reload` takes what the directory holds by then."""

    def __init__(self, root: Path, policies: PolicyLoader, policy: Policy) -> None:
        self.root = root
        self.policy = policy
        self.findings: tuple[Finding, ...] = ()
        self._policies = policies

    async def reload(self) -> Policy:
        """The policy after another load."""
        self.policy, self.findings = await self._policies.load(self.policy)
        return self.policy


async def watch(root: Path) -> Watched:
    """The directory at `root`, loaded once."""
    policies = await loader(root)
    policy, _ = await policies.load(None)
    return Watched(root, policies, policy)
