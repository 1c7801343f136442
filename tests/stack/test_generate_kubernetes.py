"""What scripts/generate_kubernetes.py makes of the rules and the boards."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts import generate_kubernetes as generate
from scripts.generate_kubernetes import GRAFANA_URL, OUTPUT, RUNBOOK_URL, Options
from tests.stack.files import RULES, findings, load, objects
from tests.tools import require_tool

APPLY_LIMIT_BYTES = 262_144
"""kubectl apply keeps the whole object in an annotation (<, > and & in six signs each), and none may be larger."""

FILES = sorted(RULES.glob("*.yml"))
SMALL_RULES = """\
# About mails.

groups:
  - name: small
    interval: 1m
    rules:
      # Choose 5 where 5 is many.
      - alert: Many
        expr: |
          a
          > 5
        for: 5m
        keep_firing_for: 1h
        labels: {severity: warning}
        annotations:
          description: >-
            There are
            {{ $value }}.
          runbook_url: https://example.com/aws-ses-exporter/docs/runbook.md#many
          dashboard_url: http://localhost:3000/d/aws-ses-overview
"""


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "small.yml"
    path.write_text(SMALL_RULES)
    return path


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    """Run the command; return its exit code and what it said on stderr."""
    return lambda *arguments: (generate.main(arguments), capsys.readouterr().err)


@pytest.mark.parametrize("name", ["prometheus-rule.yaml", "dashboards.yaml"])
def test_the_files_are_what_the_script_makes(name: str) -> None:
    assert (OUTPUT / name).read_text("utf-8") == generate.files(Options())[name], "run `make kubernetes`"


def test_the_prometheus_rule_has_every_group_of_every_file_and_nothing_else() -> None:
    (found,) = objects(OUTPUT / "prometheus-rule.yaml")

    assert len(FILES) == 6
    assert found["spec"] == {"groups": [group for path in FILES for group in load(path)["groups"]]}


def test_expressions_and_comments_stay_as_they_were_written() -> None:
    made = [line.strip() for line in (OUTPUT / "prometheus-rule.yaml").read_text("utf-8").splitlines() if line.strip()]
    written = [line.strip() for path in FILES for line in path.read_text("utf-8").splitlines() if line.strip()]

    assert made[made.index("groups:") + 1 :] == [line for line in written if line != "groups:"]


def test_the_prometheus_rule_is_what_the_operator_takes(tmp_path: Path) -> None:
    (found,) = objects(OUTPUT / "prometheus-rule.yaml")

    assert not findings(found, tmp_path, schema="prometheusrule")


@pytest.mark.parametrize("key", ["keep_firing", "record", "severity"])
def test_the_schema_would_notice_a_slip_of_the_pen(key: str, small: Path, tmp_path: Path) -> None:
    wrong = yaml.safe_load(generate.prometheus_rule([small], Options()))
    wrong["spec"]["groups"][0]["rules"][0][key] = "a"

    assert findings(wrong, tmp_path, schema="prometheusrule")


def test_promtool_takes_the_groups_of_the_prometheus_rule(tmp_path: Path) -> None:
    command = require_tool("promtool", debian="prometheus")
    (found,) = objects(OUTPUT / "prometheus-rule.yaml")
    path = tmp_path / "rules.yml"
    path.write_text(yaml.safe_dump(found["spec"]))
    answer = subprocess.run([command, "check", "rules", path], capture_output=True, text=True, check=False)
    rules = sum(len(group["rules"]) for group in found["spec"]["groups"])

    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert f"SUCCESS: {rules} rules found" in answer.stdout


def test_labels_namespace_and_links_are_the_clusters_own(small: Path) -> None:
    options = Options("mail", {"release": "a"}, runbook_url="https://a.test/book", grafana_url="https://b.test")
    made = yaml.safe_load(generate.prometheus_rule([small], options))
    annotations = made["spec"]["groups"][0]["rules"][0]["annotations"]

    assert made["metadata"] == {
        "name": "aws-ses-exporter",
        "namespace": "mail",
        "labels": {"app.kubernetes.io/name": "aws-ses-exporter", "release": "a"},
    }
    assert annotations == {
        "description": "There are {{ $value }}.",
        "runbook_url": "https://a.test/book#many",
        "dashboard_url": "https://b.test/d/aws-ses-overview",
    }


def test_no_placeholder_is_left_when_both_bases_are_given() -> None:
    made = "".join(generate.files(Options(runbook_url="https://a.test", grafana_url="https://b.test")).values())
    plain = "".join(generate.files(Options()).values())

    assert RUNBOOK_URL in plain
    assert GRAFANA_URL in plain
    assert "example.com" not in made
    assert "localhost" not in made


@pytest.mark.parametrize("text", ["", "groups: []\n", "global: {}\ngroups:\n  - name: a\n"])
def test_a_file_written_in_another_way_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "odd.yml").write_text(text)

    with pytest.raises(ValueError, match=r"odd\.yml is not comments, then `groups:` and a list"):
        generate.prometheus_rule([tmp_path / "odd.yml"], Options())


def test_a_group_that_stands_in_two_files_is_refused(small: Path) -> None:
    with pytest.raises(ValueError, match="two groups have one name"):
        generate.prometheus_rule([small, small], Options())


def test_a_board_is_in_its_config_map_but_for_its_indentation(tmp_path: Path) -> None:
    board = {"uid": "a", "title": 'It\'s é: {{x}} \\ "#"', "text": "one\ntwo"}
    path = tmp_path / "a.json"
    path.write_text(json.dumps(board, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    (made,) = yaml.safe_load_all(generate.dashboards([path], Options(dashboard_labels={"boards": "yes"})))

    assert made["metadata"] == {
        "name": "a-dashboard",
        "labels": {"app.kubernetes.io/name": "aws-ses-exporter", "boards": "yes"},
    }
    assert made["data"] == {"a.json": json.dumps(board, ensure_ascii=False, separators=(",", ":")) + "\n"}


def test_the_config_maps_hold_the_boards_under_the_label_of_grafanas_sidecar() -> None:
    boards = sorted(generate.DASHBOARDS.glob("*.json"))
    made = objects(OUTPUT / "dashboards.yaml")

    data = [{name: json.loads(text) for name, text in each["data"].items()} for each in made]
    assert data == [{path.name: json.loads(path.read_text("utf-8"))} for path in boards]
    assert {each["metadata"]["labels"]["grafana_dashboard"] for each in made} == {"1"}
    assert len(made) == 2


@pytest.mark.parametrize("name", ["prometheus-rule.yaml", "dashboards.yaml"])
def test_an_object_is_small_enough_for_kubectl_apply(name: str) -> None:
    written = [re.sub("[<>&]", r"\\u003c", json.dumps(each, ensure_ascii=False)) for each in objects(OUTPUT / name)]
    assert [size for text in written if (size := len(text.encode())) >= APPLY_LIMIT_BYTES] == []


def test_check_tells_which_file_is_stale_and_writes_nothing(
    tmp_path: Path, said: Callable[..., tuple[int, str]]
) -> None:
    output = f"--output={tmp_path / 'made'}"

    assert said(output, "--check")[0] == 1
    assert not (tmp_path / "made").exists()
    assert said(output) == (0, "")
    assert said(output, "--check") == (0, "")
    (tmp_path / "made" / "dashboards.yaml").write_text("")
    code, text = said(output, "--check")
    assert code == 1
    assert "made/dashboards.yaml is not what the rules and boards make" in text
    assert "prometheus-rule.yaml" not in text


def test_flags_reach_both_files(tmp_path: Path, said: Callable[..., tuple[int, str]]) -> None:
    flags = ("--label=release=a", "--label=team=mail", "--namespace=monitoring", "--dashboard-label=boards=2")
    said(f"--output={tmp_path}", *flags)
    everything: list[dict[str, Any]] = [each for path in sorted(tmp_path.iterdir()) for each in objects(path)]
    labels = [each["metadata"]["labels"] for each in everything]

    assert [each["kind"] for each in everything] == ["ConfigMap", "ConfigMap", "PrometheusRule"]
    assert all({"release": "a", "team": "mail"}.items() <= each.items() for each in labels)
    assert {each["metadata"]["namespace"] for each in everything} == {"monitoring"}
    assert [each.get("boards") for each in labels] == ["2", "2", None]


def test_a_label_that_is_none_is_refused_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        generate.main(["--label", "release"])

    assert ended.value.code == 2
    assert "'release' is not NAME=VALUE" in capsys.readouterr().err
