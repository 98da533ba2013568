"""Secrets that AWS Secrets Manager keeps."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import pytest

from eventgate.config import secretsmanager
from eventgate.config.secrets import Secret, Secrets
from eventgate.config.sources import FileDirectory
from eventgate.errors import SourceError
from tests.aws.environment import use_credentials
from tests.config.directories import load, make, write
from tests.config.servers import answering, certificate, serving
from tests.services.aws import REGION, Aws

SECRET = {"user": "ann", "password": "hunter2", "port": 5432, "tls": True, "hosts": []}


@pytest.fixture
def store(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A client to the store, empty at first."""
    aws.reset()
    use_credentials(monkeypatch, AWS_ENDPOINT_URL=aws.endpoint_url)
    return aws.client("secretsmanager")


async def resolve(path: Path, value: object) -> tuple[Any, list[str]]:
    resolved, findings = await Secrets(FileDirectory(path), {}).resolve(value, file="config.json")
    return resolved, [f"{finding.pointer} {finding.message}" for finding in findings]


async def test_a_whole_secret_or_a_field_of_it_stands_where_it_is_named(store: Any, tmp_path: Path) -> None:
    store.create_secret(Name="prod/plain", SecretString="s3cret")
    arn = store.create_secret(Name="prod/db", SecretString=json.dumps(SECRET))["ARN"]
    names = {
        "plain": "secretsmanager:prod/plain",
        "user": "secretsmanager:prod/db#user",
        "port": f"secretsmanager:{arn}#port",
        "tls": f"secretsmanager:prod/db?region={REGION}#tls",
    }
    resolved, findings = await resolve(tmp_path, names)
    assert findings == []
    assert resolved == {"plain": "s3cret", "user": "ann", "port": "5432", "tls": "true"}
    assert repr(resolved["user"]) == "<secretsmanager:prod/db#user>"


async def test_fields_of_one_secret_are_one_question(
    store: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is answered once in a reading; a rotated credential is asked for anew."""
    monkeypatch.setattr(secretsmanager, "READING_SECONDS", 3600)
    store.create_secret(Name="db", SecretString=json.dumps(SECRET))
    secrets = Secrets(FileDirectory(tmp_path), {})
    before, _ = await secrets.resolve(["secretsmanager:db#user", "secretsmanager:db#password"], file="config.json")
    store.put_secret_value(SecretId="db", SecretString=json.dumps({**SECRET, "password": "rotated"}))
    again, _ = await secrets.resolve("secretsmanager:db#password", file="config.json")
    assert (before, again) == (["ann", "hunter2"], "hunter2")
    rotated = await secrets.read("secretsmanager:db#password")
    assert rotated == "rotated"
    assert isinstance(rotated, Secret)


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("absent", "the secret cannot be read: it does not exist"),
        ("db#absent", "the secret has no such field"),
        ("db#hosts", "the secret's field is no string, integer or boolean"),
        ("text#field", "the secret is no JSON object, so it has no fields"),
        ("twice#a", "the secret is no JSON object, so it has no fields"),
        ("binary", "the secret cannot be read: it is binary; a secret is text"),
        ("blank#a", "the secret is empty"),
        ("", "is written secretsmanager:NAME"),
        ("db#", "is written secretsmanager:NAME"),
        ("db?zone=b", "is written secretsmanager:NAME"),
    ],
)
async def test_a_secret_that_cannot_be_had_is_a_finding_without_its_name(
    store: Any, tmp_path: Path, reference: str, message: str
) -> None:
    store.create_secret(Name="db", SecretString=json.dumps(SECRET))
    store.create_secret(Name="text", SecretString="hunter2 {")
    store.create_secret(Name="twice", SecretString='{"a": 1, "a": 2}')
    store.create_secret(Name="blank", SecretString='{"a": ""}')
    store.create_secret(Name="binary", SecretBinary=b"\x00\x01")
    resolved, findings = await resolve(tmp_path, {"dsn": f"secretsmanager:{reference}"})
    assert resolved == {"dsn": ""}
    assert len(findings) == 1
    assert findings[0].startswith(f"/dsn {message}")
    assert "hunter2" not in findings[0]


async def test_a_store_that_does_not_answer_is_a_finding(
    aws: Aws, store: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(secretsmanager, "SECONDS", 0.5)
    aws.pause()
    try:
        _, findings = await resolve(tmp_path, "secretsmanager:db")
    finally:
        aws.resume()
    assert findings == [" the secret cannot be read: no answer before the deadline"]


async def test_a_writer_is_given_the_means_to_ask_again(store: Any, tmp_path: Path) -> None:
    """For credentials that are rotated while the gate runs."""
    store.create_secret(Name="db", SecretString="first")
    configuration = await load(make(tmp_path), {"TOKEN": "t"})
    resolve = configuration.context("discard").resolve
    assert resolve is not None
    assert await resolve("secretsmanager:db") == "first"
    store.put_secret_value(SecretId="db", SecretString="second")
    assert await resolve("secretsmanager:db") == "second"
    assert await resolve("env:TOKEN") == "t"
    with pytest.raises(SourceError, match="is no reference"):
        await resolve("db")


@pytest.mark.parametrize("bundle", ["ca/certificate.pem", "env:BUNDLE", "file:bundle"])
async def test_secrets_come_by_the_certificates_that_the_configuration_names(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, bundle: str
) -> None:
    """Also where it names them by a reference."""
    (tmp_path / "ca").mkdir()
    write(tmp_path / "bundle", "ca/certificate.pem\n")
    context, _ = certificate(tmp_path / "ca", "127.0.0.1")
    document = json.dumps({"SecretString": "https://sso.example/login"}).encode()
    answer = answering("200 OK", document, "Content-Type: application/x-amz-json-1.1")

    def read_all_and_answer(connection: socket.socket, head: bytes) -> None:
        body = head.partition(b"\r\n\r\n")[2]
        while not body.endswith(b"}"):
            body += connection.recv(4096)
        answer(connection, head)

    with serving(read_all_and_answer, context) as server:
        use_credentials(monkeypatch, AWS_ENDPOINT_URL=server.url(""))
        conf = make(tmp_path, ssl_ca_bundle=bundle, token_provider_url="secretsmanager:login")
        configuration = await load(conf, {"BUNDLE": "ca/certificate.pem"})
    assert configuration.settings.token_provider_url == "https://sso.example/login"
    assert configuration.settings.ssl_ca_bundle == str(tmp_path / "ca/certificate.pem")
    assert server.heads[0].startswith(b"POST / ")
