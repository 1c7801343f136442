"""The whole process, as an operator starts it, against the project's fake and against moto."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.fakes.aws import DEFAULT_ACCOUNT, Error, FakeAws, Reset, Stall
from tests.fakes.moto import moto
from tests.processes import COMMAND, Running, environment, exporter, process, until

REGIONS = ("eu-west-1", "us-east-1", "us-west-2")
DEAD = "us-east-1"
VALUES = {"Send": 12.0, "Delivery": 10.0, "Bounce": 2.0, "Reputation.BounceRate": 0.14}

Page = dict[str, float]


def page(running: Running) -> Page:
    """Return the page of the SES families: sample with labels -> value."""
    found: Page = {}
    for family in text_string_to_metric_families(running.get("/metrics").text):
        for sample in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
            found[f"{sample.name}{{{labels}}}"] = sample.value
    return found


def known(page: Page, region: str) -> Page:
    """Return what SES says of *region*, without what the exporter says of itself."""
    return {
        name: value
        for name, value in page.items()
        if f"region={region}" in name and not name.startswith("aws_ses_exporter_")
    }


def settings(aws: FakeAws, *regions: str, **variables: str) -> dict[str, str]:
    return environment(
        AWS_ENDPOINT_URL=aws.url,
        AWS_SES_EXPORTER__TARGETS=json.dumps([{"regions": regions or REGIONS}]),
        AWS_SES_EXPORTER__POLL_INTERVAL_SECONDS="10",
        **variables,
    )


def failures(page: Page) -> dict[str, float]:
    prefix = "aws_ses_exporter_poll_failures_total"
    return {name: value for name, value in page.items() if name.startswith(prefix) and value > 0}


@pytest.fixture
def aws() -> Iterator[FakeAws]:
    """Mail each minute since yesterday in each of three regions, at least six minutes old so that it is settled."""
    with FakeAws() as fake:
        minute = time.time() // 60 * 60
        for region in REGIONS:
            for ago in range(6, 1440, 7):
                for metric, value in VALUES.items():
                    fake.put(metric, minute - 60 * ago, value, region=region)
        yield fake


def test_one_region_of_three_down_leaves_the_others_exactly_as_before(aws: FakeAws) -> None:
    with exporter(environ=settings(aws)) as running:
        running.wait_ready()
        before = page(running)
        for region in REGIONS:
            assert before[f"aws_ses_up{{account_id={DEFAULT_ACCOUNT},region={region}}}"] == 1
        aws.fail(Reset(), region=DEAD, times=None)
        up = f"aws_ses_up{{account_id={DEFAULT_ACCOUNT},region={DEAD}}}"
        until(lambda: page(running)[up] == 0)
        after = page(running)
        for region in REGIONS:
            expected = known(before, region) | ({up: 0.0} if region == DEAD else {})
            assert set(known(after, region)) == set(expected)
            assert {n: v for n, v in known(after, region).items() if "_sum" not in n and "used" not in n} == {
                n: v for n, v in expected.items() if "_sum" not in n and "used" not in n
            }
        assert failures(after)
        assert all(f"region={DEAD}" in name and "reason=connection" in name for name in failures(after))
        assert running.get("/-/healthy").status == 200
        aws.heal()
        until(lambda: page(running)[up] == 1)
        assert running.stop() == 0


def test_killed_and_started_again_it_shows_the_same_counters(aws: FakeAws) -> None:
    pages = []
    for _ in range(2):
        with exporter(environ=settings(aws)) as running:
            running.wait_ready()
            pages.append({name: value for name, value in page(running).items() if "aws_ses_send_total" in name})
            running.process.send_signal(signal.SIGKILL)
            running.process.wait(60)
    assert len(pages[0]) == len(REGIONS)
    assert pages[0] == pages[1]
    assert set(pages[0].values()) == {12.0 * len(range(6, 1440, 7))}


def test_sts_down_at_the_start_shows_failures_by_their_reason_and_nothing_else(aws: FakeAws) -> None:
    aws.fail(Error("ServiceUnavailable", "down", 503), operation="GetCallerIdentity", times=None)
    with exporter(environ=settings(aws)) as running:
        running.wait_ready()
        found = page(running)
        assert not [name for name in found if name.startswith("aws_ses_") and "aws_ses_exporter_" not in name]
        assert {name.split("reason=")[1].split(",")[0] for name in failures(found)} == {"internal"}
        assert len(failures(found)) == 2 * len(REGIONS)
        assert not aws.requests_of("GetMetricData")
        aws.heal()
        until(lambda: len([name for name in page(running) if name.startswith("aws_ses_up")]) == 3)


def test_no_permission_for_ses_harms_nothing_of_cloudwatch(aws: FakeAws) -> None:
    aws.fail(Error("AccessDeniedException", "no", 403), operation="GetAccount", times=None)
    with exporter(environ=settings(aws, "eu-west-1")) as running:
        running.wait_ready()
        found = page(running)
        assert found[f"aws_ses_send_total{{account_id={DEFAULT_ACCOUNT},region=eu-west-1}}"] > 0
        assert found[f"aws_ses_up{{account_id={DEFAULT_ACCOUNT},region=eu-west-1}}"] == 0
        assert [name for name in failures(found) if "source=account" in name and "reason=access_denied" in name]
        assert not [name for name in failures(found) if "source=cloudwatch" in name]
        assert "access" in running.get("/").text.lower()


def test_sigterm_in_the_middle_of_a_stalled_poll_ends_it_before_the_call_to_aws_gives_up(aws: FakeAws) -> None:
    aws.fail(Stall(), operation="GetMetricData", times=None)
    with exporter(environ=settings(aws)) as running:
        until(lambda: aws.requests_of("GetMetricData"))
        begun = time.monotonic()
        assert running.stop() == 0
        assert time.monotonic() - begun < 12
        assert running.events()[-1]["msg"] == "stopped"


@pytest.mark.parametrize("descriptor", [0, 1, 2])
def test_started_without_a_standard_stream_it_serves_and_ends_well(aws: FakeAws, descriptor: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = ("sh", "-c", f'exec "$@" {descriptor}<&-', "sh", *COMMAND, f"--web.listen-address=127.0.0.1:{port}")
    with process(environ=settings(aws), command=command) as running:
        running.address = f"127.0.0.1:{port}"

        def ready() -> bool:
            with contextlib.suppress(ConnectionError):
                return running.get("/-/ready").status == http.client.OK
            return False

        until(ready, explain=lambda: running.lines)
        assert running.stop() == 0


@contextlib.contextmanager
def reader_of(fifo: Path) -> Iterator[None]:
    """Wait until somebody reads *fifo*, and leave them waiting for more."""
    opened: list[int] = []

    def is_read() -> bool:
        with contextlib.suppress(OSError):  # nobody reads it yet
            opened.append(os.open(fifo, os.O_WRONLY | os.O_NONBLOCK))
        return bool(opened)

    until(is_read)
    try:
        yield
    finally:
        os.close(opened[0])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_while_it_reads_its_configuration_for_the_first_time_ends_it_quietly(
    tmp_path: Path, number: signal.Signals
) -> None:
    fifo = tmp_path / "config.yaml"
    os.mkfifo(fifo)
    with process([f"--config.file={fifo}"], environ=environment()) as running, reader_of(fifo):
        running.process.send_signal(signal.SIGHUP)
        with pytest.raises(subprocess.TimeoutExpired):
            running.process.wait(0.3)
        assert running.stop(number) == 0
        assert running.lines == []


def test_a_reload_that_never_ends_reading_does_not_hold_up_the_end(aws: FakeAws, tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("targets: [{regions: [us-east-1]}]")
    environ = environment(AWS_ENDPOINT_URL=aws.url)
    with exporter(f"--config.file={config}", environ=environ) as running:
        running.wait_ready()
        config.unlink()
        os.mkfifo(config)
        running.process.send_signal(signal.SIGHUP)
        with reader_of(config):
            assert running.get("/metrics").status == http.client.OK
            begun = time.monotonic()
            assert running.stop() == 0
            assert time.monotonic() - begun < 12
        assert running.events()[-1]["msg"] == "stopped"


def test_the_region_alone_is_enough_to_start(aws: FakeAws) -> None:
    with exporter(environ=environment(AWS_ENDPOINT_URL=aws.url, AWS_REGION="eu-west-1")) as running:
        running.wait_ready()
        assert page(running)[f"aws_ses_send_total{{account_id={DEFAULT_ACCOUNT},region=eu-west-1}}"] > 0


def test_the_example_file_runs_against_any_endpoint(aws: FakeAws) -> None:
    environ = environment(AWS_ENDPOINT_URL=aws.url)
    with exporter("--config.file=config.example.yaml", environ=environ) as running:
        running.wait_ready()
        assert not failures({name: value for name, value in page(running).items() if "clock" not in name})


def test_moto_gives_the_same_numbers_and_its_missing_call_harms_none() -> None:
    with moto() as url:
        put_mail("eu-west-1")
        targets = '[{"regions": ["eu-west-1", "us-east-1"]}]'
        environ = environment(AWS_ENDPOINT_URL=url, AWS_SES_EXPORTER__TARGETS=targets)
        with exporter(environ=environ) as running:
            running.wait_ready()
            found = page(running)
            label = f"{{account_id={DEFAULT_ACCOUNT},region=eu-west-1}}"
            assert found[f"aws_ses_send_total{label}"] == 12.0 * 30
            assert found[f"aws_ses_reputation_bounce_rate{label}"] == 0.14
            assert found[f"aws_ses_send_total{{account_id={DEFAULT_ACCOUNT},region=us-east-1}}"] == 0.0
            assert not [name for name in failures(found) if "source=cloudwatch" in name]
            assert running.stop() == 0


def put_mail(region: str) -> None:
    """Put thirty bursts of mail into moto, the newest ten minutes ago. Its times have no zone."""
    from moto.backends import get_backend  # noqa: PLC0415

    backend: Any = get_backend("cloudwatch")[DEFAULT_ACCOUNT][region]
    minute = datetime.now(UTC).replace(second=0, microsecond=0, tzinfo=None)
    for burst in range(30):
        moment = minute - timedelta(minutes=10 + 20 * burst)
        backend.put_metric_data(
            "AWS/SES",
            [
                {"MetricName": metric, "Value": value, "Timestamp": moment, "Dimensions": []}
                for metric, value in VALUES.items()
            ],
        )
