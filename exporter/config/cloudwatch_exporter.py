"""cloudwatch_exporter's YAML file becomes the native configuration and the rules that give that exporter's series.

Keys, defaults and meaning are those of its `loadConfig`, 0.18.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from exporter.catalogue import NAMESPACE
from exporter.config.cloudwatch_rules import Defaults, rule_of
from exporter.config.dialect import Dialect, DialectName, Rule
from exporter.config.foreign import FOREVER_SECONDS, Findings, Part
from exporter.config.keys import Loc
from exporter.config.native_layer import MAX_DELAY_SECONDS, MAX_PERIOD_SECONDS, NativeLayer, Translated
from exporter.config.yaml_lines import Document

SESSION_NAME = "cloudwatch_exporter"

_NATIVE_ONLY = frozenset({"targets", "sources", "aws", "web", "log", "poll_interval_seconds"})
_THEIRS_ALONE = frozenset({"region", "role_arn", "set_timestamp", "use_get_metric_data", "list_metrics_cache_ttl"})
_PER_METRIC = (
    "period_seconds",
    "range_seconds",
    "delay_seconds",
    "set_timestamp",
    "use_get_metric_data",
    "list_metrics_cache_ttl",
    "warn_on_empty_list_dimensions",
)
_GLOBAL = ("region", "role_arn", "metrics", *_PER_METRIC)
_METRIC = (
    "aws_namespace",
    "aws_metric_name",
    "help",
    "aws_dimensions",
    "aws_dimension_select",
    "aws_dimension_select_regex",
    "aws_statistics",
    "aws_extended_statistics",
    "aws_tag_select",
    *_PER_METRIC,
)


def is_theirs(values: Mapping[str, Any]) -> bool:
    """Return whether *values* are of a cloudwatch_exporter file: a metric has its keys, or without any the top."""
    if "metrics" not in values:
        return False
    metrics = values["metrics"]
    items = metrics if isinstance(metrics, list) else []
    if any(isinstance(metric, dict) and {"aws_namespace", "aws_metric_name"} & metric.keys() for metric in items):
        return True
    return not items and bool(_THEIRS_ALONE & values.keys()) and not _NATIVE_ONLY & values.keys()


def translate(document: Document, where: str) -> Translated:
    """Return what *document*, the file *where*, comes to; nothing is refused at the first problem."""
    findings = Findings(document, where, list(document.problems))
    top = Part(findings, (), document.values)
    top.refuse_unknown(_GLOBAL)
    rules, refresh = _rules(top)
    native = NativeLayer(findings)
    way: dict[str, Any] | None = {}
    if (role := top.text("role_arn")) is not None:
        way = {"role_arn": role, "session_name": SESSION_NAME}
    region = top.text("region")
    if region is None and top.gives("region"):
        way = None
    elif region is not None:
        native.put("targets", [{"regions": [region], **(way or {})}])
        native.stands(("targets", 0, "regions", 0), ("region",))
        native.stands(("targets", 0, "role_arn"), ("role_arn",))
    native.paces([rule for _, rule in rules], refresh)
    native.metrics(
        rules,
        name_key="aws_metric_name",
        dimensions_at=lambda loc: (*loc, "aws_dimensions"),
        value_at=lambda loc, name, value: _value_at(document, loc, name, value),
    )
    dialect = Dialect(DialectName.CLOUDWATCH_EXPORTER, tuple(rule for _, rule in rules))
    return native.translated(where, dialect, way=way, settled=("metrics",))


def _value_at(document: Document, metric: Loc, name: str, value: str) -> Loc:
    """Return where *value* stands among those that *metric* selects of the dimension *name*."""
    _, position = metric
    chosen: list[str] = document.values["metrics"][position]["aws_dimension_select"][name]
    return (*metric, "aws_dimension_select", name, chosen.index(value))


def _rules(top: Part) -> tuple[list[tuple[Loc, Rule]], int | None]:
    """Return the rules, each with its place, and how often dimensions are to be listed, None where none are."""
    defaults = _defaults(top, Defaults())
    items = top.items("metrics")
    if items is None and not isinstance(top.values.get("metrics"), list | dict | str | int | float):
        top.findings.wrong(("metrics",), "is missing: must be a list of metrics", show=False)
    rules: list[tuple[Loc, Rule]] = []
    refreshes = []
    families: dict[str, Any] = {}
    for position, item in enumerate(items or ()):
        loc: Loc = ("metrics", position)
        if not isinstance(item, dict):
            top.findings.wrong(loc, "must be a mapping with aws_namespace and aws_metric_name")
            continue
        part = Part(top.findings, loc, item)
        part.refuse_unknown(_METRIC)
        own = _defaults(part, defaults)
        if not _is_ours(part):
            continue
        rule = rule_of(part, f"{DialectName.CLOUDWATCH_EXPORTER}/{position}", own, families)
        if rule is None:
            continue
        rules.append((loc, rule))
        if rule.selection is not None and rule.selection.listed:
            refreshes.append(own.list_metrics_cache_ttl)
    return rules, min(refreshes) if refreshes else None


def _defaults(part: Part, above: Defaults) -> Defaults:
    def seconds(name: str, default: int) -> int:
        return part.whole(name, default, 0, FOREVER_SECONDS)

    return Defaults(
        period_seconds=part.whole("period_seconds", above.period_seconds, 1, MAX_PERIOD_SECONDS),
        range_seconds=seconds("range_seconds", above.range_seconds),
        delay_seconds=part.whole("delay_seconds", above.delay_seconds, 0, MAX_DELAY_SECONDS),
        set_timestamp=part.switch("set_timestamp", default=above.set_timestamp),
        use_get_metric_data=part.switch("use_get_metric_data", default=above.use_get_metric_data),
        list_metrics_cache_ttl=seconds("list_metrics_cache_ttl", above.list_metrics_cache_ttl),
        warn_on_empty_list_dimensions=part.switch(
            "warn_on_empty_list_dimensions", default=above.warn_on_empty_list_dimensions
        ),
    )


def _is_ours(part: Part) -> bool:
    """Return whether the metric can be read: it has a name, is SES's, and does not ask for tags."""
    names = [name for name in ("aws_namespace", "aws_metric_name") if not part.gives(name)]
    for name in names:
        part.findings.wrong(part.loc, f"{name} is missing", show=False)
    namespace, metric = part.text("aws_namespace"), part.text("aws_metric_name")
    if names or namespace is None or metric is None:
        return False
    if namespace != NAMESPACE:
        part.doubt("aws_namespace", f"{metric} is left out: only {NAMESPACE} is read here")
        return False
    if not part.names_metric("aws_metric_name", metric):
        return False
    if part.gives("aws_tag_select"):
        part.findings.doubt(part.loc, f"{metric} is left out: aws_tag_select is not supported, {NAMESPACE} has no tags")
        return False
    return True
