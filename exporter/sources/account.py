"""SESv2 GetAccount: what the account may send in a region, and how it stands with SES.

    aws_ses_sending_enabled 1.0
    aws_ses_enforcement_status{status="HEALTHY"} 1.0
    aws_ses_enforcement_status{status="PROBATION"} 0.0
    aws_ses_send_quota_max 50000.0

A field that is missing, or is not what the API promises, is absent on the page: never a healthy default.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from exporter.catalogue import ENFORCEMENT_STATUSES, FACTS, REVIEW_STATUSES
from exporter.errors import InvalidResponseError
from exporter.series.observations import FACT, Reading, Series
from exporter.sources import Believes, Source, believed
from exporter.sources.succession import Account, Succession

log = logging.getLogger(__name__)

MIN_AGE_SECONDS = 3600
MAX_TEXT_LENGTH = 64
UNLIMITED = -1

Labels = tuple[tuple[str, str], ...]


class AccountClients(Protocol):
    """What this source needs of a region's clients."""

    async def get_account(self) -> Mapping[str, object]:
        """Return the answer of GetAccount; raises SourceError."""
        ...


@dataclass(frozen=True, slots=True)
class Oddity:
    """Something in an answer that the API does not promise: where it stands and what is there, fit for a log."""

    field: str
    found: str


class AccountSource(Source):
    """Polls GetAccount. Facts leave the page an hour, or three poll intervals if longer, after the last good answer."""

    def __init__(
        self,
        clients: AccountClients,
        *,
        identity: Account,
        poll_interval_seconds: int,
        previous: AccountSource | None = None,
        ahead_error: Believes = believed,
    ) -> None:
        """Ask through *clients*; the series belong to the account of *identity*.

        *previous* served the same target and region before a reload. Its facts stand until the account is known again,
        and until the next good answer if it is the same account. *ahead_error* judges the moment of a poll by AWS's
        time, once it has answered.
        """
        self._ahead_error = ahead_error
        self._clients = clients
        self.succession: Succession[AccountSource] = Succession(
            identity, previous.succession if previous else None, self
        )
        self._max_age_seconds = max(MIN_AGE_SECONDS, 3 * poll_interval_seconds)
        self._series: tuple[Series, ...] = ()
        self._oddities: frozenset[Oddity] = frozenset()

    @property
    def name(self) -> str:
        """The value of the `source` label."""
        return "account"

    @property
    def starting(self) -> bool:
        """False: the first poll is like all others."""
        return False

    @property
    def account_id(self) -> str | None:
        """The account that the facts belong to, None while it is not known."""
        return self.succession.account_id

    async def poll(self, now: float) -> None:
        """Ask GetAccount once; a good answer replaces all facts.

        Raises:
            SourceError: account or facts could not be asked for, or the answer is none; the facts stay until their end.
        """
        account_id, previous = await self.succession.resolve()
        if previous is not None:
            self._series = previous.series()
        answer = await self._clients.get_account()
        if ahead := self._ahead_error(now):
            raise ahead
        if not isinstance(answer, Mapping):
            raise InvalidResponseError(f"GetAccount answered with {type(answer).__name__}, not with a structure")
        reader = _Reader(answer)
        self._series = tuple(reader.series(now + self._max_age_seconds))
        for oddity in sorted(reader.oddities - self._oddities, key=lambda oddity: oddity.field):
            log.warning(
                "unexpected value in account facts",
                extra={"account": account_id, "field": oddity.field, "found": oddity.found},
            )
        self._oddities = frozenset(reader.oddities)

    def series(self) -> tuple[Series, ...]:
        """Return the facts of the last good answer, in the catalogue's order."""
        standing_in = self.succession.standing_in
        return self._series if standing_in is None else standing_in.series()


class _Reader:
    """Reads one answer, field by field, and collects its oddities."""

    def __init__(self, answer: Mapping[str, object]) -> None:
        self._answer = answer
        self.oddities: set[Oddity] = set()

    def series(self, valid_until: float) -> Iterator[Series]:
        facts = self._facts()
        for name in FACTS:
            for labels, value in facts[name]:
                yield Series(name, FACT, Reading(value, valid_until), labels)

    def _facts(self) -> dict[str, list[tuple[Labels, float]]]:
        return {
            "sending_enabled": self._flag("SendingEnabled"),
            "enforcement_status": self._state("EnforcementStatus", ENFORCEMENT_STATUSES),
            "production_access_enabled": self._flag("ProductionAccessEnabled"),
            "production_access_review_status": self._state("Details.ReviewDetails.Status", REVIEW_STATUSES),
            "send_quota_max": self._amount("SendQuota.Max24HourSend", may_be_unlimited=True),
            "send_quota_used": self._amount("SendQuota.SentLast24Hours"),
            "send_quota_rate_max": self._amount("SendQuota.MaxSendRate"),
            "dedicated_ip_auto_warmup_enabled": self._flag("DedicatedIpAutoWarmupEnabled"),
            "vdm_enabled": self._switch("VdmAttributes.VdmEnabled"),
            "pricing_plan_info": self._plan("PricingAttributes.CurrentPlan", "PricingAttributes.NextPlan"),
        }

    def _flag(self, field: str) -> list[tuple[Labels, float]]:
        value = self._find(field)
        if value is None:
            return []
        if not isinstance(value, bool):
            return self._odd(field, value)
        return [((), float(value))]

    def _switch(self, field: str) -> list[tuple[Labels, float]]:
        value = self._find(field)
        if value is None:
            return []
        if value not in ("ENABLED", "DISABLED"):
            return self._odd(field, value)
        return [((), float(value == "ENABLED"))]

    def _amount(self, field: str, *, may_be_unlimited: bool = False) -> list[tuple[Labels, float]]:
        value = self._find(field)
        if value is None:
            return []
        if not isinstance(value, int | float) or isinstance(value, bool):
            return self._odd(field, value)
        if may_be_unlimited and value == UNLIMITED:
            return [((), math.inf)]
        try:
            amount = float(value)
        except OverflowError:
            return self._odd(field, value)
        if not math.isfinite(amount) or amount < 0:
            return self._odd(field, value)
        return [((), amount)]

    def _state(self, field: str, known: tuple[str, ...]) -> list[tuple[Labels, float]]:
        value = self._find(field)
        if value is None:
            return []
        if not isinstance(value, str) or not value:
            return self._odd(field, value)
        present = _label(value)
        if present not in known:
            self._odd(field, value)
            known = (*known, present)
        return [((("status", state),), float(state == present)) for state in known]

    def _plan(self, current: str, following: str) -> list[tuple[Labels, float]]:
        texts = []
        for label, field in (("current_plan", current), ("next_plan", following)):
            value = self._find(field)
            if isinstance(value, str):
                texts.append((label, _label(value)))
            elif value is not None:
                self._odd(field, value)
        return [(tuple(texts), 1.0)] if texts else []

    def _find(self, field: str) -> object:
        """Return what stands at the dotted *field*, None where nothing does."""
        value: object = self._answer
        *structures, last = field.split(".")
        for depth, name in enumerate(structures, start=1):
            value = value.get(name) if isinstance(value, Mapping) else None
            if value is not None and not isinstance(value, Mapping):
                self._odd(".".join(structures[:depth]), value)
                return None
        return value.get(last) if isinstance(value, Mapping) else None

    def _odd(self, field: str, value: object) -> list[tuple[Labels, float]]:
        found = type(value).__name__
        if isinstance(value, str | float | bool):
            found = _label(str(value))
        self.oddities.add(Oddity(field, found))
        return []


def _label(text: str) -> str:
    """Return *text* from outside as a label value: of bounded length, printable, and never one of the known states."""
    return "".join(char if char.isprintable() else "?" for char in text[:MAX_TEXT_LENGTH])
