"""How the database is named, how the gate proves who it is, and how it follows a password that changes."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest

from eventgate.config.secrets import Secret
from eventgate.core.writer import WriterContext
from eventgate.errors import ConfigurationError, SinkUnavailable, SourceError
from eventgate.testing import make_event
from eventgate.testing.contract import opened
from eventgate.writers.postgres import iam
from eventgate.writers.postgres.settings import PostgresSettings
from eventgate.writers.postgres.writer import SPEC, PostgresWriter
from tests.services.database import Database
from tests.writers.postgres.support import deliver, outcomes, plain, postgres_writer


def build(settings: dict[str, Any], resolve: Any = None) -> PostgresWriter:
    writer = SPEC.build(
        msgspec.convert(settings, PostgresSettings), WriterContext(name="postgres", directory=None, resolve=resolve)
    )
    assert isinstance(writer, PostgresWriter)
    return writer


def fields(postgres: Database, database: str) -> dict[str, Any]:
    host, port = postgres.address
    return {"host": host, "port": port, "user": "postgres", "database": database, "sslmode": "disable"}


def renamed(given: dict[str, Any]) -> dict[str, Any]:
    """As AWS writes secrets: a port that is a text, other names, members that mean nothing here."""
    rest = {"host": given["host"], "port": str(given["port"]), "engine": "postgres", "sslmode": "disable"}
    return {**rest, "username": given["user"], "dbname": given["database"]}


async def test_a_database_may_be_named_in_three_ways(postgres: Database, database: str) -> None:
    """By an address, field by field, and by the JSON text of a secret."""
    given = fields(postgres, database)
    for dsn in (plain(postgres.dsn(database)), given, json.dumps(given), json.dumps(renamed(given))):
        async with opened(build({"dsn": dsn})) as writer:
            await writer.probe()


@pytest.mark.parametrize(
    ("dsn", "message"),
    [
        ("host=localhost dbname=x", "must begin with postgresql://"),
        ("mysql://host/x", "must begin with postgresql://"),
        ("postgresql://[secret/x", "is no address"),
        ("postgresql://h/x?sslmode=secret", "has an sslmode that is none of"),
        ('{"host": "h"}', "lacks database and user"),
        ('{"host": 5}', "is not a JSON object of texts"),
        ('{"host": "h", "database": "d", "user": "u", "port": "secret"}', "has a port or sslmode that is none"),
        ('{"secret', "is not a JSON object of texts"),
    ],
)
def test_what_names_no_database_is_a_finding_without_values(dsn: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message) as caught:
        build({"dsn": dsn})
    assert "secret" not in str(caught.value)
    findings = SPEC.check(PostgresSettings(dsn=dsn), None)
    assert [(finding.pointer, finding.severity) for finding in findings] == [("/dsn", "error")]


class Vault:
    """Where a secret lies, and changes."""

    def __init__(self, value: str) -> None:
        self.value = value
        self.asked = 0

    async def resolve(self, reference: str) -> str:
        """The newest version."""
        assert reference == "secretsmanager:db"
        self.asked += 1
        return self.value


@pytest.mark.parametrize("whole", [True, False])
async def test_a_password_that_changes_is_read_again(postgres: Database, database: str, whole: bool) -> None:
    """As one DSN, or as a field of it; connections that are open stay so."""
    user = postgres.create_user("first")
    postgres.execute(f'GRANT ALL ON ALL TABLES IN SCHEMA public TO "{user}"', database=database)

    def value(password: str) -> str:
        return plain(postgres.dsn(database, user=user, password=password)) if whole else password

    vault = Vault(value("first"))
    secret = Secret(vault.value, "secretsmanager:db")
    dsn = secret if whole else {**fields(postgres, database), "user": user, "password": secret}
    async with opened(build({"dsn": dsn, "pool_size": 1}, vault.resolve)) as writer:
        assert outcomes(await deliver(writer, make_event())) == ["delivered"]
        postgres.execute(f"ALTER ROLE \"{user}\" PASSWORD 'second'")
        vault.value = value("second")
        assert outcomes(await deliver(writer, make_event())) == ["delivered"]
        assert vault.asked == 0
        postgres.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1", user)
        before = writer.target("orders", None)
        assert outcomes(await deliver(writer, make_event())) == ["delivered"]
        assert vault.asked == 1
        assert writer.target("orders", None) == before


async def test_a_secret_that_leads_to_another_database_makes_another_target(postgres: Database, database: str) -> None:
    """What was delivered to the former one is not in this one."""
    user = postgres.create_user("right")
    postgres.execute(f'GRANT ALL ON ALL TABLES IN SCHEMA public TO "{user}"', database=database)
    former = plain(postgres.dsn("former", user=user, password="wrong"))
    vault = Vault(plain(postgres.dsn(database, user=user, password="right")))
    writer = build({"dsn": Secret(former, "secretsmanager:db")}, vault.resolve)
    before = writer.target("orders", None)
    async with opened(writer):
        await writer.probe()
        assert writer.target("orders", None) != before


async def test_a_wrong_password_is_told_and_asked_about_now_and_then(postgres: Database, database: str) -> None:
    """Not with every event, and never in the text."""
    user = postgres.create_user("right")
    wrong = plain(postgres.dsn(database, user=user, password="wrong"))
    vault = Vault(wrong)
    async with opened(build({"dsn": Secret(wrong, "secretsmanager:db")}, vault.resolve)) as writer:
        results = [(await deliver(writer, make_event()))[0] for _ in range(5)]
        with pytest.raises(SinkUnavailable) as unavailable:
            await writer.probe()
    texts = {str(unavailable.value), *(result.reason for result in results)}
    assert texts == {"the database does not accept the gate's credentials (28P01)"}
    assert {result.outcome.value for result in results} == {"failed"}
    assert vault.asked <= 2


async def test_a_secret_that_cannot_be_read_leaves_the_old_one(postgres: Database, database: str) -> None:
    async def resolve(reference: str) -> str:
        raise SourceError("gone")

    user = postgres.create_user("right")
    wrong = plain(postgres.dsn(database, user=user, password="wrong"))
    async with opened(build({"dsn": Secret(wrong, "secretsmanager:db")}, resolve)) as writer:
        assert outcomes(await deliver(writer, make_event())) == ["failed"]


async def test_the_servers_certificate_is_checked_if_asked_for(postgres: Database, database: str) -> None:
    """With the authority that made it; a stranger's is not enough."""
    authority = str(postgres.server.ca_file)
    given = {**fields(postgres, database), "sslrootcert": authority}
    async with opened(build({"dsn": {**given, "sslmode": "verify-ca"}})) as writer:
        await writer.probe()
        used = postgres.fetch(
            "SELECT count(*) AS n FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE ssl AND datname = $1",
            database,
        )
        assert used[0]["n"] >= 1
    await asyncio.sleep(0.05)  # TLS says good-bye in its own time


async def test_a_certificate_that_nobody_vouches_for_is_refused(
    postgres: Database, database: str, tmp_path: Path
) -> None:
    from tests.certificates import self_signed

    other, _ = self_signed(tmp_path)
    async with opened(
        build({"dsn": {**fields(postgres, database), "sslmode": "verify-full", "sslrootcert": str(other)}})
    ) as writer:
        results = await deliver(writer, make_event())
    assert (results[0].outcome.value, results[0].reason) == ("failed", "the database cannot be reached")


async def test_an_iam_token_is_the_password(postgres: Database, database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fresh one for each connection, for this host, port and user."""
    made: list[tuple[str, int, str, str | None]] = []

    def token(host: str, port: int, user: str, region: str | None) -> str:
        made.append((host, port, user, region))
        return "token"

    monkeypatch.setattr(iam, "auth_token", token)
    user = postgres.create_user("token")
    postgres.execute(f'GRANT ALL ON ALL TABLES IN SCHEMA public TO "{user}"', database=database)
    host, port = postgres.address
    dsn = plain(postgres.dsn(database, user=user))
    async with opened(postgres_writer(dsn, iam=True, region="eu-west-1")) as writer:
        await writer.probe()
    assert made == [(host, port, user, "eu-west-1")]


def test_a_token_is_signed_for_its_host_and_user(monkeypatch: pytest.MonkeyPatch) -> None:
    """As RDS wants it: a presigned request of the service rds-db, good for 15 minutes."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    iam._session.cache_clear()
    token = iam.auth_token("db.example", 5432, "gate user", "eu-west-1")
    iam._session.cache_clear()
    assert token.startswith("db.example:5432/?")
    query = {name: values[0] for name, values in parse_qs(urlsplit(f"https://{token}").query).items()}
    assert (query["Action"], query["DBUser"], query["X-Amz-Expires"]) == ("connect", "gate user", "900")
    assert "/eu-west-1/rds-db/aws4_request" in query["X-Amz-Credential"]
