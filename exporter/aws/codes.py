"""AWS's error codes by what they mean for us. A code that is not here is judged by its HTTP status."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from exporter.errors import (
    AccessDeniedError,
    AwsConnectionError,
    AwsInternalError,
    ClockError,
    CredentialsError,
    InvalidResponseError,
    OtherSourceError,
    PollTimeoutError,
    SourceError,
    ThrottledError,
)

_CODES: dict[type[SourceError], tuple[str, ...]] = {
    ThrottledError: (
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "LimitExceededException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    ),
    AccessDeniedError: (
        "AccessDenied",
        "AccessDeniedException",
        "AuthorizationError",
        "OptInRequired",
        "SubscriptionRequiredException",
        "UnauthorizedAccess",
        "UnauthorizedOperation",
    ),
    CredentialsError: (
        "AuthFailure",
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "IncompleteSignatureException",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "InvalidToken",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "NotAuthorized",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    ),
    ClockError: ("RequestExpired", "RequestInTheFuture", "RequestTimeTooSkewed"),
    PollTimeoutError: ("RequestTimeout", "RequestTimeoutException"),
    AwsInternalError: (
        "InternalError",
        "InternalFailure",
        "InternalServerError",
        "InternalServerException",
        "InternalServiceError",
        "InternalServiceException",
        "InternalServiceFault",
        "ServiceFailure",
        "ServiceUnavailable",
        "ServiceUnavailableException",
    ),
}
ERROR_OF_CODE = {code: error for error, codes in _CODES.items() for code in codes}

_PROXY_AUTHENTICATION_REQUIRED = 407
_TOO_MANY_REQUESTS = 429
_SERVER_ERROR = 500


def error_of(code: str, status: int, message: str) -> type[SourceError]:
    """Return what an answer with an error *code*, HTTP *status* and *message* is to us.

    A code of digits is the SDK's word for an answer that AWS did not write: a proxy's page, say.
    """
    if "Signature expired" in message or "Signature not yet current" in message:
        return ClockError
    if (known := ERROR_OF_CODE.get(code)) is not None:
        return known
    if status == _TOO_MANY_REQUESTS:
        return ThrottledError
    if status >= _SERVER_ERROR:
        return AwsInternalError
    if status == _PROXY_AUTHENTICATION_REQUIRED:
        return AwsConnectionError
    return InvalidResponseError if code.isdigit() or not code else OtherSourceError


def is_throttling(parsed_response: Mapping[str, Any]) -> bool:
    """Return whether an answer as the SDK parsed it asks to slow down."""
    status = parsed_response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    code = parsed_response.get("Error", {}).get("Code", "")
    return ERROR_OF_CODE.get(code) is ThrottledError or status == _TOO_MANY_REQUESTS
