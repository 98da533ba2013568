"""Everything that is wrong with a configuration directory, at once."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

from eventgate.config.configuration import examine
from eventgate.config.loader import judged
from eventgate.config.sizes import size_findings
from eventgate.errors import Finding
from eventgate.telemetry.tracing import trace_findings
from eventgate.writers.registry import plugin_problems


async def lint(conf: str, env: Mapping[str, str] = os.environ) -> tuple[Finding, ...]:
    """All findings of the directory `conf`, errors first: config.json, writers, topics, index and access rules;
    what of the environment will have no effect.
    """
    configuration, findings = await examine(conf, env, default_sqlite=True)
    if configuration is not None:
        policy, more = await judged(configuration)
        findings += (*more, *(size_findings(configuration, policy) if policy is not None else ()))
    plugins = (Finding("warning", "plugins", problem) for problem in plugin_problems())
    return in_order((*findings, *plugins, *trace_findings(env)))


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Each finding once: errors first, by file and pointer."""
    unique = dict.fromkeys(findings)
    return tuple(sorted(unique, key=lambda finding: (finding.severity != "error", finding.file, finding.pointer)))
