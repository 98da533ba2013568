"""Secrets in AWS Secrets Manager: `secretsmanager:NAME[?region=REGION][#FIELD]`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from eventgate.aws.client import HINT, NEEDS, Client, is_installed
from eventgate.aws.faults import AwsFailure
from eventgate.config.text import parse_file
from eventgate.core.json import scalar_text
from eventgate.errors import SourceError

SECONDS: Final = 5.0
"""How long one secret may take."""
READING_SECONDS: Final = 2.0
"""Fields of one secret that are looked up within this time come from one answer."""

_REGION: Final = "region="


class _Name(msgspec.Struct, frozen=True):
    """What a reference names; no secret's name holds `#` or `?` (Secrets Manager API reference, CreateSecret)."""

    secret: str
    region: str | None
    field: str | None


class SecretsManager:
    """Looks secrets up, each with a client that is gone afterwards: they are read when a gate is built, not later."""

    def __init__(self, ca_bundle: bool | str) -> None:
        self._ca_bundle = ca_bundle
        self._known: dict[tuple[str, str | None], tuple[float, str]] = {}

    async def read(self, reference: str, *, anew: bool = False) -> str:
        """The text that `reference` (without its scheme) stands for; raises `SourceError`, without names.

        `anew`: do not take what was read a moment ago.
        """
        name = _parse(reference)
        place = (name.secret, name.region)
        read_at, text = self._known.get(place, (float("-inf"), ""))
        if anew or time.monotonic() - read_at > READING_SECONDS:
            text = await self._ask(name)
            self._known[place] = (time.monotonic(), text)
        if name.field is not None:
            text = _field(text, name.field)
        if not text:
            raise SourceError("the secret is empty")
        return text

    async def _ask(self, name: _Name) -> str:
        if not is_installed():
            raise SourceError(f"secretsmanager: {NEEDS}: {HINT}")
        client = Client("secretsmanager", region=name.region, ca_bundle=self._ca_bundle)
        deadline = asyncio.get_running_loop().time() + SECONDS
        try:
            return await client.call("get_secret_value", {"SecretId": name.secret}, _text, deadline=deadline)
        except AwsFailure as problem:
            raise SourceError(f"the secret cannot be read: {problem.reason}") from None
        finally:
            client.close()


def _parse(reference: str) -> _Name:
    place, hash_, field = reference.partition("#")
    secret, _, option = place.partition("?")
    if not secret or (hash_ and not field) or (option and not option.startswith(_REGION)):
        raise SourceError(
            "is written secretsmanager:NAME, secretsmanager:NAME#FIELD or with ?region=REGION before the #"
        )
    region = option.removeprefix(_REGION) or _region_of(secret)
    return _Name(secret, region, field or None)


def _region_of(secret: str) -> str | None:
    parts = secret.split(":")
    return parts[3] if parts[0] == "arn" and len(parts) > 3 else None


def _text(answer: Mapping[str, Any]) -> str:
    text = answer.get("SecretString")
    if not isinstance(text, str):
        raise AwsFailure("it is binary; a secret is text")
    return text


def _field(text: str, field: str) -> str:
    try:
        document = parse_file(text.encode("utf-8"))
    except SourceError:  # which would say what stands where
        document = None
    if not isinstance(document, dict):
        raise SourceError("the secret is no JSON object, so it has no fields")
    if field not in document:
        raise SourceError("the secret has no such field")
    found = scalar_text(document[field])
    if found is None:
        raise SourceError("the secret's field is no string, integer or boolean")
    return found
