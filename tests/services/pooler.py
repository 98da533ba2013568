"""A real PgBouncer in front of a database."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.services.database import Database
from tests.services.packages import program
from tests.services.postgres_server import OWNER, unprivileged
from tests.services.process import HOST, Child, free_port, listens

SETTINGS = {
    "listen_addr": HOST,
    "unix_socket_dir": "",
    "auth_type": "trust",
    "pool_mode": "transaction",
    "default_pool_size": "5",
    "server_login_retry": "0.1",
}
"""Clients share a few connections, each for a transaction: nothing that they set for a session stays with them."""


@contextmanager
def pooler(database: Database) -> Iterator[str]:
    """The address (`host:port`) of a PgBouncer until the block is left; raises `ServiceUnavailable`."""
    host, port = database.address
    own = free_port()
    with tempfile.TemporaryDirectory(prefix="eventgate-pooler-") as name:
        folder = Path(name)
        (folder / "users.txt").write_text(f'"{OWNER}" ""\n')
        settings = {**SETTINGS, "listen_port": str(own), "auth_file": str(folder / "users.txt")}
        lines = ["[databases]", f"* = host={host} port={port}", "[pgbouncer]"]
        configuration = folder / "pgbouncer.ini"
        configuration.write_text("\n".join([*lines, *(f"{key} = {value}" for key, value in settings.items())]) + "\n")
        account = unprivileged()
        if account:
            for path in (folder, *folder.iterdir()):
                os.chown(path, account.pw_uid, account.pw_gid)
        command = [program("pgbouncer", packages=("pgbouncer",)), configuration]
        child = Child("pgbouncer", command, folder, lambda: listens(HOST, own), account=account)
        try:
            child.start()
            yield f"{HOST}:{own}"
        finally:
            child.kill()
