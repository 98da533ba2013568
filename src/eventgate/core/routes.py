"""The route table: which paths there are and what each takes."""

from __future__ import annotations

from typing import Final

import msgspec

from eventgate.errors import MethodNotAllowed, RouteNotFound


class Route(msgspec.Struct, frozen=True):
    """One path template; `authenticated` says that its POST needs a token."""

    name: str
    template: str
    methods: tuple[str, ...]
    authenticated: bool = False

    @property
    def allow(self) -> str:
        """The value of an `Allow` header."""
        return ", ".join(self.methods)


_READ: Final = ("GET", "HEAD")

ROUTES: Final = (
    Route("catalogue", "/", _READ),
    Route("asset", "/assets/{asset}", _READ),
    Route("api", "/api", _READ),
    Route("docs", "/docs", _READ),
    Route("token", "/token", _READ),
    Route("topics", "/topics", _READ),
    Route("topic", "/topics/{topic}", (*_READ, "POST"), authenticated=True),
    Route("example", "/topics/{topic}/example", _READ),
    Route("validate", "/topics/{topic}/validate", ("POST",), authenticated=True),
    Route("health", "/health", _READ),
    Route("livez", "/livez", _READ),
    Route("readyz", "/readyz", _READ),
    Route("terminate", "/terminate", ("POST",), authenticated=True),
)
"""Every route of a gate, whether or not its configuration switches it on."""

_FIXED = {route.template: route for route in ROUTES if "{" not in route.template}
_BY_NAME = {route.name: route for route in ROUTES}
_TOPICS = "/topics/"
_OF_A_TOPIC = frozenset({"example", "validate"})
_ASSETS = "/assets/"


def find(path: str) -> tuple[Route, str]:
    """The route at `path` and the name in it, a topic's in lower case, else empty; raises `RouteNotFound`."""
    if path.startswith(_TOPICS):
        name, slash, rest = path[len(_TOPICS) :].partition("/")
        if name and not slash:
            return _BY_NAME["topic"], name.lower()
        if name and rest in _OF_A_TOPIC:
            return _BY_NAME[rest], name.lower()
        raise RouteNotFound
    if path.startswith(_ASSETS):
        return _BY_NAME["asset"], path[len(_ASSETS) :]
    route = _FIXED.get(path)
    if route is None:
        raise RouteNotFound
    return route, ""


def knows(path: str) -> bool:
    """Whether any route is at `path`."""
    try:
        find(path)
    except RouteNotFound:
        return False
    return True


def check_method(route: Route, method: str) -> None:
    """Raises `MethodNotAllowed`."""
    if method not in route.methods:
        raise MethodNotAllowed(route.allow)
