"""What AWS's errors and botocore's mean, in words that name no address, account or resource."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from eventgate.errors import EventGateError

DENIED: Final = "access denied"
THROTTLED: Final = "throttled"
MISSING: Final = "it does not exist"

_UNREACHABLE: Final = "cannot be reached"
_NO_CREDENTIALS: Final = "there are no AWS credentials"
_BAD_CREDENTIALS: Final = "the AWS credentials are not accepted"
_OLD_CREDENTIALS: Final = "the AWS credentials have expired"
_NO_REFRESH: Final = "the AWS credentials cannot be fetched"
_SETTING: Final = "the settings of the AWS client are not usable"
_INTERNAL: Final = "AWS reports an error of its own"

EXCEPTIONS: Final[Mapping[str, str]] = {
    "SSLError": "TLS fails",
    "ProxyConnectionError": "the proxy cannot be used",
    "EndpointConnectionError": _UNREACHABLE,
    "ConnectTimeoutError": f"{_UNREACHABLE} in time",
    "ConnectionError": _UNREACHABLE,
    "ReadTimeoutError": "no answer in time",
    "ConnectionClosedError": "the connection broke off",
    "ResponseStreamingError": "the connection broke off",
    "IncompleteReadError": "the connection broke off",
    "HTTPClientError": "the connection fails",
    "ChecksumError": "the answer arrived damaged",
    "FlexibleChecksumError": "the answer arrived damaged",
    "NoCredentialsError": _NO_CREDENTIALS,
    "NoAuthTokenError": _NO_CREDENTIALS,
    "PartialCredentialsError": "the AWS credentials are not complete",
    "UnknownCredentialError": _NO_CREDENTIALS,
    "CredentialRetrievalError": _NO_REFRESH,
    "TokenRetrievalError": _NO_REFRESH,
    "MetadataRetrievalError": _NO_REFRESH,
    "RefreshWithMFAUnsupportedError": _NO_REFRESH,
    "SSOError": _NO_REFRESH,
    "LoginError": _NO_REFRESH,
    "UnauthorizedSSOTokenError": _OLD_CREDENTIALS,
    "LoginRefreshRequired": _OLD_CREDENTIALS,
    "NoRegionError": "no AWS region is set",
    "InvalidRegionError": "the AWS region is none",
    "UnknownRegionError": "the AWS region is none",
    "ProfileNotFound": "the AWS profile does not exist",
    "MissingDependencyException": "a library that the AWS credentials need is not installed",
    "BaseEndpointResolverError": _SETTING,
    "EndpointProviderError": _SETTING,
    "InvalidProxiesConfigError": _SETTING,
    "InvalidConfigError": _SETTING,
    "InvalidIMDSEndpointError": _SETTING,
    "InvalidIMDSEndpointModeError": _SETTING,
    "InvalidDefaultsMode": _SETTING,
    "InvalidRetryConfigurationError": _SETTING,
    "InvalidEndpointConfigurationError": _SETTING,
    "InvalidChecksumConfigError": _SETTING,
    "InvalidS3AddressingStyleError": _SETTING,
    "ConfigParseError": _SETTING,
    "ConfigNotFound": _SETTING,
    "ParamValidationError": "the request is not valid",
    "ValidationError": "the request is not valid",
    "BotoCoreError": "the AWS client fails",
}
"""By the name of botocore's class; the nearest base counts where a class itself is not listed."""

CODES: Final[Mapping[str, str]] = {
    "AccessDenied": DENIED,
    "AccessDeniedException": DENIED,
    "403": DENIED,  # S3, of a request whose answer has no body
    "AllAccessDisabled": DENIED,
    "UnauthorizedOperation": DENIED,
    "OptInRequired": DENIED,
    "NotAuthorized": DENIED,
    "ExpiredToken": _OLD_CREDENTIALS,
    "ExpiredTokenException": _OLD_CREDENTIALS,
    "RequestExpired": "the clocks of AWS and this machine differ",
    "RequestTimeTooSkewed": "the clocks of AWS and this machine differ",
    "AuthFailure": _BAD_CREDENTIALS,
    "IncompleteSignature": _BAD_CREDENTIALS,
    "InvalidAccessKeyId": _BAD_CREDENTIALS,
    "InvalidClientTokenId": _BAD_CREDENTIALS,
    "InvalidSignatureException": _BAD_CREDENTIALS,
    "InvalidToken": _BAD_CREDENTIALS,
    "MissingAuthenticationToken": _BAD_CREDENTIALS,
    "MissingAuthenticationTokenException": _BAD_CREDENTIALS,
    "SignatureDoesNotMatch": _BAD_CREDENTIALS,
    "UnrecognizedClientException": _BAD_CREDENTIALS,
    "RequestLimitExceeded": THROTTLED,
    "SlowDown": THROTTLED,
    "Throttling": THROTTLED,
    "ThrottlingException": THROTTLED,
    "ThrottledException": THROTTLED,
    "TooManyRequestsException": THROTTLED,
    "ResourceNotFoundException": MISSING,
    "AWS.SimpleQueueService.NonExistentQueue": MISSING,
    "QueueDoesNotExist": MISSING,
    "NoSuchKey": MISSING,
    "404": MISSING,
    "NoSuchBucket": "there is no such bucket",
    "InvalidObjectState": "it is archived",
    "PermanentRedirect": "it is in another region",
    "AuthorizationHeaderMalformed": "it is in another region",
    "InvalidParameterException": "the request is not valid",
    "InvalidRequestException": "it is about to be deleted",  # Secrets Manager, of a secret
    "ValidationException": "the request is not valid",
    "ValidationError": "the request is not valid",
    "DecryptionFailure": "it cannot be decrypted with its KMS key",
    "InternalException": _INTERNAL,
    "InternalFailure": _INTERNAL,
    "InternalError": _INTERNAL,
    "InternalServiceError": _INTERNAL,
    "ServiceUnavailable": _INTERNAL,
}
"""By the code of a service's error; others are told by the answer's status."""


class AwsFailure(EventGateError):
    """A call that did not succeed. The message is for people and holds no values of AWS.

    `code` and `status` are the service's, if it answered. `acted`: the service may have done what it was asked.
    """

    def __init__(self, reason: str, *, code: str = "", status: int = 0, acted: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.code = code
        self.status = status
        self.acted = acted

    @property
    def throttled(self) -> bool:
        """Whether the service said that it was asked too much, and did nothing."""
        return not self.acted and (self.status == 429 or CODES.get(self.code) == THROTTLED)

    @property
    def missing(self) -> bool:
        """Whether the service says that there is no such thing."""
        return CODES.get(self.code) == MISSING

    @property
    def denied(self) -> bool:
        """Whether the service knows who asks, and does not allow it."""
        return CODES.get(self.code) == DENIED


def failure(error: BaseException, *, sent: bool) -> AwsFailure:
    """What `error`, raised by a client, means; `sent` says whether bytes of the request had gone out."""
    response = getattr(error, "response", None)
    if isinstance(response, Mapping) and "Error" in response:
        return _of_service(response)
    for kind in type(error).__mro__:
        if kind.__module__ == "botocore.exceptions" and kind.__name__ in EXCEPTIONS:
            return AwsFailure(EXCEPTIONS[kind.__name__], acted=sent)
    return AwsFailure(f"the AWS client fails ({type(error).__name__})", acted=sent)


def _of_service(response: Mapping[str, Any]) -> AwsFailure:
    """An error that the service answered with: below 500 it did not act (RFC 9110, section 15.5)."""
    code = str(response["Error"].get("Code", ""))
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    reason = CODES.get(code) or f"AWS answered {status}"
    return AwsFailure(reason, code=code, status=status, acted=status >= 500)
