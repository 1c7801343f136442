"""Real Prometheus and Alertmanager for tests, on 127.0.0.1, and the shipped Alertmanager example fitted to a test."""

from __future__ import annotations

import contextlib
import copy
import json
import re
import shutil
import signal
import socket
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from tests.processes import Running, process, until
from tests.receivers import Receivers
from tests.tools import require_tool

ALERTS = Path(__file__).parent.parent / "alerts"
EXAMPLE = ALERTS / "alertmanager.example.yml"
TEMPLATES = ALERTS / "templates"
RULES = ALERTS / "rules"
WAITS = {"group_wait": "1s", "group_interval": "1s"}
CHANGED = {
    "route.group_wait",
    "route.group_interval",
    "route.routes.0.group_wait",
    "route.routes.0.group_interval",
    "route.routes.0.repeat_interval",
    "route.routes.1.routes.0.group_wait",
    "route.routes.1.routes.0.group_interval",
    "receivers.1.opsgenie_configs.0.api_key_file",
    "receivers.1.opsgenie_configs.0.api_url",
    "receivers.2.slack_configs.0.api_url_file",
    "receivers.3.webhook_configs.0.url",
    "receivers.3.webhook_configs.0.http_config.authorization.credentials_file",
}
"""What `fitted` changes in the shipped example: waits and addresses, nothing else."""
START_SECONDS = 60.0
DELIVERED_SECONDS = 60.0
_TRIES = 5

Config = dict[str, Any]
Labels = Mapping[str, str]


def example() -> Config:
    """Return the shipped Alertmanager configuration, parsed."""
    loaded: Config = yaml.safe_load(EXAMPLE.read_text())
    return loaded


def fitted(receivers: Receivers, folder: Path, waits: Mapping[str, str] = WAITS) -> Config:
    """Return the shipped configuration with this test's addresses, secrets in files under *folder*, and *waits*.

    Every route that has a wait gets the test's; the heartbeat is told again every second.
    """
    config = copy.deepcopy(example())
    key, webhook = folder / "opsgenie_api_key", folder / "slack_webhook_url"
    key.write_text(receivers.api_key)
    webhook.write_text(receivers.slack_url)
    by_name = {receiver["name"]: receiver for receiver in config["receivers"]}
    by_name["opsgenie"]["opsgenie_configs"][0] |= {"api_url": receivers.opsgenie_url, "api_key_file": str(key)}
    by_name["slack"]["slack_configs"][0]["api_url_file"] = str(webhook)
    heartbeat = by_name["heartbeat"]["webhook_configs"][0]
    heartbeat["url"] = receivers.heartbeat_url
    heartbeat["http_config"]["authorization"]["credentials_file"] = str(key)
    _set_waits(config["route"], waits)
    config["route"]["routes"][0]["repeat_interval"] = "1s"
    return config


def _set_waits(route: Config, waits: Mapping[str, str]) -> None:
    route |= {name: wait for name, wait in waits.items() if name in route}
    for child in route.get("routes", ()):
        _set_waits(child, waits)


def differences(before: Any, after: Any, path: str = "") -> set[str]:
    """Return the paths at which two parsed documents differ, such as `route.routes.0.group_wait`."""
    if type(before) is not type(after):
        return {path}
    if isinstance(before, dict):
        keys = before.keys() | after.keys()
        return {d for key in keys for d in differences(before.get(key), after.get(key), f"{path}.{key}".lstrip("."))}
    if isinstance(before, list) and len(before) == len(after):
        pairs = enumerate(zip(before, after, strict=True))
        return {d for index, (b, a) in pairs for d in differences(b, a, f"{path}.{index}")}
    return set() if before == after else {path}


def rules() -> list[dict[str, Any]]:
    """Return every alert of the shipped rule files, parsed: `alert`, `labels`, `annotations` and so on."""
    files = (yaml.safe_load(path.read_text()) for path in sorted(RULES.glob("*.yml")))
    return [rule for file in files for group in file["groups"] for rule in group["rules"] if "alert" in rule]


def kept(labels: Labels, target: Labels, *, honored: bool) -> dict[str, str]:
    """Return the labels of a sample as Prometheus keeps them of *target*, with `honor_labels: true` or without.

    An empty label is as good as none, but it keeps the target's away where labels are honoured.
    """
    if honored:
        return {name: value for name, value in {**target, **labels}.items() if value}
    renamed = {(f"exported_{name}" if name in target else name): value for name, value in labels.items() if value}
    return {**renamed, **target}


@contextlib.contextmanager
def alertmanager(config: Config, folder: Path, *flags: str) -> Iterator[Running]:
    """Start Alertmanager on *config* with the shipped templates beside it, data under *folder*; wait until ready."""
    command = require_tool("prometheus-alertmanager", debian="prometheus-alertmanager")
    (folder / "alertmanager.yml").write_text(yaml.safe_dump(config))
    shutil.copytree(TEMPLATES, folder / "templates", dirs_exist_ok=True)
    with contextlib.ExitStack() as stack:
        for _ in range(_TRIES):  # it cannot be told to take port 0, and the free port may be gone when it asks for it
            address = f"127.0.0.1:{_free_port()}"
            arguments = (
                f"--config.file={folder / 'alertmanager.yml'}",
                f"--storage.path={folder / 'alertmanager-data'}",
                f"--web.listen-address={address}",
                f"--web.external-url=http://{address}",
                "--cluster.listen-address=",
                *flags,
            )
            running = stack.enter_context(process(arguments, environ={}, command=(command,)))
            running.address = address
            if _started(running):
                break
        else:
            raise AssertionError("".join(running.lines))
        yield running


@contextlib.contextmanager
def prometheus(config: Config, folder: Path, *flags: str) -> Iterator[Running]:
    """Start Prometheus on *config*, with data under *folder* (the same folder again: the same data)."""
    command = require_tool("prometheus", debian="prometheus")
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    arguments = (
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'prometheus-data'}",
        "--web.listen-address=127.0.0.1:0",
        *flags,
    )
    with process(arguments, environ={}, command=(command,)) as running:
        until(lambda: ended(running) or _listens(running), START_SECONDS, lambda: "".join(running.lines))
        assert _started(running), "".join(running.lines)
        yield running
        if not ended(running):
            running.stop(signal.SIGTERM)


def ended(running: Running) -> bool:
    """Return whether the process is gone."""
    return running.process.poll() is not None


def post(server: Running, alerts: Sequence[Mapping[str, Any]]) -> None:
    """Give *alerts* to Alertmanager as Prometheus does: mappings with labels, annotations, startsAt, endsAt."""
    request = urllib.request.Request(
        f"http://{server.address}/api/v2/alerts",
        data=json.dumps(list(alerts)).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - our own loopback address
        assert answer.status == 200


def alert(labels: Labels, annotations: Labels | None = None, *, resolved: bool = False) -> dict[str, Any]:
    """Return an alert for `post`: firing for the next hour, or resolved a moment ago.

    It starts now: an older one would be sent at once, without the group's wait.
    """
    now = time.time()
    start, end = (now - 60, now - 1) if resolved else (now, now + 3600)
    return {
        "labels": dict(labels),
        "annotations": dict(annotations or {}),
        "startsAt": _stamp(start),
        "endsAt": _stamp(end),
        "generatorURL": "http://prometheus.example/graph?g0.expr=vector%281%29",
    }


def known(server: Running) -> list[dict[str, Any]]:
    """Return the alerts that Alertmanager has, each with its `status`."""
    alerts: list[dict[str, Any]] = json.loads(server.get("/api/v2/alerts").text)
    return alerts


def suppressed(server: Running) -> set[tuple[str, str]]:
    """Return (alertname, severity) of the alerts that an inhibition holds back."""
    held = (each["labels"] for each in known(server) if each["status"]["inhibitedBy"])
    return {(labels["alertname"], labels["severity"]) for labels in held}


class Mail:
    """Gives alerts of one *account* to Alertmanager and returns what the receivers got of it."""

    def __init__(self, server: Running, receivers: Receivers, account: str) -> None:
        self.server = server
        self.receivers = receivers
        self.account = account

    def messages(self) -> list[dict[str, Any]]:
        """Return the attachments that came to Slack."""
        found = (attachment for body in self.receivers.slack for attachment in body["attachments"])
        return [attachment for attachment in found if self.account in json.dumps(attachment)]

    def opened(self) -> list[dict[str, Any]]:
        """Return the alerts that were opened in Opsgenie."""
        return [body for body in self.receivers.alerts if self.account in json.dumps(body)]

    def slack(self, *alerts: dict[str, Any], count: int = 1) -> dict[str, Any]:
        """Post *alerts* and return the attachment of the last of *count* messages, once it is there."""
        post(self.server, alerts)
        until(lambda: len(self.messages()) == count, DELIVERED_SECONDS, self._said)
        return self.messages()[-1]

    def opsgenie(self, *alerts: dict[str, Any]) -> dict[str, Any]:
        """Post *alerts* and return the last opened alert, once one is there."""
        post(self.server, alerts)
        until(self.opened, DELIVERED_SECONDS, self._said)
        return self.opened()[-1]

    def _said(self) -> str:
        return f"{self.receivers.slack}\n{self.receivers.refused}\n{''.join(self.server.lines)}"


def _stamp(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{int(seconds % 1 * 1000):03d}Z"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _listens(server: Running) -> bool:
    for line in server.lines:
        if found := re.search(r'msg="Listening on" address=(\S+)', line):
            server.address = found[1]
    return bool(server.address)


def _started(server: Running) -> bool:
    """Wait until it is ready; return False if it ended instead."""
    until(lambda: ended(server) or _ready(server), START_SECONDS, lambda: "".join(server.lines))
    return not ended(server)


def _ready(server: Running) -> bool:
    try:
        return server.get("/-/ready").status == 200
    except OSError:
        return False
