"""Configuration sets, linked accounts and a reload in the whole process, against the project's fake."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from tests.fakes.aws import DEFAULT_ACCOUNT, Error, FakeAws
from tests.processes import Running, environment, exporter, until

LINKED, FOUND = "111111111111", "222222222222"
REGION = "us-east-1"
ODD = 'a "set"\n\\ ü'
SET = "ses:configuration-set"


def sent(running: Running, name: str = "aws_ses_dimension_send_total") -> dict[tuple[str, str], float]:
    """Return *name* by account and configuration set, empty for the account as a whole."""
    return {
        (sample.labels["account_id"], sample.labels.get("ses_configuration_set", "")): sample.value
        for family in text_string_to_metric_families(running.get("/metrics").text)
        for sample in family.samples
        if sample.name == name
    }


def own(running: Running, name: str, *marks: str) -> float:
    text = running.get("/metrics").text
    lines = re.findall(rf"^aws_ses_exporter_{name}(\{{.*\}}) (\S+)$", text, re.MULTILINE)
    return sum(float(value) for labels, value in lines if all(mark in labels for mark in marks))


def test_sets_and_linked_accounts_are_served_side_by_side_found_limited_and_kept_over_a_reload(tmp_path: Path) -> None:
    minute = int(time.time()) // 60 * 60
    file = tmp_path / "config.yaml"

    def configure(limit: int, *exclude: str) -> None:
        sets = {"enabled": True, "limit": limit, "exclude": exclude}
        target = {"name": "m", "regions": [REGION], "linked_accounts": [LINKED, "all"]}
        sources = {"configuration_sets": sets, "dimensions": {"refresh_seconds": 60}}
        file.write_text(json.dumps({"poll_interval_seconds": 10, "targets": [target], "sources": sources}))

    with FakeAws() as aws:
        aws.cloudwatch.links[DEFAULT_ACCOUNT] = {LINKED, FOUND}
        for account, factor in ((DEFAULT_ACCOUNT, 1), (LINKED, 10), (FOUND, 100)):
            aws.put("Send", minute - 3600, 1000 * factor, account=account)
            for name, value in ((ODD, 1), ("news", 2), ("shop", 3), ("x-test", 4)):
                aws.put("Send", minute - 3600, value * factor, account=account, dimensions={SET: name})
        configure(2, "x.*")
        with exporter(f"--config.file={file}", environ=environment(AWS_ENDPOINT_URL=aws.url)) as running:
            running.wait_ready()
            until(lambda: len(sent(running)) == 6, explain=lambda: "".join(running.lines))
            factors = {DEFAULT_ACCOUNT: 1.0, LINKED: 10.0, FOUND: 100.0}
            assert sent(running, "aws_ses_send_total") == {
                (account, ""): 1000 * factor for account, factor in factors.items()
            }
            assert sent(running) == {
                (account, name): value * factor
                for account, factor in factors.items()
                for name, value in ((ODD, 1), ("news", 2))
            }
            assert own(running, "series_dropped", 'reason="limit"', 'target="m"') == 1
            left_out = [event for event in running.events() if event["msg"] == "series with dimensions left out"]
            assert sorted(event["key"] for event in left_out) == [
                f"m/{account}{REGION}" for account in (f"{LINKED}/", f"{FOUND}/", "")
            ]
            aws.fail(Error("AccessDenied", status=403), operation="ListMetrics", times=None)
            configure(4)
            running.process.send_signal(1)
            until(lambda: own(running, "poll_failures_total", 'reason="access_denied"', 'source="dimensions"') > 0)
            until(lambda: len(sent(running)) == 9, explain=lambda: "".join(running.lines))
            assert {name for _, name in sent(running)} == {ODD, "news", "shop"}, "as far as the last list reaches"
            aws.heal()
            until(lambda: len(sent(running)) == 12, explain=lambda: "".join(running.lines))
            assert own(running, "series_dropped", 'reason="limit"') == 0
            assert running.stop() == 0
