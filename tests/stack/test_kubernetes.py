"""examples/kubernetes: each object by its schema, and all of them against each other and the exporter."""

from __future__ import annotations

import copy
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import kubernetes_validate  # type: ignore[import-untyped]
import pytest
import yaml

from exporter import __version__, cli
from exporter.web.app import create_app
from scripts import generate_kubernetes as generate
from tests.package.test_image import of
from tests.stack.files import KUBERNETES, PORT, RULES, findings, load, objects, one

KUBERNETES_VERSIONS = ("1.28", "1.37")
BUILT_IN = frozenset({"ConfigMap", "Deployment", "Service", "ServiceAccount"})
NAME = {"app.kubernetes.io/name": "aws-ses-exporter"}

ALL = tuple(each for path in sorted(KUBERNETES.glob("*.yaml")) for each in objects(path))
CORE = tuple(each for each in ALL if each["kind"] in BUILT_IN)


def title(found: Any) -> str:
    return f"{found['kind']}-{found.get('metadata', {}).get('name', '')}"


def replica(name: str = "a") -> dict[str, Any]:
    """Return the Deployment, or the one that the sed line at its head makes of it."""
    text = (KUBERNETES / "deployment.yaml").read_text("utf-8")
    found: dict[str, Any] = yaml.safe_load(text.replace("aws-ses-exporter-a", f"aws-ses-exporter-{name}"))
    return found


def pod(deployment: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = deployment["spec"]["template"]
    return found


def container() -> dict[str, Any]:
    (found,) = pod(replica())["spec"]["containers"]
    return dict(found)


def selects(selector: dict[str, str], labels: dict[str, str]) -> bool:
    return selector.items() <= labels.items()


@pytest.mark.parametrize("version", KUBERNETES_VERSIONS)
@pytest.mark.parametrize("found", CORE, ids=title)
def test_an_object_is_what_kubernetes_takes(found: dict[str, Any], version: str) -> None:
    assert kubernetes_validate.validate(found, version, strict=True) == version


def test_kubernetes_schemas_would_notice_a_slip_of_the_pen() -> None:
    wrong = replica()
    pod(wrong)["spec"]["containers"][0]["livenessProbes"] = {}

    with pytest.raises(kubernetes_validate.ValidationError, match="livenessProbes"):
        kubernetes_validate.validate(wrong, KUBERNETES_VERSIONS[-1], strict=True)


@pytest.mark.parametrize("name", ["servicemonitor", "kustomization"])
def test_what_kubernetes_itself_does_not_know_is_held_to_a_schema_too(name: str, tmp_path: Path) -> None:
    found = one(f"{name}.yaml")

    assert not findings(found, tmp_path, schema=name)


@pytest.mark.parametrize(
    ("name", "where"), [("servicemonitor", ("spec", "endpoints", 0)), ("kustomization", ("images", 0))]
)
def test_the_schema_would_notice_a_slip_of_the_pen(name: str, where: tuple[Any, ...], tmp_path: Path) -> None:
    wrong = part = copy.deepcopy(one(f"{name}.yaml"))
    for key in where:
        part = part[key]
    part["relabel"] = []

    assert "relabel" in findings(wrong, tmp_path, schema=name)


def test_nothing_is_left_unchecked_and_everything_is_applied() -> None:
    kinds = {each["kind"] for each in ALL}
    resources = one("kustomization.yaml")["resources"]

    assert kinds == {*BUILT_IN, "ServiceMonitor", "PrometheusRule", "Kustomization"}
    assert sorted([*resources, "kustomization.yaml"]) == sorted(path.name for path in KUBERNETES.iterdir())


def test_objects_have_one_label_in_common_and_names_of_their_own() -> None:
    found = [each["metadata"] for each in ALL if "metadata" in each]
    names = [title(each) for each in ALL]

    assert all(selects(NAME, each["labels"]) for each in found)
    assert not [each for each in found if "namespace" in each], "the kustomization says which"
    assert len(set(names)) == len(names)


def test_the_probes_ask_pages_that_the_exporter_has() -> None:
    app = create_app(Mock(), telemetry_path="/metrics")  # only its routes are read
    pages = {getattr(route, "path", "") for route in app.routes}
    probes = {name: container()[name]["httpGet"] for name in ("livenessProbe", "readinessProbe")}
    (endpoint,) = one("servicemonitor.yaml")["spec"]["endpoints"]

    assert {name: probe["path"] for name, probe in probes.items()} == {
        "livenessProbe": "/-/healthy",
        "readinessProbe": "/-/ready",
    }
    assert {probe["path"] for probe in probes.values()} | {endpoint["path"]} <= pages


def test_the_port_has_one_number_and_one_name() -> None:
    (port,) = container()["ports"]
    (served,) = one("service.yaml")["spec"]["ports"]
    (endpoint,) = one("servicemonitor.yaml")["spec"]["endpoints"]

    assert port == {"name": "metrics", "containerPort": PORT}
    assert served == {"name": "metrics", "port": PORT, "targetPort": "metrics"}
    assert endpoint["port"] == "metrics"
    assert {container()[name]["httpGet"]["port"] for name in ("livenessProbe", "readinessProbe")} == {"metrics"}


def test_a_pod_can_do_no_more_than_it_has_to() -> None:
    spec = pod(replica())["spec"]

    assert container()["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert f"{spec['securityContext']['runAsUser']}:{spec['securityContext']['runAsGroup']}" == of("base", "USER")[0]
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert spec["automountServiceAccountToken"] is False
    assert one("serviceaccount.yaml")["automountServiceAccountToken"] is False
    assert all(mount["readOnly"] for mount in container()["volumeMounts"])


def test_memory_leaves_room_over_what_was_measured_and_the_processor_has_no_limit() -> None:
    assert container()["resources"] == {
        "requests": {"cpu": "50m", "memory": "128Mi"},
        "limits": {"memory": "256Mi"},
    }


def test_the_pod_has_the_identity_that_the_role_is_given_to() -> None:
    account = one("serviceaccount.yaml")["metadata"]
    (arn,) = account["annotations"].values()

    assert pod(replica())["spec"]["serviceAccountName"] == account["name"]
    assert list(account["annotations"]) == ["eks.amazonaws.com/role-arn"]
    assert re.fullmatch(r"arn:aws:iam::\d{12}:role/[\w-]+", arn)


def test_what_the_comments_say_of_the_namespace_is_what_the_kustomization_sets() -> None:
    namespace = one("kustomization.yaml")["namespace"]
    name = one("serviceaccount.yaml")["metadata"]["name"]
    texts = {path.name: path.read_text("utf-8") for path in KUBERNETES.glob("*.yaml")}

    assert f"system:serviceaccount:{namespace}:{name}" in texts["serviceaccount.yaml"]
    assert f"kubectl rollout restart -n {namespace} deployment" in texts["config.yaml"]


def test_the_image_is_this_version() -> None:
    (image,) = one("kustomization.yaml")["images"]

    assert container()["image"] == f"{image['name']}:{__version__}"
    assert image["newTag"] == __version__


def test_the_configuration_is_one_that_the_exporter_takes_where_it_is_mounted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (volume,) = pod(replica())["spec"]["volumes"]
    (mount,) = container()["volumeMounts"]
    config = one("config.yaml")
    for name, text in config["data"].items():
        (tmp_path / name).write_text(text)
    (flag,) = container()["args"]
    inside = flag.removeprefix("--config.file=")

    assert volume == {"name": mount["name"], "configMap": {"name": config["metadata"]["name"]}}
    assert inside.startswith(f"{mount['mountPath']}/")
    flag = flag.replace(mount["mountPath"], str(tmp_path))
    assert cli.run([flag, "check-config"]) == 0
    said = capsys.readouterr()
    assert "us-east-1" in said.out
    assert said.err == ""


def test_the_commented_target_in_the_configuration_is_one_too(tmp_path: Path) -> None:
    text = one("config.yaml")["data"]["config.yaml"]
    commented = re.sub(r"^  # (- name| {2})", r"  \1", text, flags=re.MULTILINE)
    (tmp_path / "config.yaml").write_text(commented)

    assert len(yaml.safe_load(commented)["targets"]) == 2
    assert cli.run([f"--config.file={tmp_path / 'config.yaml'}", "check-config"]) == 0


def test_the_deployment_the_service_and_the_monitor_find_each_other() -> None:
    deployment, service, monitor = replica(), one("service.yaml"), one("servicemonitor.yaml")

    assert selects(deployment["spec"]["selector"]["matchLabels"], pod(deployment)["metadata"]["labels"])
    assert selects(service["spec"]["selector"], pod(deployment)["metadata"]["labels"])
    assert selects(monitor["spec"]["selector"]["matchLabels"], service["metadata"]["labels"])
    assert service["spec"]["clusterIP"] == "None", "each replica is a target of its own"


def test_a_second_replica_is_the_same_file_under_another_name_and_takes_nothing_from_the_first() -> None:
    first, second = replica(), replica("b")
    line = "sed s/aws-ses-exporter-a/aws-ses-exporter-b/ deployment.yaml > deployment-b.yaml"

    assert line in (KUBERNETES / "deployment.yaml").read_text("utf-8")
    assert not selects(first["spec"]["selector"]["matchLabels"], pod(second)["metadata"]["labels"])
    assert not selects(second["spec"]["selector"]["matchLabels"], pod(first)["metadata"]["labels"])
    assert selects(one("service.yaml")["spec"]["selector"], pod(second)["metadata"]["labels"])
    assert title(first) != title(second)
    assert [pod(each)["spec"] for each in (first, second)] == [pod(first)["spec"]] * 2


def test_no_two_pods_ever_have_one_instance() -> None:
    assert replica()["spec"]["replicas"] == 1
    assert replica()["spec"]["strategy"] == {"type": "Recreate"}


def test_the_rule_selector_of_kube_prometheus_stack_is_met() -> None:
    (labels,) = one("kustomization.yaml")["labels"]

    assert labels == {"pairs": {"release": "kube-prometheus-stack"}}, "without includeSelectors: those cannot change"


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not on PATH: it applies examples/kubernetes")
def test_kubectl_sets_the_release_of_the_kustomization_and_leaves_the_links_that_were_made(tmp_path: Path) -> None:
    folder = tmp_path / "kubernetes"
    shutil.copytree(KUBERNETES, folder)
    links = ["--runbook-url=https://a.test/runbook.md", "--grafana-url=https://b.test"]
    assert generate.main([*links, "--label=release=ignored", "--namespace=ignored", f"--output={folder}"]) == 0
    kustomization = folder / "kustomization.yaml"
    kustomization.write_text(kustomization.read_text().replace("release: kube-prometheus-stack", "release: mine"))
    said = subprocess.run(["kubectl", "kustomize", folder], capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stderr
    (tmp_path / "made.yaml").write_text(said.stdout)
    made = objects(tmp_path / "made.yaml")

    assert sorted(map(title, made)) == sorted(title(each) for each in ALL if each["kind"] != "Kustomization")
    assert {each["metadata"]["labels"]["release"] for each in made} == {"mine"}
    assert {each["metadata"]["namespace"] for each in made} == {one("kustomization.yaml")["namespace"]}
    assert not [url for url in (generate.RUNBOOK_URL, generate.GRAFANA_URL) if url in said.stdout]
    assert "runbook_url: https://a.test/runbook.md#" in said.stdout
    assert "dashboard_url: https://b.test/d/" in said.stdout


def test_the_kustomization_alone_says_how_to_set_the_release_and_the_links() -> None:
    said = [path.name for path in KUBERNETES.iterdir() if re.search("ARGS=|--label release", path.read_text("utf-8"))]

    assert said == ["kustomization.yaml"]


def test_the_monitor_gives_the_job_the_name_that_the_alerts_know() -> None:
    (endpoint,) = one("servicemonitor.yaml")["spec"]["endpoints"]
    expressions = [
        rule["expr"] for path in RULES.glob("*.yml") for group in load(path)["groups"] for rule in group["rules"]
    ]
    known = {job for text in expressions for job in re.findall(r'job="([^"]+)"', text)}

    assert known == {"aws-ses"}
    assert {"targetLabel": "job", "replacement": "aws-ses"} in endpoint["relabelings"]
