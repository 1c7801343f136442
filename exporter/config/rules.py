"""Rules between keys: what no key can be judged by alone. Each rule yields what it finds; none stops at the first."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from exporter.catalogue import FACTS, METRICS, PREFIX, TARGET_INFO, UP, Kind, snake
from exporter.config.accounts import accounts
from exporter.config.dimension_rules import clashing_dimensions, idle_limits, wrong_dimensions
from exporter.config.findings import Finding
from exporter.config.keys import Loc, dotted
from exporter.config.plan import MetricPlan, all_metrics, kind_of, metric_plan
from exporter.config.settings import MetricSettings, Settings, TargetSettings
from exporter.config.values import SECONDS_AN_HOUR

_IGNORED = {
    Kind.COUNT: ("max_age_seconds",),
    Kind.RATE: ("delay_seconds", "period_seconds"),
    Kind.LEVEL: ("delay_seconds",),
}
_WINDOW = ("range_seconds", "period_seconds", "delay_seconds")


def broken(settings: Settings) -> Iterator[Finding]:
    """Yield every finding of every rule, the one to tell of a loc before others of it."""
    for rule in _RULES:
        yield from rule(settings)


def ignored(settings: Settings) -> Iterator[Finding]:
    """Yield the values that are right and do nothing: those of keys that the metric's kind does not have."""
    for index, metric in enumerate(settings.metrics or ()):
        kind = kind_of(metric)
        for name in _IGNORED[kind] if kind else ():
            if getattr(metric, name) is not None:
                yield Finding(
                    ("metrics", index, name), f"does nothing: {metric.name} is a {kind}, which has no use for it"
                )
    yield from clashing_dimensions(settings)
    yield from idle_limits(settings, len(all_metrics(settings)))


def _ways_in(settings: Settings) -> Iterator[Finding]:
    for index, target in enumerate(settings.targets):
        if target.external_id is not None and target.role_arn is None:
            yield Finding(("targets", index, "external_id"), "is only for a role: role_arn is missing")
        account = target.role_account_id
        if account is not None and target.account_id not in {None, account}:
            message = f"is not the account {account} of role_arn"
            yield Finding(("targets", index, "account_id"), message, needs=(("targets", index, "role_arn"),))


def _accounts_twice(settings: Settings) -> Iterator[Finding]:
    seen: dict[tuple[str, str, str], Loc] = {}
    for account in accounts(settings):
        for what, name in (("account", account.account_id), ("target", account.label)):
            if name is None:
                continue
            first = seen.setdefault((what, name, account.region), account.loc)
            if first is not account.loc:
                message = f"{what} {name} in {account.region} is already read by {dotted(first)}; once is allowed"
                yield Finding(account.loc, message, needs=(first,))
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
            yield from _statistics(metric, loc)
            continue
        seen[metric.name] = index
        yield from _statistics(metric, loc)
        if kind is None:
            allowed = f"one of {', '.join(Kind)}"
            message = f"is not in the catalogue; its kind is missing: must be {allowed}"
            yield Finding((*loc, "name"), message, needs=((*loc, "kind"),))
            continue
        if metric.kind not in {None, kind}:
            yield Finding((*loc, "kind"), f"{metric.name} is a {kind} in the catalogue; leave kind out")
        clash = {name: names[name] for name in _families(metric, kind) if name in names}
        if snake(metric.name).startswith(("exporter_", "dimension_")):
            yield Finding((*loc, "name"), f"would be taken for the exporter's own {PREFIX}{snake(metric.name)}")
        elif clash:
            name, other = next(iter(clash.items()))
            message = f"would be served as {name}, which is taken by {other}"
            yield Finding((*loc, "name"), message, needs=((*loc, "kind"), (*loc, "statistics")))
        else:
            names |= dict.fromkeys(_families(metric, kind), metric.name)


def _statistics(metric: MetricSettings, loc: Loc) -> Iterator[Finding]:
    seen: dict[str | float, int] = {}
    for position, text in enumerate(metric.statistics or ()):
        same = float(text[1:]) if text.startswith("p") else text
        if same in seen:
            first = (*loc, "statistics", seen[same])
            yield Finding(
                (*loc, "statistics", position), f"is already {dotted(first)}; once is allowed", needs=(first,)
            )
        seen.setdefault(same, position)


def _families(metric: MetricSettings, kind: Kind) -> list[str]:
    """Return the names of the native families of *metric*."""
    base = PREFIX + snake(metric.name)
    always = [f"{base}_total"] if kind is Kind.COUNT else [base, f"{base}_timestamp_seconds"]
    known = METRICS.get(metric.name)
    statistics = metric.statistics or (known.statistics if known else ())
    return [*always, *(f"{base}_{snake(statistic)}" for statistic in statistics)]


def _ranges(settings: Settings) -> Iterator[Finding]:
    metrics = all_metrics(settings)
    for index, target in enumerate(settings.targets):
        for position, metric in enumerate(metrics):
            if kind_of(metric) is None:
                continue
            plan = metric_plan(settings, target, metric)
            need = plan.delay_seconds + 2 * plan.period_seconds
            if plan.kind is Kind.RATE or plan.period_seconds >= SECONDS_AN_HOUR or plan.range_seconds >= need:
                continue
            needs = tuple(_deciding(target, metric, index, position))
            yield Finding(_blame(settings, index, position), _too_short(plan, index, need), needs)


def _deciding(target: TargetSettings, metric: MetricSettings, target_index: int, metric_index: int) -> Iterator[Loc]:
    """Yield the locs that decide about the window of *metric*: each key's most special one that has a value."""
    yield ("metrics", metric_index, "name")
    yield ("metrics", metric_index, "kind")
    for name in _WINDOW:
        yield ("metrics", metric_index, name)
        if getattr(metric, name) is None:
            yield ("targets", target_index, name)
            if getattr(target, name, None) is None:
                yield (name,)


def _blame(settings: Settings, target_index: int, metric_index: int) -> Loc:
    """Return the most special key that was set, of those that decide about a window."""
    if settings.metrics:
        metric = settings.metrics[metric_index]
        for name in _WINDOW:
            if getattr(metric, name) is not None:
                return ("metrics", metric_index, name)
    if settings.targets[target_index].delay_seconds is not None:
        return ("targets", target_index, "delay_seconds")
    given = [name for name in _WINDOW if name in settings.model_fields_set]
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
    limits: tuple[Loc, ...] = (
        ("aws", "read_timeout_seconds"),
        ("aws", "connect_timeout_seconds"),
        ("aws", "max_attempts"),
    )
    given = [loc for loc in limits if loc[-1] in aws.model_fields_set]
    yield Finding(
        given[0] if given else ("poll_timeout_seconds",),
        f"{aws.max_attempts} attempts x ({aws.connect_timeout_seconds:g} s to connect + {aws.read_timeout_seconds:g} s "
        f"to read) = {need:g} s; must fit poll_timeout_seconds {settings.poll_timeout_seconds}",
        needs=(*limits, ("poll_timeout_seconds",)),
    )


def _addresses_twice(settings: Settings) -> Iterator[Finding]:
    addresses = settings.web.listen_addresses
    for position, address in enumerate(addresses):
        if address in addresses[:position] and not address.endswith(":0"):
            yield Finding(("web", "listen_addresses", position), "is given twice; once is allowed")


_RULES: tuple[Callable[[Settings], Iterator[Finding]], ...] = (
    _ways_in,
    _accounts_twice,
    _metrics,
    _ranges,
    wrong_dimensions,
    _time_limits,
    _addresses_twice,
)
