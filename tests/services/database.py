"""A real PostgreSQL, as tests use it."""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import Coroutine, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

import asyncpg

from tests.services.postgres_server import OWNER, PASSWORDED, PostgresServer, postgres_server
from tests.services.process import HOST, ServiceUnavailable, listens

ADDRESS = "EVENTGATE_TEST_POSTGRES"
"""Environment variable with the DSN of a superuser of a server to use instead of one of ours, or `bundled`."""

T = TypeVar("T")


class Database:
    """A server; what was committed outlives a stop. One that we did not start cannot be stopped."""

    def __init__(self, dsn: str, server: PostgresServer | None = None) -> None:
        self._dsn = urlsplit(dsn)
        self._server = server
        self._tls = None if server is None else False  # of ours, a loop that ends at once need not see TLS closed

    @property
    def server(self) -> PostgresServer:
        """The process behind it, and its certificate."""
        if self._server is None:
            raise ServiceUnavailable(f"this test needs a PostgreSQL of its own: unset {ADDRESS}")
        return self._server

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        return self._dsn.hostname or HOST, self._dsn.port or 5432

    def dsn(
        self,
        database: str = "postgres",
        user: str | None = None,
        password: str | None = None,
        address: str | None = None,
    ) -> str:
        """An address for clients, as a user's configuration has it; `address` (`host:port`) is a proxy's."""
        who, _, where = self._dsn.netloc.rpartition("@")
        if user is not None:
            who = quote(user) if password is None else f"{quote(user)}:{quote(password)}"
        return f"postgresql://{who}@{address or where}/{database}"

    def create_database(self) -> str:
        """A new, empty database; its name."""
        name = f"db_{uuid.uuid4().hex}"
        self.execute(f'create database "{name}"')
        return name

    def create_user(self, password: str) -> str:
        """A new role that may log in with `password` only; its name."""
        name = f"user_{uuid.uuid4().hex}"
        self.execute(f"create role \"{name}\" login password '{password}' in role {PASSWORDED}")
        return name

    def execute(self, sql: str, *arguments: Any, database: str = "postgres") -> str:
        """Run `sql` as the owner (several statements if there are no arguments) and give its status line."""
        return _wait(self._execute(sql, arguments, database))

    def fetch(self, sql: str, *arguments: Any, database: str = "postgres") -> list[Mapping[str, Any]]:
        """The rows of `sql`, read as the owner."""
        return _wait(self._fetch(sql, arguments, database))

    def start(self) -> None:
        """Start it again and wait until it serves."""
        self.server.child.start()

    def stop(self) -> None:
        """End it in good order, whoever is connected (a fast shutdown)."""
        self.server.child.stop()

    def restart(self) -> None:
        """Stop and start."""
        self.stop()
        self.start()

    def kill(self) -> None:
        """End it as a power cut would."""
        self.server.child.kill()

    def pause(self) -> None:
        """Freeze it with all its sessions: connections stay open and say nothing."""
        self.server.child.pause()

    def resume(self) -> None:
        """Let it go on."""
        self.server.child.resume()

    async def _execute(self, sql: str, arguments: tuple[Any, ...], database: str) -> str:
        connection = await asyncpg.connect(self.dsn(database), timeout=60, ssl=self._tls)
        try:
            return str(await connection.execute(sql, *arguments))
        finally:
            await connection.close()

    async def _fetch(self, sql: str, arguments: tuple[Any, ...], database: str) -> list[Mapping[str, Any]]:
        connection = await asyncpg.connect(self.dsn(database), timeout=60, ssl=self._tls)
        try:
            return [dict(row) for row in await connection.fetch(sql, *arguments)]
        finally:
            await connection.close()


@contextmanager
def database(durable: bool = False) -> Iterator[Database]:
    """A server until the block is left: the one at EVENTGATE_TEST_POSTGRES, else our own; `ServiceUnavailable`.

    `durable`: our own waits for the disk with each commit, as none does that tests talk to.
    """
    wanted = os.environ.get(ADDRESS, "")
    if wanted not in ("", "bundled"):
        foreign = Database(wanted)
        if not listens(*foreign.address):
            raise ServiceUnavailable(f"nothing listens at the address in {ADDRESS}")
        foreign.execute(f"drop role if exists {PASSWORDED}; create role {PASSWORDED}")
        yield foreign
        return
    with postgres_server(wanted == "bundled", durable) as server:
        own = Database(f"postgresql://{OWNER}@{HOST}:{server.port}", server)
        own.execute(f"create role {PASSWORDED}")
        yield own


def _wait(work: Coroutine[Any, Any, T]) -> T:
    """Run `work` on a loop of its own: a test may be inside another one."""
    with ThreadPoolExecutor(1) as executor:
        return executor.submit(asyncio.run, work).result()
