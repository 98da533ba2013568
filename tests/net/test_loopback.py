"""Which hosts are this machine."""

from __future__ import annotations

import pytest

from eventgate.net.loopback import is_loopback


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", True),
        ("gate.localhost", True),
        ("127.0.0.1", True),
        ("127.8.9.10", True),
        ("::1", True),
        ("", False),
        ("localhost.example", False),
        ("10.0.0.1", False),
        ("sso.example", False),
    ],
)
def test_names_and_addresses_of_this_machine(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected
