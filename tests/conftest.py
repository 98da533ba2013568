"""What all tests may ask for."""

import signal

from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.services.fixtures", "tests.aws_lambda.fixtures"]

# A machine that is busy just now makes examples slow, not wrong.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")

# A shell lets what it runs in the background ignore Ctrl-C, and so would all that tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)
