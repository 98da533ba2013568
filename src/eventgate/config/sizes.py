"""Answers to GET that a server gives and AWS Lambda cannot: what a configuration makes too large."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

from eventgate.config.configuration import Configuration
from eventgate.core.limits import LAMBDA_ANSWER_BYTES, MOST_ESCAPED
from eventgate.core.policy import Policy
from eventgate.errors import Finding

_HINT: Final = "a server has no such limit"
_MOST_OF_A_TOPIC: Final = 12_000
"""More than the description needs for a topic, its schemas aside."""


def size_findings(configuration: Configuration, policy: Policy) -> Iterator[Finding]:
    """Warnings: schemas, the list of topics and the description that are 503 on Lambda."""
    answers = {f"/topics/{name}": topic.schema.text for name, topic in policy.topics.items()}
    names = json.dumps(sorted(policy.topics), ensure_ascii=False).encode()
    for path, text in {**answers, "/topics": names, "/api": _description(configuration, policy)}.items():
        if _is_too_large(text):
            message = f"GET {path} answers with {len(text):,} bytes: more than AWS Lambda passes on"
            yield Finding("warning", "topics", message, hint=_HINT)


def _description(configuration: Configuration, policy: Policy) -> bytes:
    """What `/api` says, unless it is small enough in any case."""
    if configuration.api_document is not None:
        return configuration.api_document
    sources = [topic.schema.source for topic in policy.topics.values()]
    files = sum(len(source.text) + sum(len(text) for _, text in source.files) for source in sources)
    if (files + len(sources) * _MOST_OF_A_TOPIC) * MOST_ESCAPED < LAMBDA_ANSWER_BYTES:
        return b""
    from eventgate.core.openapi.document import openapi

    settings = configuration.settings
    return openapi(
        policy.topics.values(),
        token_url=settings.token_provider_url is not None,
        version=policy.version,
        public=settings.catalogue.public,
    )


def _is_too_large(text: bytes) -> bool:
    """Lambda's runtime writes the text as JSON."""
    if len(text) * MOST_ESCAPED < LAMBDA_ANSWER_BYTES:
        return False
    return len(json.dumps(text.decode("utf-8", "replace"))) > LAMBDA_ANSWER_BYTES
