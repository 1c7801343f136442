"""What one target and region wants to know about its calls, and the SDK events that tell it."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any, Protocol

from botocore.exceptions import ClientError

from exporter.aws.codes import is_throttling
from exporter.errors import ClockError, Reason

WARN_OFFSET_SECONDS = 60.0
CALM_OFFSET_SECONDS = 50.0
MAX_OFFSET_SECONDS = 300.0
_SIGNED_WITH = "SignedWith"
_CREDENTIAL = re.compile("Credential=([^/]+)/")

log = logging.getLogger(__name__)


class CallObserver(Protocol):
    """Told of every call to AWS of one target and region; *operation* is AWS's name, such as `GetMetricData`."""

    def requested(self, operation: str) -> None:
        """Note that an HTTP request is sent, retries included."""

    def failed(self, operation: str, reason: Reason) -> None:
        """Note that a call was given up."""

    def throttled(self, operation: str) -> None:
        """Note an answer that asks to slow down, whether or not the call is tried again."""

    def clock_offset(self, seconds: float) -> None:
        """Note our clock minus AWS's, known from every answer."""


class ClockWatch:
    """Compares this machine's clock with AWS's; one for the process, as the machine has one clock."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Take *clock*, unix seconds."""
        self._clock = clock
        self._warned = False

    def now(self) -> float:
        """Return this machine's time, unix seconds."""
        return self._clock()

    def offset(self, date: str | None) -> float | None:
        """Return our clock minus *date* (a Date header) in seconds, None when the header does not tell.

        Over 60 s is logged once, until it has been under 50 s again.
        """
        try:
            seconds = self._clock() - parsedate_to_datetime(date or "").timestamp()
        except (OverflowError, ValueError):
            return None
        if not self._warned and abs(seconds) > WARN_OFFSET_SECONDS:
            self._warned = True
            log.warning("clock differs from aws", extra={"offset_seconds": round(seconds, 1)})
        elif self._warned and abs(seconds) < CALM_OFFSET_SECONDS:
            self._warned = False
            log.info("clock agrees with aws again", extra={"offset_seconds": round(seconds, 1)})
        return seconds


class Tap:
    """Listens to the SDK's events of the clients of one target and region and tells its observer."""

    def __init__(self, observer: CallObserver, watch: ClockWatch) -> None:
        """Tell *observer*; *watch* knows the clock."""
        self._observer = observer
        self._watch = watch
        self._answers = 0
        self._offset = 0.0
        self._aws_time = 0.0

    def listen(self, events: Any) -> None:
        """Register with a client's *events* (`client.meta.events`)."""
        events.register("request-created", _request_created)
        events.register("before-send", self._before_send)
        events.register("before-parse", self._before_parse)
        events.register("response-received", self._response_received)

    def failed(self, operation: str, reason: Reason) -> None:
        """Pass on that a call was given up."""
        self._observer.failed(operation, reason)

    @property
    def answers(self) -> int:
        """How many answers told AWS's time so far."""
        return self._answers

    def clock_error(self, since: int) -> ClockError | None:
        """Return the error to raise when an answer after the first *since* shows a clock over 300 s off."""
        if self._answers == since or abs(self._offset) <= MAX_OFFSET_SECONDS:
            return None
        side = "ahead of" if self._offset > 0 else "behind"
        return ClockError(f"this machine's clock is {abs(self._offset):.0f} s {side} AWS's")

    def ahead_error(self, now: float, since: int) -> ClockError | None:
        """Return the error where *now* is over 300 s ahead of AWS's time of an answer after the first *since*."""
        if self._answers == since or now - self._aws_time <= MAX_OFFSET_SECONDS:
            return None
        return ClockError(f"this machine's clock was {now - self._aws_time:.0f} s ahead of AWS's, and was set since")

    def _before_send(self, event_name: str, **_: Any) -> None:
        self._observer.requested(event_name.rpartition(".")[2])

    def _before_parse(self, response_dict: dict[str, Any], **_: Any) -> None:
        offset = self._watch.offset(response_dict["headers"].get("date"))
        if offset is not None:
            self._answers += 1
            self._offset = offset
            self._aws_time = self._watch.now() - offset
            self._observer.clock_offset(offset)

    def _response_received(
        self, event_name: str, parsed_response: dict[str, Any] | None, context: Mapping[str, Any], **_: Any
    ) -> None:
        if parsed_response is None:
            return
        if "Error" in parsed_response:
            parsed_response[_SIGNED_WITH] = context.get(_SIGNED_WITH, "")
        if is_throttling(parsed_response):
            self._observer.throttled(event_name.rpartition(".")[2])


def signed_with(error: Exception | None) -> str:
    """Return the access key that signed the request which AWS refused with *error*, empty where it is not known."""
    return str(error.response.get(_SIGNED_WITH, "")) if isinstance(error, ClientError) else ""


def _request_created(request: Any, **_: Any) -> None:
    """Keep who signs *request* in its context, which the event of its answer has, too; the SDK has signed it before."""
    found = _CREDENTIAL.search(str(request.headers.get("Authorization", "")))
    request.context[_SIGNED_WITH] = found[1] if found else ""
