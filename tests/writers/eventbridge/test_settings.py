"""The writer's settings, as config.json has them."""

from __future__ import annotations

from typing import Any

import pytest

from eventgate.config.writers import parse_writers
from tests.writers.eventbridge.buses import ARN


def wrong(**given: Any) -> list[str]:
    _, findings = parse_writers({"eventbridge": {"event_bus_arn": ARN, **given}}, file="config.json")
    return [finding.pointer.removeprefix("/writers/eventbridge") for finding in findings]


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"event_bus_arn": "arn:aws-cn:events:cn-north-1:123456789012:event-bus/default"},
        {"event_bus_arn": "arn:aws:events:eu-west-1:1:event-bus/b"},
        {"endpoint_url": "https://vpce.example", "detail_type": "/type", "source": "shop"},
        {"detail_type": "/a~1b/c~0d", "source": "awsome", "resources": ["arn:a"]},
        {"source": "a"},
        {"source": "aws"},
    ],
)
def test_what_is_right_is_taken(given: dict[str, Any]) -> None:
    assert wrong(**given) == []


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ({"event_bus_arn": "orders-bus"}, "/event_bus_arn"),
        ({"event_bus_arn": "arn:aws:sns:eu-west-1:1:event-bus/b"}, "/event_bus_arn"),
        ({"detail_type": ""}, "/detail_type"),
        ({"detail_type": "/a~2"}, "/detail_type"),
        ({"detail_type": "x" * 129}, "/detail_type"),
        ({"source": "aws.mine"}, "/source"),
        ({"source": ""}, "/source"),
        ({"resources": [""]}, "/resources/0"),
        ({"max_request_bytes": 10}, "/max_request_bytes"),
        ({"regoin": "eu-west-1"}, "/regoin"),
    ],
)
def test_what_is_wrong_is_a_finding(given: dict[str, Any], place: str) -> None:
    assert set(wrong(**given)) == {place}
