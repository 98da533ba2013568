"""The gate that one would write by hand in an afternoon, to compare with.

FastAPI, jsonschema with validators built once, PyJWT, and a commit to SQLite per event if `HANDMADE_DB` names a file.
It reads the same configuration directory as the gate (`HANDMADE_CONF`) and the public key from `HANDMADE_KEY` (PEM).
It has no duplicate check of member names, no field constraints, no reload, no group commit and no receipts.
"""

from __future__ import annotations

import json
import os
import sqlite3
import time
from pathlib import Path
from typing import Annotated, Any

import jwt
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from fastapi import Body, FastAPI, Header, HTTPException
from jsonschema import FormatChecker  # type: ignore[import-untyped]
from jsonschema.validators import validator_for  # type: ignore[import-untyped]

CONF = Path(os.environ["HANDMADE_CONF"])
PUBLIC_KEY: Any = load_pem_public_key(Path(os.environ["HANDMADE_KEY"]).read_bytes())
ACCESS: dict[str, Any] = json.loads((CONF / "access.json").read_bytes())
TABLE = """CREATE TABLE IF NOT EXISTS events (
    topic TEXT, event_id TEXT, subject TEXT, event TEXT, received_at REAL, PRIMARY KEY (topic, event_id))"""

app = FastAPI()


def _validators() -> dict[str, Any]:
    built = {}
    for path in (CONF / "topics").glob("public.*.json"):
        schema = json.loads(path.read_bytes())
        built[path.stem] = validator_for(schema)(schema, format_checker=FormatChecker())
    return built


def _open(path: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute(TABLE)
    return connection


VALIDATORS = _validators()
DATABASE = _open(os.environ["HANDMADE_DB"]) if os.environ.get("HANDMADE_DB") else None


def authenticate(authorization: str) -> str:
    """The token's subject."""
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer":
        raise HTTPException(401, "no token")
    try:
        claims = jwt.decode(token, PUBLIC_KEY, algorithms=["RS256"], options={"require": ["exp", "sub"]})
    except jwt.PyJWTError as error:
        raise HTTPException(401, str(error)) from error
    return str(claims["sub"])


def accept(topic: str, authorization: str, event: Any) -> dict[str, Any]:
    """Check one event and store it."""
    subject = authenticate(authorization)
    validator = VALIDATORS.get(topic)
    if validator is None:
        raise HTTPException(404, "no such topic")
    if subject not in ACCESS[topic]:
        raise HTTPException(403, "not allowed")
    errors = [error.message for error in validator.iter_errors(event)]
    if errors:
        raise HTTPException(400, errors)
    if DATABASE is not None:
        row = (topic, event["event_id"], subject, json.dumps(event), time.time())
        with DATABASE:
            DATABASE.execute("INSERT INTO events VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", row)
    return {"success": True, "statusCode": 202, "event_id": event["event_id"]}


@app.post("/topics/{topic}", status_code=202)
async def post_event(
    topic: str, event: Annotated[dict[str, Any], Body()], authorization: Annotated[str, Header()] = ""
) -> dict[str, Any]:
    return accept(topic, authorization, event)


def handler(invocation: dict[str, Any], context: object) -> dict[str, Any]:
    """The same as a Lambda function behind an HTTP API, without a framework."""
    try:
        topic = invocation["pathParameters"]["topic"]
        answer = accept(topic, invocation["headers"].get("authorization", ""), json.loads(invocation["body"]))
    except HTTPException as error:
        return {"statusCode": error.status_code, "body": json.dumps({"success": False, "detail": error.detail})}
    return {"statusCode": 202, "headers": {"content-type": "application/json"}, "body": json.dumps(answer)}
