"""Where the database is and how one proves to be its user; credentials that change are read again."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, get_args
from urllib.parse import parse_qs, quote, urlsplit

import asyncpg
import msgspec

from eventgate.errors import SourceError
from eventgate.writers.postgres.place import place
from eventgate.writers.postgres.settings import Database, PostgresSettings, SslMode

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]

Resolve = Callable[[str], Awaitable[str]]
"""Reads what a reference (`secretsmanager:NAME#FIELD`) stands for, again."""

APPLICATION = "eventgate"
RENEW_SECONDS = 2.0
"""How often credentials that are refused are read again, so that a wrong password does not become many requests."""
_REGION = re.compile(r"\.([a-z]{2}(?:-[a-z]+)+-\d)\.rds\.amazonaws\.com(?:\.cn)?$")
_SCHEMES = ("postgres", "postgresql")


class _Secret(msgspec.Struct):
    """A secret's JSON, under whichever of the usual names; other members mean nothing here."""

    host: str | None = None
    port: int | str | None = None
    database: str | None = None
    dbname: str | None = None
    user: str | None = None
    username: str | None = None
    password: str | None = None
    sslmode: str | None = None
    sslrootcert: str | None = None


class Connector:
    """Opens connections. Raises `ValueError`, with a text that holds no secret, for settings that cannot be used.

    `place` says where the database is, without the credentials for it.
    """

    def __init__(self, settings: PostgresSettings, resolve: Resolve | None = None) -> None:
        self._settings = settings
        self._resolve = resolve
        self._arguments = _arguments(settings, settings.dsn)
        self.place = place(self._arguments)
        self._version = 0
        self._renew_at = 0.0

    async def connect(self, seconds: float) -> Connection:
        """A new connection, in at most `seconds`; raises what asyncpg raises.

        Where the credentials are refused, they are read again where they came from: they may have been rotated.
        """
        async with asyncio.timeout(seconds):
            version = self._version
            try:
                return await self._connect(seconds)
            except asyncpg.InvalidAuthorizationSpecificationError:
                if not await self._renew(version):
                    raise
            return await self._connect(seconds)

    async def _connect(self, seconds: float) -> Connection:
        arguments = dict(self._arguments)
        if self._settings.iam:
            arguments["password"] = lambda: self._token(arguments)
        return await asyncpg.connect(
            **arguments,
            timeout=seconds,
            statement_cache_size=100 if self._settings.statement_cache else 0,
            server_settings={"application_name": APPLICATION},
        )

    async def _renew(self, version: int) -> bool:
        """Whether there are newer credentials than those of `version`; asks for them now and then."""
        now = asyncio.get_running_loop().time()
        dsn, resolve = self._settings.dsn, self._resolve
        if self._version != version:
            return True  # another one of ours asked meanwhile
        references = _references(dsn)
        if resolve is None or not references or now < self._renew_at:
            return False
        self._renew_at = now + RENEW_SECONDS
        try:
            values = {name: await resolve(reference) for name, reference in references.items()}
            given = msgspec.structs.replace(dsn, **values) if isinstance(dsn, Database) else values["dsn"]
            self._arguments = _arguments(self._settings, given)
            self.place = place(self._arguments)
        except (SourceError, ValueError):  # then the refusal of the old ones is what there is to say
            return False
        self._version += 1
        return True

    async def _token(self, arguments: dict[str, Any]) -> str:
        from eventgate.writers.postgres.iam import auth_token

        host, port, user = _address(arguments)
        region = self._settings.region or _region(host)
        return await asyncio.to_thread(auth_token, host, port, user, region)


def _references(dsn: str | Database) -> dict[str, str]:
    """The references that the settings were given by, by field; the values themselves know (see `Secret`)."""
    fields = msgspec.structs.asdict(dsn) if isinstance(dsn, Database) else {"dsn": dsn}
    found = {name: getattr(value, "reference", None) for name, value in fields.items()}
    return {name: reference for name, reference in found.items() if isinstance(reference, str)}


def _arguments(settings: PostgresSettings, dsn: str | Database) -> dict[str, Any]:
    """What asyncpg is called with."""
    if isinstance(dsn, str) and not dsn.lstrip().startswith("{"):
        return _of_dsn(settings, dsn)
    given = _of_text(dsn) if isinstance(dsn, str) else dsn
    arguments: dict[str, Any] = {
        "host": str(given.host),
        "port": given.port,
        "database": str(given.database),
        "user": str(given.user),
    }
    if given.password is not None and not settings.iam:
        arguments["password"] = str(given.password)
    mode = given.sslmode or ("require" if settings.iam else None)
    if given.sslrootcert is not None:
        query = f"?sslmode={mode or 'verify-full'}&sslrootcert={quote(str(given.sslrootcert))}"
        return {**arguments, "dsn": f"postgresql:///{query}"}
    return {**arguments, "ssl": mode} if mode else arguments


def _of_dsn(settings: PostgresSettings, dsn: str) -> dict[str, Any]:
    try:
        parts = urlsplit(str(dsn))
        query = parse_qs(parts.query)
    except ValueError:
        raise ValueError("is no address of a database") from None
    if parts.scheme not in _SCHEMES:
        raise ValueError("must begin with postgresql://, or be a JSON object with host, database, user and password")
    mode = query.get("sslmode", [None])[-1]
    if mode is not None and mode not in get_args(SslMode):
        raise ValueError(f"has an sslmode that is none of {', '.join(get_args(SslMode))}")
    arguments: dict[str, Any] = {"dsn": str(dsn)}
    return {**arguments, "ssl": "require"} if settings.iam and mode is None else arguments


def _of_text(text: str) -> Database:
    try:
        secret = msgspec.json.decode(str(text), type=_Secret)
    except msgspec.MsgspecError:
        raise ValueError("is not a JSON object of texts") from None
    fields = {
        "host": secret.host,
        "port": secret.port or 5432,
        "database": secret.database or secret.dbname,
        "user": secret.user or secret.username,
        "password": secret.password,
        "sslmode": secret.sslmode,
        "sslrootcert": secret.sslrootcert,
    }
    if missing := [name for name in ("host", "database", "user") if not fields[name]]:
        raise ValueError(f"lacks {' and '.join(missing)}")
    try:
        return msgspec.convert(
            {name: value for name, value in fields.items() if value is not None}, Database, strict=False
        )
    except msgspec.ValidationError:
        raise ValueError("has a port or sslmode that is none") from None


def _address(arguments: dict[str, Any]) -> tuple[str, int, str]:
    """Host, port and user: what an IAM token is made for."""
    parts = urlsplit(arguments.get("dsn", ""))
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    host = arguments.get("host") or parts.hostname or query.get("host") or ""
    port = arguments.get("port") or parts.port or int(query.get("port", 5432))
    return host, port, arguments.get("user") or parts.username or query.get("user") or ""


def _region(host: str) -> str | None:
    match = _REGION.search(host)
    return match[1] if match else None
