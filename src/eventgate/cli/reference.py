"""docs/commands.md, made from the commands themselves: `python -m eventgate.cli.reference > docs/commands.md`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import typer

from eventgate.cli.program import app

_INTRODUCTION = """\
# Commands

`pip install 'eventgate[server]'` brings `eventgate`; in a checkout of the project it is `.venv/bin/eventgate`.
This page is made from the commands' own help (`eventgate COMMAND --help`).

| exit code | meaning |
|---|---|
| 0 | done |
| 1 | findings, or events that were refused |
| 2 | wrong usage |
| 3 | something cannot be reached: a gate, a key address, a sink, a file to read; a port that is in use included |

An error is one line on standard error that begins with `eventgate:`. `--debug`, anywhere on the command line, adds the
traceback. Colours and progress bars appear on terminals only; `NO_COLOR` turns colours off.

| environment variable | for |
|---|---|
| `CONF_DIR` | the configuration directory, where `--conf` is not given |
| `EVENTGATE_TOKEN` | the token of `send` and `smoke`, where no option gives one |
| `TRACE_REDACT_KEYS`, `TRACE_MAX_BYTES` | what is shown of payloads at `TRACE`: [operations.md](operations.md) |
| `LOG_LEVEL` | how much `serve` and `dev` log: `TRACE`, `DEBUG`, `INFO` (default), `WARNING`, `ERROR` |
"""


def reference() -> str:
    """The page, as Markdown."""
    group: Any = typer.main.get_command(app)
    sections = [_section(name, command) for name, command in _commands(group)]
    return "\n".join([_INTRODUCTION, *sections])


def _commands(group: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every command by its name; one that only has others below it is not one itself."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _commands(command, f"{prefix}{name} ")
        else:
            yield prefix + name, command


def _section(name: str, command: Any) -> str:
    arguments = [parameter for parameter in command.params if parameter.param_type_name == "argument"]
    usage = " ".join([f"eventgate {name}", *(argument.metavar for argument in arguments), "[OPTIONS]"])
    rows = "\n".join(_row(parameter) for parameter in command.params if parameter.name != "help")
    return f"## `eventgate {name}`\n\n    {usage}\n\n{_text(command.help)}\n\n| | |\n|---|---|\n{rows}\n"


def _text(help: str) -> str:
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in help.strip().split("\n\n"))


def _row(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        name = parameter.metavar
    else:
        name = " ".join(part for part in (*parameter.opts, _value(parameter)) if part)
    return f"| `{_cell(name)}` | {_cell(' '.join(_remarks(parameter)))} |"


def _value(parameter: Any) -> str:
    if parameter.is_flag:
        return ""
    return str(parameter.metavar or parameter.name.upper())


def _remarks(parameter: Any) -> Iterator[str]:
    yield " ".join(parameter.help.split())
    if parameter.envvar:
        yield f"Environment: `{parameter.envvar}`."
    if parameter.required and parameter.param_type_name == "option":
        yield "Required."
    elif parameter.show_default and parameter.default not in (None, "", False):
        yield f"Default: `{parameter.default}`."


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    sys.stdout.write(reference())
