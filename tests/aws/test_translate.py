from __future__ import annotations

import errno
import os
import re
import ssl
from base64 import b64encode
from typing import Any
from unittest.mock import Mock
from urllib.parse import urlsplit

import aiohttp
import pytest
from botocore import exceptions as sdk
from botocore.parsers import ResponseParserError

from exporter.aws.codes import ERROR_OF_CODE, error_of
from exporter.aws.redaction import redacted
from exporter.aws.translate import shown, translated
from exporter.errors import (
    AccessDeniedError,
    AwsInternalError,
    ClockError,
    CredentialsError,
    Reason,
    SourceError,
    ThrottledError,
)

URL = "https://email.xx-north-1.amazonaws.com/"
TOKEN = "IQoJb3JpZ2luX2VjEXAMPLETOKEN" * 4


def answered(code: str, message: str = "", status: int = 400) -> sdk.ClientError:
    response: Any = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return sdk.ClientError(response, "GetAccount")


def unresolved(host: str | None) -> aiohttp.ClientConnectorDNSError:
    return aiohttp.ClientConnectorDNSError(Mock(host=host), OSError(-2, "Name or service not known"))


def ours(error: Exception, *, after_answer: bool = False) -> SourceError:
    return translated(error, operation="GetAccount", region="xx-north-1", answered=after_answer)


@pytest.mark.parametrize(
    ("code", "status", "reason"),
    [
        *((code, 400, kind.reason) for code, kind in ERROR_OF_CODE.items()),
        ("Whatever", 429, Reason.THROTTLED),
        ("Whatever", 503, Reason.INTERNAL),
        ("502", 502, Reason.INTERNAL),
        ("407", 407, Reason.CONNECTION),
        ("403", 403, Reason.INVALID_RESPONSE),
        ("", 302, Reason.INVALID_RESPONSE),
        ("ValidationError", 400, Reason.OTHER),
    ],
)
def test_error_codes_and_statuses(code: str, status: int, reason: Reason) -> None:
    assert ours(answered(code, "no", status)).reason is reason


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("Throttling", ThrottledError),
        ("ThrottlingException", ThrottledError),
        ("TooManyRequestsException", ThrottledError),
        ("RequestLimitExceeded", ThrottledError),
        ("SlowDown", ThrottledError),
        ("AccessDenied", AccessDeniedError),
        ("AccessDeniedException", AccessDeniedError),
        ("UnauthorizedOperation", AccessDeniedError),
        ("OptInRequired", AccessDeniedError),
        ("ExpiredToken", CredentialsError),
        ("InvalidClientTokenId", CredentialsError),
        ("SignatureDoesNotMatch", CredentialsError),
        ("RequestTimeTooSkewed", ClockError),
        ("InternalFailure", AwsInternalError),
    ],
)
def test_the_codes_that_matter(code: str, kind: type[SourceError]) -> None:
    assert error_of(code, 400, "") is kind


@pytest.mark.parametrize("code", ["SignatureDoesNotMatch", "InvalidSignatureException"])
@pytest.mark.parametrize("text", ["Signature expired: 2026 is now earlier than 2027", "Signature not yet current: x"])
def test_a_signature_out_of_its_time_is_the_clock_s_fault(code: str, text: str) -> None:
    assert ours(answered(code, text, 403)).reason is Reason.CLOCK


@pytest.mark.parametrize(
    ("error", "reason", "text"),
    [
        (sdk.ConnectTimeoutError(endpoint_url=URL), Reason.TIMEOUT, "did not take the connection in time"),
        (sdk.ReadTimeoutError(endpoint_url=URL), Reason.TIMEOUT, "did not answer in time"),
        (TimeoutError(), Reason.TIMEOUT, "AWS did not answer in time"),
        (sdk.SSLError(endpoint_url=URL, error=ssl.SSLError(1, "bad")), Reason.TLS, "email.xx-north-1.amazonaws.com"),
        (sdk.HTTPClientError(error=ssl.SSLError(1, "bad")), Reason.TLS, "bad"),
        (sdk.EndpointConnectionError(endpoint_url=URL, error=OSError(111, "refused")), Reason.CONNECTION, "refused"),
        (
            sdk.EndpointConnectionError(
                endpoint_url=URL, error=aiohttp.ClientConnectorError(Mock(), ConnectionResetError())
            ),
            Reason.CONNECTION,
            os.strerror(errno.ECONNRESET),
        ),
        (
            sdk.EndpointConnectionError(
                endpoint_url=URL,
                error=aiohttp.ClientConnectorError(Mock(), OSError(errno.EMFILE, os.strerror(errno.EMFILE))),
            ),
            Reason.CONNECTION,
            os.strerror(errno.EMFILE),
        ),
        (sdk.ConnectionClosedError(endpoint_url=URL, error="gone"), Reason.CONNECTION, "gone"),
        (sdk.ProxyConnectionError(proxy_url="http://p", error=OSError("no")), Reason.CONNECTION, "the proxy does not"),
        (sdk.HTTPClientError(error=OSError("broken")), Reason.CONNECTION, "broken"),
        (sdk.ResponseStreamingError(error="x"), Reason.CONNECTION, ""),
        (sdk.IncompleteReadError(actual_bytes=1, expected_bytes=2), Reason.CONNECTION, ""),
        (sdk.InvalidProxiesConfigError(), Reason.CONNECTION, ""),
        (sdk.NoCredentialsError(), Reason.CREDENTIALS, "GetAccount: no credentials found"),
        (sdk.ProfileNotFound(profile="gone"), Reason.CREDENTIALS, "(gone)"),
        (sdk.PartialCredentialsError(provider="env", cred_var="x"), Reason.CREDENTIALS, "PartialCredentialsError"),
        (sdk.UnauthorizedSSOTokenError(), Reason.CREDENTIALS, "UnauthorizedSSOTokenError"),
        (ResponseParserError("<html>"), Reason.INVALID_RESPONSE, "the answer cannot be read"),
        (sdk.ParamValidationError(report="bad"), Reason.OTHER, "ParamValidationError"),
        (sdk.NoRegionError(), Reason.OTHER, "NoRegionError"),
        (KeyError("a bug"), Reason.OTHER, "KeyError"),
    ],
)
def test_what_the_sdk_raises_itself(error: Exception, reason: Reason, text: str) -> None:
    translation = ours(error)
    assert translation.reason is reason
    assert text in str(translation)


def test_after_an_answer_an_unforeseen_error_is_one_of_reading_it() -> None:
    assert ours(AttributeError("'list' object"), after_answer=True).reason is Reason.INVALID_RESPONSE
    assert ours(OverflowError("int too large"), after_answer=True).reason is Reason.INVALID_RESPONSE
    assert ours(sdk.InvalidRegionError(region_name="x y"), after_answer=True).reason is Reason.OTHER
    assert ours(RuntimeError("?"), after_answer=True).reason is Reason.OTHER


@pytest.mark.parametrize(
    ("url", "text"),
    [
        (URL, "email.xx-north-1.amazonaws.com cannot be resolved; SES may not be offered in xx-north-1"),
        ("https://monitoring.xx-north-1.amazonaws.com/", "monitoring.xx-north-1.amazonaws.com cannot be resolved"),
    ],
)
def test_a_region_without_ses_is_told_in_words(url: str, text: str) -> None:
    translation = ours(sdk.EndpointConnectionError(endpoint_url=url, error=unresolved(urlsplit(url).hostname)))
    assert translation.reason is Reason.CONNECTION
    assert str(translation).endswith(text)


@pytest.mark.parametrize(
    "error",
    [
        sdk.ProxyConnectionError(proxy_url="http://proxy", error=unresolved("proxy")),
        sdk.EndpointConnectionError(endpoint_url=URL, error=unresolved("C/SECRET")),
    ],
)
def test_a_proxy_that_cannot_be_found_is_not_taken_for_aws(error: Exception) -> None:
    translation = ours(error)
    assert translation.reason is Reason.CONNECTION
    assert str(translation) == "GetAccount: the name of the proxy cannot be resolved"


@pytest.mark.parametrize(
    "text",
    [
        "Invalid endpoint: http:/u:SECRETPW@127.0.0.1:9",
        "Invalid endpoint: u:SEC RET@h",
        "Port could not be cast to integer value as 'SEC'",
    ],
)
@pytest.mark.parametrize("wrapped", [False, True])
def test_a_value_that_the_sdk_refuses_is_not_repeated(text: str, wrapped: bool) -> None:
    error: Exception = sdk.HTTPClientError(error=ValueError(text)) if wrapped else ValueError(text)
    translation = ours(error)
    assert translation.reason is Reason.OTHER
    assert str(translation) == "GetAccount: a value for the SDK, such as AWS_ENDPOINT_URL, is none (ValueError)"
    assert shown(error, translation) is None


def test_an_address_that_is_none_on_the_way_is_not_repeated() -> None:
    error = sdk.HTTPClientError(error=aiohttp.InvalidURL("u:SEC RET@h"))
    translation = ours(error)
    assert str(translation) == "GetAccount: AWS: an address is none"
    assert shown(error, translation) is None


def test_one_of_ours_comes_back_as_it_is_and_is_not_its_own_cause() -> None:
    error = ClockError("late")
    assert ours(error) is error
    assert shown(error, error) is None


def test_a_cause_that_may_hold_a_secret_is_not_shown() -> None:
    error = answered("SignatureDoesNotMatch", f"x-amz-security-token:{TOKEN}")
    assert shown(error, ours(error)) is None
    refused = sdk.HTTPClientError(error=OSError("http://u:SECRET@h"))
    assert shown(refused, ours(refused)) is None
    throttled = answered("Throttling")
    assert shown(throttled, ours(throttled)) is throttled
    assert shown(None, ClockError("late")) is None
    assert shown(None, ours(throttled)) is None


@pytest.mark.parametrize(
    "error",
    [
        answered(
            "SignatureDoesNotMatch", f"The Canonical String: x-amz-security-token:{TOKEN} AKIAIOSFODNN7EXAMPLE", 403
        ),
        answered("AccessDenied", f"key AKIAIOSFODNN7EXAMPLE token {TOKEN}\nAuthorization"),
        answered("Odd", f"http://me:{TOKEN}@proxy/ says AKIAIOSFODNN7EXAMPLE"),
        sdk.CredentialRetrievalError(provider="custom-process", error_msg=f"AKIAIOSFODNN7EXAMPLE {TOKEN}"),
        sdk.HTTPClientError(error=OSError(f"http://me:short@proxy AKIAIOSFODNN7EXAMPLE {TOKEN}")),
        ValueError(f"AKIAIOSFODNN7EXAMPLE {TOKEN}"),
    ],
)
def test_no_text_carries_a_secret(error: Exception) -> None:
    text = str(ours(error))
    for secret in ("AKIAIOSFODNN7EXAMPLE", TOKEN, "me:short", "\n"):
        assert secret not in text


def test_a_text_is_bounded_and_on_one_line() -> None:
    assert redacted("a\n  b") == "a b"
    assert len(redacted("word " * 1000)) == 303
    assert redacted("arn:aws:sts::123456789012:assumed-role/reader") == "arn:aws:sts::123456789012:assumed-role/reader"
    assert str(ours(answered("AccessDenied"))) == "GetAccount: AccessDenied"


SECRET = "sesame/open+now"


@pytest.mark.parametrize(
    "echo",
    [
        f"Value '{SECRET}' at 'externalId' failed",
        "Action=AssumeRole&ExternalId=sesame%2Fopen%2Bnow&Version=2011-06-15",
        "http://h/sesame/open%2Bnow?x",
        f"Proxy-Authorization: Basic {b64encode(SECRET.encode()).decode()}",
        "short: 1x1.",
    ],
)
@pytest.mark.parametrize("code", ["AccessDenied", "ValidationError", "Throttling", "RequestExpired", "SECRET"])
def test_no_text_repeats_a_secret_that_is_known(code: str, echo: str) -> None:
    error = answered(code.replace("SECRET", SECRET), echo)
    secrets = (SECRET, "1x1", "")
    translation = translated(error, operation="AssumeRole", region="x", answered=True, secrets=secrets)
    assert "***" in str(translation)
    assert not {SECRET[:6], "1x1", "open%2Bnow"} & set(re.split(r"[ /:&=?.]", str(translation)))
    assert shown(error, translation, secrets) is None


@pytest.mark.parametrize("operation", ["AssumeRole", "AssumeRoleWithWebIdentity", "GetRoleCredentials"])
def test_what_aws_says_to_the_sdk_s_own_chain_is_not_repeated(operation: str) -> None:
    error = sdk.ClientError({"Error": {"Code": "ValidationError", "Message": "sesame"}}, operation)
    translation = ours(error)
    assert str(translation) == f"GetAccount: {operation}: ValidationError"
    assert shown(error, translation) is None
