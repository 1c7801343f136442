"""YACE's YAML file becomes the native configuration and the rules that give that exporter's series.

Keys, defaults and meaning are those of its `pkg/config/scrapeconf.go`, 0.67. Of its jobs those for AWS/SES are read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from exporter.catalogue import NAMESPACE
from exporter.config import yace_names
from exporter.config.dialect import Dialect, DialectName, Rule
from exporter.config.foreign import Findings, Part
from exporter.config.keys import Loc, dotted
from exporter.config.label_styles import LabelStyle, Pairs, dimension_label, yace_word
from exporter.config.native_layer import NativeLayer, Translated
from exporter.config.selections import Chosen, Found
from exporter.config.yace_rules import PER_METRIC, Defaults, Dimensions, Job, defaults_of, rules_of
from exporter.config.yace_targets import Targets
from exporter.config.yace_twice import say_hidden, say_one_label
from exporter.config.yaml_lines import Document

API_VERSION = "v1alpha1"
ALIAS = "ses"
REFRESH_SECONDS = 60
"""Dimensions are listed at each poll, as theirs are, once a minute at most."""

_BLOCKS = ("discovery", "static", "customNamespace")
_TOP = ("apiVersion", "sts-region", *_BLOCKS)
_EVERY_JOB = ("regions", "roles", "customTags", "metrics")
_FINDING_JOB = (*_EVERY_JOB, *PER_METRIC, "dimensionNameRequirements", "roundingPeriod", "recentlyActiveOnly")
_KNOWN = {
    "discovery": (*_FINDING_JOB, "type", "includeContextOnInfoMetrics"),
    "static": (*_EVERY_JOB, "name", "namespace", "dimensions"),
    "customNamespace": (*_FINDING_JOB, "name", "namespace"),
}
_REFUSED = {
    "searchTags": f"{NAMESPACE} has no tags, so that nothing can be chosen by them; take it out",
    "exportedTagsOnMetrics": f"{NAMESPACE} has no tags to export; take it out",
    "enhancedMetrics": f"{NAMESPACE} has none; take it out",
}
_WITHOUT_EFFECT = {
    "recentlyActiveOnly": "does nothing: all that CloudWatch lists is read, also what was quiet for three hours",
    "includeContextOnInfoMetrics": f"does nothing: {NAMESPACE} has no tagged resources, and so no info metrics",
    "roundingPeriod": "does nothing: windows are cut to whole periods",
}


def is_theirs(values: Mapping[str, Any]) -> bool:
    """Return whether *values* are of a YACE file: one of the blocks of jobs is there, or the version of its files."""
    return any(name in values for name in (*_BLOCKS, "apiVersion"))


def translate(document: Document, where: str, *, snake_case: bool = False) -> Translated:
    """Return what *document*, the file *where*, comes to; nothing is refused at the first problem.

    With *snake_case* labels of dimensions and tags are written so.
    """
    findings = Findings(document, where, list(document.problems))
    top = Part(findings, (), document.values)
    _top(top)
    targets = Targets(findings)
    rules: list[tuple[Loc, Rule]] = []
    style = LabelStyle.YACE_SNAKE_CASE if snake_case else LabelStyle.YACE
    jobs = list(_jobs(top))
    for block, part in jobs:
        rules += _rules(part, _job(block, part, targets, style), len(rules))
    if not jobs and not findings.problems:
        findings.wrong((), f"has no job for {NAMESPACE}", show=False)
    say_hidden(findings, rules)
    native = NativeLayer(findings)
    targets.put(native)
    listed = any(rule.selection is not None and rule.selection.listed for _, rule in rules)
    native.paces([rule for _, rule in rules], REFRESH_SECONDS if listed else None)
    native.metrics(
        rules,
        name_key="name",
        dimensions_at=_dimensions_at,
        value_at=lambda loc, name, value: _value_at(top, loc, (name, value)),
    )
    dialect = Dialect(DialectName.YACE, tuple(rule for _, rule in rules))
    return native.translated(where, dialect, way=None, settled=("metrics", "targets"))


def _dimensions_at(metric: Loc) -> Loc:
    job = metric[:-2]
    return (*job, "dimensions" if job[0] == "static" else "dimensionNameRequirements")


def _value_at(top: Part, metric: Loc, pair: tuple[str, str]) -> Loc:
    """Return where *pair*, a dimension's name and value, stands in the static job of *metric*."""
    job: Loc = metric[:-2]
    part = Part(top.findings, job, top.values["static"][job[-1]])
    return next(loc for loc, found in _pairs(part, "dimensions", "name") if found == pair)


def _top(top: Part) -> None:
    top.refuse_unknown(_TOP)
    if (version := top.written("apiVersion")) is not None and version != API_VERSION:
        top.findings.wrong(("apiVersion",), f"must be {API_VERSION}")
    if top.written("sts-region") is not None:
        top.doubt("sts-region", "does nothing: STS is asked in the regions that are read")
    if not any(top.gives(name) for name in _BLOCKS):
        top.findings.wrong((), f"one of {', '.join(_BLOCKS)} is missing", show=False)


def _jobs(top: Part) -> Iterator[tuple[str, Part]]:
    """Yield the jobs for SES, each with the block that it stands in; what is left out is noted."""
    discovery = top.part("discovery")
    if discovery is not None:
        discovery.refuse_unknown(("exportedTagsOnMetrics", "jobs"))
        _exported_tags(discovery)
        yield from (("discovery", part) for part in _parts(discovery, "jobs", "type"))
    for block in ("static", "customNamespace"):
        yield from ((block, part) for part in _parts(top, block, "namespace"))


def _parts(around: Part, name: str, namespace_key: str) -> Iterator[Part]:
    for position, item in enumerate(around.items(name) or ()):
        loc: Loc = (*around.loc, name, position)
        if not isinstance(item, dict):
            around.findings.wrong(loc, f"must be a mapping with {namespace_key}", show=False)
            continue
        part = Part(around.findings, loc, item)
        namespace = part.written(namespace_key)
        if namespace is None:
            part.say_missing(namespace_key)
        elif namespace == NAMESPACE:
            yield part
        elif namespace.lower() in {ALIAS, NAMESPACE.lower()}:
            part.findings.wrong((*loc, namespace_key), f"must be the namespace, {NAMESPACE}")
        else:
            part.doubt(namespace_key, f"the job is left out: only {NAMESPACE} is read here")


def _exported_tags(discovery: Part) -> None:
    tags = discovery.part("exportedTagsOnMetrics")
    for namespace in tags.values if tags is not None else ():
        loc = (*discovery.loc, "exportedTagsOnMetrics", namespace)
        if namespace in {NAMESPACE, ALIAS}:
            discovery.findings.wrong(loc, f"{NAMESPACE} has no tags to export; take it out", show=False)
        else:
            discovery.findings.doubt(loc, f"does nothing: only {NAMESPACE} is read here")


def _job(block: str, part: Part, targets: Targets, style: LabelStyle) -> Job:
    part.refuse_unknown((*_KNOWN[block], *_REFUSED))
    for name, message in _REFUSED.items():
        if part.values.get(name):
            part.findings.wrong((*part.loc, name), message, show=False)
    for name, message in _WITHOUT_EFFECT.items():
        if name in _KNOWN[block] and part.values.get(name):
            part.doubt(name, message)
    finds = block != "static"
    name = yace_names.GLOBAL if block == "discovery" else _name(part)
    return Job(
        labels=(("name", name), *_custom_tags(part, style)),
        style=style,
        scope=targets.scope(part),
        wanted=_required(part, style) if finds else (_chosen(part, style),),
        finds=finds,
        defaults=defaults_of(part, Defaults()) if finds else Defaults(),
    )


def _rules(part: Part, job: Job, count: int) -> list[tuple[Loc, Rule]]:
    """Return the rules of all metrics of *job*, with their places; *count* are there already."""
    rules: list[tuple[Loc, Rule]] = []
    items = part.items("metrics")
    if not items and job.finds:
        part.say_missing("metrics", "must be a list of metrics", nothing=[])
    for position, item in enumerate(items or ()):
        loc: Loc = (*part.loc, "metrics", position)
        if not isinstance(item, dict):
            part.findings.wrong(loc, "must be a mapping with name and statistics", show=False)
            continue
        found = rules_of(Part(part.findings, loc, item, around=part.loc), job, count + len(rules))
        rules += [(loc, rule) for rule in found]
    return rules


def _name(part: Part) -> str:
    name = part.written("name")
    if name is None:
        part.say_missing("name")
    return name or ""


def _custom_tags(part: Part, style: LabelStyle) -> Pairs:
    places: list[tuple[Loc, str]] = []
    labels = {}
    for loc, (key, value) in _pairs(part, "customTags", "key"):
        label = f"custom_tag_{yace_word(style, key)}"
        places.append((loc, label))
        labels[label] = value
    say_one_label(part.findings, places)
    return tuple(labels.items())


def _pairs(part: Part, name: str, key: str) -> Iterator[tuple[Loc, tuple[str, str]]]:
    """Yield the items of *name*, each a mapping of *key* and `value`, with their places."""
    for position, item in enumerate(part.items(name) or ()):
        loc: Loc = (*part.loc, name, position)
        if not isinstance(item, dict):
            part.findings.wrong(loc, f"must be a mapping with {key} and value")
            continue
        inner = Part(part.findings, loc, item)
        inner.refuse_unknown((key, "value"))
        text = inner.written(key)
        if text is None:
            inner.say_missing(key)
        else:
            yield loc, (text, inner.written("value") or "")


def _required(part: Part, style: LabelStyle) -> tuple[Dimensions | None, ...]:
    """Return what a job reads that looks for dimensions: sets of exactly these names, without any all there are."""
    names = part.texts("dimensionNameRequirements")
    if not names:
        return (None, ())
    items = part.values["dimensionNameRequirements"]
    places: list[Loc] = [(*part.loc, "dimensionNameRequirements", items.index(name)) for name in names]
    say_one_label(part.findings, [(loc, dimension_label(style, name)) for loc, name in zip(places, names, strict=True)])
    return (tuple((name, Found()) for name in names),)


def _chosen(part: Part, style: LabelStyle) -> Dimensions | None:
    chosen: dict[str, Chosen] = {}
    places: dict[str, Loc] = {}
    for loc, (name, value) in _pairs(part, "dimensions", "name"):
        if not value:
            part.findings.wrong((*part.loc, "dimensions"), f"{name} has no value", show=False)
        elif name in chosen:
            part.findings.wrong((*loc, "name"), f"is already {dotted(places[name])}; once is allowed")
        else:
            chosen[name], places[name] = Chosen((value,)), loc
    say_one_label(part.findings, [(loc, dimension_label(style, name)) for name, loc in places.items()])
    return tuple(chosen.items()) or None
