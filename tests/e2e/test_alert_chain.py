"""The whole way of an alert: AWS, exporter, Prometheus, Alertmanager, Slack and Opsgenie; fakes at the ends alone.

The shipped rules as they are, and the shipped Alertmanager example with other addresses and waits. Scrape and
evaluation are 1 s instead of 15 s to 1 min, and Prometheus repeats itself to Alertmanager every 5 s, not every minute.

The rules look at the mean of 15 minutes. A bounce rate that was 14 % for H seconds and then 0 for L has the mean
14 % x H / (H + L): below 9.5 %, where the critical alert ends, after L = 0.48 H, and below 4.5 %, where the warning
ends, after L = 2.2 H. So a short breach ends soon, and the warning that the critical one held back is heard between.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.aws import FakeAws
from tests.loops import LIMIT_SECONDS
from tests.monitoring import CHANGED, RULES, alertmanager, differences, example, fitted, known, prometheus
from tests.processes import Running, environment, exporter, until
from tests.receivers import Receivers

ACCOUNT, REGION = "123456789012", "us-east-1"
NAME = "AWSSESReputationBounceRate"
END_SECONDS = 400.0
"""Some 50 where no machine is in the way; what the breach takes longer, its end takes more than twice as long."""
RESEND = "--rules.alert.resend-delay=5s"
"""Prometheus finds its Alertmanager 5 s after its start; what fired before is sent a minute later, unless told."""
RUNBOOK = "https://example.com/aws-ses-exporter/docs/runbook.md#awssesreputationbouncerate"
DASHBOARD = f"http://localhost:3000/d/aws-ses-overview?var-account={ACCOUNT}&var-region={REGION}"


@pytest.fixture
def aws() -> Iterator[FakeAws]:
    """Mail that flows, 14 % bounces and complaints under their line; everything else as AWS likes it."""
    with FakeAws() as fake:
        minute = time.time() // 60 * 60
        for ago in range(-60, 30):  # on into the future: mail goes on flowing
            fake.put("Send", minute - 60 * ago, 10, visible_at=minute - 60 * ago)
            fake.put("Bounce", minute - 60 * ago, 1, visible_at=minute - 60 * ago)
            fake.put("Delivery", minute - 60 * ago, 9, visible_at=minute - 60 * ago)
        fake.put("Reputation.BounceRate", minute - 600, 0.14)
        fake.put("Reputation.ComplaintRate", minute - 600, 0.0005)
        yield fake


@pytest.fixture
def daemon(aws: FakeAws, tmp_path: Path) -> Iterator[Running]:
    config = tmp_path / "config.yaml"
    config.write_text(f"targets: [{{name: main, regions: [{REGION}]}}]\npoll_interval_seconds: 10\n")
    with exporter(f"--config.file={config}", environ=environment(AWS_ENDPOINT_URL=aws.url)) as running:
        running.wait_ready()
        yield running


@pytest.fixture
def receivers() -> Iterator[Receivers]:
    with Receivers() as servers:
        yield servers


@pytest.fixture
def manager(receivers: Receivers, tmp_path: Path) -> Iterator[Running]:
    config = fitted(receivers, tmp_path)
    assert differences(example(), config) == CHANGED
    with alertmanager(config, tmp_path) as running:
        yield running


def settings(daemon: Running, manager: Running) -> dict[str, Any]:
    """Return a Prometheus configuration in which only the intervals are not an operator's."""
    return {
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(RULES / "*.yml")],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [manager.address]}]}]},
        "scrape_configs": [
            {"job_name": "aws-ses", "honor_labels": True, "static_configs": [{"targets": [daemon.address]}]}
        ],
    }


def fall(aws: FakeAws) -> None:
    """SES has a new bounce rate, 0, in the newest minute that a poll reads: the last complete one."""
    aws.put("Reputation.BounceRate", time.time() // 60 * 60 - 60, 0.0)


def titles(receivers: Receivers) -> list[str]:
    return [attachment["title"] for body in receivers.slack for attachment in body["attachments"]]


def told(manager: Running) -> dict[str, str]:
    """Return when Alertmanager last heard of each alert of ours, by severity."""
    return {each["labels"]["severity"]: each["updatedAt"] for each in known(manager)}


def test_a_breach_is_told_once_survives_a_restart_and_ends(
    aws: FakeAws, daemon: Running, manager: Running, receivers: Receivers, tmp_path: Path
) -> None:
    place = f"{ACCOUNT} {REGION}"
    config = settings(daemon, manager)

    def explain() -> str:
        return f"{titles(receivers)}\n{receivers.refused}\n{known(manager)}\n{''.join(manager.lines)}"

    def wait(condition: Callable[[], Any], seconds: float = LIMIT_SECONDS) -> None:
        until(condition, seconds, explain)

    with prometheus(config, tmp_path, RESEND):
        wait(lambda: receivers.slack and receivers.alerts and receivers.pings)
        assert told(manager).keys() == {"critical", "warning", "info"}
    before = told(manager)

    with prometheus(config, tmp_path, RESEND):
        wait(lambda: all(told(manager).get(name, "") > at for name, at in before.items()))
        assert titles(receivers) == [f"CRITICAL {NAME} {place}"]
        assert [body["message"] for body in receivers.alerts] == [f"{NAME} critical {place}: 14% (threshold 10%)"]
        assert receivers.closed == []

        fall(aws)
        wait(lambda: titles(receivers)[-1].startswith("RESOLVED"), END_SECONDS)
        pings = len(receivers.pings)
        wait(lambda: len(receivers.pings) >= pings + 2)  # two more rounds of Alertmanager

    # Prometheus says of the critical alert for 15 minutes that it is resolved, so the last message may say it again.
    assert titles(receivers)[:2] == [f"CRITICAL {NAME} {place}", f"WARNING {NAME} {place} (1 firing, 1 resolved)"]
    assert titles(receivers)[2:] in ([f"RESOLVED {NAME} {place}"], [f"RESOLVED {NAME} {place} (2 resolved)"])
    check_slack(*(attachment for body in receivers.slack for attachment in body["attachments"]))
    check_opsgenie(receivers)
    assert {body["status"] for body in receivers.pings} == {"firing"}
    assert receivers.refused == []
    log = "".join(manager.lines)
    assert "level=error" not in log
    assert not [secret for secret in receivers.secrets() if secret in log]


def check_slack(opened: dict[str, Any], eased: dict[str, Any], ended: dict[str, Any]) -> None:
    assert [message["color"] for message in (opened, eased, ended)] == ["danger", "warning", "good"]
    for message in (opened, eased, ended):
        urls = {action["text"]: action["url"] for action in message["actions"]}
        assert urls["Runbook"] == RUNBOOK
        assert urls["Dashboard"] == DASHBOARD
        assert f"*Account:* {ACCOUNT}  *Region:* {REGION}" in message["text"]
    assert "has a bounce rate of 14%." in opened["text"]
    assert "*Value:* 14%  *Threshold:* 10%  *Severity:* critical" in opened["text"]
    firing, resolved = eased["text"].split(":white_check_mark: Resolved:")
    assert "*Threshold:* 5%  *Severity:* warning" in firing
    assert "*Threshold:* 10%  *Severity:* critical" in resolved
    assert "*Threshold:* 5%  *Severity:* warning" in ended["text"]


def check_opsgenie(receivers: Receivers) -> None:
    (opened,) = receivers.alerts
    assert [alias for alias, _ in receivers.closed] == [opened["alias"]]
    assert opened["priority"] == "P1"
    assert opened["tags"] == ["aws", "ses", "reputation", "critical"]
    assert opened["entity"] == f"{ACCOUNT} {REGION}"
    details = {name: opened["details"][name] for name in ("account_id", "region", "value", "threshold", "severity")}
    assert details == {
        "account_id": ACCOUNT, "region": REGION, "value": "14%", "threshold": "10%", "severity": "critical",
    }  # fmt: skip
    assert opened["details"]["runbook"] == RUNBOOK
    assert opened["details"]["dashboard"] == DASHBOARD
    assert "has a bounce rate of 14%." in opened["description"]
