"""Credentials and a region for tests, whatever the machine's own environment says."""

from __future__ import annotations

import os

import pytest

from tests.services.aws import REGION

CREDENTIALS = {
    "AWS_REGION": REGION,
    "AWS_DEFAULT_REGION": REGION,
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}


def use_credentials(monkeypatch: pytest.MonkeyPatch, **more: str) -> None:
    """Set these, and nothing else of AWS or of proxies."""
    for name in tuple(os.environ):
        if name.startswith("AWS_") or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    for name, value in {**CREDENTIALS, **more}.items():
        monkeypatch.setenv(name, value)
