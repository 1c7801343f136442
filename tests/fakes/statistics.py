"""GetMetricStatistics over the fake CloudWatch: one metric, periods that begin with StartTime and not with the clock.

Kept of the real API: StartTime rounded down by its age, start inclusive, end exclusive; at most 1 440 periods and five
statistics; datapoints in no order; nothing at all when the period is finer than the age of StartTime allows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.fakes.cloudwatch import FakeAwsError, FakeCloudWatch, rounded
from tests.fakes.datapoints import MINUTE, Totals

MAX_DATAPOINTS = 1440
MAX_STATISTICS = 5


def get_metric_statistics(
    cloudwatch: FakeCloudWatch, request: Mapping[str, Any], now: float, *, account: str, region: str
) -> dict[str, Any]:
    """Return what AWS would answer at *now*; times in *request* and in the answer are unix seconds.

    Raises:
        FakeAwsError: InvalidParameterValue or InvalidParameterCombination, as the real API.
    """
    period, names = request["Period"], request["Statistics"]
    start, finest = rounded(request["StartTime"], now)
    if period < MINUTE or period % MINUTE or not 1 <= len(names) <= MAX_STATISTICS:
        raise FakeAwsError("InvalidParameterValue", "The parameter Period must be a multiple of 60.")
    asked = -(-(request["EndTime"] - request["StartTime"]) // period)
    if asked < 1:
        raise FakeAwsError("InvalidParameterCombination", "The parameter StartTime must be less than EndTime.")
    if asked > MAX_DATAPOINTS:
        raise FakeAwsError(
            "InvalidParameterCombination",
            f"You have requested up to {asked:,.0f} datapoints, which exceeds the limit of 1,440. You may reduce the "
            "datapoints requested by increasing Period, or decreasing the time range.",
        )
    periods: dict[float, Totals] = {}
    if period % finest == 0:
        for minute, totals in cloudwatch.minutes(
            request["MetricName"],
            start,
            request["EndTime"],
            now,
            dimensions={each["Name"]: each["Value"] for each in request.get("Dimensions", [])},
            account=account,
            region=region,
            namespace=request["Namespace"],
        ):
            periods.setdefault(start + (minute - start) // period * period, Totals()).add(totals)
    points = [
        {"Timestamp": moment, "Unit": "None", **{name: totals.value(name) for name in names}}
        for moment, totals in sorted(periods.items(), key=lambda item: item[0] % 7)
    ]
    return {"Label": request["MetricName"], "Datapoints": points}
