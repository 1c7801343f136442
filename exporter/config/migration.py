"""The native configuration that gives the same series as another exporter's file: what a person would write."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from exporter.catalogue import METRICS, Kind, label_names
from exporter.config.dialect import Rule
from exporter.config.layers import Layer, spots_of
from exporter.config.plan import all_metrics, default_statistics
from exporter.config.settings import Settings
from exporter.config.show import plain
from exporter.config.validate import validated
from exporter.config.values import ALL, SECONDS_A_DAY, SECONDS_A_MINUTE, SECONDS_AN_HOUR, period, statistic
from exporter.errors import ConfigError, Problem

_POSITION = re.compile(r"metrics\[([0-9]+)\]\.?")


@dataclass(frozen=True, slots=True)
class Migration:
    """The native *settings*, and the same as *values* without defaults, in the order of a file.

    The first *named* of the metrics are those of the foreign file; the others are read beside them, as before.
    *kept* are the foreign rules that have a native form, *left_out* the others, each with the reason.
    """

    settings: Settings
    values: Mapping[str, Any]
    named: int
    kept: tuple[Rule, ...]
    left_out: tuple[tuple[Rule, str], ...]


def migration(theirs: Settings) -> Migration:
    """Return the native form of *theirs*, the settings of another exporter's file and nothing else.

    Raises:
        ConfigError: it has none, for what the settings say apart from metrics.
    """
    rules = tuple(each for rule in theirs.dialect.rules for each in _by_form(rule))
    left_out = dict(_without_form(rules))
    while True:
        kept = tuple(rule for rule in rules if rule not in left_out)
        values, named = _values(theirs, kept)
        # what the catalogue knows goes first, so that it is never what gives way
        metrics = sorted(values["metrics"], key=lambda metric: metric["name"] not in METRICS)
        settings, problems = _judged({**values, "metrics": metrics})
        if settings is not None and not problems:
            return Migration(settings, values, named, kept, tuple(left_out.items()))
        refused = dict(_refused(metrics, problems))
        more = {rule: refused[rule.metric] for rule in kept if rule.metric in refused}
        if not more:
            raise ConfigError(tuple(problems))
        left_out |= more


def same_statistic(one: str, other: str) -> bool:
    """Return whether CloudWatch gives the same for both: `p99` and `p99.0`."""
    return one == other or (one[0] == other[0] == "p" and float(one[1:]) == float(other[1:]))


def _by_form(rule: Rule) -> Iterator[Rule]:
    """Yield *rule* with the statistics that the native configuration takes, and with the others; none is empty."""
    taken = tuple(one for one in rule.families if _is_taken(one[0]))
    others = tuple(one for one in rule.families if one not in taken)
    yield from (replace(rule, families=families) for families in (taken, others) if families)


def _is_taken(name: str) -> bool:
    try:
        return statistic(name) == name
    except ValueError:
        return False


def _native_period(seconds: int) -> int:
    """Return *seconds*, or the next shorter period that the native configuration takes."""
    for shorter in range(min(seconds, SECONDS_A_DAY), SECONDS_A_MINUTE, -1):
        try:
            return period(shorter)
        except ValueError:
            continue
    return SECONDS_A_MINUTE


def _without_form(rules: tuple[Rule, ...]) -> Iterator[tuple[Rule, str]]:
    clashing = {rule for rule in rules if rule.selection is not None and label_names(rule.selection.names) is None}
    by_dimensions = {rule.metric for rule in rules if rule.selection is not None and rule not in clashing}
    for rule in rules:
        known = METRICS.get(rule.metric)
        if not _is_taken(rule.statistics[0]):
            yield rule, f"the native configuration has no statistic {', '.join(rule.statistics)}"
        elif rule.selection is not None:
            if rule in clashing:
                yield rule, "never served: two labels would have one name, or that of a label that every series has"
        elif known is not None and known.account_level:
            continue
        elif known is not None:
            yield rule, f"SES has no {rule.metric} of the account as a whole, only with dimensions"
        elif rule.metric in by_dimensions:
            yield rule, f"{rule.metric} is not in the catalogue, and is read by dimensions or of the account, not both"


def _judged(values: dict[str, Any]) -> tuple[Settings | None, list[Problem]]:
    return validated([Layer("native", values, spots_of(values, ()))], judge_rules=True)


def _refused(metrics: list[dict[str, Any]], problems: Iterable[Problem]) -> Iterator[tuple[str, str]]:
    """Yield the metrics that have *problems*, each with what is wrong with it."""
    for problem in problems:
        match = _POSITION.match(problem.key)
        if match:
            yield metrics[int(match[1])]["name"], f"its {problem.key[match.end() :] or 'form'} {problem.message}"


def _values(theirs: Settings, rules: tuple[Rule, ...]) -> tuple[dict[str, Any], int]:
    """Return the values of the file, and how many of its metrics are named by *rules*."""
    read: dict[str, list[Rule]] = {}
    for rule in rules:
        read.setdefault(rule.metric, []).append(rule)
    choices = {metric.name: _served(plain(metric.dimensions or ())) for metric in all_metrics(theirs)}
    windows = _windows(read)
    usual = next(iter(Counter(windows.values()).most_common(1)), ((theirs.period_seconds, theirs.delay_seconds), 0))[0]
    named = [_metric(choices.get(name, []), mine, windows.get(name, usual), usual) for name, mine in read.items()]
    own = {"period_seconds": usual[0], "delay_seconds": usual[1], "range_seconds": _range(theirs, read, windows, usual)}
    values = {**plain(theirs.model_dump(exclude_defaults=True)), **own}
    values = {name: value for name, value in values.items() if name not in own or value != _default(name)}
    values["metrics"] = [*named, *({"name": name} for name in choices if name not in read and _is_of_the_account(name))]
    return {name: values[name] for name in Settings.model_fields if name in values}, len(named)


def _served(choices: Iterable[Any]) -> list[Any]:
    """Return the sets of dimensions whose labels differ."""
    return [choice for choice in choices if choice == ALL or label_names(choice) is not None]


def _is_of_the_account(metric: str) -> bool:
    return metric in METRICS and METRICS[metric].account_level


def _windows(read: Mapping[str, list[Rule]]) -> dict[str, tuple[int, int]]:
    """Return period and delay of each count, those of its first rule; the delay as long as a day's range has room."""
    short = [_native_period(rules[0].period_seconds) for rules in read.values() if rules[0].kind is not Kind.RATE]
    most = SECONDS_A_DAY - 2 * max((seconds for seconds in short if seconds < SECONDS_AN_HOUR), default=0)
    return {
        name: (_native_period(rules[0].period_seconds), min(rules[0].delay_seconds, most))
        for name, rules in read.items()
        if rules[0].kind is Kind.COUNT
    }


def _range(
    theirs: Settings,
    read: Mapping[str, list[Rule]],
    windows: Mapping[str, tuple[int, int]],
    usual: tuple[int, int],
) -> int:
    """Return the range of *theirs*, or what all windows need where that is more."""
    firsts = [rules[0] for rules in read.values()]
    levels = [(_native_period(rule.period_seconds), usual[1]) for rule in firsts if rule.kind is Kind.LEVEL]
    needs = [delay + 2 * seconds for seconds, delay in (usual, *windows.values(), *levels) if seconds < SECONDS_AN_HOUR]
    return max([theirs.range_seconds, *needs])


def _metric(
    dimensions: list[Any], rules: list[Rule], window: tuple[int, int], usual: tuple[int, int]
) -> dict[str, Any]:
    """Return the entry of one metric: the statistics of all its *rules*, and what differs from the defaults."""
    first = rules[0]
    known = METRICS.get(first.metric)
    metric: dict[str, Any] = {"name": first.metric}
    if known is None:
        metric["kind"] = first.kind.value
    statistics: list[str] = []
    for asked in (each for rule in rules for each in rule.statistics):
        if not any(same_statistic(asked, other) for other in statistics):
            statistics.append(asked)
    if set(statistics) != set(default_statistics(first.metric, first.kind)):
        metric["statistics"] = statistics
    if dimensions:
        metric["dimensions"] = dimensions
    usual_period = known.period_seconds if known is not None and known.period_seconds is not None else usual[0]
    seconds = window[0] if first.kind is Kind.COUNT else _native_period(first.period_seconds)
    if first.kind is not Kind.RATE and seconds != usual_period:
        metric["period_seconds"] = seconds
    if window[1] != usual[1]:
        metric["delay_seconds"] = window[1]
    if first.kind is not Kind.COUNT and first.max_age_seconds != _default("max_age_seconds"):
        metric["max_age_seconds"] = first.max_age_seconds
    return metric


def _default(name: str) -> Any:
    return Settings.model_fields[name].default
