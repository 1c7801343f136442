"""A real Prometheus scrapes the real process, and promtool reads its page."""

from __future__ import annotations

import contextlib
import http.client
import json
import subprocess
import threading
import time
from collections.abc import Iterable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlencode

import pytest
from prometheus_client import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from tests import monitoring
from tests.fakes.aws import FACTS, FakeAws
from tests.processes import Running, environment, exporter, until
from tests.tools import require_tool

TEXT = "text/plain;version=0.0.4"
REGIONS = ("us-east-1", "eu-west-1")
SETTLED_SECONDS = 60.0

GAUGES_NAMED_SUM = {
    "aws_ses_bounce_sum",
    "aws_ses_click_sum",
    "aws_ses_complaint_sum",
    "aws_ses_delivery_delay_sum",
    "aws_ses_delivery_sum",
    "aws_ses_open_sum",
    "aws_ses_reject_sum",
    "aws_ses_rendering_failure_sum",
    "aws_ses_reputation_bounce_rate_sum",
    "aws_ses_reputation_complaint_rate_sum",
    "aws_ses_send_sum",
    "aws_ses_subscription_sum",
}
"""cloudwatch_exporter and YACE call them so, and what is built on those is to work: the one finding we live with."""

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


class Relay(BaseHTTPRequestHandler):
    """Passes a scrape on to `address` with another `Accept`, and keeps the one it came with in `accepts`."""

    address = ""
    accepts: list[str]

    def do_GET(self) -> None:
        self.accepts.append(self.headers["Accept"])
        connection = http.client.HTTPConnection(self.address, timeout=60)
        with contextlib.closing(connection):
            connection.request("GET", self.path, headers={"Accept": TEXT})
            answer = connection.getresponse()
            body = answer.read()
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.headers["Content-Type"])
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class calls it so
        pass


@pytest.fixture(scope="module")
def aws() -> Iterator[FakeAws]:
    """Mail of the last hours in two regions, one of them with an unlimited quota."""
    with FakeAws() as fake:
        minute = time.time() // 60 * 60
        for region in REGIONS:
            for ago in range(-60, 180):
                fake.put("Send", minute - 60 * ago, 12, region=region)
                fake.put("Bounce", minute - 60 * ago, 2, region=region)
            for metric, rate in (("Reputation.BounceRate", 0.14), ("Reputation.ComplaintRate", 0.002)):
                fake.put(metric, minute - 7200, rate, region=region)
        quota = {"Max24HourSend": -1.0, "MaxSendRate": 14.0, "SentLast24Hours": 1234.0}
        fake.facts["123456789012", REGIONS[1]] = {**FACTS, "SendQuota": quota}
        yield fake


@pytest.fixture(scope="module")
def running(aws: FakeAws, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    config = tmp_path_factory.mktemp("exporter") / "config.yaml"
    config.write_text(f"targets: [{{name: main, regions: [{', '.join(REGIONS)}]}}]\npoll_interval_seconds: 10\n")
    with exporter(f"--config.file={config}", environ=environment(AWS_ENDPOINT_URL=aws.url)) as daemon:
        daemon.wait_ready()
        yield daemon


@pytest.fixture(scope="module")
def relay(running: Running) -> Iterator[ThreadingHTTPServer]:
    handler = type("BoundRelay", (Relay,), {"address": running.address, "accepts": []})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def prometheus(
    running: Running, relay: ThreadingHTTPServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    """Prometheus with one job that scrapes as it likes (OpenMetrics) and one that gets the text format."""
    jobs = {"openmetrics": running.address, "text": f"127.0.0.1:{relay.server_port}"}
    settings = {
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s"},
        "scrape_configs": [
            {"job_name": name, "static_configs": [{"targets": [address]}]} for name, address in jobs.items()
        ],
    }
    with monitoring.prometheus(settings, tmp_path_factory.mktemp("prometheus")) as server:
        yield server


def query(prometheus: Running, expression: str) -> list[dict[str, Any]]:
    answer = prometheus.get(f"/api/v1/query?{urlencode({'query': expression})}")
    found: list[dict[str, Any]] = json.loads(answer.body)["data"]["result"] if answer.status == http.client.OK else []
    return found


def ours(samples: Iterator[tuple[str, dict[str, str], float]]) -> Samples:
    """Return the samples that tell about SES: those about the exporter itself change from scrape to scrape."""
    return {
        (name, frozenset((key, value) for key, value in labels.items() if key not in {"job", "instance"})): value
        for name, labels, value in samples
        if name.startswith("aws_ses_") and not name.startswith("aws_ses_exporter_")
    }


def stored(prometheus: Running, job: str) -> Samples:
    found = query(prometheus, f'{{job="{job}"}}')
    return ours((each["metric"].pop("__name__"), each["metric"], float(each["value"][1])) for each in found)


def on_the_page(running: Running, job: str, accept: str) -> Samples:
    page = running.get("/metrics", accept=accept).text
    parse = parse_openmetrics if job == "openmetrics" else parse_text
    families: Iterable[Metric] = parse(page)
    return ours((sample.name, sample.labels, sample.value) for family in families for sample in family.samples)


@pytest.mark.parametrize("job", ["openmetrics", "text"])
def test_prometheus_holds_what_the_page_says(
    running: Running, prometheus: Running, relay: ThreadingHTTPServer, job: str
) -> None:
    until(lambda: len(query(prometheus, "up == 1")) == 2, SETTLED_SECONDS, lambda: query(prometheus, "up"))
    asked: str = relay.RequestHandlerClass.accepts[0]  # type: ignore[attr-defined]
    accept = asked if job == "openmetrics" else TEXT
    page: Samples = {}

    def equal() -> bool:
        nonlocal page
        page = on_the_page(running, job, accept)
        return page == stored(prometheus, job)

    expected_type = "application/openmetrics-text" if job == "openmetrics" else "text/plain"
    assert running.get("/metrics", accept=accept).headers["Content-Type"].startswith(expected_type)
    until(equal, SETTLED_SECONDS, lambda: set(page.items()) ^ set(stored(prometheus, job).items()))
    account = {("account_id", "123456789012")}
    for region in REGIONS:
        labels = frozenset(account | {("region", region)})
        assert page["aws_ses_up", labels] == 1
        assert page["aws_ses_send_sum", labels] == 60
        assert page["aws_ses_send_total", labels] >= 12 * 170
        assert page["aws_ses_reputation_bounce_rate", labels] == 0.14
        assert page["aws_ses_send_quota_max", labels] == (50000 if region == REGIONS[0] else float("inf"))


def test_both_formats_give_prometheus_the_same_metrics(prometheus: Running) -> None:
    def names(job: str) -> set[str]:
        return {each["metric"]["__name__"] for each in query(prometheus, f'{{job="{job}"}}')}

    text: set[str] = set()

    def equal() -> bool:
        nonlocal text
        text = names("text")
        return bool(text) and text == names("openmetrics")

    until(equal, SETTLED_SECONDS)
    assert {"aws_ses_exporter_build_info", "process_resident_memory_bytes"} <= text


def test_prometheus_knows_counters_from_gauges(prometheus: Running) -> None:
    def types() -> dict[str, str]:
        answer = prometheus.get("/api/v1/metadata").text
        return {name.removesuffix("_total"): each[0]["type"] for name, each in json.loads(answer)["data"].items()}

    until(lambda: "aws_ses_send" in types(), SETTLED_SECONDS, types)
    assert types()["aws_ses_send"] == "counter"
    assert types()["aws_ses_send_sum"] == "gauge"
    assert types()["aws_ses_reputation_bounce_rate"] == "gauge"


def test_promtool_finds_nothing_but_the_gauges_that_are_named_sum(running: Running) -> None:
    command = require_tool("promtool", debian="prometheus")
    page = running.get("/metrics", accept=TEXT).body
    found = subprocess.run([command, "check", "metrics"], input=page, capture_output=True, check=False)
    findings = (found.stdout + found.stderr).decode().splitlines()

    expected = {
        f'{name} non-histogram and non-summary metrics should not have "_sum" suffix' for name in GAUGES_NAMED_SUM
    }
    assert set(findings) <= expected
    assert any(line.startswith("aws_ses_send_sum ") for line in findings), "promtool read the page"
