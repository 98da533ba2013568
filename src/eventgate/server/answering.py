"""The bytes of an answer: status line, header fields and body, for one write."""

from __future__ import annotations

from http import HTTPStatus

from eventgate.core.model import Headers, Response

_STATUS_LINES = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus}


def rendered(response: Response, server_headers: Headers, *, keep_alive: bool) -> bytes:
    """`response` as it goes over the wire; without `keep_alive` it says that the connection ends with it."""
    parts = [_STATUS_LINES[response.status]]
    for name, value in server_headers:
        parts += (name, b": ", value, b"\r\n")
    has_length = response.status == 304  # which has neither a body nor, said of it, a length
    for name, value in response.headers:
        parts += (name, b": ", value, b"\r\n")
        has_length = has_length or name == b"content-length"
    if not has_length:
        parts.append(b"content-length: %d\r\n" % len(response.body))
    parts.append(b"\r\n" if keep_alive else b"connection: close\r\n\r\n")
    parts.append(response.body)
    return b"".join(parts)
