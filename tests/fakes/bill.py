"""A CloudWatch that holds nothing and writes down what it is asked for, and an account that is known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Known:
    account_id = "123456789012"

    async def resolve(self) -> str:
        return self.account_id


class Bill:
    """Clients of a region and the telemetry of its source: calls and queries, and the metrics that AWS bills."""

    def __init__(self) -> None:
        self.calls = 0
        self.queries = 0
        self.metrics = 0

    async def get_metric_data(self, **request: Any) -> Mapping[str, Any]:
        self.calls += 1
        self.queries += len(request["MetricDataQueries"])
        empty = {"StatusCode": "Complete", "Timestamps": [], "Values": []}
        return {"MetricDataResults": [{"Id": query["Id"], **empty} for query in request["MetricDataQueries"]]}

    async def list_metrics(self, **request: Any) -> Mapping[str, Any]:
        raise AssertionError(f"nothing is to be found: {request}")

    def metrics_requested(self, billed: Mapping[str, int]) -> None:
        self.metrics += sum(billed.values())

    def late_datapoints(self, count: int) -> None:
        assert count == 0

    def smaller_answers(self, count: int) -> None:
        assert count == 0

    def series_dropped(self, reason: str, count: int) -> None:
        assert (reason, count) in {("limit", 0), ("label", 0)}
