"""Rules between keys: what no key can be judged by alone. Each rule yields what it finds; none stops at the first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from exporter.catalogue import FACTS, METRICS, PREFIX, TARGET_INFO, UP, Kind, snake
from exporter.config.keys import Loc, dotted
from exporter.config.plan import MetricPlan, kind_of, metric_plans
from exporter.config.settings import MetricSettings, Settings
from exporter.config.values import SECONDS_AN_HOUR


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong at *loc*."""

    loc: Loc
    message: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule and the keys whose own values must be right for it to be judged."""

    find: Callable[[Settings], Iterator[Finding]]
    needs: tuple[Loc, ...] = ()

    def is_open(self, wrong: Iterable[Loc]) -> bool:
        """Whether the rule can be judged although the values at *wrong* are not right."""
        return not any(need[: len(loc)] == loc for loc in wrong for need in self.needs)


def _ways_in(settings: Settings) -> Iterator[Finding]:
    for index, target in enumerate(settings.targets):
        if target.external_id is not None and target.role_arn is None:
            yield Finding(("targets", index, "external_id"), "is only for a role: role_arn is missing")
        account = target.role_account_id
        if account is not None and target.account_id not in {None, account}:
            yield Finding(("targets", index, "account_id"), f"is not the account {account} of role_arn")


def _targets_twice(settings: Settings) -> Iterator[Finding]:
    seen: dict[tuple[str, str, str], Loc] = {}
    for index, target in enumerate(settings.targets):
        account = target.account_id or target.role_account_id
        for position, region in enumerate(target.regions):
            loc: Loc = ("targets", index, "regions", position)
            for what, name in (("account", account), ("target", target.label)):
                if name is None:
                    continue
                first = seen.setdefault((what, name, region), loc)
                if first is not loc:
                    yield Finding(loc, f"{what} {name} in {region} is already read by {dotted(first)}; once is allowed")
                    break


def _metrics(settings: Settings) -> Iterator[Finding]:
    names = dict.fromkeys((UP.name, TARGET_INFO.name, *(PREFIX + name for name in FACTS)), "the exporter itself")
    seen: dict[str, int] = {}
    for index, metric in enumerate(settings.metrics or ()):
        loc: Loc = ("metrics", index)
        kind = kind_of(metric)
        if metric.name in seen:
            message = f"is already metrics[{seen[metric.name]}]; once is allowed, with all its statistics"
            yield Finding((*loc, "name"), message)
            continue
        seen[metric.name] = index
        yield from _statistics(metric, loc)
        if kind is None:
            allowed = f"one of {', '.join(Kind)}"
            yield Finding((*loc, "name"), f"is not in the catalogue; its kind is missing: must be {allowed}")
            continue
        if metric.kind not in {None, kind}:
            yield Finding((*loc, "kind"), f"{metric.name} is a {kind} in the catalogue; leave kind out")
        clash = {name: names[name] for name in _families(metric, kind) if name in names}
        if snake(metric.name).startswith(("exporter_", "dimension_")):
            yield Finding((*loc, "name"), f"would be taken for the exporter's own {PREFIX}{snake(metric.name)}")
        elif clash:
            name, other = next(iter(clash.items()))
            yield Finding((*loc, "name"), f"would be served as {name}, which is taken by {other}")
        else:
            names |= dict.fromkeys(_families(metric, kind), metric.name)


def _statistics(metric: MetricSettings, loc: Loc) -> Iterator[Finding]:
    seen: dict[str | float, int] = {}
    for position, text in enumerate(metric.statistics or ()):
        same = float(text[1:]) if text.startswith("p") else text
        if same in seen:
            message = f"{metric.name} has {text} already; once is allowed"
            yield Finding((*loc, "statistics", position), message)
        seen.setdefault(same, position)


def _families(metric: MetricSettings, kind: Kind) -> list[str]:
    """Return the names of the native families of *metric*."""
    base = PREFIX + snake(metric.name)
    always = [f"{base}_total"] if kind is Kind.COUNT else [base, f"{base}_timestamp_seconds"]
    known = METRICS.get(metric.name)
    statistics = metric.statistics or (known.statistics if known else ())
    return [*always, *(f"{base}_{snake(statistic)}" for statistic in statistics)]


def _ranges(settings: Settings) -> Iterator[Finding]:
    blamed: set[Loc] = set()
    if any(kind_of(metric) is None for metric in settings.metrics or ()):
        return
    for index, target in enumerate(settings.targets):
        for position, plan in enumerate(metric_plans(settings, target)):
            need = plan.delay_seconds + 2 * plan.period_seconds
            if plan.kind is Kind.RATE or plan.period_seconds >= SECONDS_AN_HOUR or plan.range_seconds >= need:
                continue
            loc = _blame(settings, index, position)
            if loc not in blamed:
                blamed.add(loc)
                yield Finding(loc, _too_short(plan, index, need))


def _blame(settings: Settings, target_index: int, metric_index: int) -> Loc:
    """Return the most special key that was set, of those that decide about a window."""
    if settings.metrics:
        metric = settings.metrics[metric_index]
        for name in ("range_seconds", "period_seconds", "delay_seconds"):
            if getattr(metric, name) is not None:
                return ("metrics", metric_index, name)
    if settings.targets[target_index].delay_seconds is not None:
        return ("targets", target_index, "delay_seconds")
    given = [name for name in ("range_seconds", "period_seconds", "delay_seconds") if name in settings.model_fields_set]
    return (given[0] if given else "range_seconds",)


def _too_short(plan: MetricPlan, target_index: int, need: int) -> str:
    return (
        f"range_seconds {plan.range_seconds} is under delay_seconds {plan.delay_seconds} + two periods of "
        f"{plan.period_seconds}, for {plan.name} of targets[{target_index}]; must be at least {need}"
    )


def _time_limits(settings: Settings) -> Iterator[Finding]:
    aws = settings.aws
    need = aws.max_attempts * (aws.connect_timeout_seconds + aws.read_timeout_seconds)
    if need <= settings.poll_timeout_seconds:
        return
    names = ("read_timeout_seconds", "connect_timeout_seconds", "max_attempts")
    given = [("aws", name) for name in names if name in aws.model_fields_set]
    yield Finding(
        given[0] if given else ("poll_timeout_seconds",),
        f"{aws.max_attempts} attempts x ({aws.connect_timeout_seconds:g} s to connect + {aws.read_timeout_seconds:g} s "
        f"to read) = {need:g} s; must fit poll_timeout_seconds {settings.poll_timeout_seconds}",
    )


def _addresses_twice(settings: Settings) -> Iterator[Finding]:
    addresses = settings.web.listen_addresses
    for position, address in enumerate(addresses):
        if address in addresses[:position] and not address.endswith(":0"):
            yield Finding(("web", "listen_addresses", position), "is given twice; once is allowed")


RULES = (
    Rule(_ways_in),
    Rule(_targets_twice),
    Rule(_metrics),
    Rule(_ranges, needs=(("delay_seconds",), ("period_seconds",), ("range_seconds",), ("metrics",))),
    Rule(
        _time_limits,
        needs=(
            ("poll_timeout_seconds",),
            ("aws", "connect_timeout_seconds"),
            ("aws", "read_timeout_seconds"),
            ("aws", "max_attempts"),
        ),
    ),
    Rule(_addresses_twice),
)
