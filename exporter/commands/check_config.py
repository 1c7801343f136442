"""`check-config`: what is wrong with a configuration, or what it comes to and what it costs."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import typer

from exporter.catalogue import Kind
from exporter.commands.foreign import of_dialect
from exporter.config.accounts import accounts
from exporter.config.dialect import Rule
from exporter.config.load import Loaded
from exporter.config.plan import MetricPlan, dimension_plan, metric_plans
from exporter.config.selections import CONFIGURATION_SET
from exporter.config.settings import Settings, TargetSettings
from exporter.config.show import masked
from exporter.series.dimensions import Place, wanted
from exporter.series.queries import STATISTICS_BILLED_AS_ONE, Dimensions
from exporter.series.windows import next_look

DAYS_A_MONTH = 30
HOURS_A_MONTH = DAYS_A_MONTH * 24
SECONDS_A_MONTH = HOURS_A_MONTH * 3_600


@dataclass(frozen=True, slots=True)
class Load:
    """What is asked of CloudWatch: *queries* (MetricDataQuery) and billed *metrics* a poll, billed metrics a month."""

    queries: int
    metrics: int
    monthly_metrics: float


def check_config(load: Callable[[], Loaded]) -> int:
    """Print the effective configuration and its cost to stdout and warnings to stderr; return the exit code.

    Raises:
        ConfigError: the configuration is wrong.
    """
    loaded = load()
    for warning in loaded.warnings:
        typer.echo(f"warning: {warning}", err=True)
    typer.echo(masked(loaded.settings) + "".join(f"# {line}\n" for line in summary(loaded.settings)), nl=False)
    return 0


def summary(settings: Settings) -> tuple[str, ...]:
    """Return how many queries a poll takes, and the cost, as sentences."""
    loads = [one_region(settings, each.target, each.region) for each in accounts(settings)]
    most = max(loads, key=lambda load: load.queries)
    number = f"{most.queries}" if all(load == most for load in loads) else f"at most {most.queries}"
    price = settings.aws.price_per_thousand_metrics_dollars
    queries = (
        f"CloudWatch queries per poll: {queries_per_poll(settings)}, in {_number(len(loads), 'pair')} "
        f"of target and region; {number} in each, of which AWS bills {most.metrics} metrics"
    )
    cost = (
        f"Estimated cost of CloudWatch: {monthly_cost(settings):.2f} US dollars in {DAYS_A_MONTH} days, "
        f"at {price:g} per 1000 metrics, the hourly and daily second looks included"
    )
    return queries, cost, *_on_top(settings), *of_dialect(settings.dialect)


def queries_per_poll(settings: Settings) -> int:
    """Return the number of CloudWatch queries that one poll of every target and region takes."""
    return sum(one_region(settings, each.target, each.region).queries for each in accounts(settings))


def monthly_cost(settings: Settings) -> float:
    """Return the estimated cost of CloudWatch in US dollars for 30 days, without what CloudWatch has yet to list."""
    loads = (one_region(settings, each.target, each.region) for each in accounts(settings))
    return _dollars(settings, sum(load.monthly_metrics for load in loads))


def one_region(settings: Settings, target: TargetSettings, region: str | None = None) -> Load:
    """Return what *region* of *target* asks of CloudWatch, of the account as a whole and of exact dimensions.

    Without a region it is what all rules of a foreign file would ask for.
    """
    spot = None if region is None else (target.label, region)
    rules = settings.dialect.rules_of(spot)
    plans = {plan.name: plan for plan in metric_plans(settings, target)}
    exact = wanted(dimension_plan(settings, spot), plans, {}).places
    places: list[Place] = [(plan.name, ()) for plan in plans.values() if plan.account_level]
    places += [(rule.metric, ()) for rule in rules if rule.selection is None]
    return _load(settings, target, plans, tuple(dict.fromkeys((*places, *exact))), rules)


def _load(
    settings: Settings,
    target: TargetSettings,
    by_name: Mapping[str, MetricPlan],
    places: Sequence[Place],
    rules: Sequence[Rule],
) -> Load:
    plans = [
        by_name[name] for name, dimensions in places if name in by_name and (dimensions or by_name[name].account_level)
    ]
    asked = [_asked(by_name.get(place[0]), place, rules) for place in places]
    metrics = sum(math.ceil(len({name for name, _ in each}) / STATISTICS_BILLED_AS_ONE) for each in asked)
    counts = sum(1 for plan in plans if plan.kind is Kind.COUNT)
    interval_seconds = target.poll_interval_seconds or settings.poll_interval_seconds
    polls = SECONDS_A_MONTH / interval_seconds
    if math.isfinite(next_look(0, 0, interval_seconds)):
        polls += HOURS_A_MONTH
    looks = counts * (HOURS_A_MONTH + DAYS_A_MONTH)
    return Load(sum(map(len, asked)), metrics, metrics * polls + looks)


def _on_top(settings: Settings) -> Iterator[str]:
    """Yield what nobody knows before CloudWatch was asked, and what one of it costs."""
    target = settings.targets[0]
    dimensions, rules = dimension_plan(settings), settings.dialect.rules
    plans = {plan.name: plan for plan in metric_plans(settings, target)}
    if dimensions.listed:
        dearest = max(
            _load(settings, target, plans, [(name, _any(settings, name))], rules).monthly_metrics for name in plans
        )
        yield (
            f"On top comes what CloudWatch lists with dimensions, at most {_number(dimensions.limit, 'metric')} in "
            f"each pair, each up to {_dollars(settings, dearest):.2f} US dollars in {DAYS_A_MONTH} days"
        )
    if settings.sources.configuration_sets.enabled:
        places = [(name, ((CONFIGURATION_SET, ""),)) for name in plans]
        dollars = _dollars(settings, _load(settings, target, plans, places, rules).monthly_metrics)
        yield (
            f"A configuration set that has all {len(plans)} metrics costs {dollars:.2f} US dollars "
            f"in {DAYS_A_MONTH} days"
        )
    for account in accounts(settings):
        if account.finds_linked:
            yield f"Each linked account that CloudWatch lists in {account.region} costs as much as {account.label}"


def _number(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _dollars(settings: Settings, metrics: float) -> float:
    return metrics * settings.aws.price_per_thousand_metrics_dollars / 1_000


def _any(settings: Settings, metric: str) -> Dimensions:
    """Return dimensions of *metric* that a rule may select, as far as one does, for what they would cost."""
    found = (rule.selection for rule in settings.dialect.rules if rule.metric == metric and rule.selection)
    return next((tuple((name, "") for name in selection.names) for selection in found), ()) or (("any", ""),)


def _may_show(rule: Rule, dimensions: Dimensions) -> bool:
    if rule.selection is None or not dimensions:
        return rule.selection is None and not dimensions
    return rule.selection.names in {(), tuple(name for name, _ in dimensions)}


def _asked(plan: MetricPlan | None, place: Place, rules: Sequence[Rule]) -> set[tuple[str, int]]:
    """Return the statistics that are queried, each with its period.

    A counter needs Sum, what is held needs Average for its time, a rule its own.
    """
    asked: set[tuple[str, int]] = set()
    for rule in rules:
        if rule.metric == place[0] and _may_show(rule, place[1]):
            asked |= {(statistic, rule.read_period_seconds) for statistic in rule.statistics}
            asked |= {("Average", rule.read_period_seconds)} if rule.is_held else set()
    if plan is None or not (place[1] or plan.account_level):
        return asked
    plan = plan.dimensioned if place[1] else plan
    if plan.kind is Kind.COUNT:
        return asked | {("Sum", 60)} | {(each, plan.period_seconds) for each in plan.statistics if each != "Sum"}
    period = 60 if plan.kind is Kind.RATE else plan.period_seconds
    return asked | {(each, period) for each in ("Average", *plan.statistics)}
