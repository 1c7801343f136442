"""Every exception of the SDK becomes one of ours. Texts say what happened and never carry a secret."""

from __future__ import annotations

import errno
import os
import ssl
from collections.abc import Collection
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from botocore import exceptions as sdk
from botocore.parsers import ResponseParserError

from exporter.aws.bounded import TooLongError
from exporter.aws.codes import error_of
from exporter.aws.observer import signed_with
from exporter.aws.redaction import redacted, tells
from exporter.errors import (
    AwsConnectionError,
    ClockError,
    CredentialsError,
    InvalidResponseError,
    OtherSourceError,
    PollTimeoutError,
    SourceError,
    TlsError,
)

_OF_THE_CHAIN = {
    "AssumeRole",
    "AssumeRoleWithSAML",
    "AssumeRoleWithWebIdentity",
    "CreateOAuth2Token",
    "CreateToken",
    "GetRoleCredentials",
}
"""Calls by which the SDK's own chain gets keys, with secrets that its files tell; AssumeRole is one of ours too."""

_KINDS: tuple[tuple[type[SourceError], tuple[Any, ...]], ...] = (
    (PollTimeoutError, (sdk.ConnectTimeoutError, sdk.ReadTimeoutError, TimeoutError)),
    (TlsError, (sdk.SSLError, ssl.SSLError, aiohttp.ClientSSLError)),
    (
        AwsConnectionError,
        (
            sdk.ConnectionError,
            sdk.ConnectionClosedError,
            sdk.ResponseStreamingError,
            sdk.IncompleteReadError,
            sdk.InvalidProxiesConfigError,
            aiohttp.ClientError,
            OSError,
        ),
    ),
    (
        CredentialsError,
        (
            sdk.NoCredentialsError,
            sdk.PartialCredentialsError,
            sdk.CredentialRetrievalError,
            sdk.ProfileNotFound,
            sdk.ConfigNotFound,
            sdk.ConfigParseError,
            sdk.InvalidConfigError,
            sdk.MetadataRetrievalError,
            sdk.MissingDependencyException,
            sdk.NoAuthTokenError,
            sdk.RefreshWithMFAUnsupportedError,
            sdk.SSOError,
            sdk.LoginError,
            sdk.TokenRetrievalError,
            sdk.UnknownCredentialError,
            sdk.UnknownTokenProviderError,
        ),
    ),
    (InvalidResponseError, (ResponseParserError, TooLongError)),
)
_PARSING = (AttributeError, KeyError, MemoryError, OverflowError, RecursionError, TypeError, ValueError)


def translated(
    error: Exception, *, operation: str, region: str, answered: bool, secrets: Collection[str] = ()
) -> SourceError:
    """Return our error for *error*, raised by a call of *operation* in *region*; one of ours comes back as it is.

    After an answer (*answered*) an error that the SDK did not foresee is one of reading it. None of *secrets* is told.
    """
    if isinstance(error, SourceError):
        return error
    kind, text = _told(error, region, answered=answered)
    return kind(redacted(f"{operation}: {text}", secrets))


def shown(error: Exception | None, ours: SourceError, secrets: Collection[str] = ()) -> Exception | None:
    """Return the cause to chain to *ours*: not itself, and none whose text may hold a secret in a traceback."""
    if error is None or error is ours or isinstance(ours, CredentialsError | ClockError) or _is_of_the_chain(error):
        return None
    return None if _may_quote(error) or _may_quote(_cause(error)) or tells(str(error), secrets) else error


def _told(error: Exception, region: str, *, answered: bool) -> tuple[type[SourceError], str]:
    """Return what *error* is to us, and its text, not yet redacted."""
    if isinstance(error, sdk.ClientError):
        return _answered(error)
    cause = _cause(error)
    for ours, theirs in _KINDS:
        if isinstance(error, theirs) or isinstance(cause, theirs):
            return ours, _text(error, cause, ours, region)
    if answered and isinstance(error, _PARSING) and not isinstance(error, sdk.BotoCoreError):
        return InvalidResponseError, f"the answer cannot be read ({type(error).__name__})"
    if _may_quote(error) or _may_quote(cause):
        return OtherSourceError, "a value for the SDK, such as AWS_ENDPOINT_URL, is none (ValueError)"
    return OtherSourceError, f"{type(error).__name__}: {error}"


def _answered(error: sdk.ClientError) -> tuple[type[SourceError], str]:
    code = str(error.response["Error"].get("Code", ""))
    message = str(error.response["Error"].get("Message", ""))
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    ours = error_of(code, status, message)
    if issubclass(ours, InvalidResponseError):
        return ours, f"HTTP {status}, and not from AWS"
    if _is_of_the_chain(error):
        return ours, f"{error.operation_name}: {code}"
    if issubclass(ours, CredentialsError):  # AWS's own text may hold the request that was signed, token included
        return ours, code
    return ours, f"{code}: {message}" if message else code


def _is_of_the_chain(error: Exception) -> bool:
    """Return whether the SDK asked by itself: then the answer may repeat what we do not know."""
    return isinstance(error, sdk.ClientError) and error.operation_name in _OF_THE_CHAIN and not signed_with(error)


def _cause(error: Exception) -> object:
    """Return what is inside the SDK's wrapper, which it keeps under `error`."""
    kwargs = getattr(error, "kwargs", None)
    return kwargs.get("error") if isinstance(kwargs, dict) else None


def _may_quote(error: object) -> bool:
    """Return whether the text of *error* may quote what it is about: `Port could not be cast ...` a password's half."""
    return isinstance(error, ValueError) and not isinstance(error, sdk.BotoCoreError)


def _text(error: Exception, cause: object, ours: type[SourceError], region: str) -> str:
    if issubclass(ours, CredentialsError):
        return _credentials_text(error)
    if issubclass(ours, InvalidResponseError):
        return "the answer cannot be read"
    host = urlsplit(str(getattr(error, "kwargs", {}).get("endpoint_url", ""))).hostname or "AWS"
    if issubclass(ours, PollTimeoutError):
        missed = "take the connection" if isinstance(error, sdk.ConnectTimeoutError) else "answer"
        return f"{host} did not {missed} in time"
    return _connection_text(error, cause, host, region)


def _connection_text(error: Exception, cause: object, host: str, region: str) -> str:
    proxied = isinstance(error, sdk.ProxyConnectionError)
    if isinstance(cause, aiohttp.ClientConnectorDNSError):
        if proxied or host not in {
            "AWS",
            cause.host,
        }:  # whose name is not told: where it is not written well, it is of a password
            return "the name of the proxy cannot be resolved"
        offered = f"; SES may not be offered in {region}" if host.startswith("email") else ""
        return f"the name {host} cannot be resolved{offered}"
    if proxied:
        return f"the proxy does not let through: {_detail(cause)}"
    return f"{host}: {_detail(cause or error)}"


def _detail(cause: object) -> str:
    """Return what went wrong on the way, in the system's words rather than the library's."""
    if isinstance(cause, aiohttp.ClientConnectorCertificateError):
        certificate_error = cause.certificate_error
        return f"its certificate is refused: {getattr(certificate_error, 'verify_message', certificate_error)}"
    if isinstance(cause, aiohttp.ClientConnectorError) and (number := _number(cause.os_error)) > 0:
        return os.strerror(number)
    if _may_quote(cause):
        return "an address is none"
    return str(cause)


def _number(error: OSError) -> int:
    """Return its errno; asyncio has none for a connection that is reset while it is secured."""
    return errno.ECONNRESET if error.errno is None and isinstance(error, ConnectionResetError) else error.errno or 0


def _credentials_text(error: Exception) -> str:
    match error:
        case sdk.NoCredentialsError():
            return "no credentials found"
        case sdk.CredentialRetrievalError():  # its text may be what a credential process printed
            return f"credentials cannot be had from {error.kwargs.get('provider', 'their provider')}"
    return f"{type(error).__name__}: {error}"
