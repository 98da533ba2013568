"""`eventgate check`."""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from eventgate.cli.findings import has_errors, show_findings, tally
from eventgate.cli.options import ConfOption, configuration_directory
from eventgate.cli.terminal import ExitCode, say, warn
from eventgate.errors import ConfigurationError, Finding

if TYPE_CHECKING:
    from eventgate.cli.overview import Row
    from eventgate.cli.verdict import Verdict
    from eventgate.config.configuration import Configuration
    from eventgate.core.policy import Policy


class Format(StrEnum):
    """How `check` prints."""

    TEXT = "text"
    JSON = "json"


def check(
    conf: ConfOption = None,
    connect: Annotated[
        bool,
        typer.Option(
            "--connect", help="Also ask the key address and every sink whether they are there, and fit the topics."
        ),
    ] = False,
    show: Annotated[
        bool, typer.Option("--show", help="Print the settings in force, and a table of topics, writers and subjects.")
    ] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 for warnings too.")] = False,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON Schema of config.json, for editors, and do nothing else.")
    ] = False,
    token: Annotated[
        Path | None, typer.Option("--token", metavar="FILE", help="Say what the gate would say of the token in FILE.")
    ] = None,
    format: Annotated[Format, typer.Option("--format", metavar="text|json", help="How to print.")] = Format.TEXT,
) -> None:
    """Say everything that is wrong with a configuration, each with its place and a hint.

    Secrets are shown as they are written (env:NAME), never their values.

    Exits with 1 if there are errors (with --strict: or warnings) or the token is refused, with 3 if something that
    was asked cannot be reached.
    """
    if schema:
        from eventgate.config.published import config_schema

        say(msgspec.json.format(msgspec.json.encode(config_schema()), indent=2).decode())
        return
    import asyncio

    report = asyncio.run(_inspect(configuration_directory(conf), connect=connect, show=show, token=token))
    if format is Format.JSON:
        say(msgspec.json.format(msgspec.json.encode(report.as_document()), indent=2).decode())
    else:
        _print(report)
    if report.unreached:
        warn(f"cannot reach {', '.join(report.unreached)}")
    raise typer.Exit(report.exit_code(strict=strict))


class Report(msgspec.Struct):
    """All that a check found out."""

    findings: tuple[Finding, ...]
    settings: dict[str, Any] | None = None
    topics: list[Row] | None = None
    broken: dict[str, str] = {}
    connections: dict[str, str] | None = None
    unreached: tuple[str, ...] = ()
    token: Verdict | None = None

    def exit_code(self, *, strict: bool) -> ExitCode:
        """What the command exits with."""
        if has_errors(self.findings, strict=strict) or (self.token is not None and not self.token.valid):
            return ExitCode.FINDINGS
        return ExitCode.UNREACHABLE if self.unreached else ExitCode.DONE

    def as_document(self) -> dict[str, Any]:
        """The report for programs; what was not asked for is left out."""
        errors = sum(finding.severity == "error" for finding in self.findings)
        counted = {"findings": self.findings, "errors": errors, "warnings": len(self.findings) - errors}
        asked = {name: getattr(self, name) for name in ("settings", "topics", "connections", "token")}
        return counted | {name: value for name, value in asked.items() if value is not None}


async def _inspect(conf: str, *, connect: bool, show: bool, token: Path | None) -> Report:
    from eventgate.config.lint import in_order, lint

    report = Report(await lint(conf, os.environ))
    if not (connect or show or token):
        return report
    try:
        configuration, policy = await _load(conf)
    except ConfigurationError:
        return report  # the findings say why there is nothing to show or ask
    if show:
        from eventgate.cli.overview import effective_settings, rows

        report.settings = effective_settings(configuration)
        report.topics, report.broken = rows(configuration, policy), dict(policy.broken)
    if connect:
        from eventgate.cli.connections import connect as ask

        asked = await ask(configuration, policy)
        report.connections, report.unreached = asked.answers, asked.unreached
        report.findings = in_order((*report.findings, *asked.findings))
    if token is not None:
        from eventgate.cli.verdict import judge_token

        report.token = await judge_token(token, configuration, policy)
    return report


async def _load(conf: str) -> tuple[Configuration, Policy]:
    from eventgate.config.loader import PolicyLoader, load_configuration

    configuration = await load_configuration(conf, os.environ)
    policy, _ = await PolicyLoader(configuration).load(None)
    return configuration, policy


def _print(report: Report) -> None:
    if report.settings is not None:
        say(msgspec.json.format(msgspec.json.encode(report.settings), indent=2).decode())
    if report.topics is not None:
        from eventgate.cli.overview import show_rows

        show_rows(report.topics, report.broken)
    for name, answer in (report.connections or {}).items():
        say(f"{name}: {answer}")
    for line in report.token.lines() if report.token is not None else ():
        say(line)
    show_findings(report.findings, sys.stdout)
    say(tally(report.findings))
