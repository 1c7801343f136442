"""CloudWatch ListMetrics: which sets of dimensions there are, read beside the data and kept while AWS does not answer.

`RecentlyActive` is not asked for: it hides whoever has not sent for three hours.
Source: CloudWatch API Reference, ListMetrics (pages of 500; metrics without data for two weeks are not listed).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from contextlib import aclosing
from typing import Any, Protocol

from exporter.catalogue import NAMESPACE
from exporter.config.selections import DimensionPlan
from exporter.errors import InvalidResponseError
from exporter.series.dimensions import Ask, Listing, Selector, asks
from exporter.series.observations import Series
from exporter.series.pages import Pages
from exporter.series.queries import Dimensions
from exporter.sources import Source
from exporter.sources.succession import Account, Succession

MAX_DIMENSIONS, MAX_NAME, MAX_VALUE = 30, 255, 1_024
"""Of one metric, and how long a name and a value may be (CloudWatch API Reference, Metric and Dimension)."""
_HALVES = re.compile("[\ud800-\udfff]")
"""Halves of characters, which no UTF-8 holds: on the page they would all be the same."""


class MetricList(Protocol):
    """The part of a region's clients that is needed here."""

    async def list_metrics(self, **request: Any) -> Mapping[str, Any]:
        """Return one page of ListMetrics.

        Raises:
            SourceError: AWS could not be asked, or refused.
        """
        ...


async def pages(clients: MetricList, request: Mapping[str, Any]) -> AsyncGenerator[Mapping[str, Any], None]:
    """Yield the answers to *request* of ListMetrics, page by page.

    Raises:
        SourceError: AWS did not answer all of it, or the list goes round or on for ever.
    """
    way = Pages("ListMetrics")
    page = await clients.list_metrics(**request)
    yield page
    while (token := way.after(page)) is not None:
        page = await clients.list_metrics(**request, NextToken=token)
        yield page


class Finder(Source):
    """A source that finds in ListMetrics what other sources read, and has no series itself."""

    @property
    def starting(self) -> bool:
        """Whether the next poll may be a long one: a list of many pages always is."""
        return True

    def series(self) -> tuple[Series, ...]:
        """Return nothing."""
        return ()


class ListingSource(Finder):
    """The sets of dimensions that a plan may select, of one account and region; a list counts only when it is whole."""

    def __init__(
        self,
        clients: MetricList,
        *,
        identity: Account,
        plan: DimensionPlan,
        metrics: Collection[str],
        previous: ListingSource | None = None,
    ) -> None:
        """Prepare to ask for what *plan* may select of *metrics*.

        *previous* read the list of the same target and region before a reload. If it is the same account its list is
        good until it is old, and where something else is selected now, until there is a new one.
        """
        self._clients = clients
        self._plan = plan
        self._metrics = frozenset(metrics)
        self._selector = Selector(plan)
        self.succession: Succession[ListingSource] = Succession(
            identity, previous.succession if previous else None, self
        )
        self.read_at: float | None = None
        self.known: Listing | None = None
        """The last whole list, by metric; None before the first."""
        self.tried = asyncio.Event()
        """Set once the list was asked for, whether or not AWS answered."""

    @property
    def name(self) -> str:
        """The value of the `source` label."""
        return "dimensions"

    @property
    def account_id(self) -> str | None:
        """The account whose list it is, None while it is not known."""
        return self.succession.account_id

    @property
    def scope(self) -> tuple[object, ...]:
        """What decides which part of the list is kept."""
        return (self._plan.selections, self._metrics)

    async def poll(self, now: float) -> None:
        """Read the list, but not at once after a reload that found a good one.

        Raises:
            SourceError: AWS did not answer all of it; the last list is kept.
        """
        try:
            _, previous = await self.succession.resolve()
            if previous is not None:
                self.known = previous.known
                if self.scope == previous.scope:
                    self.read_at = previous.read_at
                    if self.read_at is not None and 0 <= now - self.read_at < self._plan.refresh_seconds:
                        return
            self.known = await self._read()
            self.read_at = now
        finally:
            self.tried.set()

    async def _read(self) -> Listing:
        found: dict[str, set[Dimensions]] = {}
        same: dict[Dimensions, Dimensions] = {}
        for ask in asks(self._plan):
            async with aclosing(pages(self._clients, _request(ask))) as answers:
                async for page in answers:
                    for metric, dimensions in _metrics(page):
                        if metric in self._metrics and self._selector.wants((metric, dimensions)):
                            found.setdefault(metric, set()).add(same.setdefault(dimensions, dimensions))
        return found


def _request(ask: Ask) -> dict[str, Any]:
    request: dict[str, Any] = {"Namespace": NAMESPACE, "Dimensions": [{"Name": name} for name in ask.names]}
    return request if ask.metric is None else request | {"MetricName": ask.metric}


def _metrics(page: Mapping[str, Any]) -> list[tuple[str, Dimensions]]:
    try:
        return [(_text(metric["MetricName"]), _dimensions(metric["Dimensions"])) for metric in page["Metrics"]]
    except (KeyError, TypeError) as error:
        raise unreadable() from error


def _dimensions(pairs: Sequence[Mapping[str, Any]]) -> Dimensions:
    """Return *pairs* as they may be asked for: one that AWS refuses would spoil the question for all others."""
    if len(pairs) > MAX_DIMENSIONS:
        raise unreadable()
    return tuple(sorted((_text(pair["Name"]), _text(pair["Value"], MAX_VALUE)) for pair in pairs))


def _text(text: Any, most: int = MAX_NAME) -> str:
    """Return *text*, if it is one of 1 to *most* characters that can be written as UTF-8."""
    if not isinstance(text, str) or not 0 < len(text) <= most or _HALVES.search(text):
        raise unreadable()
    return text


def unreadable() -> InvalidResponseError:
    """Return the error for an answer that is none of AWS's."""
    return InvalidResponseError("ListMetrics: the answer cannot be read")
