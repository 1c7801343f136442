"""What the fake AWS is told beforehand: facts, roles, and which fault meets whom."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tests.fakes.faults import Edited, EndlessTokens, Fault, RepeatToken
from tests.fakes.wire import Request

FACTS: dict[str, Any] = {
    "DedicatedIpAutoWarmupEnabled": True,
    "EnforcementStatus": "HEALTHY",
    "ProductionAccessEnabled": True,
    "SendQuota": {"Max24HourSend": 50000.0, "MaxSendRate": 14.0, "SentLast24Hours": 1234.0},
    "SendingEnabled": True,
    "SuppressionAttributes": {"SuppressedReasons": ["BOUNCE", "COMPLAINT"]},
    "Details": {"MailType": "TRANSACTIONAL", "ReviewDetails": {"Status": "GRANTED", "CaseId": "1"}},
    "VdmAttributes": {"VdmEnabled": "ENABLED"},
    "PricingAttributes": {"CurrentPlan": "ESSENTIALS", "NextPlan": "ESSENTIALS"},
}


@dataclass(frozen=True, slots=True)
class Role:
    """A role that can be assumed: by whoever knows *external_id* where there is one."""

    external_id: str | None = None
    lifetime_seconds: float = 3600.0


@dataclass(slots=True)
class Planned:
    """A *fault* for the requests that fit, as many as are *left*, None for all, *during* a span of time."""

    fault: Fault
    region: str | None
    operation: str | None
    account: str | None
    left: int | None
    during: tuple[float, float]

    def fits(self, request: Request) -> bool:
        return (
            self.during[0] <= request.at < self.during[1]
            and self.region in (None, request.region)
            and self.operation in (None, request.operation)
            and self.account in (None, request.account)
        )


def json_text(answer: dict[str, Any], fault: Fault | None) -> str:
    """Return *answer* as JSON; times are unix seconds, and NaN and infinity stand there as Python writes them."""
    text = json.dumps(answer, default=lambda moment: moment.timestamp())
    return json.dumps(fault.change(json.loads(text))) if isinstance(fault, Edited) else text


def asked_of(request: Request, fault: Fault | None) -> dict[str, Any]:
    """Return the body of *request* with moments, and without a token that *fault* made up."""
    asked = dict(request.body)
    for name in {"StartTime", "EndTime"} & set(asked):
        asked[name] = datetime.fromtimestamp(asked[name], UTC)
    if isinstance(fault, RepeatToken) or str(asked.get("NextToken")).startswith(EndlessTokens.PREFIX):
        asked.pop("NextToken", None)
    return asked
