"""What the EventBridge writer can be told, as a whole and for each topic."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from msgspec import Meta

ARN: Final = "^arn:[^:]+:events:[a-z0-9-]+:[0-9]*:event-bus/[/._A-Za-z0-9-]+$"
SOURCE: Final = "^([^a]|a([^w]|$)|aw([^s]|$)|aws([^.]|$))"
"""Not empty, and not of the names that AWS keeps for its own services: `aws.` and what follows."""
DETAIL_TYPE: Final = "^([^/]|(/([^~/]|~[01])*)+$)"
"""A JSON Pointer if it begins with a slash."""

MAX_REQUEST_BYTES: Final = 262_144

Resource = Annotated[str, Meta(min_length=1)]


class EventBridgeSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`writers.NAME`."""

    event_bus_arn: Annotated[
        str, Meta(pattern=ARN, description="The bus, as `arn:aws:events:REGION:ACCOUNT:event-bus/NAME`.")
    ]
    endpoint_url: Annotated[
        str | None, Meta(description="Another address than the region's own, as of a VPC endpoint. Default: AWS's.")
    ] = None
    detail_type: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=128,
            pattern=DETAIL_TYPE,
            description="The entries' `DetailType`: a fixed text, or (if it begins with `/`) a JSON Pointer to the "
            "string, integer or boolean in the event that is it.",
        ),
    ] = "JSON"
    source: Annotated[
        Annotated[str, Meta(min_length=1, max_length=256, pattern=SOURCE)] | None,
        Meta(
            description="The entries' `Source`. Default: the topic's name. AWS does not allow `aws.` at its beginning."
        ),
    ] = None
    resources: Annotated[
        tuple[Resource, ...], Meta(description="The entries' `Resources`: ARNs that the events are about.")
    ] = ()
    max_request_bytes: Annotated[
        int,
        Meta(
            ge=1024,
            description="Most bytes that the entries of one PutEvents request may have together, counted as AWS does; "
            "a larger event is refused. The default is AWS's own limit.",
        ),
    ] = MAX_REQUEST_BYTES


class EventBridgeTopicSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`topics.TOPIC.writers.NAME`. What is not given is as the writer's own settings say."""

    detail_type: Annotated[
        Annotated[str, Meta(min_length=1, max_length=128, pattern=DETAIL_TYPE)] | None,
        Meta(description="As `detail_type` of the writer, for this topic."),
    ] = None
    source: Annotated[
        Annotated[str, Meta(min_length=1, max_length=256, pattern=SOURCE)] | None,
        Meta(description="As `source` of the writer, for this topic."),
    ] = None
    resources: Annotated[
        tuple[Resource, ...] | None, Meta(description="As `resources` of the writer, for this topic.")
    ] = None
