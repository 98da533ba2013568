"""A real PostgreSQL."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import tempfile
import uuid
from collections.abc import Coroutine, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import asyncpg

from tests.services.process import HOST, Child, ServiceUnavailable, free_port, listens, run_quietly, unprivileged

T = TypeVar("T")
OWNER = "postgres"
SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "32MB",
    "autovacuum": "off",
    "log_min_messages": "warning",
}


class Database:
    """A PostgreSQL server that tests may stop, kill and pause; what was committed outlives that."""

    def __init__(self, folder: Path) -> None:
        binaries, account = _binaries(), unprivileged()
        self.port = free_port()
        if account:
            os.chown(folder, account.pw_uid, account.pw_gid)
        data = folder / "data"
        options = ("--no-sync", "--auth=trust", "--encoding=UTF8", "--no-locale", f"--username={OWNER}")
        run_quietly([binaries / "initdb", "-D", data, *options], account)
        settings = [part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}")]
        command: list[str | Path] = [binaries / "postgres", "-D", data, "-p", str(self.port), *settings]
        self.data = data
        self._child = Child("postgres", command, folder, self._ready, stop_signal=signal.SIGINT, account=account)
        self._child.start()

    def dsn(self, database: str = "postgres", user: str = OWNER, password: str | None = None) -> str:
        """An address for clients, as a user's configuration has it."""
        who = f"{user}:{password}" if password is not None else user
        return f"postgresql://{who}@{HOST}:{self.port}/{database}"

    def create_database(self) -> str:
        """A new, empty database; its name."""
        name = f"db_{uuid.uuid4().hex}"
        self.execute(f'create database "{name}"')
        return name

    def execute(self, sql: str, *arguments: Any, database: str = "postgres") -> str:
        """Run `sql` as the owner (several statements if there are no arguments) and give its status line."""
        return _wait(self._execute(sql, arguments, database))

    def fetch(self, sql: str, *arguments: Any, database: str = "postgres") -> list[Mapping[str, Any]]:
        """The rows of `sql`, read as the owner."""
        return _wait(self._fetch(sql, arguments, database))

    def start(self) -> None:
        """Start it again and wait until it serves."""
        self._child.start()

    def stop(self) -> None:
        """End it in good order, whoever is connected (a fast shutdown)."""
        self._child.stop()

    def restart(self) -> None:
        """Stop and start."""
        self.stop()
        self.start()

    def kill(self) -> None:
        """End it as a power cut would."""
        self._child.kill()

    def pause(self) -> None:
        """Freeze it with all its sessions: connections stay open and say nothing."""
        self._child.pause()

    def resume(self) -> None:
        """Let it go on."""
        self._child.resume()

    def _ready(self) -> bool:
        if not listens(self.port):
            return False
        try:
            return bool(self.fetch("select 1"))
        except (OSError, asyncpg.PostgresError):
            return False

    async def _execute(self, sql: str, arguments: tuple[Any, ...], database: str) -> str:
        connection = await asyncpg.connect(self.dsn(database), timeout=10)
        try:
            return str(await connection.execute(sql, *arguments))
        finally:
            await connection.close()

    async def _fetch(self, sql: str, arguments: tuple[Any, ...], database: str) -> list[Mapping[str, Any]]:
        connection = await asyncpg.connect(self.dsn(database), timeout=10)
        try:
            return [dict(row) for row in await connection.fetch(sql, *arguments)]
        finally:
            await connection.close()


@contextmanager
def database() -> Iterator[Database]:
    """A server of our own until the block is left; raises `ServiceUnavailable`."""
    with tempfile.TemporaryDirectory(prefix="eventgate-postgres-", ignore_cleanup_errors=True) as folder:
        own = Database(Path(folder))
        try:
            yield own
        finally:
            own.kill()


def _binaries() -> Path:
    """The folder of `initdb` and `postgres`: the newest of Debian's, else the one on the path."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda found: int(found.parts[-3]))
    if debian:
        return debian[-1].parent
    found = shutil.which("initdb")
    if not found:
        raise ServiceUnavailable("PostgreSQL is not there: no `initdb` on the path")
    return Path(found).resolve().parent


def _wait(work: Coroutine[Any, Any, T]) -> T:
    """Run `work` on a loop of its own: a test may be inside another one."""
    with ThreadPoolExecutor(1) as executor:
        return executor.submit(asyncio.run, work).result()
