"""Secrets planted wherever a caller or an operator may put one: none of them comes out again."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.aws.environment import use_credentials
from tests.deployment import Deployment, deployment
from tests.server_process import ServerProcess
from tests.wire import Connection, get

SECRET = "pl4nted"
PASSWORD = f"{SECRET}-password"
HOST = f"{SECRET}.localhost"
"""A name that leads nowhere, or to this machine."""
ARN = f"arn:aws:events:eu-west-1:123456789012:event-bus/{SECRET}-bus"
SASL = {
    "security.protocol": "SASL_PLAINTEXT",
    "sasl.mechanism": "PLAIN",
    "sasl.username": f"{SECRET}-user",
    "sasl.password": PASSWORD,
}
SINKS = {"postgres", "postgres_elsewhere", "kafka", "kafka_elsewhere", "eventbridge", "sqlite"}


@pytest.fixture
def deployed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployment]:
    monkeypatch.setenv("PLANTED_DSN", f"postgresql://{SECRET}-user:{PASSWORD}@127.0.0.1:1/{SECRET}-database")
    monkeypatch.setenv("PLANTED_KEY", f"{SECRET}-receipt-key-of-enough-bytes-for-anyone")
    use_credentials(monkeypatch, AWS_ACCESS_KEY_ID=f"{SECRET}-id", AWS_SECRET_ACCESS_KEY=PASSWORD)
    (tmp_path / f"{SECRET}-file").touch()
    with deployment(tmp_path / "conf") as site:
        site.config["writers"] = {
            "postgres": {"dsn": "env:PLANTED_DSN"},
            "postgres_elsewhere": {"type": "postgres", "dsn": f"postgresql://u@{HOST}/d"},
            "kafka": {"bootstrap_servers": "127.0.0.1:1", "config": {**SASL, "client.id": f"{SECRET}-client"}},
            "kafka_elsewhere": {"type": "kafka", "bootstrap_servers": f"{HOST}:1"},
            "eventbridge": {"event_bus_arn": ARN, "endpoint_url": "http://127.0.0.1:1"},
            "sqlite": {"path": f"../{SECRET}-file/events.db"},
            "discard": {},
        }
        site.config["receipts"] = {"active": "k", "keys": {"k": "env:PLANTED_KEY"}, "ttl_seconds": 60}
        site.config["limits"] |= {"request_timeout_seconds": 0.5}
        site.write()
        yield site


def posts(site: Deployment) -> list[tuple[str, str, bytes]]:
    """Path, further header fields and body of requests with a secret in each place that a caller has."""
    good = {"event_id": "e1", "tenant_id": "t1"}
    bearer = f"Authorization: {site.bearer(planted=SECRET)}\r\n"
    bodies: list[object] = [
        {**good, "planted": SECRET},
        {**good, f"{SECRET}-name": [f"{SECRET}-value"], "count": SECRET},
        {**good, "jobs": [{"status": 1}, {SECRET: 1}], "at": SECRET},
        {"event_id": "e1", "tenant_id": {SECRET: SECRET}},
        {"event_id": SECRET * 20, "tenant_id": "t1"},
    ]
    texts = [json.dumps(each).encode() for each in bodies]
    texts += [
        f'{{"{SECRET}": {SECRET}}}'.encode(),
        f'{{"{SECRET}":1,"{SECRET}":1}}'.encode(),
        f'"{SECRET}\\ud800"'.encode(),
    ]
    found = [
        (path, bearer, text) for text in texts for path in ("/topics/runs", "/topics/runs/validate", "/topics/free")
    ]
    rita = f"Authorization: {site.bearer('rita')}\r\n"
    found.append(("/topics/runs", rita, json.dumps({**good, "tenant_id": SECRET}).encode()))
    for fields in (
        f"Authorization: Bearer {SECRET}\r\n",
        f"Authorization: Basic {SECRET}\r\n",
        f"Authorization: {site.bearer(iss=SECRET)}\r\n",
        f"Authorization: {site.bearer(aud=SECRET)}\r\n",
        f"Authorization: {site.bearer(exp=SECRET)}\r\n",
        f"{bearer}bearer: {SECRET}\r\n",
        f"{bearer}Cookie: {SECRET}\r\nX-Correlation-ID: {SECRET} \x7f\r\n",
        f"{bearer}Content-Type: text/{SECRET}\r\n",
        f"{bearer}Content-Encoding: {SECRET}\r\n",
        f"{bearer}EventGate-Receipt: {SECRET}\r\n",
        f"{bearer}Idempotency-Key: {SECRET * 60}\r\n",
        f"{bearer}ce-id: {SECRET}\r\n",
    ):
        found.append(("/topics/runs", fields, texts[0]))
    return found


def test_no_planted_secret_comes_out_in_an_answer_a_log_line_health_or_metrics(deployed: Deployment) -> None:
    with ServerProcess(deployed.conf, metrics=("127.0.0.1", 0)) as server:
        seen = []
        for path, fields, body in posts(deployed):
            with closing(Connection(server.port)) as connection:
                head = f"POST {path} HTTP/1.1\r\nHost: g\r\n{fields}Content-Length: {len(body)}\r\n\r\n"
                connection.send(head.encode() + body)
                answer = connection.answer()
                seen.append(f"{answer.status} {dict(answer.headers)} {answer.body.decode()}")
        for path in ("/health", "/api", "/topics", f"/topics/{SECRET}", f"/{SECRET}?{SECRET}"):
            answer = get(server.port, path, headers={"Cookie": SECRET})
            seen.append(f"{answer.status} {dict(answer.headers)} {answer.body.decode()}")
        health = json.loads(get(server.port, "/health").body)
        page = re.search(r"metrics on http://127\.0\.0\.1:(\d+)/metrics", server.told)
        assert page is not None
        seen.append(get(int(page[1]), "/metrics").body.decode())
        server.process.terminate()
        server.finish()
        log = server.log
    failed = [json.loads(each[each.index('{"') :]) for each in seen if each.startswith("500")]
    assert {error["type"] for answer in failed for error in answer["errors"]} == SINKS
    assert set(health["failures"]) >= SINKS
    assert 'outcome="failed"' in seen[-1]
    assert {each[:3] for each in seen} >= {"200", "400", "401", "403", "404", "415", "500"}
    assert [each for each in seen if SECRET in each] == []
    assert [line for line in log.splitlines() if SECRET in line] == []
    assert "Traceback" not in log
