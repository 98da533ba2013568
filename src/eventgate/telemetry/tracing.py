"""Whether there are traces: as OpenTelemetry's environment variables say, where the extra `otel` is installed.

Nothing of OpenTelemetry is imported unless they ask for traces.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from eventgate.errors import Finding

if TYPE_CHECKING:
    from eventgate.telemetry.spans import Traces

log = logging.getLogger("eventgate.traces")

EXPORTER: Final = "OTEL_TRACES_EXPORTER"
ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
PROTOCOLS: Final = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
SPOKEN: Final = "http/protobuf"
DISABLED: Final = "OTEL_SDK_DISABLED"

_NEEDED: Final = ("opentelemetry.sdk.trace", "opentelemetry.exporter.otlp.proto.http.trace_exporter")


def open_traces(env: Mapping[str, str]) -> Traces | None:
    """The traces that `env` asks for; None where it asks for none, or they cannot be had, which is logged.

    Starts a thread: to be called in the process that serves, after it was forked. Whatever is wrong with the variables
    costs the traces, never the gate. The other variables of OpenTelemetry are read by its own library, from the
    process's environment.
    """
    if not wanted(env):
        return None
    if (why := obstacle(env)) is not None:
        log.warning("no traces: %s", why)
        return None
    try:
        from eventgate.telemetry.spans import Traces

        return Traces(env)
    except Exception as error:  # of a library that reads many variables: their values are not to be shown
        log.warning("no traces: OpenTelemetry does not take its OTEL_... variables (%s)", type(error).__name__)
        return None


@asynccontextmanager
async def traced(env: Mapping[str, str]) -> AsyncIterator[Traces | None]:
    """The traces that `env` asks for, closed in the end: see `open_traces`."""
    traces = open_traces(env)
    try:
        yield traces
    finally:
        if traces is not None:
            await traces.close()


def wanted(env: Mapping[str, str]) -> bool:
    """Whether `env` asks for traces (OpenTelemetry specification, "Environment Variables"; off by default)."""
    if _first(env, DISABLED).lower() == "true":
        return False
    exporter = _first(env, EXPORTER).lower()
    return exporter != "none" and bool(exporter or _first(env, *ENDPOINTS))


def obstacle(env: Mapping[str, str]) -> str | None:
    """Why there can be no traces although `env` asks for them; None if they can be had."""
    if _first(env, EXPORTER).lower() not in ("", "otlp"):
        return f"{EXPORTER} names an exporter that the gate does not have; it has otlp, and none"
    if _first(env, *PROTOCOLS).lower() not in ("", SPOKEN):
        return f"{PROTOCOLS[1]} names a protocol that the gate does not speak; it speaks {SPOKEN}"
    if not _installed():
        return "OTEL_... variables ask for them, but the extra `otel` is not installed"
    return None


def trace_findings(env: Mapping[str, str]) -> tuple[Finding, ...]:
    """What `eventgate check` has to say of the variables."""
    why = obstacle(env) if wanted(env) else None
    if why is None:
        return ()
    hint = None if _installed() else "pip install 'eventgate[otel]'"
    return (Finding("warning", "environment", f"there will be no traces: {why}", hint=hint),)


def _first(env: Mapping[str, str], *names: str) -> str:
    """The first of the variables that is set; an empty one counts as not set, by the specification."""
    return next((value for name in names if (value := env.get(name, "").strip())), "")


def _installed() -> bool:
    try:
        return all(find_spec(name) is not None for name in _NEEDED)
    except ImportError:  # a parent package is missing
        return False
