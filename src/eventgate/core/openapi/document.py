"""The description of a gate's API (OpenAPI 3.1), made from the topics now loaded."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

import msgspec

from eventgate.core.openapi import batches
from eventgate.core.openapi.parts import answer, bare, common, guarded, read, refusals, schemas, shared
from eventgate.core.openapi.schemas import Components
from eventgate.core.topics import Topic

_DESCRIPTION = (
    "A gate for JSON events: each topic takes events that match its schema and hands them to the writers. "
    "202 says that every required writer acknowledged the event."
)
_OF_TOPICS = ("/api", "/topics")
_MOST_INDENTED = 256 * 1024
"""Bytes of a document that somebody reads as it is. With more, the indentation is nearly half of it: hundreds of topics
would not fit into the 6 MB that AWS Lambda passes on."""
_JUDGED = ("400", "401", "403", "404", "405", "413", "415", "422", "429", "431", "500", "503")


def openapi(topics: Iterable[Topic], *, token_url: bool, version: str, public: bool = True) -> bytes:
    """The OpenAPI 3.1 document as JSON text; the same bytes for the same topics.

    `token_url` says that the gate names a place to get tokens from. `version` is the version of the policy. Unless
    `public`, what tells of topics is for callers with a token.
    """
    ordered = sorted(topics, key=lambda topic: topic.name)
    envelopes = {**schemas(), **batches.schemas()}
    components = Components(ordered, envelopes)
    paths = _fixed_paths(token_url)
    for topic in ordered:
        paths.update(_topic_paths(topic, components))
    if not public:
        paths = {path: guarded(item) if path.startswith(_OF_TOPICS) else item for path, item in paths.items()}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "EventGate", "version": version, "description": _DESCRIPTION},
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {"schemas": {**envelopes, **components.schemas}, **common()},
    }
    text = msgspec.json.encode(document)
    return msgspec.json.format(text, indent=2 if len(text) <= _MOST_INDENTED else 0)


def _fixed_paths(token_url: bool) -> dict[str, Any]:
    health = {"$ref": "#/components/schemas/Health"}
    status = {"type": "object", "required": ["status"], "properties": {"status": {"type": "string"}}}
    names = {"type": "array", "items": {"type": "string"}}
    paths = {
        "/api": read("api", "This document.", {"200": answer("OpenAPI 3.1.", {}, "application/yaml")}),
        "/topics": read("topics", "The names of all topics.", {"200": answer("Names, sorted.", names)}),
        "/health": read(
            "health",
            "How the gate's dependencies are.",
            {"200": answer("All required ones are well.", health), "503": answer("One at least is not.", health)},
        ),
        "/livez": read("livez", "Whether the process is up.", {"200": answer("It is.", status)}),
        "/readyz": read("readyz", "Whether to send requests here.", {"200": answer("Yes.", status), **refusals("503")}),
    }
    if token_url:
        to_provider = bare("Where tokens are had.", Location="The token provider's address.")
        paths["/token"] = read("token", "To the token provider.", {"303": to_provider})
    return paths


def _topic_paths(topic: Topic, components: Components) -> dict[str, Any]:
    name = topic.name
    path = f"/topics/{quote(name, safe='')}"
    body = {"description": batches.BATCH, "required": True, "content": batches.bodies(components.reference(topic))}
    schema = {"200": shared("Schema"), **refusals("404", "503")}
    reading = read(f"schema.{name}", f"The JSON Schema of {name}.", schema)
    posting: dict[str, Any] = {
        "security": [{"bearer": []}],
        "parameters": [
            {"$ref": "#/components/parameters/IdempotencyKey"},
            {"$ref": "#/components/parameters/Receipt"},
        ],
        "requestBody": body,
    }
    example = {"200": answer("An event that the topic takes.", components.reference(topic)), **refusals("404", "503")}
    return {
        f"{path}/example": read(f"example.{name}", f"An example of an event for {name}.", example),
        path: {
            **reading,
            "post": {
                "operationId": f"post.{name}",
                "summary": f"Post an event or a batch to {name}.",
                **posting,
                "responses": {"202": shared("Accepted"), "207": shared("Mixed"), **refusals("409", *_JUDGED)},
            },
        },
        f"{path}/validate": {
            "post": {
                "operationId": f"validate.{name}",
                "summary": f"Check an event or a batch for {name} without delivering it.",
                **posting,
                "responses": {"200": shared("Valid"), "207": shared("Mixed"), **refusals(*_JUDGED)},
            }
        },
    }
