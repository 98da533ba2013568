"""What the Postgres writer can be told."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from eventgate.writers.postgres.statements import Statement

SslMode = Literal["disable", "allow", "prefer", "require", "verify-ca", "verify-full"]


class Database(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the database is, field by field."""

    host: Annotated[str, Meta(min_length=1, description="Name or address of the server, or of a pooler.")]
    port: Annotated[int, Meta(ge=1, le=65535, description="Its port.")] = 5432
    database: Annotated[str, Meta(min_length=1, description="The database.")]
    user: Annotated[str, Meta(min_length=1, description="The role that the gate writes as.")]
    password: Annotated[
        str | None, Meta(description="Its password, by reference. Unset: as `.pgpass` says, or `iam`.")
    ] = None
    sslmode: Annotated[
        SslMode | None, Meta(description="As in libpq. Default: `prefer`, and `require` with `iam`.")
    ] = None
    sslrootcert: Annotated[
        str | None, Meta(description="File with the authorities that the server's certificate comes from.")
    ] = None


class PostgresSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What stands under `writers.NAME`."""

    dsn: Annotated[
        str | Database,
        Meta(
            description="Where the database is, by reference: `postgresql://user:password@host:port/database?sslmode="
            "verify-full`; or an object with `host`, `port`, `database`, `user`, `password`, `sslmode` and "
            "`sslrootcert`; as JSON text it may say `dbname` and `username` as well."
        ),
    ]
    pool_size: Annotated[int, Meta(ge=1, le=100, description="Most connections that one process opens.")] = 5
    statement_cache: Annotated[
        bool,
        Meta(
            description="Whether statements stay prepared on a connection. False behind a pooler that hands out "
            "connections by transaction and does not follow prepared statements."
        ),
    ] = True
    ledger: Annotated[
        bool,
        Meta(
            description="Whether topics with `sql` remember their event ids. Without, an event that comes twice runs "
            "its statements twice."
        ),
    ] = True
    iam: Annotated[
        bool,
        Meta(description="Whether the password is an RDS authentication token, made from the gate's AWS credentials."),
    ] = False
    region: Annotated[
        str | None, Meta(description="AWS region of the database, for `iam`. Default: as its host name says.")
    ] = None
    create_tables: Annotated[
        bool,
        Meta(
            description="Whether the gate creates its own tables where they are missing, as `eventgate db migrate` "
            "does. Its role then needs the right to."
        ),
    ] = False


class PostgresTopicSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What stands under `topics.TOPIC.writers.NAME`."""

    sql: Annotated[
        tuple[str, ...],
        Meta(
            description="Files with one SQL statement each, run in this order for each group of new events: `$1` is a "
            "`jsonb` array of them, `$2` one of what the gate knows of them. A name that begins with `builtin:` is a "
            "file that comes with the gate. Without any, events go to `eventgate_events`."
        ),
    ] = ()


class TopicStatements(Struct, frozen=True):
    """A topic's statements, read: what `PostgresTopicSettings` become."""

    sql: tuple[Statement, ...] = ()
