"""The exporter's exceptions, one tree, and the reasons that are labels.

    ExporterError
    ├── ConfigError            what a person wrote is wrong: one Problem a line, exit 2
    ├── ListenError            an address cannot be listened on, exit 1
    └── SourceError            a poll failed; `reason` is its metric label
        ├── ThrottledError         throttled
        ├── AccessDeniedError      access_denied
        ├── CredentialsError       credentials
        ├── PollTimeoutError       timeout
        ├── AwsConnectionError     connection
        ├── TlsError               tls
        ├── InvalidResponseError   invalid_response
        ├── ClockError             clock
        ├── AwsInternalError       internal
        └── OtherSourceError       other
            └── ClaimedError           other: another target serves this account and region

Sources raise a SourceError, the scheduler catches it; the command line turns a ConfigError into lines and exit 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, TypeVar

MAX_PROBLEMS = 100
MAX_LINE = 2_000


def short_line(text: str) -> str:
    """Return *text* as one line that can be read and printed anywhere, whatever somebody wrote that is told in it."""
    text = text if text.isprintable() else text.encode("unicode_escape").decode()
    half = MAX_LINE // 2
    return text if len(text) <= MAX_LINE else f"{text[:half]}...{text[-half:]}"


class Reason(StrEnum):
    """Why a poll failed: the closed set of values of the `reason` label."""

    THROTTLED = "throttled"
    ACCESS_DENIED = "access_denied"
    CREDENTIALS = "credentials"
    TIMEOUT = "timeout"
    CONNECTION = "connection"
    TLS = "tls"
    INVALID_RESPONSE = "invalid_response"
    CLOCK = "clock"
    INTERNAL = "internal"
    OTHER = "other"


class Refusal(StrEnum):
    """Why somebody was not let in: the closed set of values of the `reason` label of `web_refused_total`."""

    PASSWORD = "password"  # noqa: S105 - a word
    BUSY = "busy"
    RATE = "rate"
    TLS = "tls"
    REQUEST = "request"
    CROWD = "crowd"


class ExporterError(Exception):
    """Base of every error that this package raises on purpose."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with the configuration, as one readable line.

    *where* is a file name, `environment` or `flag`; *line* counts from 1, None where unknown;
    *key* is the dotted key (`targets[0].regions[1]`) or empty when the whole file is meant;
    *value* is the text to show, already masked where secret, None where there is none;
    *message* says what is wrong and what is allowed.
    """

    where: str
    message: str
    key: str = ""
    value: str | None = None
    line: int | None = None

    def __str__(self) -> str:
        """Return `file:line: key = value: message`, leaving out what is not known."""
        place = self.where if self.line is None else f"{self.where}:{self.line}"
        subject = self.key if self.value is None else f"{self.key} = {self.value}"
        return short_line(": ".join(part for part in (place, subject, self.message) if part))


class ConfigError(ExporterError):
    """The configuration is wrong; *problems* holds everything found, not only the first, to a limit that no one reads.

    Past `MAX_PROBLEMS` one more line says how many there are: what is logged and answered stays bounded.
    """

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        """Keep *problems*, at least one."""
        if len(problems) > MAX_PROBLEMS:
            left = len(problems) - MAX_PROBLEMS
            problems = (*problems[:MAX_PROBLEMS], Problem(problems[-1].where, f"has {left} more problems like these"))
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


class ListenError(ExporterError):
    """An address cannot be listened on; the text names the address and the cause."""


class SourceError(ExporterError):
    """A poll failed. The text is for the log and the status page; it never holds a secret."""

    reason: ClassVar[Reason] = Reason.OTHER


Failure = TypeVar("Failure", bound=SourceError)


def alone(error: Failure) -> Failure:
    """Return *error* without what led to it: frames hold whatever was read, and an error may be kept for long."""
    error.__cause__ = error.__context__ = None
    return error.with_traceback(None)


class ThrottledError(SourceError):
    """AWS asked to slow down."""

    reason = Reason.THROTTLED


class AccessDeniedError(SourceError):
    """The credentials are good, the permission is missing."""

    reason = Reason.ACCESS_DENIED


class CredentialsError(SourceError):
    """There are no credentials, or they are expired, wrong, or a role cannot be assumed."""

    reason = Reason.CREDENTIALS


class PollTimeoutError(SourceError):
    """AWS did not answer in time."""

    reason = Reason.TIMEOUT


class AwsConnectionError(SourceError):
    """AWS cannot be reached: name resolution, refused, reset, proxy."""

    reason = Reason.CONNECTION


class TlsError(SourceError):
    """The other side's certificate is not one to trust."""

    reason = Reason.TLS


class InvalidResponseError(SourceError):
    """The answer is not what the API promises."""

    reason = Reason.INVALID_RESPONSE


class ClockError(SourceError):
    """This machine's clock is too far from AWS's."""

    reason = Reason.CLOCK


class AwsInternalError(SourceError):
    """AWS says that it failed (HTTP 5xx, InternalError)."""

    reason = Reason.INTERNAL


class OtherSourceError(SourceError):
    """Any other answer that is an error."""

    reason = Reason.OTHER


class ClaimedError(OtherSourceError):
    """Another target serves this account and region; what this one knew of them is not its to show."""
