"""What tests of the log share."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

NAMES = ("", "eventgate", "eventgate.request")


@pytest.fixture
def loggers() -> Iterator[None]:
    """Loggers are put back as they were."""
    loggers = [logging.getLogger(name) for name in NAMES]
    before = [(list(each.handlers), list(each.filters), each.level) for each in loggers]
    yield
    for logger, (handlers, filters, level) in zip(loggers, before, strict=True):
        logger.handlers, logger.filters = handlers, filters
        logger.setLevel(level)
