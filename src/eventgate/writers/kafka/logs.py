"""librdkafka's log lines, without the hosts, users and files that stand in them."""

from __future__ import annotations

import logging
import time
from typing import Final

log = logging.getLogger("eventgate.kafka")

REPEAT_SECONDS: Final = 30.0
"""How long a line is not repeated: librdkafka writes one for each attempt to connect."""

PHRASES: Final = (
    ("FATAL", "a fault after which the producer has to be replaced"),
    ("Connection refused", "a connection was refused"),
    ("Connect to", "a connection could not be made"),
    ("connection closed by peer", "a connection was closed by the broker"),
    ("Disconnected", "a connection was lost"),
    ("Failed to resolve", "a broker's name could not be resolved"),
    ("certificate verify failed", "a broker's certificate is not trusted"),
    ("hostname mismatch", "a broker's certificate is for another host"),
    ("SSL handshake failed", "a TLS handshake failed"),
    ("SASL authentication error", "a broker did not accept the credentials"),
    ("Authentication failed", "a broker did not accept the credentials"),
    ("OAUTHBEARER", "a token could not be had"),
    ("oauth", "a token could not be had"),
    ("Kerberos", "a Kerberos ticket could not be had"),
    ("kinit", "a Kerberos ticket could not be had"),
    ("idempotence PID", "no producer id could be had yet"),
    ("Timed out", "a broker did not answer in time"),
    ("partition count changed", "a topic's partitions changed"),
    ("is a consumer property", "a consumer's property is set, without effect"),
)
"""What a line is about, by what stands in it."""


class RedactedLog:
    """Takes librdkafka's lines as `logging.Logger` would, and writes what kind of line it was, once in a while."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._last: dict[str, float] = {}

    def log(self, level: int, message: str, *args: object) -> None:
        """Write what can be told of a line; never raises, as librdkafka's callbacks must not."""
        line = message % args if args else message
        facility = line.partition(" ")[0]
        about = next((words for phrase, words in PHRASES if phrase in line), "see librdkafka's documentation")
        text = f"{facility}: {about}" if facility.isalnum() else about
        now = time.monotonic()
        if now - self._last.get(text, -REPEAT_SECONDS) >= REPEAT_SECONDS:
            self._last[text] = now
            log.log(min(level, logging.WARNING), "writer %s: librdkafka reports %s", self._name, text)
