"""What all tests may ask for."""

import logging
import signal
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.services.fixtures", "tests.aws_lambda.fixtures"]

# A machine that is busy just now makes examples slow, not wrong.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("again", settings.get_profile("any machine"), max_examples=25)
settings.load_profile("any machine")

# A shell lets what it runs in the background ignore Ctrl-C, and so would all that tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _loggers() -> Iterator[None]:
    """Leave levels and handlers as they were: commands and functions that run in the tests' own process set them."""
    loggers = (logging.getLogger(), logging.getLogger("eventgate"))
    before = [(logger.level, [*logger.handlers]) for logger in loggers]
    yield
    for logger, (level, handlers) in zip(loggers, before, strict=True):
        logger.setLevel(level)
        logger.handlers[:] = handlers
