"""The tests of the EventBridge writer share the credentials and the bus of the tests of AWS's clients."""

from tests.aws.conftest import _credentials, stub

__all__ = ["_credentials", "stub"]
