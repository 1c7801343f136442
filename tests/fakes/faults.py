"""What can go wrong at AWS: faults for the fake to play, each plain data.

Error("AccessDenied", status=403)        any error code; THROTTLING and INTERNAL are ready made
Stall()                                   never answers
Delay(2.0)                                answers rightly, late
Reset()                                   the connection is closed without an answer
Body("<html>..", content_type="text/html", status=200)   HTML is ready made
Truncated()                               the right answer's first half, as if it were all
CutShort()                                the connection ends in the middle of the right answer
Hang()                                    headers and the first half of the right answer come, the rest never
Stale(3600)                               the right answer of an hour ago
RepeatToken()                             the right first page with a NextToken, always the same one
EndlessTokens()                           the right first page with a NextToken, each time another one
Edited(change)                            the right answer after *change* had it: any JSON, any results
Results("PartialData", metrics={"Send"}, keep=0.5)        the right answer with some results spoilt
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class Error:
    """An error as the protocol writes it, by *code*, with an HTTP *status*."""

    code: str
    message: str = "no"
    status: int = 400


@dataclass(frozen=True, slots=True)
class Stall:
    """No answer, until the client gives up or the fake ends."""


@dataclass(frozen=True, slots=True)
class Delay:
    """The right answer after so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Reset:
    """The connection is closed without an answer."""


@dataclass(frozen=True, slots=True)
class Body:
    """These bytes, whatever was asked."""

    text: str
    content_type: str = "text/plain"
    status: int = 200


@dataclass(frozen=True, slots=True)
class Truncated:
    """The first half of the right answer, complete as HTTP goes."""


@dataclass(frozen=True, slots=True)
class CutShort:
    """The first half of the right answer, then the connection ends."""


@dataclass(frozen=True, slots=True)
class Hang:
    """The headers and the first half of the right answer, then silence."""


@dataclass(frozen=True, slots=True)
class Stale:
    """The right answer of so many seconds ago."""

    seconds: float


@dataclass(frozen=True, slots=True)
class RepeatToken:
    """The right first page, and a NextToken that is the same each time."""

    token: str = "again"


@dataclass(frozen=True, slots=True)
class EndlessTokens:
    """The right first page, and a NextToken that was never given before, with *padding* more characters."""

    PREFIX: ClassVar[str] = "endless-"
    padding: int = 0
    numbers: count[int] = field(default_factory=count)


@dataclass(frozen=True, slots=True)
class Edited:
    """The right answer of any JSON operation after *change* had it; it may change it in place, or return another."""

    change: Callable[[dict[str, Any]], Any]


@dataclass(frozen=True, slots=True)
class Results:
    """The right answer in which the results of *metrics* (None: all) have *status* and keep a share of their values.

    *keep* is the share, from 0 to 1, of the values that come first in the answer. *messages* are (code, value) pairs
    of the results, *overall* those of the whole answer.
    """

    status: str
    metrics: Collection[str] | None = None
    keep: float = 0.0
    messages: tuple[tuple[str, str], ...] = ()
    overall: tuple[tuple[str, str], ...] = ()


Fault = (
    Error
    | Stall
    | Delay
    | Reset
    | Body
    | Truncated
    | CutShort
    | Hang
    | Stale
    | RepeatToken
    | EndlessTokens
    | Edited
    | Results
)
Spoiling = RepeatToken | EndlessTokens | Results

THROTTLING = Error("Throttling", "Rate exceeded", 400)
INTERNAL = Error("InternalFailure", "The request processing has failed.", 500)
HTML = Body("<html><body>Bad Gateway</body></html>", "text/html", 200)


def spoil(response: dict[str, Any], request: Mapping[str, Any], fault: Spoiling) -> dict[str, Any]:
    """Return a GetMetricData *response* to *request* with *fault* in it; usable without HTTP as well.

    A ListMetrics response, too, where the fault is one of tokens.
    """
    if isinstance(fault, RepeatToken):
        return response | {"NextToken": fault.token}
    if isinstance(fault, EndlessTokens):
        return response | {"NextToken": f"{fault.PREFIX}{next(fault.numbers)}{'x' * fault.padding}"}
    names = {query["Id"]: query["MetricStat"]["Metric"]["MetricName"] for query in request["MetricDataQueries"]}
    spoilt = []
    for result in response["MetricDataResults"]:
        if fault.metrics is None or names[result["Id"]] in fault.metrics:
            kept = int(len(result["Values"]) * fault.keep)
            spoilt.append(
                result
                | {
                    "StatusCode": fault.status,
                    "Timestamps": result["Timestamps"][:kept],
                    "Values": result["Values"][:kept],
                    "Messages": [{"Code": code, "Value": value} for code, value in fault.messages],
                }
            )
        else:
            spoilt.append(result)
    overall = [{"Code": code, "Value": value} for code, value in fault.overall]
    return response | {"MetricDataResults": spoilt, "Messages": [*response["Messages"], *overall]}
