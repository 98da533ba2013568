"""`eventgate db`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from eventgate.cli.options import ConfOption, configuration_directory
from eventgate.cli.terminal import CommandError, ExitCode, say, usage
from eventgate.errors import ConfigurationError, Unreachable

if TYPE_CHECKING:
    from eventgate.writers.postgres.connect import Connector

CONNECT_SECONDS = 10.0
"""How long the database may take to answer. What a migration waits for afterwards, other migrations, has no bound."""

db = typer.Typer(name="db", rich_markup_mode=None, context_settings={"help_option_names": ["-h", "--help"]})


@db.callback(invoke_without_command=True)
def db_(context: typer.Context) -> None:
    """The gate's own tables in PostgreSQL."""
    if context.invoked_subcommand is None:
        raise usage("say what to do: `eventgate db migrate`")


@db.command("migrate", short_help="Create or upgrade the gate's own tables.")
def migrate(
    conf: ConfOption = None,
    dsn: Annotated[
        str | None,
        typer.Option(
            "--dsn",
            metavar="DSN",
            help="The database, instead of those of a configuration: postgresql://user@host/database. A password is "
            "better in PGPASSWORD or .pgpass than on a command line.",
        ),
    ] = None,
    print_: Annotated[bool, typer.Option("--print", help="Print the SQL for an empty schema, and do nothing.")] = False,
) -> None:
    """Create or upgrade the gate's own tables in PostgreSQL; your own tables are none of its business.

    Safe to repeat, and to run twice at once. Without --dsn: in the database of every Postgres writer of the
    configuration. The role needs the right to create tables in the schema.
    """
    if print_:
        from eventgate.writers.postgres.migrations import script

        say(script().rstrip("\n"))
        return
    import asyncio

    asyncio.run(_migrate(conf, dsn))


async def _migrate(conf: str | None, dsn: str | None) -> None:
    connectors = _of_dsn(dsn) if dsn else await _of_configuration(configuration_directory(conf))
    for name, connector in connectors.items():
        await _migrate_one(name, connector)


def _of_dsn(dsn: str) -> dict[str, Connector]:
    from eventgate.writers.postgres.connect import Connector
    from eventgate.writers.postgres.settings import PostgresSettings

    try:
        return {"the database": Connector(PostgresSettings(dsn=dsn))}
    except ValueError as error:
        raise usage(f"--dsn {error}") from None


async def _of_configuration(conf: str) -> dict[str, Connector]:
    from eventgate.config.configuration import examine
    from eventgate.writers.postgres.connect import Connector
    from eventgate.writers.postgres.settings import PostgresSettings

    configuration, findings = await examine(conf, os.environ, default_sqlite=True)
    # Tables can be made before there are topics, access rules or keys.
    wrong = tuple(each for each in findings if each.severity == "error" and each.pointer.startswith("/writers/"))
    if configuration is None or wrong:
        raise ConfigurationError(wrong or findings)
    found = {
        writer.name: Connector(writer.settings, configuration.secrets.read)
        for writer in configuration.writers.values()
        if isinstance(writer.settings, PostgresSettings)
    }
    if not found:
        raise CommandError(f"{conf} configures no Postgres writer; --dsn names a database", ExitCode.FINDINGS)
    return found


async def _migrate_one(name: str, connector: Connector) -> None:
    from eventgate.writers.postgres.errors import Trouble, trouble
    from eventgate.writers.postgres.migrations import MIGRATIONS, NewerTables, migrate

    try:
        connection = await connector.connect(CONNECT_SECONDS)
    except Exception as error:
        reason = "the database cannot be reached" if isinstance(error, OSError) else trouble(error).reason
        raise Unreachable(f"{name}: {reason}") from error
    try:
        done = await migrate(connection)
    except NewerTables:
        raise CommandError(f"{name}: its tables belong to a later version of EventGate", ExitCode.FINDINGS) from None
    except Exception as error:
        problem: Trouble = trouble(error, stage=name)
        raise CommandError(problem.reason, ExitCode.FINDINGS) from error
    finally:
        connection.terminate()
    version = MIGRATIONS[-1].version
    steps = ", ".join(f"{migration.version} ({migration.summary})" for migration in done)
    say(f"{name}: applied {steps}" if done else f"{name}: up to date (version {version})")
