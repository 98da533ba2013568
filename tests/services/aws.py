"""AWS, as moto plays it: EventBridge, S3, SQS, Secrets Manager and CloudWatch Logs behind one address."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import urllib3

from tests.services.process import HOST, Child, free_port, listens

REGION = "eu-west-1"
ACCOUNT = "123456789012"
PROGRAM = """
import functools, logging, signal, sys, threading
import jsonpath_ng.ext
from moto.server import ThreadedMotoServer
jsonpath_ng.ext.parse = functools.cache(jsonpath_ng.ext.parse)  # moto parses eight paths anew for each event
logging.getLogger("werkzeug").setLevel(logging.ERROR)
server = ThreadedMotoServer(ip_address=sys.argv[1], port=int(sys.argv[2]), verbose=False)
server.start()
done = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: done.set())
done.wait()
"""


class Aws:
    """A moto server in a process of its own, which tests may pause."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.endpoint_url = f"http://{HOST}:{self.port}"
        command = [sys.executable, "-c", PROGRAM, HOST, str(self.port)]
        self._child = Child("moto", command, folder, lambda: listens(HOST, self.port))
        self._child.start()

    @property
    def env(self) -> dict[str, str]:
        """The environment that leads a client there."""
        return {
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def client(self, service: str) -> Any:
        """A boto3 client of `service`."""
        return boto3.client(
            service,
            region_name=REGION,
            endpoint_url=self.endpoint_url,
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
        )

    def reset(self) -> None:
        """Forget everything that was made there."""
        urllib3.request("POST", f"{self.endpoint_url}/moto-api/reset")

    def start(self) -> None:
        """Start it again, empty."""
        self._child.start()

    def stop(self) -> None:
        """End it."""
        self._child.stop()

    def pause(self) -> None:
        """Freeze it."""
        self._child.pause()

    def resume(self) -> None:
        """Let it go on."""
        self._child.resume()

    def kill(self) -> None:
        """End it at once."""
        self._child.kill()


@contextmanager
def aws() -> Iterator[Aws]:
    """A server of our own until the block is left."""
    with tempfile.TemporaryDirectory(prefix="eventgate-moto-") as folder:
        own = Aws(Path(folder))
        try:
            yield own
        finally:
            own.kill()
