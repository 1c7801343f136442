"""Polls: do they succeed, why not, how old is what they brought, what do they ask and cost."""

from __future__ import annotations

from dashboards.board import OVERVIEW, Row
from dashboards.panels import About, Panel, Query, bars, lines
from dashboards.queries import AT_END, TARGET, Each, limited, own, own_count, own_ranking
from dashboards.scales import ANSWERS, CLOCK, POLL_AGE, SOME
from dashboards.tables import Column, rows

_SOURCE = "target, region, source"
_NOTHING = "No data: is the exporter up?"
_STEP = (
    " Each bar has the 20 minutes before it, or more where the steps are longer, so that a restart loses little: "
    "neighbours overlap, so do not add them up."
)


def row() -> Row:
    """Return polls, their failures and their age."""
    polls = About("Polls by source", f"Polls that ended, well or not, of all instances.{_STEP}", "short", _NOTHING)
    failures = About(
        "Failures by reason",
        f"Polls that failed. The runbook says what to do for each reason.{_STEP}",
        "short",
        _NOTHING,
        "AWSSESTargetFailing",
    )
    failed = f"{own_count('aws_ses_exporter_poll_failures_total', '$__rate_interval', by='reason')}"
    return Row(
        "Polls",
        (
            bars(
                polls, [Query(own_count("aws_ses_exporter_polls_total", "$__rate_interval", by="source"), "{{source}}")]
            ),
            bars(failures, [Query(failed, "{{reason}}")], stacked=True),
            _freshness(),
            _duration(),
            _sources(),
        ),
    )


def calls() -> Row:
    """Return what is asked of AWS and what it costs."""
    requests = About("Calls to AWS", f"HTTP requests by operation, retries included.{_STEP}", "short", _NOTHING)
    trouble = About(
        "Throttled and failed calls",
        f"Throttled: AWS asked to slow down, retried or not. Failed: for good, after the retries.{_STEP}",
        "short",
        _NOTHING,
        "AWSSESThrottled",
    )
    asked = About(
        "Metrics asked of CloudWatch",
        f"What AWS bills: one for each metric of each call. The 20 targets with most.{_STEP}",
        "short",
        _NOTHING,
    )
    cost = About(
        "Cost projected to a month",
        "The estimated cost of the last hour and of the last day, times what makes it 30 days. All instances added up: "
        "each replica is billed. On its first day the exporter shows too little for the day.",
        "currencyUSD",
        _NOTHING,
        "AWSSESCost",
    )
    dollars = "aws_ses_exporter_cloudwatch_estimated_cost_dollars_total"
    throttled = f"{own_count('aws_ses_exporter_api_throttles_total', '$__rate_interval', by='operation')}"
    failed = f"{own_count('aws_ses_exporter_api_errors_total', '$__rate_interval', by='operation')}"
    metrics = own_count("aws_ses_exporter_cloudwatch_metrics_requested_total", "$__rate_interval", by="target")
    asked_most = own_ranking("aws_ses_exporter_cloudwatch_metrics_requested_total", "increase", by="target")
    queries = [
        Query(f"{own_count(dollars, '1h')} * 24 * 30", "by the last hour"),
        Query(f"{own_count(dollars, '24h')} * 30", "by the last day"),
    ]
    sent = Query(own_count("aws_ses_exporter_api_requests_total", "$__rate_interval", by="operation"), "{{operation}}")
    refused = [Query(throttled, "{{operation}} throttled"), Query(failed, "{{operation}} failed")]
    return Row(
        "Calls and cost",
        (
            bars(requests, [sent], stacked=True),
            bars(trouble, refused),
            bars(asked, [Query(limited(metrics, asked_most, Each("target")), "{{target}}")], stacked=True),
            lines(cost, queries, decimals=2),
        ),
    )


def data() -> Row:
    """Return what the exporter holds and how far it can trust it."""
    served = About(
        "Series served",
        "Series of AWS that are held for the page, by target. At most 20 are shown, those with most.",
        "short",
        _NOTHING,
    )
    dropped = About(
        "Series left out",
        "Series with dimensions that are not on the page: over a limit, or with labels that would fall on others. "
        "The log names them once. At most 20 are shown, the most.",
        "short",
        _NOTHING,
    )
    revised = About(
        "Late and smaller datapoints",
        f"Late: CloudWatch showed or raised them only after their time was read; they are counted. "
        f"Smaller: they were not believed.{_STEP}",
        "short",
        _NOTHING,
    )
    clock = About(
        "Clock against AWS",
        "This machine's clock minus AWS's, the farthest target of each instance. "
        "From 60 s on the exporter warns, over 300 s its polls fail.",
        "s",
        "Unknown: AWS has not answered yet",
        "AWSSESClockWrong",
    )
    series = own("aws_ses_exporter_series_served")
    most = own_ranking("aws_ses_exporter_series_served", "max_over_time", by="target")
    left_out = own("aws_ses_exporter_series_dropped", by="target, region, reason")
    most_left_out = own_ranking("aws_ses_exporter_series_dropped", "max_over_time", by="target, reason")
    offset = f"aws_ses_exporter_clock_offset_seconds{{{TARGET}}}"
    return Row(
        "Data and clock",
        (
            lines(
                served,
                [Query(limited(f"sum by (target) ({series})", most, Each("target")), "{{target}}")],
                decimals=0,
            ),
            lines(
                dropped,
                [
                    Query(
                        limited(f"sum by (target, reason) ({left_out})", most_left_out, Each("target, reason")),
                        "{{target}} {{reason}}",
                    )
                ],
                decimals=0,
            ),
            bars(
                revised,
                [
                    Query(own_count("aws_ses_exporter_datapoints_late_total", "$__rate_interval"), "late"),
                    Query(own_count("aws_ses_exporter_smaller_answers_total", "$__rate_interval"), "smaller"),
                ],
            ),
            lines(
                clock,
                [
                    Query(f"max by (instance) ({offset})", "{{instance}} most ahead"),
                    Query(f"min by (instance) ({offset})", "{{instance}} most behind"),
                ],
                CLOCK,
                zero=False,
            ),
        ),
    )


def _freshness() -> Panel:
    about = About(
        "Age of the last good poll",
        "Of each target, region and source: the best of the instances. At most 20 are shown, the oldest. "
        "It saws between 0 and the poll interval.",
        "s",
        "No poll succeeded yet, or no data",
        "AWSSESTargetFailing",
    )
    moment = "aws_ses_exporter_last_success_timestamp_seconds"
    last = f"{own(moment, by=_SOURCE)} > 0"
    worst = f"-(max by ({_SOURCE}) (max_over_time({moment}{{{TARGET}}}[$__range]{AT_END})) > 0)"
    expression = f"time() - ({limited(last, worst, Each(_SOURCE))})"
    return lines(about, [Query(expression, "{{target}} {{region}} {{source}}")], POLL_AGE)


def _duration() -> Panel:
    about = About(
        "How long polls take",
        "Half of the polls are faster than the median, one of a hundred is slower than the 99th percentile. "
        "Over at least 20 minutes; the long first read included.",
        "s",
        "No poll in this time",
    )
    metric = "aws_ses_exporter_poll_duration_seconds"
    buckets = f"sum by (source, le) (rate({metric}_bucket{{{TARGET}}}[$__rate_interval]))"
    total, polls = (
        f"sum by (source) (rate({metric}_{part}{{{TARGET}}}[$__rate_interval]))" for part in ("sum", "count")
    )
    queries = [
        Query(f"histogram_quantile(0.5, {buckets})", "{{source}} median"),
        Query(f"histogram_quantile(0.99, {buckets})", "{{source}} 99th percentile"),
        Query(f"{total} / {polls}", "{{source}} mean"),
    ]
    return lines(about, queries, decimals=2)


def _sources() -> Panel:
    about = About(
        "Every target, region and source, oldest first",
        "The worst of the instances. A dash as age: no poll succeeded yet.",
        "short",
        _NOTHING,
        "AWSSESTargetNeverSeen",
    )
    failures = (
        f"max by ({_SOURCE}) (sum without (reason) (increase(aws_ses_exporter_poll_failures_total{{{TARGET}}}[24h])))"
    )
    last = own("aws_ses_exporter_last_success_timestamp_seconds", by=_SOURCE, worst="min")
    columns = (
        Column("Last poll", own("aws_ses_exporter_last_poll_successful", by=_SOURCE, worst="min"), "none", ANSWERS),
        Column("Age", f"time() - ({last} > 0)", "s", POLL_AGE, 1),
        Column("Failures in 24 h", failures, "short", SOME, 0),
    )
    labels = {"target": "Target", "region": "Region", "source": "Source"}
    return rows(about, labels, columns, worst="Age")


def names() -> Row:
    """Return which account each target is, with a way to the overview."""
    about = About(
        "Which account is which target",
        "A target that is missing here does not know its account yet. Click to see it on the overview.",
        "short",
        "No account is known yet",
        "AWSSESTargetNeverSeen",
    )
    selector = 'job=~"$job", instance=~"$instance", account_id=~"$account", region=~"$region"'
    known = f"max by (account_id, region, name) (aws_ses_target_info{{{selector}}})"
    labels = {"account_id": "Account", "region": "Region", "name": "Target"}
    columns = (
        Column("Known", known, hidden=True),
        Column("Data", f"min by (account_id, region) (aws_ses_up{{{selector}}})", "none", ANSWERS),
    )
    table = rows(about, labels, columns, worst="Target", link=OVERVIEW, height=8, descending=False)
    return Row("Accounts", (table,))
