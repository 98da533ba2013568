"""Servers on a free loopback port that answer each connection with a script."""

from __future__ import annotations

import contextlib
import datetime
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Script = Callable[[socket.socket, bytes], None]
"""Is given a connection and the head of the request; the connection is closed when it returns."""


class Server:
    """A listening socket; every connection gets a thread. `heads` are the requests' heads so far."""

    def __init__(self, script: Script, tls: ssl.SSLContext | None, read_first: bool) -> None:
        self.heads: list[bytes] = []
        self.arrived = threading.Event()
        """Set when a request has been read."""
        self.left = threading.Event()
        """Set when a script ended or its client went away."""
        self.stopped = threading.Event()
        self._script = script
        self._tls = tls
        self._read_first = read_first
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        return f"{'https' if self._tls else 'http'}://{host}:{self.port}{path}"

    def stop(self) -> None:
        self.stopped.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            with contextlib.suppress(OSError), connection:
                if self._tls:
                    with self._tls.wrap_socket(connection, server_side=True) as secured:
                        self._answer(secured)
                else:
                    self._answer(connection)
        finally:
            self.left.set()

    def _answer(self, connection: socket.socket) -> None:
        head = read_head(connection) if self._read_first else b""
        self.heads.append(head)
        self.arrived.set()
        self._script(connection, head)


@contextlib.contextmanager
def serving(script: Script, tls: ssl.SSLContext | None = None, *, read_first: bool = True) -> Iterator[Server]:
    server = Server(script, tls, read_first)
    try:
        yield server
    finally:
        server.stop()


def read_head(connection: socket.socket) -> bytes:
    head = b""
    while b"\r\n\r\n" not in head and (more := connection.recv(4096)):
        head += more
    return head


def answering(status: str = "200 OK", body: bytes = b"", *headers: str) -> Script:
    """A whole answer with the right content length."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return sending("\r\n".join(lines).encode() + b"\r\n\r\n" + body)


def sending(octets: bytes) -> Script:
    def script(connection: socket.socket, _: bytes) -> None:
        connection.sendall(octets)

    return script


def dripping(first: bytes, drop: bytes) -> Script:
    """`first` at once, then `drop` again and again until the client goes away."""

    def script(connection: socket.socket, _: bytes) -> None:
        connection.sendall(first)
        pace = threading.Event()
        while not pace.wait(0.005):
            connection.sendall(drop)

    return script


def hanging(connection: socket.socket, _: bytes) -> None:
    """Nothing at all until the client goes away."""
    while connection.recv(4096):
        pass


def certificate(folder: Path, *names: str) -> tuple[ssl.SSLContext, str]:
    """A server's context with a new self-signed certificate for `names`, and the path of the certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime.datetime.now(datetime.UTC)
    alternatives = [
        x509.IPAddress(ipaddress.ip_address(name)) if name[0].isdigit() else x509.DNSName(name) for name in names
    ]
    signed = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "certificate.pem"
    path.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    secret = folder / "key.pem"
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path, secret)
    return context, str(path)
