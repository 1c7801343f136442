"""Time lines: what Prometheus scrapes over hours or days, as a promtool test that counts every alert's openings."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import promql_parser as promql

from tests import yamls
from tests.alerts.rulefiles import OWN, asked, read

Value = float | None
"""A sample, None where the scrape did not have it."""
Labels = tuple[tuple[str, str], ...]
Series = Mapping[tuple[str, Labels], Sequence[Value]]
"""The scraped values of each series, by name and labels."""


@dataclass(frozen=True, slots=True)
class Opened:
    """How often an alert opened, and whether it was over at the end of the time line."""

    times: int
    over: bool = False


@dataclass(frozen=True, slots=True)
class Clock:
    """The scrapes of a time line: one every *minutes* for *hours*; rules are evaluated as often."""

    hours: int
    minutes: int = 5

    def __iter__(self) -> Iterator[int]:
        """Yield the minute of each scrape."""
        return iter(range(0, self.hours * 60 + 1, self.minutes))

    def values(self, value: Callable[[int], Value]) -> list[Value]:
        """Return the *value* of each scrape, a function of its minute."""
        return [value(minute) for minute in self]


@dataclass(frozen=True, slots=True)
class TimeLine:
    """What was scraped, and the alerts that it opened, the watchdog aside.

    The keys of *opened* are an alert's name, its severity and its region, source or instance, as far as it has them.
    """

    clock: Clock
    series: Series
    opened: Mapping[str, Opened] = field(default_factory=dict)
    rules: Sequence[Path] = OWN

    def write(self, folder: Path) -> Path:
        """Write the files for `promtool test rules` to *folder* and return the one to run.

        Of the series only those are written that a rule asks for: promtool would store the others for nobody.
        """
        step = f"{self.clock.minutes}m"
        firing = 'ALERTS{alertstate="firing"}'
        began = {"record": "began", "expr": f"{firing} unless {firing} offset {step}"}
        (folder / "began.yml").write_text(yamls.dump({"groups": [{"name": "began", "rules": [began]}]}))
        wanted = {each.name for path in self.rules for rule in read(path) for each in asked(promql.parse(rule.expr))}
        expected = {**({"AWSSESWatchdog info": Opened(1)} if self.rules == OWN else {}), **self.opened}
        test = {
            "interval": step,
            "input_series": [
                {"series": f"{name}{_braces(dict(labels))}", "values": notation(values)}
                for (name, labels), values in self.series.items()
                if name in wanted
            ],
            "promql_expr_test": [
                self._counts(f"count_over_time(began[{self.clock.hours + 1}h])", expected),
                self._counts(firing, {name: Opened(1) for name, each in expected.items() if not each.over}),
            ],
        }
        content = {
            "rule_files": [*map(str, self.rules), str(folder / "began.yml")],
            "evaluation_interval": step,
            "group_eval_order": [*(name for path in self.rules for name in _groups(path)), "began"],
            "tests": [test],
        }
        path = folder / "timeline.test.yml"
        path.write_text(yamls.dump(content), encoding="utf-8")
        return path

    def _counts(self, expr: str, expected: Mapping[str, Opened]) -> dict[str, object]:
        return {
            "expr": f"sum by (alertname, severity, region, source, instance) ({expr})",
            "eval_time": f"{self.clock.hours}h",
            "exp_samples": [{"labels": _braces(_alert(name)), "value": each.times} for name, each in expected.items()],
        }


def notation(values: Sequence[Value]) -> str:
    """Return *values* as promtool writes them; a series that ends is marked stale, as a scrape without it does."""
    parts = []
    written = (None if value is None else f"{float(value):.15g}".replace("nan", "NaN") for value in values)
    for value, group in itertools.groupby(written):
        count = len(list(group))
        if value == "NaN":
            parts += [value] * count
        elif value is not None:
            parts.append(f"{value}x{count - 1}")
        elif parts:
            parts.append("stale" if count == 1 else f"stale _x{count - 1}")
        else:
            parts.append(f"_x{count}")
    return " ".join(parts)


def relabelled(series: Series, **labels: str) -> Series:
    """Return *series* with other values of *labels*, where they have them."""
    return {
        (name, tuple((key, labels.get(key, value)) for key, value in old)): values
        for (name, old), values in series.items()
    }


def only_when(series: Series, clock: Clock, scraped: Callable[[int], bool]) -> Series:
    """Return *series* with samples only in the minutes for which *scraped* is true."""
    seen = [scraped(minute) for minute in clock]
    return {
        key: [value if there else None for value, there in zip(values, seen, strict=True)]
        for key, values in series.items()
    }


def _alert(name: str) -> dict[str, str]:
    alert, severity, *rest = name.split()
    found = {"alertname": alert, "severity": severity}
    for text in rest:
        key = "instance" if ":" in text else "region" if "-" in text else "source"
        found[key] = text
    return found


def _braces(labels: Mapping[str, str]) -> str:
    return "{" + ",".join(f'{name}="{value}"' for name, value in labels.items()) + "}"


def _groups(path: Path) -> list[str]:
    return [group["name"] for group in yamls.load(path.read_text(encoding="utf-8"))["groups"]]
