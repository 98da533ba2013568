"""Which database it is, told without the credentials for it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

_OF_THE_CALLER: Final = frozenset(
    {"user", "password", "passfile", "application_name", "connect_timeout", "krbsrvname", "gsslib", "direct_tls"}
)
"""Parameters of a DSN that say who connects and how, as does everything that begins with `ssl`."""


def place(arguments: Mapping[str, Any]) -> str:
    """Host, port, database and what else decides where rows go, out of what asyncpg is called with.

    What is not given comes from the variables that asyncpg reads (libpq's `PGHOST`, `PGPORT`, `PGDATABASE`); a database
    without a name has that of its user.
    """
    parts = urlsplit(arguments.get("dsn", ""))
    query = dict(parse_qsl(parts.query))
    user = arguments.get("user") or query.get("user") or parts.username or os.environ.get("PGUSER", "")
    host = arguments.get("host") or parts.netloc.rpartition("@")[2] or os.environ.get("PGHOST", "")
    port = arguments.get("port") or os.environ.get("PGPORT", "")
    database = arguments.get("database") or parts.path.strip("/") or query.get("dbname") or query.get("database")
    database = database or os.environ.get("PGDATABASE") or user
    others = sorted(item for item in query.items() if item[0] not in _OF_THE_CALLER and not item[0].startswith("ssl"))
    return f"{host} {port} {database} {others}"
