"""Makes docs/metrics.md from the catalogue and the self-metrics; a test holds the file to it, `make docs` writes it."""
# ruff: noqa: INP001 - a script, not a package

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from prometheus_client import CollectorRegistry

from exporter import catalogue
from exporter.catalogue import FACTS, METRICS, TARGET_INFO, UP, Family, Kind, Metric
from exporter.errors import Reason
from exporter.telemetry import OPERATIONS, SOURCES, Telemetry

PATH = Path(__file__).parents[1] / "docs" / "metrics.md"
PLACE = ("account_id", "region")


def _names(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


INTRODUCTION = """\
# Metrics

<!-- Made by scripts/generate_metrics_docs.py from the catalogue: change that, then run `make docs`. -->

Every metric that the exporter serves, with the statistics of its default configuration.
Those with dimensions are there where the configuration asks for them.
A metric is absent where nothing is known: no value is invented.
`/metrics` has the families of SES first, sorted by name, then those about the exporter itself and its process.
There are no `_created` series.
"""

NOTES = """\
What to use for what:

- To count (mails in an hour, in a day), use the counters: `increase(aws_ses_send_total[1h])`, over at least four poll
  intervals.
- A gauge that ends in `_sum` is a sample of one period: adding it up over scrapes counts mails twice or not at all.
- Rates are fractions: 0.05 is 5 %. The name without suffix is the rate; it is held while SES publishes none, and the
  family that ends in `_timestamp_seconds` tells how old it is.
- Other statistics that the configuration asks for are called by the same rule: `SampleCount` of `Send` is
  `aws_ses_send_sample_count`, `p99.9` is `aws_ses_send_p99_9`.
- An unlimited quota is `+Inf`, so a share of it is 0.
"""

DIMENSIONS = """\
What CloudWatch has by configuration set, receipt rule, dedicated IP address and so on, where
`sources.configuration_sets` or a metric's `dimensions` asks for it. Its names begin with `aws_ses_dimension_`, so that
a sum over accounts and regions never counts a mail twice. Besides `account_id` and `region` a series has a label for
each of its dimensions: `ses:configuration-set` is `ses_configuration_set`, `RuleSetName` is `rule_set_name`. One metric
can be there by several sets of dimensions, which count the same mails: choose one by its labels before adding up.
What SES publishes once a day (`SNDS.*`) is held like a rate, with the start of its day as its time.
"""

OWN = f"""\
They carry `target`, never an account id, and exist with 0 from the start, so that a failure is visible before the
account is known. `target` is the configured name, else the account of the role, else the profile, else `default`.
`source` is one of {_names(SOURCES)}; `operation` one of {_names(OPERATIONS)}, as far as the target needs it;
`reason` one of {_names(Reason)}.
Beside them stand `process_*` (memory, CPU, file descriptors, start time).
"""


def page() -> str:
    """Return the whole of docs/metrics.md."""
    metrics = [metric for metric in METRICS.values() if metric.account_level]
    counts = [metric for metric in metrics if metric.kind is Kind.COUNT]
    held = [metric for metric in metrics if metric.kind is not Kind.COUNT]
    parts = [
        INTRODUCTION,
        NOTES,
        "## Counters of mail\n",
        _table((catalogue.total_family(metric.name), PLACE) for metric in counts),
        "## Gauges of the newest complete period\n",
        _table(
            (catalogue.statistic_family(metric.name, name), PLACE) for metric in counts for name in metric.statistics
        ),
        "## Reputation\n",
        _table(
            (family, PLACE)
            for metric in held
            for family in (
                catalogue.held_family(metric.name),
                *(catalogue.statistic_family(metric.name, name) for name in metric.statistics),
                catalogue.time_family(metric.name),
            )
        ),
        "## With dimensions\n",
        DIMENSIONS,
        _table((family, (*PLACE, *_dimensions(metric))) for metric in METRICS.values() for family in _families(metric)),
        "## Account\n",
        _table((catalogue.fact_family(fact.name), (*PLACE, *fact.labels)) for fact in FACTS.values()),
        "## Targets\n",
        _table([(UP, PLACE), (TARGET_INFO, (*PLACE, "name"))]),
        "## The exporter itself\n",
        OWN,
        _table(_own()),
    ]
    return "\n".join(parts)


def _families(metric: Metric) -> Iterator[Family]:
    """Yield the families of *metric* with dimensions."""
    if metric.kind is Kind.COUNT:
        yield catalogue.total_family(metric.name, dimensioned=True)
    if metric.kind is Kind.RATE:
        yield catalogue.held_family(metric.name, dimensioned=True)
    for statistic in metric.statistics:
        yield catalogue.statistic_family(metric.name, statistic, dimensioned=True)
    if metric.kind is not Kind.COUNT:
        yield catalogue.time_family(metric.name, dimensioned=True)


def _dimensions(metric: Metric) -> tuple[str, ...]:
    return ("ses_configuration_set",) if metric.account_level else ()


def _own() -> list[tuple[Family, Sequence[str]]]:
    """Return the self-metrics with the labels that their samples have."""
    registry = CollectorRegistry()
    telemetry = Telemetry(registry, price_per_thousand_metrics_dollars=0.01)
    telemetry.web_loaded(0.0)
    telemetry.bind("default", "us-east-1").clock_offset(0.0)
    rows = []
    for metric in registry.collect():
        if metric.name.startswith(catalogue.PREFIX):
            name = f"{metric.name}_total" if metric.type == "counter" else metric.name
            labels = [label for label in metric.samples[-1].labels if label != "le"]
            rows.append((Family(name, metric.type, metric.documentation), labels))
    return sorted(rows, key=lambda row: row[0].name)


def _table(rows: Iterable[tuple[Family, Sequence[str]]]) -> str:
    lines = ["| name | type | labels | what it is |", "|---|---|---|---|"]
    for family, labels in rows:
        lines.append(f"| `{family.name}` | {family.type} | {_names(labels)} | {family.help} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PATH.parent.mkdir(exist_ok=True)
    PATH.write_text(page(), encoding="utf-8")
