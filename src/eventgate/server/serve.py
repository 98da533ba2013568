"""From a command's options to a running server."""

from __future__ import annotations

import asyncio
import os
import ssl
import sys
from collections.abc import Callable

from eventgate.config.loader import load_configuration
from eventgate.core.instruments import Instruments
from eventgate.errors import ConfigurationError
from eventgate.server.listener import CannotListen, Listener
from eventgate.server.parent import Pace, Parent
from eventgate.telemetry.logs import configure_logging

EXIT_FINDINGS = 1
EXIT_USAGE = 2
EXIT_UNREACHABLE = 3


def serve(
    conf: str,
    host: str = "127.0.0.1",
    port: int = 8080,
    workers: int = 1,
    tls_cert: str | None = None,
    tls_key: str | None = None,
    metrics: tuple[str, int] | None = None,
    announce: Callable[[str], None] | None = None,
    watch: Instruments | None = None,
) -> int:
    """Serve the configuration directory `conf` until a signal ends it; returns the exit code.

    0: drained and done. 1: the configuration cannot be served, or workers keep failing. 2: the certificate or key
    cannot be used. 3: a port cannot be had. What is wrong stands on standard error. `metrics` is the host and port of
    the page for Prometheus, where one is wanted. `announce` is told the address (`http://127.0.0.1:8080`) once every
    process is ready; without it, one line on standard output says so. `watch` is told of every request, in
    the worker's process. Must be called from the main thread of a process without other threads: workers are forked.
    """
    configure_logging(os.environ.get("LOG_LEVEL", "INFO"))
    try:
        drain_seconds = _drain_seconds(conf)
    except ConfigurationError as error:
        return _complain(EXIT_FINDINGS, *map(str, error.findings))
    if (objection := tls_objection(tls_cert, tls_key)) is not None:
        return _complain(EXIT_USAGE, objection)
    try:
        listener = Listener.open(host, port)
        page = None if metrics is None else Listener.open(*metrics)
    except CannotListen as error:
        return _complain(EXIT_UNREACHABLE, str(error))
    from eventgate.server.processes import Processes

    processes = Processes(conf, listener, page, tls_cert, tls_key, workers, watch)
    url = listener.url("http" if tls_cert is None else "https")
    parent = Parent(
        processes.workers,
        beside=processes.beside,
        on_ready=lambda: announce(url) if announce else _print_address(url, workers, page),
        on_stop=listener.close,
        pace=Pace(drain_seconds=drain_seconds),
    )
    return parent.run()


def tls_objection(cert: str | None, key: str | None) -> str | None:
    """Why a server cannot use this certificate and key, or None."""
    if cert is None:
        return None if key is None else "--tls-key needs --tls-cert"
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(cert, key, password=_no_password)
    except FileNotFoundError:
        return "the TLS certificate or key is not there: no such file"
    except PermissionError:
        return "the TLS certificate or key may not be read"
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or "not a PEM certificate with its unencrypted key"
        return f"the TLS certificate and key cannot be used: {reason}"
    return None


def _no_password() -> str:
    raise ValueError("the key is encrypted")


def _drain_seconds(conf: str) -> float:
    configuration = asyncio.run(load_configuration(conf, os.environ, default_sqlite=True))
    return configuration.settings.limits.drain_seconds


def _print_address(url: str, workers: int, page: Listener | None) -> None:
    plural = "" if workers == 1 else "s"
    metrics = "" if page is None else f"metrics on {page.url('http')}/metrics\n"
    sys.stdout.write(f"eventgate listening on {url} ({workers} worker{plural})\n{metrics}")
    sys.stdout.flush()


def _complain(code: int, *lines: str) -> int:
    for line in lines:
        sys.stderr.write(f"{line}\n")
    return code
