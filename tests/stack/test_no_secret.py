"""The stack without secrets: Alertmanager starts, knows the alerts, and sends nothing to anybody."""

from __future__ import annotations

from pathlib import Path

from tests.monitoring import alert, alertmanager, fitted, known, post
from tests.processes import Running, until
from tests.receivers import Receivers
from tests.stack.files import ROOT, compose

AT_ONCE = {"group_wait": "0s", "group_interval": "1s"}
INTEGRATIONS = {"opsgenie", "slack", "webhook"}


def failing(server: Running) -> set[str]:
    """Return the integrations by which a notification was tried in vain."""
    page = server.get("/metrics").text
    counters = (
        line.split() for line in page.splitlines() if line.startswith("alertmanager_notification_requests_failed")
    )
    return {name.split('integration="')[1].split('"')[0] for name, value in counters if float(value) > 0}


def test_without_secrets_alerts_are_shown_and_no_request_leaves(tmp_path: Path) -> None:
    with Receivers() as receivers:
        config = fitted(receivers, tmp_path, AT_ONCE)
        (given,) = {each["file"] for each in compose()["secrets"].values()}
        for name in ("opsgenie_api_key", "slack_webhook_url"):
            (tmp_path / name).write_bytes((ROOT / given).read_bytes())
        with alertmanager(config, tmp_path) as server:
            post(server, [alert({"alertname": "AWSSESWatchdog", "severity": "info"})])
            post(server, [alert({"alertname": "AWSSESAccountShutDown", "severity": "critical"})])
            until(lambda: failing(server) == INTEGRATIONS, explain=lambda: "".join(server.lines))

            assert len(known(server)) == 2
        assert receivers.refused == []
        assert not receivers.slack + receivers.alerts + receivers.pings
