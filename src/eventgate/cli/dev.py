"""`eventgate dev`."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from eventgate.cli.banner import Banner, SignedOffer, examples
from eventgate.cli.terminal import usage
from eventgate.dev import DEFAULT_DIRECTORY
from eventgate.errors import ConfigurationError, Unreachable

if TYPE_CHECKING:
    from eventgate.core.policy import Policy
    from eventgate.dev.child import IssuerProcess
    from eventgate.dev.keys import DevKey

HOST = "127.0.0.1"
TOKEN_SECONDS = 12 * 3600
"""A working day: the printed commands go on to work."""


def dev(
    directory: Annotated[
        Path | None,
        typer.Option("--dir", metavar="D", help="Where its files are, made if absent. Default: .eventgate-dev"),
    ] = None,
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="The port to listen on; 0 takes a free one.")
    ] = 8080,
    example: Annotated[
        str | None,
        typer.Option(
            "--example",
            metavar="NAME",
            help="Take topics from an example of the project, as data-lake. Its files are then in .eventgate-dev-NAME.",
        ),
    ] = None,
) -> None:
    """A gate to try, in seconds: sample topics, a token issuer, events kept in a SQLite file.

    Prints a curl that works as pasted, and the address of a console in which one sees what arrives. Files that are
    there already are used as they are. Listens on this machine only; the issuer gives anyone a token for any name, so
    it is for development only. Ctrl-C stops everything.
    """
    from eventgate.dev.keys import ensure_key
    from eventgate.dev.lock import only_gate
    from eventgate.server import serve

    directory = directory or _default_directory(example)
    made = _scaffold(directory, example)
    _claim(port)
    with ExitStack() as stack:
        stack.enter_context(only_gate(directory))
        key = ensure_key(directory)
        issuer = _start_issuer(directory, stack)
        banner = Banner(directory, None if issuer is None else issuer.url, _offer(directory, key), made=made)

        def announce(url: str) -> None:
            if issuer is not None:
                issuer.introduce(url)
            banner.show(url)

        watch = None if issuer is None else issuer.feed
        code = serve(str(directory), host=HOST, port=port, announce=announce, watch=watch)
    raise typer.Exit(code)


def _default_directory(example: str | None) -> Path:
    return DEFAULT_DIRECTORY if example is None else Path(f"{DEFAULT_DIRECTORY}-{example}")


def _scaffold(directory: Path, example: str | None) -> bool:
    from eventgate.dev.scaffold import NotScaffolded, scaffold_dev

    found = examples()
    if example is not None and example not in found:
        known = f"there are: {', '.join(sorted(found))}" if found else "they are in the project's examples folder"
        raise usage(f"there is no example {example}; {known}")
    try:
        return scaffold_dev(directory, None if example is None else found[example])
    except NotScaffolded as error:
        raise usage(str(error)) from error


def _claim(port: int) -> None:
    """See that the port can be had before anything else is started or changed."""
    from eventgate.server.listener import CannotListen, Listener

    try:
        Listener.open(HOST, port).close()
    except CannotListen as error:
        raise Unreachable(f"{error}; --port names another, 0 takes a free one") from error


def _start_issuer(directory: Path, stack: ExitStack) -> IssuerProcess | None:
    """The issuer that config.json now names; None where it names one of its own."""
    from eventgate.dev.child import running_issuer
    from eventgate.dev.scaffold import local_issuer_port, point_to_issuer

    port = local_issuer_port(directory)
    if port is None:
        return None
    issuer = stack.enter_context(running_issuer(directory, port))
    point_to_issuer(directory, issuer.url)
    return issuer


def _offer(directory: Path, key: DevKey) -> SignedOffer | None:
    """An event to try, if the configuration is in order; what is wrong with it, the server says."""
    import asyncio

    from eventgate.config.loader import PolicyLoader, load_configuration
    from eventgate.dev.offer import find_offer

    async def load() -> Policy:
        policy, _ = await PolicyLoader(await load_configuration(str(directory), os.environ)).load(None)
        return policy

    try:
        offer = find_offer(asyncio.run(load()), directory / "samples")
    except ConfigurationError:
        return None
    return None if offer is None else SignedOffer(offer, key.token(offer.subject, TOKEN_SECONDS))
