"""The payload log: what was posted, redacted and cut, at TRACE."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from eventgate.core.instruments import Trail
from eventgate.telemetry.logs import TRACE
from eventgate.telemetry.redaction import Redaction, redaction

_payloads = logging.getLogger("eventgate.payload")


class PayloadLog:
    """The instrument that logs what was posted. Where TRACE is off there is none, and nothing to pay."""

    def __init__(self, redaction: Redaction) -> None:
        self._redaction = redaction

    def finished(self, trail: Trail) -> None:
        """Write the payload of `trail`, if one was read: that is, if its sender was authenticated."""
        if trail.payload is None:
            return
        payload, cut = self._redaction.shown(trail.payload)
        fields = {
            "topic": trail.topic,
            "event_id": trail.event_id,
            "correlation_id": trail.correlation_id,
            "payload": payload,
            "payload_bytes": len(trail.payload),
            "cut": cut,
        }
        _payloads.log(TRACE, "payload, cut" if cut else "payload", extra={"fields": fields})


def payload_log(env: Mapping[str, str]) -> PayloadLog | None:
    """The payload log as `env` has it; None unless the log's level is TRACE."""
    return PayloadLog(redaction(env)) if _payloads.isEnabledFor(TRACE) else None
