"""A running exporter on the fake AWS, in every state that a board shows, and a Prometheus that scrapes it twice.

Three targets: `main` in two regions, of which the second is under review, paused, of unlimited quota and throttled
after a while; `other` in another account; `late`, whose account AWS never tells. The same exporter is scraped, over
TLS, as two instances: what is added up over replicas comes out double. Prometheus scrapes itself too, and no board may
show that.

A second exporter, of an account of its own, runs on a file of cloudwatch_exporter that takes every name that it can,
and is scraped as that one was, with `honor_labels: true`: a board may neither miss it nor show it twice.
"""

from __future__ import annotations

import contextlib
import json
import re
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import yaml

from exporter.catalogue import METRICS, Kind, Metric
from tests.certificates import Authority, authority
from tests.dashboards import boards, dialects
from tests.fakes.aws import FACTS, THROTTLING, Error, FakeAws
from tests.monitoring import prometheus
from tests.processes import Running, environment, exporter, until

ACCOUNT, OTHER, SWAPPED = "123456789012", "210987654321", "345678901234"
REGIONS = ("us-east-1", "eu-west-1")
PLACES = ((ACCOUNT, "us-east-1"), (ACCOUNT, "eu-west-1"), (OTHER, "us-east-1"), (SWAPPED, "us-east-1"))
SERIES = 2 * 3 + 1
"""Of each metric: three places are scraped twice, the swapped one once."""
MAIL = {
    "Send": 100.0,
    "Delivery": 80.0,
    "Bounce": 14.0,
    "Complaint": 2.0,
    "Reject": 1.0,
    "RenderingFailure": 1.0,
    "DeliveryDelay": 3.0,
    "Open": 20.0,
    "Click": 5.0,
    "Subscription": 1.0,
    "Received": 7.0,
    "PublishSuccess": 6.0,
    "PublishFailure": 3.0,
    "PublishExpired": 1.0,
}
DAY = 86_400
RATES = {"Reputation.BounceRate": 0.06, "Reputation.ComplaintRate": 0.002}
WORSE = {"Reputation.BounceRate": 0.12, "Reputation.ComplaintRate": 0.004}
LEVELS = {
    **dict.fromkeys((name for name, metric in METRICS.items() if metric.kind is Kind.LEVEL), 40.0),
    "SNDS.SpamRate": 0.5,
    "SNDS.ComplaintRate": 0.002,
    "Available24HourSend": 100.0,
}
PAUSED = {
    **FACTS,
    "EnforcementStatus": "PROBATION",
    "SendingEnabled": False,
    "SendQuota": {"Max24HourSend": -1.0, "MaxSendRate": 14.0, "SentLast24Hours": 1234.0},
}
STEPS = {"__interval": "5s", "__rate_interval": "10s", "__rate_interval_ms": "10000", "__range": "30m"}
"""Grafana's steps, shorter than the polls of a test, as theirs are not: some show nothing, and some all of a poll."""
SEEN_BY_EACH_STEP = "12s"
"""The longest step and more than a second: the newest step of a query over time lies up to a second back."""
SCRAPED_SECONDS = 1.5
"""A scrape may take one."""
OTHER_JOB = "prometheus"
"""The job under which Prometheus scrapes itself, as it does nearly everywhere."""
SWAPPED_JOB = "cloudwatch"
"""The job of the exporter that took cloudwatch_exporter's place."""
RULES = """
groups:
  - name: boards
    rules:
      - alert: AWSSESSendingPaused
        expr: aws_ses_sending_enabled == 0
        labels: {severity: critical, category: account}
      - alert: AWSSESTargetFailing
        expr: min by (target, region, source) (aws_ses_exporter_last_poll_successful) == 0
        labels: {severity: warning, category: data}
      - {alert: AWSSESWatchdog, expr: vector(1), labels: {severity: info, category: heartbeat}}
"""

Series = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Live:
    """The Prometheus, since when it runs, and the address of the swapped exporter, which is its instance.

    *at* is the moment that is asked about; None: this one, at which the last scrape may have been too slow.
    """

    server: Running
    since: float
    swapped: str
    at: float | None = None

    def now(self, expression: str, chosen: dict[str, str] | None = None) -> list[Series]:
        """Return what *expression* is at this moment: series with `metric` and `values`."""
        found = self._ask("query", query=_filled(expression, chosen), time=str(self.at or time.time()))
        return [{"metric": each["metric"], "values": [float(each["value"][1])]} for each in found]

    def over_time(self, expression: str, chosen: dict[str, str] | None = None) -> list[Series]:
        """Return what *expression* was since the start."""
        query, now = _filled(expression, chosen), self.at or time.time()
        found = self._ask("query_range", query=query, start=str(self.since), end=str(now), step="1")
        return [{"metric": each["metric"], "values": [float(value) for _, value in each["values"]]} for each in found]

    def choices(self, query: str, regex: str = "", chosen: dict[str, str] | None = None) -> set[str]:
        """Return what a variable offers, by `label_values` or `query_result` as Grafana reads them."""
        call = re.fullmatch(r"(\w+)\((.+)\)", query)
        assert call is not None, query
        if call[1] == "label_values":
            expression, _, label = call[2].rpartition(", ")
            return {each["metric"][label] for each in self.now(expression, chosen)}
        lines = [
            "{" + ",".join(f'{name}="{value}"' for name, value in each["metric"].items()) + "} 1 1700000000000"
            for each in self.now(call[2], chosen)
        ]
        return {found[1] for line in lines if (found := re.search(regex.strip("/"), line))}

    def _ask(self, path: str, **parameters: str) -> list[Series]:
        answer = json.loads(self.server.get(f"/api/v1/{path}?{urlencode(parameters)}").text)
        assert answer["status"] == "success", (parameters["query"], answer)
        found: list[Series] = answer["data"]["result"]
        return found


def _filled(expression: str, chosen: dict[str, str] | None = None) -> str:
    return boards.filled(expression, {**boards.WITHOUT_CHOICE, **(chosen or {})}, STEPS)


@contextlib.contextmanager
def live(folder: Path) -> Iterator[Live]:
    """Start everything, bring it into every state, and wait until Prometheus has seen it."""
    with FakeAws() as aws, contextlib.ExitStack() as stack:
        minute = time.time() // 60 * 60
        _fill(aws, minute)
        house = authority(folder / "house")
        files = (f"--config.file={_config(folder)}", f"--web.config.file={_web(house)}")
        daemon = stack.enter_context(exporter(*files, environ=_environ(aws, folder)))
        daemon.tls = ssl.create_default_context(cafile=house.file)
        swapped = stack.enter_context(exporter(f"--config.file={_foreign(folder)}", environ=_swapped(aws)))
        for each in (daemon, swapped):
            each.wait_ready()
        server = stack.enter_context(prometheus(_scrape(daemon.address, swapped.address, folder, house), folder))
        found = Live(server, time.time(), swapped.address)
        (folder / "itself.json").write_text(json.dumps([{"targets": [server.address]}]))
        _wait(found, f"count(aws_ses_send_total) == {SERIES} and on () count(aws_ses_up) == {SERIES}")
        _wait(found, f"count(aws_ses_dimension_received_total) == 2 * {SERIES}")
        _wait(found, f"count(aws_ses_send_total offset 5s) == {SERIES}")
        _move(aws, minute)
        for metric in ("send", "subscription"):
            _wait(found, f"count(increase(aws_ses_{metric}_total[1m]) > 0) == {SERIES}")
        for metric in ("subscription", "publish_expired"):
            _wait(found, f"count(increase(aws_ses_dimension_{metric}_total[1m]) > 0) == 2 * {SERIES}")
        for metric in ("bounce", "complaint"):
            for name in (f"aws_ses_reputation_{metric}_rate", f"aws_ses_dimension_reputation_{metric}_rate"):
                _wait(found, f"count(changes({name}_timestamp_seconds[1m]) > 0) == {SERIES}")
        _wait(found, "increase(aws_ses_exporter_smaller_answers_total[1m]) > 0")
        aws.fail(THROTTLING, region="eu-west-1", operation="GetMetricData", times=None)
        _wait(found, 'aws_ses_up{region="eu-west-1"} == 0')
        _wait(found, 'increase(aws_ses_exporter_poll_failures_total{reason="throttled"}[1m]) > 0')
        _wait(found, 'ALERTS{alertname="AWSSESTargetFailing", region="eu-west-1"}')
        yield _seen(found)


def _fill(aws: FakeAws, minute: float) -> None:
    for account, region in PLACES:
        for metric, dimensions in dialects.series():
            for ago, value in _history(metric, minute):
                aws.put(metric.name, ago, value, dimensions=dimensions, account=account, region=region)
    aws.facts[ACCOUNT, "eu-west-1"] = PAUSED
    aws.access_keys["swapped"] = SWAPPED
    down = Error("ServiceUnavailable", "down", 503)
    aws.fail(down, operation="GetCallerIdentity", account=ACCOUNT, times=None)


def _history(metric: Metric, minute: float) -> Iterator[tuple[float, float]]:
    """Yield the times and values of *metric* before the start."""
    match metric.kind:
        case Kind.COUNT:
            yield from ((minute - 60 * ago, MAIL[metric.name]) for ago in range(6, 120))
        case Kind.RATE:
            yield minute - 3600, RATES[metric.name]
        case Kind.LEVEL:
            yield (minute // DAY - 1) * DAY if metric.period_seconds else minute - 600, LEVELS[metric.name]


def _move(aws: FakeAws, minute: float) -> None:
    """Let late mail and a new reputation appear everywhere, and let CloudWatch take back some."""
    for account, region in PLACES:
        rates = WORSE if region == "eu-west-1" else RATES
        for metric, dimensions in dialects.series():
            where = {"dimensions": dimensions, "account": account, "region": region}
            if metric.kind is Kind.COUNT:
                aws.put(metric.name, minute - 480, MAIL[metric.name] * 2, **where)
                aws.put(metric.name, minute - 540, MAIL[metric.name] / 2, **where)
            elif metric.kind is Kind.RATE:
                aws.put(metric.name, minute - 300, rates[metric.name], **where)


def _config(folder: Path) -> Path:
    config = folder / "config.yaml"
    targets = [
        {"name": "main", "account_id": ACCOUNT, "regions": list(REGIONS)},
        {"name": "other", "role_arn": f"arn:aws:iam::{OTHER}:role/ses-reader", "regions": ["us-east-1"]},
        {"name": "late", "profile": "late", "regions": ["us-east-1"]},
    ]
    metrics = [{"name": name, "dimensions": ["all"]} for name in METRICS]
    sources = {"configuration_sets": {"enabled": True}}
    settings = {"poll_interval_seconds": 10, "targets": targets, "metrics": metrics, "sources": sources}
    config.write_text(yaml.safe_dump(settings))
    return config


def _web(house: Authority) -> Path:
    file, papers = house.folder / "web.yml", house.issue("server", "127.0.0.1")
    file.write_text(f"tls_server_config: {{cert_file: {papers.cert.name}, key_file: {papers.key.name}}}\n")
    return file


def _foreign(folder: Path) -> Path:
    file = folder / "cloudwatch_exporter.yml"
    file.write_text(dialects.cloudwatch_exporter())
    return file


def _swapped(aws: FakeAws) -> dict[str, str]:
    """Return the environment of the second exporter; the file says to poll each minute, which is long to wait."""
    interval = {"AWS_SES_EXPORTER__POLL_INTERVAL_SECONDS": "10"}
    return environment(AWS_ENDPOINT_URL=aws.url, AWS_ACCESS_KEY_ID="swapped", **interval)


def _environ(aws: FakeAws, folder: Path) -> dict[str, str]:
    credentials = folder / "credentials"
    credentials.write_text("[late]\naws_access_key_id = late\naws_secret_access_key = test\n")
    return environment(AWS_ENDPOINT_URL=aws.url, AWS_SHARED_CREDENTIALS_FILE=str(credentials))


def _scrape(address: str, swapped: str, folder: Path, house: Authority) -> dict[str, Any]:
    (folder / "rules.yml").write_text(RULES)
    replicas = [{"targets": [address], "labels": {"instance": f"replica-{name}"}} for name in "ab"]
    secured = {"scheme": "https", "tls_config": {"ca_file": str(house.file)}}
    return {
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(folder / "rules.yml")],
        "scrape_configs": [
            {"job_name": "aws-ses", "static_configs": replicas, **secured},
            {"job_name": SWAPPED_JOB, "honor_labels": True, "static_configs": [{"targets": [swapped]}]},
            {"job_name": OTHER_JOB, "file_sd_configs": [{"files": [str(folder / "itself.json")]}]},
        ],
    }


def _seen(found: Live) -> Live:
    """Return it at a moment before which every scrape is over, and at which everything had been seen."""
    wanted = (
        f"count(aws_ses_send_total offset {SEEN_BY_EACH_STEP}) == {SERIES}",
        "count(up == 1) == 4 and on () count(up) == 4",
        f"count(aws_ses_send_total) == {SERIES}",
        'ALERTS{alertname="AWSSESTargetFailing", region="eu-west-1"}',
        f'process_start_time_seconds{{job="{OTHER_JOB}"}} and on (job, instance) up == 1',
    )
    found = replace(found, at=time.time())

    def seen() -> bool:
        nonlocal found
        found = replace(found, at=time.time() - SCRAPED_SECONDS)
        return all(map(found.now, wanted))

    until(seen, explain=lambda: [(expression, found.now(expression)) for expression in wanted])
    return found


def _wait(found: Live, expression: str) -> None:
    until(lambda: found.now(expression), explain=lambda: (expression, found.now(expression)))
