"""`migrate`: the native configuration that gives the same series as another exporter's file, and what changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import typer

from exporter.commands.moves import (
    called,
    moves,
    native_moves,
    of_the_account_now,
    old_series,
    read_everywhere_now,
)
from exporter.config.dialect import Dialect, DialectName, Rule
from exporter.config.layers import SECRET, one_line
from exporter.config.load import load
from exporter.config.migration import Migration, migration
from exporter.config.settings import Settings
from exporter.config.yaml_text import written
from exporter.errors import ConfigError, Problem

_FROM_PROMETHEUS = ("job", "instance")
_SELF_METRICS: Mapping[DialectName, Mapping[str, str]] = {
    DialectName.CLOUDWATCH_EXPORTER: {
        "cloudwatch_exporter_scrape_error": "aws_ses_up, which is 1 when all is well",
        "cloudwatch_exporter_scrape_duration_seconds": "aws_ses_exporter_poll_duration_seconds, a histogram",
        "cloudwatch_requests_total": "aws_ses_exporter_api_requests_total",
        "cloudwatch_metrics_requested_total": "aws_ses_exporter_cloudwatch_metrics_requested_total",
    },
    DialectName.YACE: {
        "yace_cloudwatch_requests_total": "aws_ses_exporter_api_requests_total",
        "yace_cloudwatch_request_errors": "aws_ses_exporter_api_errors_total",
        "yace_cloudwatch_getmetricdata_metrics_requested_total": "aws_ses_exporter_cloudwatch_metrics_requested_total",
        "yace_cloudwatch_getmetricdata_requests_total": "aws_ses_exporter_api_requests_total, of GetMetricData",
        "yace_cloudwatch_getmetricstatistics_requests_total": "aws_ses_exporter_api_requests_total; it was always 0",
    },
}
_FLAGS: Mapping[DialectName, str] = {
    DialectName.YACE: "Flags stay: -scraping-interval goes before poll_interval_seconds, as it went before the file's "
    "periods. Only -labels-snake-case does nothing any more."
}
_CUSTOM_TAG = "custom_tag_"


def migrate(
    path: Path,
    dialect: DialectName | None,
    *,
    labels_snake_case: bool | None = None,
    default_region: Callable[[], str | None],
    unknown_regions: Callable[[tuple[str, ...]], tuple[str, ...]],
) -> int:
    """Print the native configuration to stdout and warnings to stderr; return the exit code.

    Only the file counts: environment and flags stay as they are, and go before the native file as before this one.
    *labels_snake_case*, YACE's flag, tells how its labels were called.

    Raises:
        ConfigError: the file is wrong, or native already.
    """
    asked: list[str | None] = []

    def region() -> str | None:
        asked.append(default_region())
        return asked[-1]

    loaded = load(
        path,
        environ={},
        flags={},
        default_region=region,
        unknown_regions=unknown_regions,
        dialect=dialect,
        labels_snake_case=labels_snake_case,
    )
    theirs, where = loaded.settings, one_line(str(path))
    if theirs.dialect.name is DialectName.NATIVE:
        raise ConfigError((Problem(where, "is already native: there is nothing to migrate"),))
    found = migration(theirs)
    values = dict(found.values)
    doubts = list(loaded.warnings)
    if asked and values["targets"] == [{"regions": asked}]:
        del values["targets"]
        doubts.append(f"{where}: names no region: AWS_REGION or the profile's region decides, as before")
    elif asked:
        doubts.append(f"{where}: names no region: {asked[0]}, of AWS_REGION or the profile, is written down")
    if SECRET in written(values):
        doubts.append(f"{where}: a secret is not shown: put it in place of {SECRET}")
    for doubt in doubts:
        typer.echo(f"warning: {doubt}", err=True)
    comment = "".join(_commented(_head(where, theirs, found, doubts)))
    typer.echo(f"{comment}\n{_body(values, found.named)}", nl=False)
    return 0


def _body(values: Mapping[str, Any], named: int) -> str:
    """Return the configuration, the metrics that the file did not name below the others."""
    metrics = values["metrics"]
    parts = {name: written({name: value}) for name, value in values.items()}
    if named < len(metrics):
        parts["metrics"] = (written({"metrics": metrics[:named]}) if named else "metrics:\n") + (
            "  # not in the file, but read with it: alerts and dashboards use them\n"
            + written({"metrics": metrics[named:]}).partition("\n")[2]
        )
    return "".join(parts.values())


def _commented(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        yield f"# {one_line(line)}\n" if line else "#\n"


@dataclass(slots=True)
class _Marks:
    """The texts that lines refer to, each with its number."""

    texts: dict[str, int] = field(default_factory=dict)

    def of(self, text: str | None) -> str:
        return "" if text is None else f" ({self.texts.setdefault(text, len(self.texts) + 1)})"


def _head(where: str, theirs: Settings, found: Migration, doubts: Sequence[str]) -> Iterator[str]:
    """Yield what the file was made from and what changes, as lines."""
    marks, name = _Marks(), theirs.dialect.name
    yield f"Made by aws-ses-exporter migrate from {where}, a file of {name}."
    yield ""
    yield "How the series are called that it asks for, and how they are called now:"
    yield ""
    yield from (f"  {move.old} -> {move.new}{marks.of(move.values)}" for move in moves(found))
    beside = native_moves(theirs, found)
    if beside:
        yield from ("", "Native series beside them that change or go:", "")
        yield from (f"  {move.old}{marks.of(move.values) if move.new else ' goes'}" for move in beside)
    if marks.texts:
        yield from ("", "The values that change:", "")
        yield from (f"  ({number}) {text}" for text, number in marks.texts.items())
    everywhere = list(read_everywhere_now(found))
    if everywhere:
        yield from ("", "Series that every target and region has now, with the native ones beside them:", "")
        yield from (f"  {series}: {before}" for series, before in everywhere)
    if found.left_out:
        yield from ("", "What has no native form and is left out:", "")
        yield from (f"  {series}: {reason}" for rule, reason in found.left_out for series in _series(rule))
    yield from ("", "What else changes:", "")
    yield from (f"- {line}" for line in _other(theirs.dialect, found))
    if doubts:
        yield from ("", "What to look at:", "")
        yield from (f"- {doubt}" for doubt in doubts)


def _series(rule: Rule) -> Iterator[str]:
    for _, family in rule.families:
        yield old_series(rule, family)


def _other(dialect: Dialect, found: Migration) -> Iterator[str]:
    """Yield what changes for all series alike."""
    labels = dict.fromkeys(pair for rule in found.kept for pair in rule.labels)
    for name, value in labels:
        if value:
            other = f" (or {called('', [(f'exported_{name}', value)], ())}, without honor_labels)"
            where = other if name in _FROM_PROMETHEUS else ""
            yield f"Selectors {called('', [(name, value)], ())}{where} find nothing: take them out."
    scraped = [name for name in _FROM_PROMETHEUS if name in dict(labels)]
    if scraped:
        yield f"What Prometheus says of the scrape is in {' and '.join(scraped)} again; honor_labels is not needed."
    tags = dict.fromkeys(name for name, _ in labels if name.startswith(_CUSTOM_TAG))
    if tags:
        yield f"No longer served: {', '.join(tags)}. Where you need them, set labels of the scrape in Prometheus."
    if any(rule.selection is not None and not rule.selection.dimensions for rule in found.kept):
        yield "* is any dimension: its label loses dimension_ and is in snake case, so dimension_RuleSet is rule_set."
    anew = of_the_account_now(found)
    if anew:
        yield f"Of the account as a whole now, by dimensions before: {', '.join(anew)}"
    yield "HELP texts are the native ones."
    if dialect.name in _FLAGS:
        yield _FLAGS[dialect.name]
    yield from (f"{name} goes: use {instead}." for name, instead in _SELF_METRICS.get(dialect.name, {}).items())
