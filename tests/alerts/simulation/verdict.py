"""The shipped rules on what was scraped: promtool is told how often, and when, each alert opens and closes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests import yamls
from tests.alerts.promtool import failures
from tests.alerts.rulefiles import OWN
from tests.alerts.simulation.weeks import SCRAPE_SECONDS, Plan, Weeks
from tests.tools import require_tool

GROUPS = ("quota", "sending", "reputation", "account", "data", "exporter")
"""In the order in which they need each other's recorded series."""
TOLERANCE_MINUTES = 16

EVALUATION_MINUTES = 4
"""Every minute would take promtool minutes. It is below 5 minutes, over which Prometheus 3 forgets an alert's state."""

CHANGES, BEGAN, ENDED = "changes", "began", "ended"

BY = "alertname, severity, region, source, instance, rate"


@dataclass(frozen=True, slots=True)
class Opening:
    """One opening of an alert, at *opens* hours after the first Monday, and its end, None where it outlasts the run.

    *labels* are region, source, instance and rate, as far as the alert has them.
    """

    alert: str
    severity: str
    opens: float
    closes: float | None
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def whole(self) -> dict[str, str]:
        return {"alertname": self.alert, "severity": self.severity, **self.labels}


def judge(weeks: Weeks, openings: Sequence[Opening], place: Path) -> str:
    """Return what promtool finds other than *openings*, and no other, say; nothing when all is as expected."""
    promtool = require_tool("promtool", debian="prometheus")
    changes = place / "changes.yml"
    changes.write_text(yamls.dump({"groups": [{"name": CHANGES, "rules": list(_changes())}]}), encoding="utf-8")
    file = {
        "rule_files": [*sorted(map(str, OWN)), str(changes)],
        "evaluation_interval": f"{EVALUATION_MINUTES}m",
        "group_eval_order": [*(f"aws-ses-{group}" for group in GROUPS), CHANGES],
        "tests": [
            {
                "interval": f"{SCRAPE_SECONDS}s",
                "input_series": weeks.scrapes.input_series(weeks.count),
                "promql_expr_test": [_counts(openings, weeks.plan), *_moments(openings, weeks.plan)],
            }
        ],
    }
    path = place / "weeks.test.yml"
    path.write_text(yamls.dump(file), encoding="utf-8")
    return failures(promtool, path)


def _changes() -> Iterator[dict[str, str]]:
    """Yield the rules that record each moment at which an alert began or ended; each moment is looked at once."""
    now = 'ALERTS{alertstate="firing"}'
    before = f"{now} offset {EVALUATION_MINUTES}m"
    yield {"record": BEGAN, "expr": f"{now} unless {before}"}
    yield {"record": ENDED, "expr": f"{before} unless {now}"}


def _counts(openings: Sequence[Opening], plan: Plan) -> dict[str, Any]:
    """Return the test that every alert that there is opened as often as *openings* say, and not once more."""
    counts = Counter(_text(each.whole) for each in openings)
    return {
        "expr": _times(BEGAN, {}, plan.minutes),
        "eval_time": f"{plan.minutes}m",
        "exp_samples": [{"labels": labels, "value": count} for labels, count in counts.items()],
    }


def _moments(openings: Sequence[Opening], plan: Plan) -> Iterator[dict[str, Any]]:
    """Yield the tests that each opening, and each end, comes within some minutes of its moment."""
    for each in openings:
        for hours, change in ((each.opens, BEGAN), (each.closes, ENDED)):
            if hours is not None:
                minute = round((hours - plan.begins) * 60)
                yield {
                    "expr": _times(change, each.whole, 2 * TOLERANCE_MINUTES),
                    "eval_time": f"{min(minute + TOLERANCE_MINUTES, plan.minutes)}m",
                    "exp_samples": [{"labels": _text(each.whole), "value": 1}],
                }


def _times(change: str, labels: Mapping[str, str], minutes: int) -> str:
    """Return the query how often the alert of *labels* began or ended in the last *minutes*."""
    return f"sum by ({BY}) (count_over_time({change}{_text(labels)}[{minutes + EVALUATION_MINUTES}m]))"


def _text(labels: Mapping[str, str]) -> str:
    return "{" + ", ".join(f'{label}="{value}"' for label, value in sorted(labels.items())) + "}"
