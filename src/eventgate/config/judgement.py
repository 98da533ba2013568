"""Settings that have the right shape and still make no sense, alone or together."""

from __future__ import annotations

import os
from collections.abc import Iterator
from urllib.parse import urlsplit

import msgspec

from eventgate.config.places import Places, is_in_s3
from eventgate.config.receipt_keys import judge_receipts
from eventgate.config.settings import Settings
from eventgate.config.sources import Directory
from eventgate.errors import Finding, SourceError
from eventgate.net.loopback import is_loopback


async def judge(
    settings: Settings, directory: Directory, *, file: str
) -> tuple[Settings, Directory, tuple[Finding, ...]]:
    """`settings` with the path of its certificates made absolute, where its files are, and what is wrong with it."""
    findings = [
        *_topics(settings, file),
        *_token_provider(settings, file),
        *_public_keys(settings, file),
        *_key_times(settings, file),
        *_origins(settings, file),
        *judge_receipts(settings, file),
        *await _missing_keys_file(settings, directory, file),
        *_certificates(settings, directory, file),
    ]
    settings = msgspec.structs.replace(settings, ssl_ca_bundle=certificates(settings.ssl_ca_bundle, directory))
    places, wrong = _places(settings, directory, file)
    return settings, places, (*findings, *wrong)


def certificates(bundle: object, directory: Directory) -> bool | str:
    """`ssl_ca_bundle` as calls take it, its path absolute; true where it is none."""
    if isinstance(bundle, str) and directory.local is not None:
        return str(directory.local / bundle)
    return bundle if isinstance(bundle, bool | str) else True


def _topics(settings: Settings, file: str) -> Iterator[Finding]:
    if settings.topics == "":
        yield Finding("error", file, "must not be empty", "/topics")


def _places(settings: Settings, directory: Directory, file: str) -> tuple[Directory, tuple[Finding, ...]]:
    """`directory` with what its settings say lies in S3; addresses that are none are findings."""
    places = Places(directory, settings.ssl_ca_bundle)
    findings: list[Finding] = []
    for name, mount in (("access_config", places.mount_file), ("topics", places.mount_topics)):
        address = getattr(settings, name)
        if isinstance(address, str) and is_in_s3(address):
            try:
                mount(address)
            except SourceError as error:
                findings.append(Finding("error", file, str(error), f"/{name}"))
    return places, tuple(findings)


def _token_provider(settings: Settings, file: str) -> Iterator[Finding]:
    url = settings.token_provider_url
    if url is not None and not _is_http(url):
        yield Finding("error", file, "must be an address that begins with https:// or http://", "/token_provider_url")


def _public_keys(settings: Settings, file: str) -> Iterator[Finding]:
    url = settings.token_public_keys_url
    if "://" in url and not _is_http(url):
        message = "must be an address that begins with https:// or http://, or the path of a file"
        yield Finding("error", file, message, "/token_public_keys_url")
    elif url.lower().startswith("http://") and not is_loopback(urlsplit(url).hostname or ""):
        message = "keys that come over http:// can be exchanged on their way, and tokens forged with them"
        yield Finding("warning", file, message, "/token_public_keys_url", "use https://")


async def _missing_keys_file(settings: Settings, directory: Directory, file: str) -> list[Finding]:
    name = settings.token_public_keys_url
    if "://" in name:
        return []
    try:
        why = None if await directory.read(name) is not None else "there is no such file"
    except SourceError as error:
        why = str(error)
    return [Finding("error", file, why, "/token_public_keys_url")] if why else []


def _key_times(settings: Settings, file: str) -> Iterator[Finding]:
    if settings.auth.refresh_seconds >= settings.auth.max_key_age_seconds:
        message = "keys would be too old to serve before they are fetched again"
        yield Finding("warning", file, message, "/auth/refresh_seconds", "make it less than max_key_age_seconds")


def _origins(settings: Settings, file: str) -> Iterator[Finding]:
    for index, origin in enumerate(settings.cors.origins):
        if origin != "*" and not _is_origin(origin):
            message = "is not an origin: a scheme and a host, without path or final slash, as https://app.example"
            yield Finding("error", file, message, f"/cors/origins/{index}")


def _certificates(settings: Settings, directory: Directory, file: str) -> Iterator[Finding]:
    bundle = settings.ssl_ca_bundle
    if bundle is False:
        message = "certificates are not verified: whoever is on the way can answer for the key server"
        yield Finding("warning", file, message, "/ssl_ca_bundle")
    elif isinstance(bundle, str) and directory.local is not None and not os.path.exists(directory.local / bundle):
        yield Finding("error", file, "there is no such file", "/ssl_ca_bundle")


def _is_http(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and url.isprintable() and " " not in url
    except ValueError:
        return False


def _is_origin(text: str) -> bool:
    return _is_http(text) and text == "://".join(urlsplit(text)[:2])
