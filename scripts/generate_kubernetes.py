#!/usr/bin/env python3
"""Write the alerts and the boards as Kubernetes takes them: a PrometheusRule and a ConfigMap for each board.

Made from alerts/rules/*.yml and dashboards/*.json, comments and all; a test holds the files in examples/kubernetes/ to
what this makes without flags. With your own links, for `kubectl apply -k examples/kubernetes`:

    scripts/generate_kubernetes.py --runbook-url https://wiki.example.org/runbook.md \
        --grafana-url https://grafana.example.org

There kustomization.yaml sets namespace and release; `--namespace` and `--label` are for a folder that has none:

    scripts/generate_kubernetes.py --label release=kube-prometheus-stack --namespace monitoring --output my-cluster
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
RULES = ROOT / "alerts" / "rules"
DASHBOARDS = ROOT / "dashboards"
OUTPUT = ROOT / "examples" / "kubernetes"

RUNBOOK_URL = "https://example.com/aws-ses-exporter/docs/runbook.md"
GRAFANA_URL = "http://localhost:3000"
COMMON_LABELS = {"app.kubernetes.io/name": "aws-ses-exporter"}
DASHBOARD_LABELS = {"grafana_dashboard": "1"}

_MADE = "# Made by scripts/generate_kubernetes.py from {source}: change those, then run `make kubernetes`.\n"
_SIDECAR = "# Grafana's sidecar takes every ConfigMap that has its label, {label} unless it was told otherwise.\n"


@dataclass(frozen=True, slots=True)
class Options:
    """What differs from cluster to cluster: labels of the objects, their namespace, and the bases of all links."""

    namespace: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    dashboard_labels: Mapping[str, str] = field(default_factory=lambda: DASHBOARD_LABELS)
    runbook_url: str = RUNBOOK_URL
    grafana_url: str = GRAFANA_URL

    def linked(self, text: str) -> str:
        """Return *text* with the two placeholder bases replaced."""
        return text.replace(RUNBOOK_URL, self.runbook_url).replace(GRAFANA_URL, self.grafana_url)


def prometheus_rule(files: Sequence[Path], options: Options) -> str:
    """Return the PrometheusRule with the groups of all rule *files*, in their order.

    Raises:
        ValueError: a file is not comments, `groups:` and a list below it; or a group stands in two files.
    """
    head = _head("monitoring.coreos.com/v1", "PrometheusRule", "aws-ses-exporter", options.labels, options.namespace)
    parts = [_MADE.format(source="alerts/rules/*.yml"), "\n", head, "spec:\n  groups:\n"]
    for number, path in enumerate(files):
        comment, body = _split(path)
        parts += ["\n" if number else "", textwrap.indent(options.linked(comment + body), "    ")]
    text = "".join(parts)
    expected = [group for path in files for group in yaml.safe_load(options.linked(path.read_text("utf-8")))["groups"]]
    if yaml.safe_load(text)["spec"]["groups"] != expected:
        raise ValueError("the groups changed on the way: is a rule file written in a way this script does not know?")
    if len({group["name"] for group in expected}) < len(expected):
        raise ValueError("two groups have one name, which a PrometheusRule does not allow")
    return text


def dashboards(files: Sequence[Path], options: Options) -> str:
    """Return a ConfigMap for each board, without its indentation: `kubectl apply` takes 256 KiB in one object."""
    label = ", ".join(f"{name}: {json.dumps(value)}" for name, value in options.dashboard_labels.items())
    parts = [_MADE.format(source="dashboards/*.json") + _SIDECAR.format(label=label)]
    for path in files:
        labels = {**options.labels, **options.dashboard_labels}
        head = _head("v1", "ConfigMap", f"{path.stem}-dashboard", labels, options.namespace)
        board = json.loads(options.linked(path.read_text("utf-8")))
        text = json.dumps(board, ensure_ascii=False, separators=(",", ":"))
        parts.append(f"---\n{head}data:\n  {path.name}: |\n    {text}\n")
    return "".join(parts)


def files(options: Options) -> dict[str, str]:
    """Return what is to be written, by file name."""
    return {
        "prometheus-rule.yaml": prometheus_rule(sorted(RULES.glob("*.yml")), options),
        "dashboards.yaml": dashboards(sorted(DASHBOARDS.glob("*.json")), options),
    }


def main(arguments: Sequence[str]) -> int:
    """Write the files, or with `--check` say which ones are not as they would be written; return the exit code."""
    given = _parser().parse_args(arguments)
    options = Options(
        given.namespace,
        dict(given.label),
        dict(given.dashboard_label) or DASHBOARD_LABELS,
        given.runbook_url.rstrip("/"),
        given.grafana_url.rstrip("/"),
    )
    made = {given.output / name: text for name, text in files(options).items()}
    if given.check:
        stale = [path for path, text in made.items() if not path.exists() or path.read_text("utf-8") != text]
        for path in stale:
            print(f"{path} is not what the rules and boards make: run `make kubernetes`", file=sys.stderr)  # noqa: T201 - a command
        return int(bool(stale))
    given.output.mkdir(parents=True, exist_ok=True)
    for path, text in made.items():
        path.write_text(text, encoding="utf-8")
    return 0


def _split(path: Path) -> tuple[str, str]:
    """Return the comment at the head of a rule file, and its groups without the indentation that they have there."""
    found = re.fullmatch(r"((?:#.*\n|\n)*)groups:\n(.*)", path.read_text("utf-8"), re.DOTALL)
    if found is None:
        raise ValueError(f"{path} is not comments, then `groups:` and a list")
    comment = found[1].strip()
    return f"{comment}\n\n" if comment else "", textwrap.dedent(found[2]).strip("\n") + "\n"


def _head(version: str, kind: str, name: str, labels: Mapping[str, str], namespace: str | None) -> str:
    metadata: dict[str, Any] = {"name": name}
    if namespace is not None:
        metadata["namespace"] = namespace
    metadata["labels"] = {**COMMON_LABELS, **labels}
    return yaml.safe_dump({"apiVersion": version, "kind": kind, "metadata": metadata}, sort_keys=False)


def _label(text: str) -> tuple[str, str]:
    found = re.fullmatch(r"([^=]+)=([A-Za-z0-9]?[-A-Za-z0-9_.]*)", text)
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return found[1], found[2]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--label",
        metavar="NAME=VALUE",
        type=_label,
        action="append",
        default=[],
        help="for all; what kustomization.yaml sets, the release, wins over it",
    )
    parser.add_argument(
        "--dashboard-label",
        metavar="NAME=VALUE",
        type=_label,
        action="append",
        default=[],
        help="what Grafana's sidecar looks for; default: grafana_dashboard=1",
    )
    parser.add_argument("--namespace", help="default: none, kustomization.yaml or kubectl decides")
    parser.add_argument("--runbook-url", default=RUNBOOK_URL, help="where docs/runbook.md is")
    parser.add_argument("--grafana-url", default=GRAFANA_URL, help="where Grafana is")
    parser.add_argument("--output", metavar="FOLDER", type=Path, default=OUTPUT, help="default: examples/kubernetes")
    parser.add_argument("--check", action="store_true", help="write nothing; 1 when the files would change")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
