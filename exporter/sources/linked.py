"""Accounts that are linked to a monitoring account (CloudWatch cross-account observability): their data, and which.

Source: CloudWatch API Reference, MetricDataQuery `AccountId`, ListMetrics `IncludeLinkedAccounts` and `OwningAccounts`.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from typing import Any

from exporter.catalogue import NAMESPACE
from exporter.config.values import TWO_WEEKS_SECONDS
from exporter.sources.cloudwatch import MetricData
from exporter.sources.listing import Finder, MetricList, pages, unreadable
from exporter.sources.succession import Account, Succession

log = logging.getLogger(__name__)

SENT = "Send"
"""The metric by which an account is found: whoever has sent within two weeks has it."""
HELD_SECONDS = TWO_WEEKS_SECONDS
"""How long an account stays that is listed no more: as long as CloudWatch lists a metric without data, once more."""
MAX_FOUND = 1_000
_NUMBER = re.compile("[0-9]{12}")


class LinkedClients:
    """CloudWatch of one linked account, through the clients of the monitoring account."""

    def __init__(self, clients: MetricData, account_id: str) -> None:
        """Ask *clients* for *account_id*."""
        self._clients = clients
        self._account_id = account_id

    async def get_metric_data(self, **request: Any) -> Mapping[str, Any]:
        """Return one page of GetMetricData; raises SourceError."""
        queries = [{**query, "AccountId": self._account_id} for query in request["MetricDataQueries"]]
        return await self._clients.get_metric_data(**{**request, "MetricDataQueries": queries})

    async def list_metrics(self, **request: Any) -> Mapping[str, Any]:
        """Return one page of ListMetrics; raises SourceError."""
        whose = {"IncludeLinkedAccounts": True, "OwningAccount": self._account_id}
        return await self._clients.list_metrics(**request, **whose)


class LinkedSource(Finder):
    """Which accounts are linked to one monitoring account in one region, and have sent mail of late."""

    def __init__(
        self,
        clients: MetricList,
        *,
        key: str,
        identity: Account,
        regroup: Callable[[], Awaitable[object]],
        refused: Callable[[str], bool],
        previous: LinkedSource | None = None,
    ) -> None:
        """Prepare to look. *key* is for the log.

        *regroup* is awaited after each good look, to bring what is read in line with `accounts`; *refused* tells
        whether AWS denies the data of an account. *previous* looked for the same target and region before a reload; if
        it was for the same account, who was found there stays.
        """
        self._clients = clients
        self._key = key
        self.succession: Succession[LinkedSource] = Succession(
            identity, previous.succession if previous else None, self
        )
        self._regroup = regroup
        self._refused = refused
        self.seen_at: dict[str, float] = {}
        """When each account was listed last."""
        self._crowded = False

    @property
    def name(self) -> str:
        """The value of the `source` label."""
        return "linked"

    @property
    def account_id(self) -> str | None:
        """The monitoring account, None while it is not known."""
        return self.succession.account_id

    @property
    def accounts(self) -> tuple[str, ...]:
        """Who was found, by the last good look or before it; as many as there may be."""
        return tuple(sorted(self.succession.known.seen_at))[:MAX_FOUND]

    async def poll(self, now: float) -> None:
        """Look once. Who is listed no more stays for two weeks, but not if AWS denies its data too: it is unlinked.

        Raises:
            SourceError: AWS did not answer all of it, and nothing changes; or *regroup* raised it, and it is tried
                again at the next look.
        """
        own, previous = await self.succession.resolve()
        if previous is not None:
            self.seen_at = dict(previous.seen_at)
        listed = await self._listed() - {own}
        self.seen_at = dict.fromkeys(listed, now) | {
            number: moment
            for number, moment in self.seen_at.items()
            if number not in listed and now - moment < HELD_SECONDS and not self._refused(number)
        }
        over = len(self.seen_at) - MAX_FOUND
        if over > 0 and not self._crowded:
            log.warning("linked accounts left out", extra={"count": over, "key": self._key})
        self._crowded = over > 0
        await self._regroup()

    async def _listed(self) -> set[str]:
        request: dict[str, Any] = {"Namespace": NAMESPACE, "MetricName": SENT, "IncludeLinkedAccounts": True}
        found: set[str] = set()
        async with aclosing(pages(self._clients, request)) as answers:
            async for page in answers:
                owners = page.get("OwningAccounts", [])
                if not isinstance(owners, list) or not all(map(_is_account, owners)):
                    raise unreadable()
                found.update(owners)
        return found


def _is_account(owner: object) -> bool:
    return isinstance(owner, str) and _NUMBER.fullmatch(owner) is not None
