"""One entry of cloudwatch_exporter's `metrics` becomes a rule."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from exporter.catalogue import METRICS, Family, Kind
from exporter.config import cloudwatch_names as names
from exporter.config.dialect import Rule
from exporter.config.foreign import MAX_AGE_SECONDS, Part, is_extended_statistic
from exporter.config.java_patterns import python_pattern
from exporter.config.keys import Loc
from exporter.config.label_styles import LabelStyle
from exporter.config.selections import Chosen, Found, Selection
from exporter.config.values import pattern

STATISTICS = ("Sum", "SampleCount", "Minimum", "Maximum", "Average")


@dataclass(frozen=True, slots=True)
class Defaults:
    """The keys that stand at the top of the file and in each metric."""

    period_seconds: int = 60
    range_seconds: int = 600
    delay_seconds: int = 600
    set_timestamp: bool = True
    use_get_metric_data: bool = False
    list_metrics_cache_ttl: int = 0
    warn_on_empty_list_dimensions: bool = False


def rule_of(part: Part, identity: str, own: Defaults, families: dict[str, Family]) -> Rule | None:
    """Return the rule of *part*, None where it shows nothing or is wrong; *families* are those named so far.

    A family has one HELP on the page: that of the first rule that gives its name.
    """
    metric = str(part.values["aws_metric_name"])
    dimensions = part.texts("aws_dimensions")
    selection, good = _selection(part, metric, dimensions)
    statistics = _statistics(part)
    known = METRICS.get(metric)
    kind = known.kind if known else Kind.LEVEL
    held = kind is Kind.LEVEL and not own.set_timestamp
    seconds = part.aligned("period_seconds", own.period_seconds, delay_seconds=own.delay_seconds, held=held)
    own_help = part.text("help") if part.values.get("help") != "" else ""
    if not good or not statistics or seconds is None:
        return None
    reach = part.reach("range_seconds", own.range_seconds, least=2 * seconds, delay_seconds=own.delay_seconds)
    named = []
    for each in statistics:
        unit = names.unit(metric, get_metric_data=own.use_get_metric_data)
        family = names.family(metric, each, dimensions=dimensions, own_help=own_help, unit=unit)
        named.append((each, families.setdefault(family.name, family)))
    rule = Rule(
        id=identity,
        metric=metric,
        kind=kind,
        families=tuple(named),
        labels=names.LABELS,
        label_style=LabelStyle.CLOUDWATCH_EXPORTER,
        period_seconds=seconds,
        range_seconds=reach,
        delay_seconds=own.delay_seconds,
        max_age_seconds=MAX_AGE_SECONDS,
        timestamps=own.set_timestamp,
        zero=known is not None and kind is Kind.COUNT and (known.account_level or selection is not None),
        selection=selection,
        warn_when_empty=own.warn_on_empty_list_dimensions,
    )
    part.say_reads("range_seconds", rule)
    return rule


def _statistics(part: Part) -> tuple[str, ...]:
    """Return the statistics; where only extended ones are named, only those."""
    extended = part.texts("aws_extended_statistics")
    plain = part.texts("aws_statistics")
    if plain is None:
        plain = STATISTICS if extended is None else ()
    for name, given in (("aws_statistics", plain), ("aws_extended_statistics", extended or ())):
        for each in given:
            if name == "aws_statistics" and each not in STATISTICS:
                part.findings.wrong((*part.loc, name), f"{each} is not one of {', '.join(STATISTICS)}", show=False)
            elif name != "aws_statistics" and not is_extended_statistic(each):
                message = f"{each} is not an extended statistic such as p99 or TM(10%:90%)"
                part.findings.wrong((*part.loc, name), message, show=False)
    found = tuple(dict.fromkeys((*plain, *(extended or ()))))
    if not found:
        part.findings.doubt(part.loc, f"{part.values['aws_metric_name']} is left out: it has no statistics")
    return found


def _selection(part: Part, metric: str, dimensions: tuple[str, ...] | None) -> tuple[Selection | None, bool]:
    """Return which dimensions are read, None for the account as a whole, and whether there is anything to read."""
    exact, patterns = _choices(part, "aws_dimension_select"), _choices(part, "aws_dimension_select_regex")
    if part.gives("aws_dimension_select") and part.gives("aws_dimension_select_regex"):
        message = "must have aws_dimension_select or aws_dimension_select_regex, not both"
        part.findings.wrong(part.loc, message, show=False)
        return None, False
    key = "aws_dimension_select" if part.gives("aws_dimension_select") else "aws_dimension_select_regex"
    for name in {**exact, **patterns}:
        if name not in (dimensions or ()):
            part.findings.doubt((*part.loc, key, name), "does nothing: it is not one of aws_dimensions")
    translated = {name: tuple(_patterns(part, (key, name), texts)) for name, texts in patterns.items()}
    if any(len(translated[name]) < len(texts) for name, texts in patterns.items()):
        return None, False
    if not dimensions:
        return None, True
    if any(name in dimensions and not values for name, values in {**exact, **patterns}.items()):
        part.findings.doubt(part.loc, f"{metric} is left out: it selects no value of a dimension")
        return None, False
    wanted = tuple(
        (name, Chosen(exact[name]) if name in exact else Found(translated.get(name, ()))) for name in dimensions
    )
    return Selection(wanted, metric), True


def _patterns(part: Part, loc: Loc, texts: tuple[str, ...]) -> Iterator[str]:
    """Yield *texts*, Java's regular expressions at *loc* within *part*, as our own; what is wrong is noted."""
    for position, text in enumerate(texts):
        try:
            yield pattern(python_pattern(text))
        except ValueError as error:
            part.findings.wrong((*part.loc, *loc, position), str(error))


def _choices(part: Part, key: str) -> dict[str, tuple[str, ...]]:
    inner = part.part(key)
    if inner is None:
        return {}
    return {name: inner.texts(name) or () for name in inner.values}
