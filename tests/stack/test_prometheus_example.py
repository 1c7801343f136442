"""examples/prometheus.yml: what promtool says of it, what it does in a real Prometheus, and how targets are named."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import yaml

from tests.fakes.aws import FakeAws
from tests.monitoring import prometheus
from tests.processes import Running, environment, exporter, until
from tests.stack.files import PROMETHEUS, RULES, load, one
from tests.tools import require_tool

SETTLED_SECONDS = 60.0

Result = tuple[dict[str, str], float]


def promtool(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = require_tool("promtool", debian="prometheus")
    return subprocess.run([command, *map(str, arguments)], capture_output=True, text=True, check=False)


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """Lay the files out as the example says: the rules beside it."""
    shutil.copy(PROMETHEUS, tmp_path / "prometheus.yml")
    shutil.copytree(RULES, tmp_path / "rules")
    return tmp_path / "prometheus.yml"


def test_promtool_takes_it_and_finds_every_rule_file(installed: Path) -> None:
    said = promtool("check", "config", installed)

    assert said.returncode == 0, said.stdout + said.stderr
    assert "prometheus.yml is valid prometheus config file syntax" in said.stdout
    assert f"SUCCESS: {len(list(RULES.glob('*.yml')))} rule files found" in said.stdout


def test_promtool_takes_it_with_a_second_replica_too(installed: Path) -> None:
    text = installed.read_text()
    installed.write_text(text.replace("          # - exporter-b:9199", "          - exporter-b:9199"))

    assert promtool("check", "config", installed).returncode == 0
    (job,) = load(installed)["scrape_configs"]
    assert job["static_configs"] == [{"targets": ["exporter:9199", "exporter-b:9199"]}]


def discovered(folder: Path, job: dict[str, Any]) -> dict[str, dict[str, str]]:
    """Return the labels of each target of *job* as Prometheus makes them, by its address."""
    (folder / "discovery.yml").write_text(yaml.safe_dump({"scrape_configs": [job]}))
    said = promtool("check", "service-discovery", "--timeout=1s", folder / "discovery.yml", job["job_name"])
    assert said.returncode == 0, said.stderr
    return {each["labels"]["__address__"]: named(each["labels"]) for each in json.loads(said.stdout)}


def named(labels: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in labels.items() if not name.startswith("__")}


def monitored(address: str, pod: str, replica: str) -> dict[str, Any]:
    """Return a target as the Prometheus Operator discovers the pod of *replica*: its relabelings have run already."""
    return {
        "targets": [address],
        "labels": {
            "__meta_kubernetes_pod_label_app_kubernetes_io_instance": replica,
            "job": "aws-ses-exporter",
            "namespace": "monitoring",
            "pod": pod,
        },
    }


def test_a_pod_that_is_replaced_goes_on_as_the_same_target_and_replicas_stay_apart(tmp_path: Path) -> None:
    (endpoint,) = one("servicemonitor.yaml")["spec"]["endpoints"]
    spelling = {"sourceLabels": "source_labels", "targetLabel": "target_label"}
    relabelings = [{spelling.get(key, key): value for key, value in each.items()} for each in endpoint["relabelings"]]
    replicas = ("aws-ses-exporter-a", "aws-ses-exporter-b")
    pods = [(replica, f"{replica}-{suffix}") for replica in replicas for suffix in ("x7k2p", "q9d4m")]
    addresses = {f"10.0.0.{number}:9199": replica for number, (replica, _) in enumerate(pods, 1)}
    targets = [monitored(address, pod, replica) for address, (replica, pod) in zip(addresses, pods, strict=True)]
    job = {"job_name": "monitor", "static_configs": targets, "relabel_configs": relabelings}

    assert discovered(tmp_path, job) == {
        address: {"job": "aws-ses", "instance": replica, "namespace": "monitoring"}
        for address, replica in addresses.items()
    }


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    with FakeAws() as aws:
        minute = time.time() // 60 * 60
        for ago in range(60):
            aws.put("Send", minute - 60 * ago, 12)
        aws.put("Reputation.BounceRate", minute - 600, 0.14)
        variables = {"AWS_ENDPOINT_URL": aws.url, "AWS_REGION": "us-east-1"}
        with exporter(environ=environment(**variables)) as daemon:
            yield daemon


def example(address: str) -> dict[str, Any]:
    """Return the shipped configuration with other addresses, and everything once a second."""
    text = PROMETHEUS.read_text().replace("exporter:9199", address, 1).replace("alertmanager:9093", "127.0.0.1:9")
    config: dict[str, Any] = yaml.safe_load(text)
    assert config["global"] == {"scrape_interval": "1m", "evaluation_interval": "1m"}
    return {**config, "global": {"scrape_interval": "1s", "evaluation_interval": "1s"}}


def with_label(job: dict[str, Any], name: str, label: str, **settings: bool) -> dict[str, Any]:
    """Return *job* under another *name*, its target with a *label* that says where the exporter runs."""
    (static,) = job["static_configs"]
    return {**job, **settings, "job_name": name, "static_configs": [{**static, "labels": {label: "eu-west-1"}}]}


def labels_on_targets(address: str) -> dict[str, Any]:
    """Return the example without rules, and with a job for each thing that it says of labels on a target."""
    config = example(address)
    config["global"]["external_labels"] = {"region": "ap-south-1"}
    del config["rule_files"]
    (job,) = config["scrape_configs"]
    config["scrape_configs"] = [
        with_label(job, "clash", "region"),
        with_label(job, "honored", "region", honor_labels=True),
        with_label(job, "advised", "exporter_region"),
    ]
    return config


@pytest.fixture(scope="module")
def servers(running: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Running, Running]]:
    """Start Prometheus with the example and with labels on targets: both at once, since each is idle for seconds."""
    folder, other = tmp_path_factory.mktemp("prometheus"), tmp_path_factory.mktemp("labels")
    shutil.copytree(RULES, folder / "rules")
    with (
        prometheus(example(running.address), folder) as started,
        prometheus(labels_on_targets(running.address), other) as labelled,
    ):
        yield started, labelled


@pytest.fixture(scope="module")
def server(servers: tuple[Running, Running]) -> Running:
    started, _ = servers
    needed = ("aws_ses_exporter:up", "aws_ses_reputation_bounce_rate")
    until(lambda: all(query(started, each) for each in needed), SETTLED_SECONDS, lambda: "".join(started.lines))
    return started


def query(server: Running, expression: str) -> list[Result]:
    answer = server.get(f"/api/v1/query?query={quote(expression)}")
    return [(each["metric"], float(each["value"][1])) for each in json.loads(answer.body)["data"]["result"]]


def test_a_target_is_named_by_its_job_and_its_address_alone(server: Running, running: Running) -> None:
    (target,) = json.loads(server.get("/api/v1/targets").body)["data"]["activeTargets"]

    assert target["labels"] == {"job": "aws-ses", "instance": running.address}


def test_a_real_prometheus_with_it_scrapes_the_running_exporter(server: Running, running: Running) -> None:
    target = {"job": "aws-ses", "instance": running.address}

    place = {"account_id": "123456789012", "region": "us-east-1"}
    expected = [
        [({"__name__": "aws_ses_exporter:up", **target}, 1)],
        [({"__name__": "aws_ses_reputation_bounce_rate", **place, **target}, 0.14)],
    ]

    def found() -> list[list[Result]]:
        return [query(server, name) for name in ("aws_ses_exporter:up", "aws_ses_reputation_bounce_rate")]

    until(lambda: found() == expected, SETTLED_SECONDS, found)


def test_nothing_that_the_exporter_says_is_renamed(server: Running) -> None:
    labels = json.loads(server.get("/api/v1/labels").body)["data"]

    assert {"account_id", "region", "target", "source", "status", "job", "instance"} <= set(labels)
    assert [label for label in labels if label.startswith("exported_")] == []


def test_every_rule_is_evaluated_without_an_error(server: Running) -> None:
    def rules() -> list[dict[str, Any]]:
        groups = json.loads(server.get("/api/v1/rules").body)["data"]["groups"]
        return [rule for group in groups for rule in group["rules"]]

    until(lambda: all(rule["health"] != "unknown" for rule in rules()), SETTLED_SECONDS, rules)
    expected = sum(len(group["rules"]) for path in RULES.glob("*.yml") for group in load(path)["groups"])
    assert [rule for rule in rules() if rule["health"] != "ok"] == []
    assert len(rules()) == expected


def test_the_breach_fires_under_the_name_of_the_shipped_alert(server: Running) -> None:
    alert = 'ALERTS{alertname="AWSSESReputationBounceRate",alertstate="firing",severity="critical"}'

    until(lambda: [value for _, value in query(server, alert)] == [1], SETTLED_SECONDS, lambda: "".join(server.lines))


def test_a_label_of_the_target_does_what_the_example_says(servers: tuple[Running, Running]) -> None:
    _, started = servers

    expected = {
        "clash": ("eu-west-1", "us-east-1"),
        "honored": ("us-east-1", None),
        "advised": ("us-east-1", None),
    }

    def seen() -> dict[str, tuple[str, str | None]]:
        found = (labels for labels, _ in query(started, "aws_ses_up"))
        return {each["job"]: (each["region"], each.get("exported_region")) for each in found}

    until(lambda: seen() == expected, SETTLED_SECONDS, seen)
