"""What the invocation shapes have in common: reading members of any type, headers, bodies and path templates."""

from __future__ import annotations

import base64
import binascii
import functools
import re
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from urllib.parse import unquote

import msgspec

from eventgate.core.limits import LAMBDA_ANSWER_BYTES
from eventgate.core.model import Headers, Response
from eventgate.errors import BodyTooLarge, InvalidJson

LambdaAnswer = dict[str, object]
"""What the handler returns: a JSON object in the form that the invoking service reads."""

_PARAMETER = re.compile(r"\{([^{}+]+)(\+?)\}")
_SPELLED = {"etag": "ETag", "www-authenticate": "WWW-Authenticate", "x-correlation-id": "X-Correlation-ID"}


class HttpInvocation(msgspec.Struct, frozen=True):
    """One HTTP request as a Lambda function is handed it.

    `paths` are where it may lead, percent-decoded, the most specific first: stages and base paths are part of some of
    them, and only the route table can tell. There is at least one. `answer` puts a response into the shape's form.
    `outer_path` is the path that the client asked for, with all that stands before the route, if the service tells it.
    `most_answer_bytes`: what the service takes of an answer.
    """

    method: str
    paths: tuple[str, ...]
    headers: Headers
    body: Callable[[int], Awaitable[bytes]]
    request_id: str | None
    answer: Callable[[Response], LambdaAnswer]
    outer_path: str | None = None
    most_answer_bytes: int = LAMBDA_ANSWER_BYTES


def mapping(value: object) -> Mapping[str, object]:
    """`value` if it is an object, else an empty one: services send null for what is not there."""
    return value if isinstance(value, Mapping) else {}


def text(value: object) -> str:
    """`value` if it is a string, else the empty one."""
    return value if isinstance(value, str) else ""


def decoded(paths: Iterable[str]) -> tuple[str, ...]:
    """`paths` percent-decoded once as ASGI servers do, without the empty and the repeated ones; at least `/`."""
    absolute = (path if path.startswith("/") else "/" + path for path in paths if path)
    return tuple(dict.fromkeys(map(unquote, absolute))) or ("/",)


def routed(template: str, parameters: Mapping[str, object]) -> Iterator[str]:
    """The paths that a route template such as `/topics/{name}` or `/{proxy+}` stands for.

    First the template with its parameters put in, then what a greedy parameter holds by itself: the gate may be
    mounted below a path of its own. Nothing where a parameter is missing.
    """
    if not template.startswith("/"):
        return
    values = {match[0]: text(parameters.get(match[1])) for match in _PARAMETER.finditer(template)}
    if not all(values.values()):
        return
    yield _PARAMETER.sub(lambda match: values[match[0]], template)
    for parameter, value in values.items():
        if parameter.endswith("+}"):
            yield value


def without_stage(path: str, stage: str) -> str:
    """`path` without the stage that API Gateway puts before it; empty where it does not start with it."""
    prefix = f"/{stage}"
    if not stage or not (path == prefix or path.startswith(prefix + "/")):
        return ""
    return path[len(prefix) :] or "/"


def single_headers(headers: Mapping[str, object]) -> Iterator[tuple[bytes, bytes]]:
    """The fields of `{"Name": "value"}`."""
    for name, value in headers.items():
        if isinstance(value, str):
            yield _name(name), _octets(value.strip(" \t"))


def multi_headers(headers: Mapping[str, object]) -> Iterator[tuple[bytes, bytes]]:
    """The fields of `{"Name": ["value", ...]}`, one for each value."""
    for name, values in headers.items():
        for value in values if isinstance(values, list) else ():
            if isinstance(value, str):
                yield _name(name), _octets(value.strip(" \t"))


def body_reader(invocation: Mapping[str, object]) -> Callable[[int], Awaitable[bytes]]:
    """What reads the body of `invocation`, once it is wanted."""
    return functools.partial(_read_body, invocation.get("body"), invocation.get("isBase64Encoded") is True)


async def _read_body(body: object, is_base64: bool, limit: int) -> bytes:
    content = _octets(body) if isinstance(body, str) else b""
    if is_base64:
        # Four characters hold three bytes; what is far too long is not decoded first.
        if len(content) // 4 * 3 > limit + 2:
            raise BodyTooLarge(limit)
        try:
            content = base64.b64decode(content, validate=True)
        except binascii.Error:
            raise InvalidJson("the body is said to be base64 and is not") from None
    elif body is not None and not isinstance(body, str):
        raise InvalidJson("the body of the invocation is not a string")
    if len(content) > limit:
        raise BodyTooLarge(limit)
    return content


def request_id(context: Mapping[str, object]) -> str | None:
    """API Gateway's id of the request."""
    given = text(context.get("requestId"))
    return given if given and given.isascii() else None


def answer_text(response: Response) -> tuple[str, bool]:
    """The body as the string that an answer holds, and whether it is base64."""
    try:
        return response.body.decode("utf-8"), False
    except UnicodeDecodeError:
        return base64.b64encode(response.body).decode("ascii"), True


def answer_multi_headers(response: Response) -> dict[str, list[str]]:
    """The response's headers, every value by itself."""
    headers: dict[str, list[str]] = {}
    for name, value in response.headers:
        headers.setdefault(_spelling(name), []).append(value.decode("latin-1"))
    return headers


def answer_single_headers(response: Response) -> dict[str, str]:
    """The response's headers; several values of one name in one list, as RFC 9110, section 5.3, has it."""
    return {name: ", ".join(values) for name, values in answer_multi_headers(response).items()}


@functools.lru_cache(maxsize=512)
def _name(name: str) -> bytes:
    return _octets(name.lower())


@functools.lru_cache(maxsize=512)
def _spelling(name: bytes) -> str:
    """The usual spelling of a header name: programs that call the handler look names up by it."""
    lowered = name.decode("latin-1").lower()
    return _SPELLED.get(lowered) or "-".join(part.capitalize() for part in lowered.split("-"))


def _octets(value: str) -> bytes:
    """The bytes that the sender sent. A lone surrogate stays as wrong as it is: no UTF-8, and never an exception."""
    return value.encode("utf-8", "surrogatepass")
