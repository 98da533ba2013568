"""`eventgate token`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from eventgate.cli.terminal import say, usage
from eventgate.dev import DEFAULT_DIRECTORY, MAX_TTL_SECONDS


def token(
    sub: Annotated[str, typer.Option("--sub", metavar="NAME", help="The subject: who the token is for.")],
    ttl: Annotated[
        int, typer.Option("--ttl", metavar="SECONDS", min=1, max=MAX_TTL_SECONDS, help="How long the token is good.")
    ] = 3600,
    directory: Annotated[
        Path, typer.Option("--dir", metavar="D", help="The directory that `eventgate dev` serves.")
    ] = DEFAULT_DIRECTORY,
) -> None:
    """Print a token for a development gate, signed with the key in its directory. The gate need not run.

    For development only: no other gate takes such a token.
    """
    from eventgate.dev.keys import BadKey, load_key

    if not sub:
        raise usage("a token needs a subject: --sub NAME")
    try:
        key = load_key(directory)
    except FileNotFoundError as error:
        raise usage(
            f"{directory} holds no development key; `eventgate dev` makes one (--dir names the place)"
        ) from error
    except BadKey as error:
        raise usage(str(error)) from error
    say(key.token(sub, ttl))
