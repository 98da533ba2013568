"""config.json is read strictly: what cannot be served from is refused with all findings."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from eventgate.config.configuration import Configuration
from eventgate.config.loader import load_configuration
from eventgate.errors import ConfigurationError, Finding, SourceError
from tests.config.directories import KEYS_URL, errors, load, make, write


async def refused(root: Path, env: Mapping[str, str] | None = None, *, default_sqlite: bool = True) -> list[Finding]:
    """The findings that keep the directory at `root` from being served."""
    with pytest.raises(ConfigurationError) as caught:
        await load_configuration(str(root), env or {}, default_sqlite=default_sqlite)
    return list(caught.value.findings)


async def test_a_directory_in_order_is_read(tmp_path: Path) -> None:
    configuration = await load(make(tmp_path, limits={"max_depth": 9}))
    assert configuration.settings.limits.max_depth == 9
    assert [writer.name for writer in configuration.build_writers()] == ["discard"]
    assert configuration.findings == ()
    assert not configuration.is_seed


@pytest.mark.parametrize("name", ["absent", "config.json"])
async def test_no_directory_is_refused(tmp_path: Path, name: str) -> None:
    make(tmp_path)
    findings = await refused(tmp_path / name)
    assert [each.severity for each in findings] == ["error"]


async def test_an_empty_directory_is_refused(tmp_path: Path) -> None:
    expected = {("config.json", "", "there is no such file in the configuration directory")}
    assert errors(await refused(tmp_path)) == expected


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'"text"', b'{"a": 1, "a": 2}', b"\xff", b"{}{}"])
async def test_a_broken_config_json_is_refused(tmp_path: Path, content: bytes) -> None:
    write(tmp_path / "config.json", content)
    assert {file for file, _, _ in errors(await refused(tmp_path))} == {"config.json"}


async def test_a_config_json_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").mkdir()
    assert errors(await refused(tmp_path)) == {("config.json", "", "cannot be read: is a directory")}


async def test_findings_of_all_files_come_at_once(tmp_path: Path) -> None:
    make(tmp_path, schemas={"orders": "{", "users": {}}, access="[", limits={"max_dept": 5}, writers={"sqlight": {}})
    found = errors(await refused(tmp_path))
    assert {(file, pointer) for file, pointer, _ in found} >= {
        ("config.json", "/limits/max_dept"),
        ("config.json", "/writers/sqlight"),
        ("access.json", ""),
        ("topics/orders.json", ""),
    }


SENSELESS: list[tuple[dict[str, Any], str]] = [
    ({"token_public_keys_url": "ftp://host/keys"}, "/token_public_keys_url"),
    ({"token_public_keys_url": "https://"}, "/token_public_keys_url"),
    ({"token_public_keys_url": "absent.pem"}, "/token_public_keys_url"),
    ({"token_public_keys_url": "topics"}, "/token_public_keys_url"),
    ({"token_provider_url": "sso.example/login"}, "/token_provider_url"),
    ({"token_provider_url": "https://sso.example/a\r\nb: c"}, "/token_provider_url"),
    ({"token_provider_url": "env:ABSENT"}, "/token_provider_url"),
    ({"ssl_ca_bundle": "absent.pem"}, "/ssl_ca_bundle"),
    ({"cors": {"origins": ["*", "https://a.example/"]}}, "/cors/origins/1"),
    ({"topics": ""}, "/topics"),
    ({"writers": {"sqlite": {"paht": "x"}}}, "/writers/sqlite/paht"),
    ({"writers": {"sqlite": {"path": 5}}}, "/writers/sqlite/path"),
    ({"writers": {"a b": {"type": "sqlite"}}}, "/writers/a b"),
    ({"writers": {"a": {"type": 5}}}, "/writers/a/type"),
]


@pytest.mark.parametrize(("config", "pointer"), SENSELESS)
async def test_what_makes_no_sense_is_an_error_once(tmp_path: Path, config: dict[str, Any], pointer: str) -> None:
    found = errors(await refused(make(tmp_path, **config)))
    assert [place for file, place, _ in found if file == "config.json" and place == pointer] == [pointer]


@pytest.mark.parametrize(
    ("config", "pointer"),
    [
        ({"ssl_ca_bundle": False}, "/ssl_ca_bundle"),
        ({"token_public_keys_url": "http://sso.example/keys"}, "/token_public_keys_url"),
        ({"auth": {"refresh_seconds": 900, "max_key_age_seconds": 900}}, "/auth/refresh_seconds"),
        ({"writers": {}}, "/writers"),
    ],
)
async def test_what_is_risky_is_a_warning(tmp_path: Path, config: dict[str, Any], pointer: str) -> None:
    configuration = await load(make(tmp_path, **config))
    assert [(each.severity, each.pointer) for each in configuration.findings] == [("warning", pointer)]


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080/keys", "http://localhost/keys", "http://[::1]/keys", KEYS_URL])
async def test_keys_from_this_machine_or_over_https_are_fine(tmp_path: Path, url: str) -> None:
    assert (await load(make(tmp_path, token_public_keys_url=url))).findings == ()


async def test_a_writer_of_a_mistyped_type_gets_a_hint(tmp_path: Path) -> None:
    findings = await refused(make(tmp_path, writers={"local": {"type": "sqlit"}}))
    assert ("/writers/local/type", "did you mean sqlite?") in {(each.pointer, each.hint) for each in findings}


async def test_without_writers_a_server_has_sqlite_and_others_have_an_error(tmp_path: Path) -> None:
    make(tmp_path, writers={})
    configuration = await load(tmp_path)
    assert {name: writer.type for name, writer in configuration.writers.items()} == {"sqlite": "sqlite"}
    assert configuration.settings.writers == {}
    assert ("config.json", "/writers", "no writer is configured") in errors(
        await refused(tmp_path, default_sqlite=False)
    )


async def test_secrets_reach_the_settings_and_never_what_is_shown(tmp_path: Path) -> None:
    make(tmp_path, token_provider_url="env:LOGIN")
    configuration = await load(tmp_path, {"LOGIN": "https://hunter2.example/"})
    assert configuration.settings.token_provider_url == "https://hunter2.example/"
    assert "hunter2" not in repr(configuration.settings)


async def test_a_certificate_file_is_relative_to_the_directory(tmp_path: Path) -> None:
    write(tmp_path / "ca.pem", "")
    configuration = await load(make(tmp_path, ssl_ca_bundle="ca.pem"))
    assert configuration.settings.ssl_ca_bundle == str(tmp_path / "ca.pem")


async def test_keys_may_be_a_file(tmp_path: Path) -> None:
    write(tmp_path / "keys.json", b'{"keys": []}')
    configuration = await load(make(tmp_path, token_public_keys_url="keys.json"))
    assert await configuration.read_keys(1) == b'{"keys": []}'
    (tmp_path / "keys.json").unlink()
    with pytest.raises(SourceError, match="no such file"):
        await configuration.read_keys(1)


async def test_an_api_document_of_ones_own_is_read(tmp_path: Path) -> None:
    assert (await _with_api(tmp_path, None)).api_document is None
    assert (await _with_api(tmp_path, b"openapi: 3.1.0")).api_document == b"openapi: 3.1.0"


async def _with_api(root: Path, content: bytes | None) -> Configuration:
    make(root)
    if content is not None:
        write(root / "api.yaml", content)
    return await load(root)
