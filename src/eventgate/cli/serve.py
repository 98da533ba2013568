"""`eventgate serve`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from eventgate.cli.options import ConfOption, configuration_directory


def serve(
    conf: ConfOption = None,
    host: Annotated[str, typer.Option("--host", help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="The port to listen on; 0 takes a free one.")
    ] = 8080,
    workers: Annotated[int, typer.Option("--workers", metavar="N", min=1, help="How many processes serve.")] = 1,
    tls_cert: Annotated[
        Path | None, typer.Option("--tls-cert", metavar="F", help="Certificate chain (PEM): serve HTTPS.")
    ] = None,
    tls_key: Annotated[
        Path | None, typer.Option("--tls-key", metavar="F", help="The key of the certificate, not encrypted (PEM).")
    ] = None,
    metrics: Annotated[
        str | None,
        typer.Option("--metrics", metavar="HOST:PORT", help="Serve metrics for Prometheus there, at /metrics."),
    ] = None,
) -> None:
    """Serve a configuration.

    SIGTERM or Ctrl-C drains: what was accepted is answered first. SIGHUP reads topics, access rules and keys again.

    Exits with 1 if the configuration has errors, with 3 if a port cannot be had.
    """
    from eventgate.server import serve as run

    raise typer.Exit(
        run(
            configuration_directory(conf),
            host=host,
            port=port,
            workers=workers,
            tls_cert=None if tls_cert is None else str(tls_cert),
            tls_key=None if tls_key is None else str(tls_key),
            metrics=None if metrics is None else _address(metrics),
        )
    )


def _address(text: str) -> tuple[str, int]:
    """Host and port; an IPv6 address stands in brackets."""
    host, colon, port = text.rpartition(":")
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    if not colon or not bare or (":" in host and bare == host) or not (port.isascii() and port.isdigit()):
        raise typer.BadParameter("this is not HOST:PORT", param_hint="--metrics")
    if int(port) > 65535:
        raise typer.BadParameter("a port is a number from 0 to 65535", param_hint="--metrics")
    return bare, int(port)
