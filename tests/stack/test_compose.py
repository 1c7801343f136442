"""compose.yaml: its form, what it may and may not do, and that what it names is there."""

from __future__ import annotations

import copy
import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from exporter import cli
from exporter.config.keys import variables
from exporter.config.load import Loaded
from tests.package.test_image import of, stages
from tests.stack.files import ALERTMANAGER, GRAFANA, PORT, PROMETHEUS, ROOT, compose, findings, load, mounts
from tests.tools import require_tool

TARGETS = ("demo", "exporter")
SERVICES = ("exporter", "prometheus", "alertmanager", "grafana")
UNPRIVILEGED = {"read_only": True, "cap_drop": ["ALL"], "security_opt": ["no-new-privileges:true"]}


def service(name: str, **environment: str) -> dict[str, Any]:
    found: dict[str, Any] = compose(**environment)["services"][name]
    return found


def secret_files(value: Any) -> set[str]:
    """Return every path that Alertmanager's configuration reads a secret from."""
    if isinstance(value, dict):
        own = {each for key, each in value.items() if key.endswith("_file")}
        return own.union(*map(secret_files, value.values()))
    return set().union(*map(secret_files, value)) if isinstance(value, list) else set()


def test_it_is_what_the_compose_specification_allows(tmp_path: Path) -> None:
    assert not findings(compose(), tmp_path, schema="vendor.compose-spec")


@pytest.mark.parametrize("key", ["port", "secret", "health_check"])
def test_the_specification_would_notice_a_slip_of_the_pen(key: str, tmp_path: Path) -> None:
    wrong = copy.deepcopy(compose())
    wrong["services"]["exporter"][key] = []

    assert key in findings(wrong, tmp_path, schema="vendor.compose-spec")


def test_it_has_the_four_services_and_no_other() -> None:
    assert tuple(compose()["services"]) == SERVICES


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_can_do_no_more_than_it_has_to(name: str) -> None:
    found = service(name)

    assert UNPRIVILEGED.items() <= found.items()
    assert not {"privileged", "cap_add", "network_mode", "pid", "user", "devices"} & set(found)


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_reached_from_this_machine_only_and_under_its_own_port(name: str) -> None:
    (published,) = service(name)["ports"]
    address, outside, inside = published.split(":")

    assert address == "127.0.0.1"
    assert outside == inside
    assert inside == {"exporter": str(PORT), "prometheus": "9090", "alertmanager": "9093", "grafana": "3000"}[name]


@pytest.mark.parametrize("name", SERVICES)
def test_the_health_check_asks_the_port_that_the_service_has(name: str) -> None:
    check = service(name)["healthcheck"]
    (port,) = re.findall(r"(?:localhost|127\.0\.0\.1):([0-9]+)/", " ".join(check["test"]))

    assert check["test"][0] == "CMD"
    assert port == service(name)["ports"][0].rpartition(":")[2]
    assert set(check) == {"test", "interval", "timeout", "start_period", "retries"}


def test_the_exporters_health_check_is_its_probe_and_asks_a_page_there_is() -> None:
    *program, url = service("exporter")["healthcheck"]["test"][1:]

    assert program == ["python", "-m", "exporter.probe"]
    assert url == f"127.0.0.1:{PORT}/-/ready", "without a scheme, so that a web configuration may bring TLS"


@pytest.mark.parametrize("name", SERVICES[1:])
def test_an_image_from_elsewhere_is_pinned_to_a_version(name: str) -> None:
    assert re.fullmatch(r"(prom|grafana)/[a-z]+:v?\d+\.\d+\.\d+", service(name)["image"])


@pytest.mark.parametrize("target", TARGETS)
def test_the_exporter_is_built_from_a_stage_of_the_dockerfile_and_never_fetched(target: str) -> None:
    found = service("exporter", IMAGE_TARGET=target)

    assert found["build"] == {"context": ".", "target": target}
    assert found["image"] == f"aws-ses-exporter:{target}", "an image of the other kind is never taken for it"
    assert found["pull_policy"] == "build"
    assert target in stages()


def test_without_a_variable_it_is_the_demo() -> None:
    assert service("exporter") == service("exporter", IMAGE_TARGET="demo")


def test_one_variable_alone_makes_it_the_real_aws() -> None:
    both = [json.dumps(service("exporter", IMAGE_TARGET=target)) for target in TARGETS]

    assert both[0].replace(":demo", ":exporter").replace('"demo"', '"exporter"') == both[1]
    assert not {"command", "entrypoint"} & set(service("exporter")), "the image knows how to start"
    assert "IMAGE_TARGET=exporter docker compose up" in (ROOT / "compose.yaml").read_text()


def test_what_the_image_starts_with_is_known_to_the_command_line(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[Any] = []

    def demo(once: bool, listen_addresses: list[str] | None) -> int:
        started.append((once, listen_addresses))
        return 0

    def run(load: Callable[[], Loaded]) -> int:
        started.append(load().settings.web.listen_addresses)
        return 0

    monkeypatch.setattr("exporter.commands.demo.demo", demo)
    monkeypatch.setattr("exporter.daemon.run", run)
    monkeypatch.setenv("AWS_REGION", "us-east-1")

    assert cli.run(json.loads(of("demo", "CMD")[0])) == 0
    assert of("exporter", "CMD") == []
    assert cli.run([]) == 0
    assert started == [(False, [f":{PORT}"]), (f":{PORT}",)]


def test_the_shells_variables_that_pass_are_the_sdks_or_the_exporters() -> None:
    names = service("exporter")["environment"]
    ours = [name for name in names if name.startswith("AWS_SES_EXPORTER")]

    assert all(re.fullmatch(r"[A-Z_]+", name) for name in names), "taken from the shell, none is written down"
    assert ours == [name for name in ours if name in variables()] == ["AWS_SES_EXPORTER__TARGETS"]
    assert {"AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"} < set(names)


def test_the_example_of_several_regions_is_one_that_the_exporter_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    (text,) = re.findall(r"AWS_SES_EXPORTER__TARGETS='(.+)'", (ROOT / "compose.yaml").read_text())
    monkeypatch.setenv("AWS_SES_EXPORTER__TARGETS", text)

    assert [target.regions for target in cli.Given().load().settings.targets] == [("us-east-1", "eu-west-1")]


@pytest.mark.parametrize("name", SERVICES)
def test_what_is_mounted_is_in_the_repository(name: str) -> None:
    assert [path for path in mounts(service(name)).values() if not (ROOT / path).exists()] == []


def kept(target: str) -> dict[str, list[list[str]]]:
    """Return what each service writes to: volume and path in the container."""
    return {
        name: [each.split(":") for each in service(name, IMAGE_TARGET=target).get("volumes", ()) if each[0] != "."]
        for name in SERVICES
    }


@pytest.mark.parametrize("target", TARGETS)
def test_what_a_service_writes_to_is_a_volume_of_its_own(target: str) -> None:
    assert kept(target) == {
        "exporter": [],
        "prometheus": [[f"prometheus-{target}", "/prometheus"]],
        "alertmanager": [[f"alertmanager-{target}", "/alertmanager"]],
        "grafana": [[f"grafana-{target}", "/var/lib/grafana"]],
    }


def test_the_demo_leaves_nothing_behind_for_the_real_account() -> None:
    demo, real = ({volume for found in kept(target).values() for volume, _ in found} for target in TARGETS)

    assert len(demo) == len(real) == len(SERVICES[1:])
    assert not demo & real
    assert compose()["volumes"] == dict.fromkeys(demo | real), "without a `name`, which could make them one again"


def test_prometheus_finds_its_configuration_and_the_rules_beside_it() -> None:
    found = service("prometheus")
    inside = mounts(found)

    assert inside["/etc/prometheus/prometheus.yml"] == "examples/prometheus.yml"
    assert load(PROMETHEUS)["rule_files"] == ["rules/*.yml"]
    assert inside["/etc/prometheus/rules"] == "alerts/rules"
    assert "--config.file=/etc/prometheus/prometheus.yml" in found["command"]


@pytest.mark.parametrize(
    ("name", "program"), [("prometheus", "prometheus"), ("alertmanager", "prometheus-alertmanager")]
)
def test_the_flags_are_known_to_the_program(name: str, program: str) -> None:
    command = require_tool(program, debian=program)
    said = subprocess.run([command, *service(name)["command"], "--version"], capture_output=True, check=False)

    assert said.returncode == 0, said.stderr


def test_prometheus_keeps_more_than_the_week_that_alerts_compare_with() -> None:
    assert "--storage.tsdb.retention.time=30d" in service("prometheus")["command"]


def test_alertmanager_finds_its_configuration_its_templates_and_its_secrets() -> None:
    found = service("alertmanager")
    inside = mounts(found)
    config = load(ALERTMANAGER)

    assert inside["/etc/alertmanager/alertmanager.yml"] == "alerts/alertmanager.example.yml"
    assert config["templates"] == ["templates/*.tmpl"]
    assert list((ROOT / inside["/etc/alertmanager/templates"]).glob("*.tmpl"))
    assert {each["target"] for each in found["secrets"]} == secret_files(config)


def test_a_secret_is_a_file_named_by_a_variable_or_the_one_that_says_there_is_none() -> None:
    given = compose(OPSGENIE_API_KEY_FILE="/secrets/opsgenie", SLACK_WEBHOOK_URL_FILE="/secrets/slack")["secrets"]
    sources = {each["source"] for each in service("alertmanager")["secrets"]}

    assert [each["file"] for each in given.values()] == ["/secrets/opsgenie", "/secrets/slack"]
    assert set(given) == sources
    assert {each["file"] for each in compose()["secrets"].values()} == {"./examples/no-secret"}


def test_the_file_that_is_no_secret_can_be_neither_a_header_nor_an_address() -> None:
    assert "\n" in (ROOT / "examples" / "no-secret").read_text().strip()


def test_grafana_finds_its_data_source_and_the_boards() -> None:
    inside = mounts(service("grafana"))
    (provider,) = load(GRAFANA / "dashboards" / "aws-ses.yaml")["providers"]

    assert inside["/etc/grafana/provisioning/datasources"] == "examples/grafana/datasources"
    assert inside["/etc/grafana/provisioning/dashboards"] == "examples/grafana/dashboards"
    assert inside[provider["options"]["path"]] == "dashboards"


def test_nobody_can_log_in_to_grafana_and_everybody_may_look() -> None:
    settings = service("grafana")["environment"]

    assert settings["GF_AUTH_ANONYMOUS_ORG_ROLE"] == "Viewer"
    assert settings["GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION"] == "true"
    assert not [name for name in settings if "PASSWORD" in name]


def test_links_lead_to_where_the_services_are() -> None:
    urls = [f"http://localhost:{service(name)['ports'][0].rpartition(':')[2]}" for name in SERVICES[1:]]

    assert f"--web.external-url={urls[0]}" in service("prometheus")["command"]
    assert f"--web.external-url={urls[1]}" in service("alertmanager")["command"]
    assert service("grafana")["environment"]["GF_SERVER_ROOT_URL"] == urls[2]
    head = (ROOT / "compose.yaml").read_text().partition("\nname:")[0]
    assert [url for url in (*urls, f"http://localhost:{PORT}") if url not in head] == []


def addresses(static_configs: list[dict[str, Any]]) -> list[str]:
    return [target for each in static_configs for target in each["targets"]]


def test_every_host_name_that_a_service_uses_is_a_service() -> None:
    prometheus = load(PROMETHEUS)
    (job,), (manager,) = prometheus["scrape_configs"], prometheus["alerting"]["alertmanagers"]
    (source,) = load(GRAFANA / "datasources" / "prometheus.yaml")["datasources"]
    used = [*addresses(job["static_configs"]), *addresses(manager["static_configs"]), urlsplit(source["url"]).netloc]

    assert used == ["exporter:9199", "alertmanager:9093", "prometheus:9090"]
    for address in used:
        name, port = address.split(":")
        assert service(name)["ports"] == [f"127.0.0.1:{port}:{port}"]
