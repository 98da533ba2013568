"""The route table."""

from __future__ import annotations

import pytest

from eventgate.core import routes
from eventgate.errors import MethodNotAllowed, RouteNotFound


@pytest.mark.parametrize(
    ("path", "name", "topic"),
    [
        ("/", "catalogue", ""),
        ("/assets/icon.svg", "asset", "icon.svg"),
        ("/assets/A/b", "asset", "A/b"),
        ("/api", "api", ""),
        ("/docs", "docs", ""),
        ("/token", "token", ""),
        ("/topics", "topics", ""),
        ("/topics/Orders", "topic", "orders"),
        ("/topics/validate", "topic", "validate"),
        ("/topics/ORDERS/validate", "validate", "orders"),
        ("/topics/ORDERS/example", "example", "orders"),
        ("/topics/example/validate", "validate", "example"),
        ("/topics/public.cps.za.runs", "topic", "public.cps.za.runs"),
        ("/topics/größe", "topic", "größe"),
        ("/health", "health", ""),
        ("/livez", "livez", ""),
        ("/readyz", "readyz", ""),
        ("/terminate", "terminate", ""),
    ],
)
def test_a_path_leads_to_its_route(path: str, name: str, topic: str) -> None:
    route, found = routes.find(path)
    assert (route.name, found) == (name, topic)
    assert routes.knows(path)


@pytest.mark.parametrize(
    "path",
    ["", "//", "/assets", "/topics/", "/topics//", "/topics//validate", "/topics/a/b", "/topics/a/validate/",
     "/topics/a/Example", "/API", "/api/", "/topics/{topic}/x", "topics"],
)  # fmt: skip
def test_any_other_path_is_404(path: str) -> None:
    with pytest.raises(RouteNotFound):
        routes.find(path)
    assert not routes.knows(path)


def test_another_method_is_405_with_those_that_are_allowed() -> None:
    route, _ = routes.find("/topics/orders")
    routes.check_method(route, "HEAD")
    with pytest.raises(MethodNotAllowed) as caught:
        routes.check_method(route, "DELETE")
    assert caught.value.headers == ((b"allow", b"GET, HEAD, POST"),)
