"""`eventgate package`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from eventgate.cli.terminal import CommandError, ExitCode, say, usage, warn

if TYPE_CHECKING:
    from eventgate.package.build import Package, Plan
    from eventgate.package.target import Target

package = typer.Typer(name="package", rich_markup_mode=None, context_settings={"help_option_names": ["-h", "--help"]})


@package.callback(invoke_without_command=True)
def package_(context: typer.Context) -> None:
    """Packages of the gate for other places."""
    if context.invoked_subcommand is None:
        raise usage("say what to do: `eventgate package lambda -o FILE`")


@package.command("lambda", short_help="Build the zip file for AWS Lambda.")
def lambda_(
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="The zip file; replaced if there.")],
    arch: Annotated[str, typer.Option("--arch", metavar="x86_64|arm64", help="The function's processor.")] = "x86_64",
    python: Annotated[str, typer.Option("--python", metavar="3.12|3.13", help="The function's runtime.")] = "3.13",
    writers: Annotated[
        str,
        typer.Option(
            "--writers",
            metavar="NAMES",
            help="The types of writers to take along, with commas; fewer make a smaller file. `aws` brings the AWS "
            "client without the EventBridge writer, for S3, Secrets Manager and IAM; `otel` brings traces.",
        ),
    ] = "kafka,postgres,eventbridge",
    conf: Annotated[
        Path | None,
        typer.Option("--conf", metavar="DIR", help="A configuration to ship as conf/, where the handler looks for it."),
    ] = None,
    wheelhouse: Annotated[
        Path | None,
        typer.Option("--wheelhouse", metavar="DIR", help="A folder of wheels; no network is used then."),
    ] = None,
    no_bytecode: Annotated[
        bool, typer.Option("--no-bytecode", help="Ship sources only. The function starts about half as fast.")
    ] = False,
) -> None:
    """Build the zip file for AWS Lambda, with everything that the gate needs in there, and print its sizes.

    The libraries are those of the lock, found by pip for the function's processor and Python version, wherever pip is
    told to look; bytecode is compiled by a Python of that version on this machine. The same input gives the same bytes.

    Handlers: eventgate.adapters.aws_lambda.handler, event_gate_lambda.lambda_handler,
    src.event_gate_lambda.lambda_handler.
    """
    from eventgate.package.build import Plan, build
    from eventgate.package.errors import NotPackaged

    plan = Plan(_target(arch, python), _writers(writers), output, conf, wheelhouse, bytecode=not no_bytecode)
    try:
        built = build(plan)
    except NotPackaged as error:
        raise CommandError(str(error), ExitCode.FINDINGS) from error
    _show(plan, built)


def _target(arch: str, python: str) -> Target:
    from eventgate.package.target import ARCHITECTURES, PYTHONS, Target

    architecture = next((each for each in ARCHITECTURES if each == arch), None)
    version = next((each for each in PYTHONS if each == python), None)
    if architecture is None:
        raise usage(f"--arch is one of {', '.join(ARCHITECTURES)}")
    if version is None:
        raise usage(f"--python is one of {', '.join(PYTHONS)}")
    return Target(architecture, version)


def _writers(text: str) -> tuple[str, ...]:
    from eventgate.package.contents import LIBRARIES

    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    unknown = [name for name in names if name not in LIBRARIES]
    if unknown:
        raise usage(f"--writers knows no {', '.join(unknown)}; it knows {', '.join(sorted(LIBRARIES))}")
    return names


def _show(plan: Plan, built: Package) -> None:
    from eventgate.package.build import DIRECT_UPLOAD_LIMIT
    from eventgate.package.configuration import private_keys

    for name, size in built.parts:
        say(f"{name:<24}{_mebibytes(size):>10}")
    say(f"{'unpacked':<24}{_mebibytes(built.unpacked):>10}")
    say(f"{'packed':<24}{_mebibytes(built.packed):>10}")
    say(f"{plan.output}: Python {plan.target.python}, {plan.target.architecture}")
    if built.packed > DIRECT_UPLOAD_LIMIT:
        warn("the file is larger than 50 MiB: upload it to S3, Lambda takes it from there only")
    for name in private_keys(plan.conf) if plan.conf is not None else ():
        warn(f"{name} holds a private key: whoever may read the function's code may read it")


def _mebibytes(size: int) -> str:
    return f"{size / 1024 / 1024:.2f} MiB"
