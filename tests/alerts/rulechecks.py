"""What every rule has to be, as checks: each takes a set of rules and returns a line for each thing that is wrong."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import promql_parser as promql

from tests.alerts.rulefiles import (
    ALERTS,
    Asked,
    RecordedLabels,
    Rule,
    asked,
    children,
    labels,
    parse,
    promtool_tests,
    recorded_labels,
)

GOLDEN = Path(__file__).parents[1] / "golden" / "metrics.txt"

SEVERITIES = ("info", "warning", "critical")
CATEGORIES = ("reputation", "account", "quota", "sending", "data", "exporter", "heartbeat")
ANNOTATIONS = ("summary", "description", "tags", "runbook_url", "dashboard_url")
VALUES = ("value", "threshold")
WITHOUT_VALUE = {"AWSSESWatchdog": "always fires"}

RUNBOOK = "https://example.com/aws-ses-exporter/docs/runbook.md#"
OF_ACCOUNT = "?var-account={{ $labels.account_id }}&var-region={{ $labels.region }}"
OF_TARGET = "?var-target={{ $labels.target }}&var-region={{ $labels.region }}"
OVERVIEW = "http://localhost:3000/d/aws-ses-overview"
EXPORTER = "http://localhost:3000/d/aws-ses-exporter"

DASHBOARDS = {
    frozenset({"account_id", "region"}): OVERVIEW + OF_ACCOUNT,
    frozenset({"account_id", "region", "ses_configuration_set"}): OVERVIEW + OF_ACCOUNT,
    frozenset({"target", "region"}): EXPORTER + OF_TARGET,
    frozenset({"target", "region", "source"}): EXPORTER + OF_TARGET,
    frozenset({"instance"}): EXPORTER,
    frozenset[str](): EXPORTER,
}
"""The labels that alerts may have, and the dashboard that shows what they are about."""

OF_PROMETHEUS = {"up": ["job", "instance"], "ALERTS": ["alertname"]}
"""Series that Prometheus itself writes, and labels they have."""

OF_TARGETS = frozenset({"job", "instance"})
"""What Prometheus adds to every series that it scrapes."""

NOT_AGGREGATED = {
    ("aws_ses_exporter:up", "up"): "names the job once; what asks for it aggregates",
    ("aws_ses_exporter:process_start_time_seconds", "process_start_time_seconds"): "tells our processes from others",
    ("aws_ses_exporter:process_start_time_seconds", "aws_ses_exporter_build_info"): "tells our processes from others",
}
PEERS_ONLY = ("_average", "_sum")
COUNTER_FUNCTIONS = ("increase", "rate")
UNFIT_FUNCTIONS = ("irate", "idelta", "delta")
SHORTEST_RANGE = timedelta(minutes=20)


@dataclass(frozen=True, slots=True)
class RuleSet:
    """Rule files that are loaded together, and the metrics that may be asked for with their labels."""

    files: Mapping[Path, Sequence[Rule]]
    metrics: Mapping[str, frozenset[str]]
    recorded: RecordedLabels

    @classmethod
    def of(cls, files: Mapping[Path, Sequence[Rule]], metrics: Mapping[str, frozenset[str]]) -> RuleSet:
        """Return the set of the rules in *files*."""
        return cls(files, metrics, recorded_labels(rule for rules in files.values() for rule in rules))

    def broken(self, good: str, bad: str) -> RuleSet:
        """Return the set with *bad* in each place of its files where *good* stands."""
        changed = {}
        for file in self.files:
            text = file.read_text(encoding="utf-8")
            if good in text:
                changed[file] = parse(text.replace(good, bad), file)
        if not changed:
            raise ValueError(f"no rule file has: {good}")
        return RuleSet.of({**self.files, **changed}, self.metrics)

    @property
    def rules(self) -> list[Rule]:
        return [rule for rules in self.files.values() for rule in rules]

    @property
    def alerts(self) -> list[Rule]:
        return [rule for rule in self.rules if rule.is_alert]

    def asked(self) -> Iterator[tuple[Rule, Asked]]:
        """Yield every series that any rule asks for."""
        for rule in self.rules:
            for each in asked(promql.parse(rule.expr)):
                yield rule, each


def served_metrics() -> dict[str, frozenset[str]]:
    """Return the labels of every metric on the exporter's page."""
    samples = re.findall(r"^(\w+)(?:\{(.*)\})? ", GOLDEN.read_text(encoding="utf-8"), re.MULTILINE)
    return {name: frozenset(re.findall(r'(\w+)="', text)) for name, text in samples}


def severity_and_category_are_known(rules: RuleSet) -> list[str]:
    return [
        f"{rule}: {key} is {rule.labels.get(key)}"
        for rule in rules.alerts
        for key, known in (("severity", SEVERITIES), ("category", CATEGORIES))
        if rule.labels.get(key) not in known
    ]


def annotations_are_complete(rules: RuleSet) -> list[str]:
    found = []
    for rule in rules.alerts:
        wanted = {*ANNOTATIONS, *(() if rule.name in WITHOUT_VALUE else VALUES)}
        found += [f"{rule}: annotations {each}" for each in sorted(wanted ^ set(rule.annotations))]
        if rule.annotations.get("tags") != "aws":
            found.append(f"{rule}: tags")
        if rule.annotations.get("runbook_url") != RUNBOOK + rule.name.lower():
            found.append(f"{rule}: runbook_url")
    return found


def summaries_hold_no_templates(rules: RuleSet) -> list[str]:
    return [str(rule) for rule in rules.alerts if "{{" in rule.annotations.get("summary", "{{")]


def templates_use_labels_that_are_there(rules: RuleSet) -> list[str]:
    return [
        f"{rule}: {key} asks for {name}"
        for rule in rules.alerts
        for key, text in rule.annotations.items()
        for name in re.findall(r"\$labels\.(\w+)", text)
        if name not in {*(_labels(rule, rules) or ()), *rule.labels}
    ]


def dashboards_fit_the_labels(rules: RuleSet) -> list[str]:
    """Placeholders stand literally the same everywhere, and an alert's labels are one of a few sets."""
    return [
        f"{rule}: {rule.annotations.get('dashboard_url')} for labels {sorted(found)}"
        for rule in rules.alerts
        for found in [_labels(rule, rules) or frozenset()]
        if rule.annotations.get("dashboard_url") != DASHBOARDS.get(found)
    ]


def no_rule_stands_twice(rules: RuleSet) -> list[str]:
    count = Counter((rule.name, tuple(sorted(rule.labels.items()))) for rule in rules.rules)
    return [f"{name} {found}" for (name, found), times in count.items() if times > 1]


def every_alert_has_a_comment(rules: RuleSet) -> list[str]:
    return [str(rule) for rule in rules.alerts if not rule.comment]


def every_expression_is_aggregated(rules: RuleSet) -> list[str]:
    found = []
    for rule, each in rules.asked():
        wanted = _wanted_labels(each.name, rules)
        if each.is_recorded or (rule.name, each.name) in NOT_AGGREGATED or _aggregated(each, wanted):
            continue
        if each.name == "ALERTS" and _only_matched(each, _labels(rule, rules)):
            continue
        found.append(f"{rule}: {each.name} is not by {sorted(wanted)}")
    return found


def counters_have_long_ranges(rules: RuleSet) -> list[str]:
    found = []
    for rule in rules.rules:
        for call in _calls(promql.parse(rule.expr)):
            (inside, *_) = call.args or [None]
            if call.func.name in UNFIT_FUNCTIONS:
                found.append(f"{rule}: {call.func.name}")
            elif call.func.name in COUNTER_FUNCTIONS and inside.range < SHORTEST_RANGE:
                found.append(f"{rule}: range of {inside.range}")
    return found


def every_series_exists(rules: RuleSet) -> list[str]:
    known = {*rules.metrics, *OF_PROMETHEUS, *rules.recorded}
    return [f"{rule}: {each.name}" for rule, each in rules.asked() if each.name not in known]


def every_label_exists(rules: RuleSet) -> list[str]:
    """What a rule matches of a series that we serve, and what it groups it by, are labels of the page."""
    return [
        f"{rule}: {each.name} has no {label}"
        for rule, each in rules.asked()
        if each.name in rules.metrics
        for label in sorted(_named(each) - rules.metrics[each.name] - OF_TARGETS)
    ]


def every_recorded_series_is_used(rules: RuleSet) -> list[str]:
    used = {each.name for _, each in rules.asked()}
    text = " ".join(" ".join(rule.annotations.values()) for rule in rules.alerts)
    return [name for name in rules.recorded if name not in used and name not in text]


def no_metric_of_a_foreign_naming_scheme(rules: RuleSet) -> list[str]:
    return [f"{rule}: {each.name}" for rule, each in rules.asked() if each.name.endswith(PEERS_ONLY)]


def the_job_is_named_once(rules: RuleSet) -> list[str]:
    named = [
        f"{rule}: job {matcher}"
        for rule, each in rules.asked()
        for matcher in each.selector.matchers.matchers
        if matcher.name == "job"
    ]
    return [] if len(named) == 1 and named[0].endswith('job job="aws-ses"') else [f"the job is named in {named}"]


def every_alert_has_a_test(rules: RuleSet) -> list[str]:
    files = {promtool_tests(rule) for rule in rules.alerts}
    return sorted(str(file.relative_to(ALERTS.parent)) for file in files if not file.is_file())


def _labels(rule: Rule, rules: RuleSet) -> frozenset[str] | None:
    return labels(promql.parse(rule.expr), rules.recorded)


def _wanted_labels(name: str, rules: RuleSet) -> frozenset[str]:
    has = rules.metrics.get(name, frozenset())
    if "account_id" in has:
        return frozenset({"account_id", "region"})
    if "target" in has:
        return frozenset({"target", "region"})
    return frozenset({"instance"})


def _named(each: Asked) -> frozenset[str]:
    """Return the labels that the matchers of a series name, and the aggregation nearest to it."""
    matched = frozenset(matcher.name for matcher in each.selector.matchers.matchers)
    nearest = [around for around in each.around if isinstance(around, promql.AggregateExpr)][-1:]
    grouped = (labels(aggregation, {}) or frozenset() for aggregation in nearest)
    return matched.union(*grouped)


def _aggregated(each: Asked, wanted: frozenset[str]) -> bool:
    aggregations = [around for around in each.around if isinstance(around, promql.AggregateExpr)]
    return any(wanted <= (labels(aggregation, {}) or frozenset()) for aggregation in aggregations)


def _only_matched(each: Asked, wanted: frozenset[str] | None) -> bool:
    """Tell whether the series only decides, by the labels of the alert, which of them stay."""
    (*_, outer) = each.around
    if not isinstance(outer, promql.BinaryExpr) or str(outer.op) not in ("and", "unless") or outer.modifier is None:
        return False
    matching = outer.modifier.matching
    return matching is not None and frozenset(matching.labels) == wanted


def _calls(expr: promql.Expr) -> Iterator[promql.Call]:
    if isinstance(expr, promql.Call):
        yield expr
    for child in children(expr):
        yield from _calls(child)
