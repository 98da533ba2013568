"""The gates of a campaign, the sinks behind them, and the wires in between."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import sys
import uuid
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Any

from eventgate.testing import TokenMaker
from tests.aws.environment import CREDENTIALS
from tests.campaign.judge import DeadLetter, Rules
from tests.cli.commands import eventgate
from tests.faults.sinks import Bus
from tests.services.aws import Aws
from tests.services.broker import Broker
from tests.services.database import Database
from tests.services.process import HOST, Child, descendants, free_port
from tests.services.proxy import TcpProxy
from tests.wire import get
from tests.writers.postgres.support import new_database

REQUEST_SECONDS, DRAIN_SECONDS = 2.0, 3.0
SUBJECT = "crowd"
SCHEMA = {"type": "object", "properties": {"event_id": {"type": "string"}}, "required": ["event_id"]}

KEY_IDS = ("2026-11", "2026-12")
ALL = ("kafka", "postgres", "sqlite", "eventbridge")
TOPICS: Mapping[str, Mapping[str, Any]] = {
    "all": {"writers": ALL},
    "guarded": {"writers": ("kafka", "postgres", "eventbridge"), "guard": "postgres"},
    "local": {"writers": ("kafka", "sqlite"), "guard": "sqlite"},
    "rows": {"writers": ("kafka", "postgres")},
    "relaxed": {"writers": ALL, "optional": ("eventbridge", "kafka")},
    "spooled": {"writers": ("kafka", "postgres", "eventbridge"), "spool": True},
    "kept": {"writers": ("kafka", "sqlite"), "guard": "sqlite", "spool": True},
}
"""Each topic's writers, which of them is its guard or optional, and whether what is missing goes into the spool.

The rows of `rows` are made by SQL of its own.
"""

ROWS_TABLE = "create table campaign_rows (payload jsonb)"
ROWS_SQL = "insert into campaign_rows select event from jsonb_array_elements($1) as event"
"""No key keeps the same event out: only the ledger does."""


class Site:
    """A configuration for each gate, and the server processes on them. `wires` are the ways to each sink."""

    def __init__(self, folder: Path, kafka: Broker, postgres: Database, aws: Aws, count: int, stack: ExitStack) -> None:
        self.kafka, self.postgres, self.aws = kafka, postgres, aws
        self.bus = Bus(aws)
        self.database = new_database(postgres)
        postgres.execute(ROWS_TABLE, database=self.database)
        self.file = folder / "events.db"
        self.prefix = f"campaign-{uuid.uuid4().hex}"
        for topic in TOPICS:
            kafka.create_topic(self.kafka_topic(topic))
        self.wires = {
            "kafka": stack.enter_context(TcpProxy(*kafka.address)),
            "postgres": stack.enter_context(TcpProxy(*postgres.address)),
            "eventbridge": stack.enter_context(TcpProxy(HOST, aws.port)),
        }
        self._bootstrap = kafka.through(self.wires["kafka"])
        self._tokens = TokenMaker()
        folders = [folder / f"gate-{number}" for number in range(count)]
        self.gates = [Gate(self._configured(each, KEY_IDS[number % 2])) for number, each in enumerate(folders)]
        for gate in self.gates:
            stack.callback(gate.child.kill)

    @property
    def token(self) -> str:
        """What a client needs."""
        return self._tokens.token(SUBJECT, ttl=80_000)

    def kafka_topic(self, topic: str) -> str:
        """Its name in Kafka."""
        return f"{self.prefix}-{topic}"

    def rules(self) -> Mapping[str, Rules]:
        """What holds for each topic."""
        return {
            name: Rules(
                frozenset(topic["writers"]),
                frozenset(topic["writers"]) - {*topic.get("optional", ())},
                spooled=topic.get("spool", False),
            )
            for name, topic in TOPICS.items()
        }

    def lock_file(self) -> None:
        """Somebody else has the right to write to the SQLite file, until `unlock_file`; from the same thread."""
        self._lock = sqlite3.connect(self.file, timeout=10, isolation_level=None)
        self._lock.execute("begin immediate")

    def unlock_file(self) -> None:
        """Let go."""
        self._lock.close()

    def end_sessions(self) -> None:
        """As a database's operator may."""
        others = "select pg_terminate_backend(pid) from pg_stat_activity where datname = $1"
        self.postgres.fetch(others, self.database)

    def _configured(self, folder: Path, active: str) -> Path:
        """A directory whose gate signs receipts with the key `active`, and knows the other one."""
        folder.mkdir()
        config = {
            "token_public_keys_url": "keys.json",
            "access_config": "access.json",
            "topics": {name: self._topic(name, **topic) for name, topic in TOPICS.items()},
            "writers": {
                "kafka": {"bootstrap_servers": self._bootstrap},
                "postgres": {
                    "dsn": f"{self.postgres.dsn(self.database, address=self.wires['postgres'].address)}?sslmode=disable"
                },
                "sqlite": {"path": str(self.file)},
                "eventbridge": {
                    "event_bus_arn": self.bus.arn,
                    "endpoint_url": f"http://{self.wires['eventbridge'].address}",
                },
            },
            "limits": {"request_timeout_seconds": REQUEST_SECONDS, "drain_seconds": DRAIN_SECONDS},
            "receipts": {"active": active, "keys": {each: f"file:{each}.key" for each in KEY_IDS}},
            "spool": {"store": "sqlite:spool.db"},
            "terminate": {"subjects": [SUBJECT]},
        }
        (folder / "config.json").write_text(json.dumps(config))
        (folder / "access.json").write_text(json.dumps({name: [SUBJECT] for name in TOPICS}))
        (folder / "keys.json").write_bytes(self._tokens.jwks())
        for each in KEY_IDS:
            (folder / f"{each}.key").write_text(each * 8)
        (folder / "rows.sql").write_text(ROWS_SQL)
        return folder

    def _topic(self, name: str, writers: Sequence[str], optional: Sequence[str] = (), **more: Any) -> Mapping[str, Any]:
        uses: dict[str, dict[str, Any]] = {writer: {} for writer in writers}
        uses["kafka"] |= {"topic": self.kafka_topic(name)}
        if name == "rows":
            uses["postgres"] |= {"sql": ["rows.sql"]}
        for writer in optional:
            uses[writer] |= {"required": False}
        return {"schema": SCHEMA, "event_id": "/event_id", "writers": uses, **more}


class Gate:
    """A server process with two workers on a port of its own, which it gets again each time."""

    def __init__(self, conf: Path) -> None:
        self.conf = conf
        self.port = free_port()
        self.ends: list[int] = []
        program = Path(sys.executable).with_name("eventgate")
        command: list[str | Path] = [program, "serve", "--conf", conf, "--port", str(self.port)]
        env = {**CREDENTIALS, "LOG_LEVEL": "WARNING"}
        self.child = Child(conf.name, [*command, "--workers", "2"], conf, self._is_ready, env=env)

    def start(self) -> None:
        """Start it and wait until it is ready."""
        self.child.start()

    def stop(self) -> None:
        """Drain it (SIGTERM)."""
        self.child.stop()
        self.ends.append(self.child.code)

    def waiting(self) -> int:
        """How many writes wait in its spool."""
        with closing(sqlite3.connect(self.conf / "spool.db", timeout=10)) as store:
            (count,) = store.execute("select count(*) from writes where state <> 'dead'").fetchone()
        return int(count)

    def dead_letters(self) -> list[DeadLetter]:
        """What it lists."""
        listed = eventgate("deadletters", "list", "--conf", self.conf, "--format", "json")
        assert listed.code == 0, listed
        return [DeadLetter(each["writer"], each["topic"], each["event_id"]) for each in json.loads(listed.out)]

    def kill_worker(self, number: int) -> None:
        """End one of its workers at once."""
        workers = sorted(descendants(self.child.pid))
        if workers:
            with suppress(ProcessLookupError):
                os.kill(workers[number % len(workers)], signal.SIGKILL)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the parent process."""
        with suppress(ProcessLookupError):
            os.kill(self.child.pid, number)

    def _is_ready(self) -> bool:
        with suppress(OSError):
            return get(self.port, "/readyz").status == 200
        return False
