"""What every contestant is given: one event of the data lake example, a token, and a configuration directory."""

from __future__ import annotations

import base64
import json
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

LAKE = Path(__file__).parents[1] / "examples" / "data-lake"
TOPIC = "public.cps.za.runs"
SUBJECT = "FooBarUser"
EVENT_BYTES = 700
"""About how long the event is: of the example's runs without escapes, the one that comes closest."""


@dataclass(frozen=True)
class Workload:
    """The event with its id, a token that every contestant takes, and where its public key is."""

    event: bytes
    event_id: bytes
    token: str
    key_url: str
    key_file: Path


def sample_event() -> tuple[bytes, bytes]:
    """A run of the data lake example, and its event id."""
    lines = (LAKE / "events" / "valid" / f"{TOPIC}.ndjson").read_bytes().splitlines()
    event = min((line for line in lines if b"\\" not in line), key=lambda line: abs(len(line) - EVENT_BYTES))
    return event, json.loads(event)["event_id"].encode()


@contextmanager
def prepared(folder: Path) -> Iterator[Workload]:
    """A workload whose public key a local server hands out until the block ends; `folder` gets the key as PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = key.public_key()
    key_file = folder / "key.pem"
    key_file.write_bytes(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    der = base64.b64encode(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()
    now = int(time.time())
    token = jwt.encode({"sub": SUBJECT, "iat": now, "exp": now + 3600}, key, algorithm="RS256")
    event, event_id = sample_event()
    with _serving(json.dumps({"keys": [{"key": der}]}).encode()) as port:
        yield Workload(event, event_id, token, f"http://127.0.0.1:{port}/keys", key_file)


@contextmanager
def _serving(content: bytes) -> Iterator[int]:
    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


def configure(folder: Path, workload: Workload, writers: dict[str, Any]) -> Path:
    """A configuration directory `folder` like the example's, with these writers."""
    shutil.copytree(LAKE / "topics", folder / "topics")
    shutil.copy(LAKE / "access.json", folder)
    config = {
        "access_config": "access.json",
        "topics": "topics/",
        "token_public_keys_url": workload.key_url,
        "writers": writers,
    }
    (folder / "config.json").write_text(json.dumps(config, indent=2))
    return folder
