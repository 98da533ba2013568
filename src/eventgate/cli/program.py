"""Puts the commands together and turns what they raise into one line and an exit code."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from typing import Annotated

import typer

import eventgate
from eventgate.cli import check, db, deadletters, dev, events, init, package, send, serve, smoke, token, validate
from eventgate.cli.findings import show_findings
from eventgate.cli.terminal import CommandError, ExitCode, say, warn
from eventgate.errors import ConfigurationError, EventGateError, Unreachable

app = typer.Typer(
    name="eventgate",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
app.command("dev", short_help="A gate to try, with tokens and sample topics.")(dev.dev)
app.command("serve", short_help="Serve a configuration.")(serve.serve)
app.command("check", short_help="Everything that is wrong with a configuration.")(check.check)
app.add_typer(db.db, short_help="Make the gate's own tables in PostgreSQL.")
app.add_typer(deadletters.deadletters, short_help="Look at, deliver or forget what no sink took.")
app.add_typer(package.package, short_help="Build a package for AWS Lambda.")
app.command("smoke", short_help="Ask a gate that is up whether it works.")(smoke.smoke)
app.command("init", short_help="Scaffold a configuration.")(init.init)
app.command("send", short_help="Post the events of a file.")(send.send)
app.command("validate", short_help="Check the events of a file without a gate.")(validate.validate)
app.command("token", short_help="A token for the gate of `eventgate dev`.")(token.token)
app.command("events", short_help="Print the events that the SQLite writer keeps.")(events.events)


def _show_version(wanted: bool) -> None:
    if wanted:
        say(f"eventgate {eventgate.__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def eventgate_(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show the traceback of an error. May stand anywhere on the command line.")
    ] = False,
) -> None:
    """A gate that takes JSON events over HTTP, checks them against schemas, and delivers them.

    Start with `eventgate dev`: a gate to try, on this machine, in seconds.

    Exit codes: 0 done; 1 findings, or refused events; 2 wrong usage; 3 something cannot be reached or
    a port is in use.
    """
    if context.invoked_subcommand is None:
        warn("say what to do: `eventgate dev` is a start, `eventgate --help` shows all commands")
        raise typer.Exit(ExitCode.USAGE)


def run(arguments: Sequence[str]) -> int:
    """Run one command line; returns its exit code."""
    debug, rest = _take_debug(arguments)
    try:
        result = typer.main.get_command(app).main(rest, prog_name="eventgate", standalone_mode=False)
        return result if isinstance(result, int) else ExitCode.DONE
    except (ModuleNotFoundError, KeyboardInterrupt):
        raise
    except Exception as error:
        if debug:
            traceback.print_exc()
        return _explain(error)


def _take_debug(arguments: Sequence[str]) -> tuple[bool, list[str]]:
    """`--debug` may stand anywhere before `--`, so it is taken out before anything else is understood."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    rest = [argument for argument in arguments[:end] if argument != "--debug"]
    return len(rest) < end, [*rest, *arguments[end:]]


def _explain(error: Exception) -> int:
    if isinstance(error, CommandError):
        warn(str(error))
        return error.code
    if isinstance(error, ConfigurationError):
        show_findings(error.findings)
        return ExitCode.FINDINGS
    if isinstance(error, EventGateError):
        warn(str(error))
        return ExitCode.UNREACHABLE if isinstance(error, Unreachable) else ExitCode.FINDINGS
    if (message := _usage_message(error)) is not None:
        warn(f"{message} (see `eventgate --help`)")
        return ExitCode.USAGE
    if isinstance(error, OSError) and error.filename is not None and error.strerror:
        warn(f"{error.filename}: {error.strerror}")
        return ExitCode.FINDINGS
    warn(f"unexpected {type(error).__name__}; run it again with --debug to see where")
    return ExitCode.FINDINGS


def _usage_message(error: Exception) -> str | None:
    """What Typer has to say of a wrong command line, on one line; None where the error is no such thing.

    Told by its methods: the class lives in `click` or inside Typer, depending on the version.
    """
    describe = getattr(error, "format_message", None)
    if not callable(describe):
        return None
    text = " ".join(str(describe()).split())
    return (text[:1].lower() + text[1:]).rstrip(".")
