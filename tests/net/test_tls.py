"""`ssl_ca_bundle` as a TLS context; whole connections by it are tested where they are made."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from eventgate.net.tls import tls_context
from tests.certificates import self_signed


def test_servers_are_verified_unless_that_is_switched_off() -> None:
    checked, unchecked = tls_context(True), tls_context(False)
    assert (checked.verify_mode, checked.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert (unchecked.verify_mode, unchecked.check_hostname) == (ssl.CERT_NONE, False)


def test_a_bundle_takes_the_place_of_the_systems_authorities(tmp_path: Path) -> None:
    context = tls_context(str(self_signed(tmp_path)[0]))
    assert len(context.get_ca_certs()) == 1
    assert context.verify_mode == ssl.CERT_REQUIRED


@pytest.mark.parametrize("content", [None, b"no certificate"])
def test_a_bundle_that_cannot_be_read_is_an_error(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "ca.pem").write_bytes(content)
    with pytest.raises((OSError, ValueError)):
        tls_context(str(tmp_path / "ca.pem"))
