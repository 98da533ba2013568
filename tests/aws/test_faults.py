"""Every exception of botocore, and every error that AWS documents for what we call, has words of ours."""

from __future__ import annotations

import inspect

import botocore.exceptions
import botocore.session
import pytest

from eventgate.aws.faults import CODES, EXCEPTIONS, failure

OTHERS = frozenset(
    {
        # never met by what the gate calls: other operations, tools for tests, warnings, roots of the tree
        "AliasConflictParameterError", "ApiVersionNotFoundError", "AwsChunkedWrapperError", "CapacityNotAvailableError",
        "ClientError", "DataNotFoundError", "EndpointResolutionError", "EndpointVariantError", "EventStreamError",
        "ImminentRemovalWarning", "InfiniteLoopConfigError", "InvalidDNSNameError",
        "InvalidEndpointDiscoveryConfigurationError", "InvalidExpressionError", "InvalidHostLabelError",
        "InvalidMaxRetryAttemptsError", "InvalidRetryModeError", "InvalidS3UsEast1RegionalEndpointConfigError",
        "InvalidSTSRegionalEndpointsConfigError", "LoginAuthorizationCodeError", "LoginInsufficientPermissions",
        "LoginTokenLoadError", "MD5UnavailableError", "MissingParametersError", "MissingServiceIdError",
        "OperationNotPageableError", "PaginationError", "RangeError", "SSOTokenLoadError", "ServiceNotInRegionError",
        "StubAssertionError", "StubResponseError", "UnStubbedResponseError", "UndefinedModelAttributeError",
        "UnknownClientMethodError", "UnknownEndpointError", "UnknownEndpointResolutionBuiltInName",
        "UnknownFIPSEndpointError", "UnknownKeyError", "UnknownParameterError", "UnknownServiceError",
        "UnknownServiceStyle", "UnknownSignatureVersionError", "UnknownTokenProviderError", "UnseekableStreamError",
        "UnsupportedOutpostResourceError", "UnsupportedS3AccesspointConfigurationError", "UnsupportedS3ArnError",
        "UnsupportedS3ConfigurationError", "UnsupportedS3ControlArnError", "UnsupportedS3ControlConfigurationError",
        "UnsupportedServiceProtocolsError", "UnsupportedSignatureVersionError", "UnsupportedTLSVersionWarning",
        "WaiterConfigError", "WaiterError",
    }
)  # fmt: skip
"""Told by the words of their base."""
CALLED = {
    "events": ("PutEvents", "DescribeEventBus"),
    "s3": ("GetObject", "ListObjectsV2"),
    "secretsmanager": ("GetSecretValue",),
}


def exceptions() -> dict[str, type[Exception]]:
    found = inspect.getmembers(botocore.exceptions, inspect.isclass)
    return {
        name: each for name, each in found if each.__module__ == "botocore.exceptions" and issubclass(each, Exception)
    }


def test_every_exception_of_botocore_is_known() -> None:
    """A new one fails here: decide whether it needs words of its own."""
    assert exceptions().keys() == EXCEPTIONS.keys() | OTHERS


@pytest.mark.parametrize("name", sorted(exceptions()))
def test_no_exception_shows_what_it_is_about(name: str) -> None:
    """botocore puts addresses into its texts."""
    error = exceptions()[name].__new__(exceptions()[name])
    error.args = ("https://bus.example/secret",)
    said = failure(error, sent=True)
    assert said.reason
    assert "example" not in str(said)
    assert said.acted


def test_every_error_that_aws_documents_is_known() -> None:
    """For the operations that we call."""
    session = botocore.session.Session()
    for service, operations in CALLED.items():
        model = session.get_service_model(service)
        for operation in operations:
            assert {shape.name for shape in model.operation_model(operation).error_shapes} <= CODES.keys()


@pytest.mark.parametrize(
    ("code", "status", "acted", "throttled"),
    [
        ("ThrottlingException", 400, False, True),
        ("Anything", 429, False, True),
        ("AccessDeniedException", 400, False, False),
        ("InternalException", 500, True, False),
        ("ServiceUnavailable", 503, True, False),
        ("NewsToUs", 418, False, False),
    ],
)
def test_an_answer_says_whether_the_service_acted(code: str, status: int, acted: bool, throttled: bool) -> None:
    """Below 500 it refused to; from there on nobody knows."""
    response = {"Error": {"Code": code, "Message": "hush"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    said = failure(botocore.exceptions.ClientError(response, "PutEvents"), sent=True)  # type: ignore[arg-type]
    assert (said.acted, said.throttled) == (acted, throttled)
    assert "hush" not in said.reason
