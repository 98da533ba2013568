"""How a server starts, or says why it does not: real processes."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import ssl
from contextlib import closing
from pathlib import Path

import pytest

from tests.certificates import self_signed
from tests.deployment import Deployment
from tests.server_process import ServerProcess
from tests.wire import get


def is_here(address: str) -> bool:
    try:
        with socket.create_server((address, 0), family=socket.AF_INET6 if ":" in address else socket.AF_INET):
            return True
    except OSError:
        return False


def is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_one_line_says_where_two_workers_serve(deployed: Deployment) -> None:
    with ServerProcess(deployed.conf, workers=2) as server:
        assert server.announced == f"eventgate listening on http://127.0.0.1:{server.port} (2 workers)"
        server.await_log(r"worker (\d+) serves", 2)
        assert len(set(server.worker_pids())) == 2
        assert get(server.port, "/livez").status == 200
        server.send(signal.SIGTERM)
        assert server.finish() == 0
        assert all(is_gone(pid) for pid in server.worker_pids())


def test_a_port_in_use_is_one_line_and_exit_code_3(deployed: Deployment) -> None:
    with ServerProcess(deployed.conf) as server:
        second = ServerProcess(deployed.conf, port=server.port)
        assert second.finish() == 3
        assert second.log == f"cannot listen on 127.0.0.1:{server.port}: the port is in use\n"


@pytest.mark.parametrize(
    ("host", "reason"), [("203.0.113.1", "cannot assign requested address"), ("no.invalid", "no such host")]
)
def test_an_address_that_is_not_ours_is_one_line_and_exit_code_3(deployed: Deployment, host: str, reason: str) -> None:
    server = ServerProcess(deployed.conf, host=host)
    assert server.finish() == 3
    assert server.log == f"cannot listen on {host}:0: {reason}\n"


def test_findings_are_all_said_at_once_before_anything_listens(deployed: Deployment) -> None:
    deployed.config["nonsense"] = 1
    deployed.config["refresh_seconds"] = -1
    deployed.write()
    server = ServerProcess(deployed.conf)
    assert server.finish() == 1
    assert "config.json#/nonsense" in server.log
    assert "config.json#/refresh_seconds" in server.log
    assert "Traceback" not in server.log


def test_what_only_a_worker_finds_is_said_once_as_well(deployed: Deployment) -> None:
    """The first worker goes ahead; that it cannot open the gate ends the server."""
    deployed.config["topics"] = "absent/"
    deployed.write()
    server = ServerProcess(deployed.conf, workers=2)
    assert server.finish() == 1
    assert server.log.count("absent/: there is no such folder") == 1
    assert "Traceback" not in server.log


def test_tls_is_spoken_with_certificate_and_key(deployed: Deployment, tmp_path: Path) -> None:
    cert, key = self_signed(tmp_path)
    with ServerProcess(deployed.conf, tls_cert=str(cert), tls_key=str(key)) as server:
        assert server.announced.startswith("eventgate listening on https://127.0.0.1:")
        context = ssl.create_default_context(cafile=str(cert))
        with closing(http.client.HTTPSConnection("127.0.0.1", server.port, context=context, timeout=60)) as connection:
            connection.request("GET", "/livez")
            assert connection.getresponse().status == 200


@pytest.mark.parametrize(
    ("cert", "key", "reason"),
    [
        ("absent.pem", "key.pem", "no such file"),
        ("key.pem", "cert.pem", "cannot be used"),
        (None, "key.pem", "--tls-key needs --tls-cert"),
        ("cert.pem", None, "cannot be used"),
    ],
)
def test_a_certificate_that_cannot_be_used_is_one_line_and_exit_code_2(
    deployed: Deployment, tmp_path: Path, cert: str | None, key: str | None, reason: str
) -> None:
    self_signed(tmp_path)
    paths = {"tls_cert": cert and str(tmp_path / cert), "tls_key": key and str(tmp_path / key)}
    server = ServerProcess(deployed.conf, **paths)
    assert server.finish() == 2
    assert reason in server.log
    assert server.log.count("\n") == 1


def test_every_address_of_a_host_is_listened_on(deployed: Deployment) -> None:
    """`localhost` has two where IPv6 is there; both have the same port."""
    infos = socket.getaddrinfo("localhost", 0, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    addresses = {str(address[0]) for _, _, _, _, address in infos if is_here(str(address[0]))}
    with ServerProcess(deployed.conf, host="localhost") as server:
        assert server.host == "localhost"
        for address in addresses:
            assert get(server.port, "/livez", host=address).status == 200
