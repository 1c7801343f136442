"""What docs/runbook.md says, held against the rules, the page, Prometheus and AWS's own models.

That its links lead somewhere is held by test_documents.py, with all documents.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import botocore.session
import promql_parser as promql
import pytest
import yaml
from botocore import xform_name

from tests.alerts.promtool import failures
from tests.alerts.rulechecks import RUNBOOK, served_metrics
from tests.alerts.rulefiles import ALERTS, PEERS, Rule, asked, children, operations, read, recorded_labels
from tests.docs.test_documents import CODE, anchors
from tests.tools import require_tool

ROOT = ALERTS.parent
PATH = ROOT / "docs" / "runbook.md"
TEXT = PATH.read_text(encoding="utf-8")
PAGE = (ROOT / "tests" / "golden" / "metrics.txt").read_text(encoding="utf-8")
FILES = [ALERTS / "rules" / f"{name}.yml" for name in ("reputation", "account", "quota", "sending", "data", "exporter")]
RULES = [rule for file in (*FILES, *PEERS) for rule in read(file)]
ALERT_RULES = [rule for rule in RULES if rule.is_alert]
SECTIONS = dict(re.findall(r"^## (.*)\n((?:(?!## ).*\n)*)", TEXT, re.MULTILINE))
PARTS = (
    "**What it means.**",
    "**If nothing is done.**",
    "**What to look at.**",
    "**What to do first.**",
    "**How to know it is over.**",
)
AWS_LINES = {"5 %", "0.1 %", "10 %", "0.5 %"}
OF_PROMETHEUS = {"up": {"job", "instance"}, "ALERTS": {"alertname", "alertstate", "severity"}}
GLOBAL_OPTIONS = {"--region", "--profile", "--output", "--query"}
STEP = timedelta(minutes=5)
WORDS = {timedelta(hours=1): {"hour"}, timedelta(days=1): {"day"}, timedelta(days=7): {"week"}}


def fences(language: str) -> list[str]:
    return [text.strip() for text in re.findall(rf"^```{language}\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)]


QUERIES = sorted(set(fences("promql")))
COMMANDS = [line.removeprefix("$ ") for text in fences("console") for line in text.splitlines()]
AWS_COMMANDS = sorted({command for command in COMMANDS if command.startswith("aws ")})


def known_series() -> dict[str, set[str] | None]:
    """Return every series that a query may ask for, with its labels, None where they are not known."""
    scraped = {"job", "instance"}
    known: dict[str, set[str] | None] = {name: set(labels) | scraped for name, labels in served_metrics().items()}
    known |= OF_PROMETHEUS
    return known | {name: set(labels) if labels else None for name, labels in recorded_labels(RULES).items()}


def test_each_alert_has_a_section_and_each_section_an_alert() -> None:
    headings = re.findall(r"^## (.*)$", CODE.sub("", TEXT), re.MULTILINE)

    assert headings == list(dict.fromkeys(rule.name for rule in ALERT_RULES)), "in the order of the rule files"
    assert {file.name for file in FILES} == {file.name for file in (ALERTS / "rules").glob("*.yml")}


@pytest.mark.parametrize("rule", ALERT_RULES, ids=str)
def test_the_link_of_each_alert_leads_to_its_section(rule: Rule) -> None:
    page, _, anchor = rule.annotations["runbook_url"].partition("#")

    assert f"{page}#" == RUNBOOK
    assert anchor == rule.name.lower()
    assert anchor in anchors(PATH)


@pytest.mark.parametrize("name", SECTIONS)
def test_each_section_has_the_five_parts_in_order(name: str) -> None:
    found = re.findall(r"^\*\*.*?\*\*", SECTIONS[name], re.MULTILINE)
    bodies = re.split("|".join(map(re.escape, PARTS)), SECTIONS[name])[1:]

    assert tuple(found) == PARTS
    assert all(body.strip() for body in bodies)
    assert "```promql" in bodies[2], "what to look at is a query at least"
    assert bodies[3].strip().startswith("- "), "the first action comes first"


def test_a_line_has_one_sentence() -> None:
    lines = [line for line in CODE.sub("", TEXT).splitlines() if not line.startswith("|")]

    assert [line for line in lines if re.search(r"[a-z0-9`)*%][.!?] [A-Z`\[]", line)] == []


def durations(seconds: float) -> set[str]:
    """Return how the runbook may write a duration."""
    found = set()
    for unit, size in (("second", 1), ("minute", 60), ("hour", 3600), ("day", 86400)):
        if seconds % size == 0:
            count = int(seconds // size)
            found.add(f"{count} {unit}{'' if count == 1 else 's'}")
    return found


def percentage(number: float) -> str:
    return f"{round(number * 100, 6):g} %"


def thresholds(rule: Rule) -> set[float]:
    """Return the numbers that the rule compares with or multiplies by, but for 0, 1 and the 30 days of a month."""
    sides = (side for each in operations(promql.parse(rule.expr)) for side in (each.lhs, each.rhs))
    return {side.val for side in sides if isinstance(side, promql.NumberLiteral)} - {0.0, 1.0, 30.0}


def says(text: str, ways: set[str]) -> bool:
    return any(re.search(rf"(?<![\d.]){re.escape(way)}(?![\d.]*\d)", text) for way in ways)


@pytest.mark.parametrize("rule", ALERT_RULES, ids=str)
def test_each_section_names_the_numbers_of_its_rules(rule: Rule) -> None:
    text = CODE.sub("", SECTIONS[rule.name])
    for number in thresholds(rule):
        assert says(text, {percentage(number), f"{number:g}", *durations(number)}), number
    for key, wait in rule.waits.items():
        assert says(text, durations(promql.parse_duration(wait).total_seconds())), f"{key}: {wait}"
    for each in inside(promql.parse(rule.expr)):
        if isinstance(each, promql.MatrixSelector):
            assert says(text, durations(each.range.total_seconds()) | WORDS.get(each.range, set())), each


OPENS = r"opens after ([^.;]*?)(?: and |[.;])"
HAS_LASTED = r"(?<!goes on )\b[Ff]or (\d+ \w+)"
GOES_ON = r"(?:goes on for|ends) (\d+ \w+)"


def opening(section: str) -> list[str]:
    """Return how a section says when its alerts open: how long after it began, or how long it has lasted."""
    text = CODE.sub("", section)
    meaning, _, _ = text.partition(PARTS[1])
    return re.findall(OPENS, text) or re.findall(HAS_LASTED, meaning)


def waits(name: str, key: str) -> list[set[str]]:
    """Return the ways to write each wait that the alerts of this *name* have under *key*."""
    found = {rule.waits[key] for rule in ALERT_RULES if rule.name == name and key in rule.waits}
    return [durations(promql.parse_duration(wait).total_seconds()) for wait in sorted(found)]


@pytest.mark.parametrize("name", [name for name in SECTIONS if waits(name, "for")])
def test_a_section_says_when_its_alert_opens(name: str) -> None:
    said = opening(SECTIONS[name])

    assert [wait for wait in waits(name, "for") if not any(says(each, wait) for each in said)] == []


@pytest.mark.parametrize("name", [name for name in SECTIONS if re.search(OPENS, SECTIONS[name])])
def test_a_section_names_no_other_wait_where_it_says_that_its_alert_opens(name: str) -> None:
    said = set(re.findall(r"\d+ (?:second|minute|hour|day)s?", " ".join(opening(SECTIONS[name]))))

    assert said <= set().union(*waits(name, "for"))


@pytest.mark.parametrize("name", SECTIONS)
def test_a_section_says_how_long_its_alert_goes_on_and_no_other_time(name: str) -> None:
    said = set(re.findall(GOES_ON, CODE.sub("", SECTIONS[name])))
    wanted = waits(name, "keep_firing_for")

    assert [wait for wait in wanted if not wait & said] == []
    assert said <= set().union(*wanted)


def test_each_alert_that_a_longer_poll_interval_upsets_is_named_where_its_ranges_are() -> None:
    head = (ALERTS / "rules" / "quota.yml").read_text(encoding="utf-8").partition("\ngroups:")[0]
    advising = {name for name, text in SECTIONS.items() if re.search(r"raise `poll_interval_seconds`", text)}

    assert advising == {"AWSSESThrottled", "AWSSESCost"}
    assert all("over 300" in SECTIONS[name] and "(../alerts/rules/quota.yml)" in SECTIONS[name] for name in advising)
    for name, ranges in {"AWSSESQuotaExhaustion": {"1h", "20m"}, "AWSSESSendRateNearLimit": {"30m"}}.items():
        (rule,) = (rule for rule in ALERT_RULES if rule.name == name)
        assert name in head
        assert set(re.findall(r"\[(\w+)\]", rule.expr)) == ranges
        assert all(f"[{each}]" in head for each in ranges)


def test_each_section_names_the_alerts_that_silence_its_own() -> None:
    rules = yaml.safe_load((ALERTS / "alertmanager.example.yml").read_text(encoding="utf-8"))["inhibit_rules"]
    both = ("source_matchers", "target_matchers")
    sides = [[re.findall(r"AWSSES\w+", str(rule[side])) for side in both] for rule in rules]
    pairs = [(source, target) for some, targets in sides for target in targets for source in some]

    assert pairs
    assert [(one, other) for one, other in pairs if f"](#{one.lower()})" not in SECTIONS[other]] == []


@pytest.mark.parametrize("name", SECTIONS)
def test_each_percentage_is_one_of_the_rules_or_of_aws(name: str) -> None:
    numbers = {number for rule in ALERT_RULES if rule.name == name for number in thresholds(rule)}
    written = set(re.findall(r"[\d.]+ %", CODE.sub("", SECTIONS[name])))

    assert written <= AWS_LINES | {percentage(number) for number in numbers}


def inside(expr: promql.Expr) -> Iterator[promql.Expr]:
    yield expr
    for child in children(expr):
        yield from inside(child)


@pytest.mark.parametrize("query", QUERIES)
def test_each_query_asks_for_series_and_labels_that_exist(query: str) -> None:
    known = known_series()
    for each in inside(promql.parse(query)):
        names = {found.name for found in asked(each)}
        assert names <= set(known)
        assert not any(re.match("aws_ses_.*_(sum|average)$", name) for name in names), "the plain name is the rate"
        wanted = set(each.modifier.labels) if isinstance(each, promql.AggregateExpr) and each.modifier else set()
        if isinstance(each, promql.VectorSelector):
            wanted = {matcher.name for matcher in each.matchers.matchers}
        for name in names:
            labels = known[name]
            assert labels is None or wanted <= labels, name


@pytest.mark.parametrize("query", QUERIES)
def test_each_query_takes_a_counter_as_its_rate_over_four_polls(query: str) -> None:
    expr = promql.parse(query)
    ranges = [each for each in inside(expr) if isinstance(each, promql.MatrixSelector)]

    for each in asked(expr):
        if each.name.endswith("_total"):
            assert any(isinstance(one, promql.Call) and one.func.name in ("increase", "rate") for one in each.around)
    assert all(each.range >= timedelta(minutes=20) for each in ranges)


def input_series(names: set[str], age: timedelta) -> Iterator[Mapping[str, str]]:
    """Yield the page's series of *names* as Prometheus has them after *age*: counters grew, times are recent."""
    steps = age // STEP
    counters = set(re.findall(r"^# TYPE (\w+) counter", PAGE, re.MULTILINE))
    for name, labels, text in re.findall(r"^(\w+)(?:\{(.*)\})? (\S+)$", PAGE, re.MULTILINE):
        if name not in names:
            continue
        value = float(text)
        start, step = (0.0, value / steps) if name in counters else (value, 0.0)
        if name == "aws_ses_send_quota_used":
            step = 1.0
        if name.endswith(("_timestamp_seconds", "_start_time_seconds")) and value:
            start = age.total_seconds() - 600
        scraped = ",".join(filter(None, (labels, 'job="aws-ses",instance="127.0.0.1:9199"')))
        values = "Inf " * (steps + 1) if text == "+Inf" else f"{start!r}+{step!r}x{steps}"
        yield {"series": f"{name}{{{scraped}}}", "values": values}
    yield {"series": 'up{job="aws-ses",instance="127.0.0.1:9199"}', "values": f"1x{steps}"}


def needs_rules(query: str) -> bool:
    return any(each.is_recorded or each.name == "ALERTS" for each in asked(promql.parse(query)))


@pytest.mark.parametrize(
    ("rules", "age"),
    [([], timedelta(days=8)), (RULES, timedelta(hours=2))],
    ids=["of the page, with a week before", "of the rules"],
)
def test_each_query_gives_data_when_pasted(rules: list[Rule], age: timedelta, tmp_path: Path) -> None:
    """Prometheus's own engine runs them on the page with everything on it."""
    queries = [query for query in QUERIES if needs_rules(query) == bool(rules)]
    used = {each.name for text in (*queries, *(rule.expr for rule in rules)) for each in asked(promql.parse(text))}
    test = {
        "interval": f"{STEP.seconds}s",
        "input_series": list(input_series(used, age)),
        "promql_expr_test": [
            {
                "expr": f"count({query}) > bool 0",
                "eval_time": f"{age.total_seconds():.0f}s",
                "exp_samples": [{"labels": "{}", "value": 1}],
            }
            for query in queries
        ],
    }
    files = sorted({str(rule.file) for rule in rules})
    file = tmp_path / "runbook.test.yml"
    file.write_text(json.dumps({"rule_files": files, "evaluation_interval": f"{STEP.seconds}s", "tests": [test]}))

    assert queries
    assert failures(require_tool("promtool", debian="prometheus"), file) == ""


@pytest.mark.parametrize("command", AWS_COMMANDS)
def test_each_aws_command_is_one_that_aws_has(command: str) -> None:
    words = shlex.split(re.sub(r"\$\(.*?\)", "2026-11-01T00:00:00Z", command))
    _, service, operation, *rest = words
    model: Any = botocore.session.get_session().get_service_model(service)
    (name,) = (each for each in model.operation_names if xform_name(each, "-") == operation)
    shape = model.operation_model(name).input_shape
    members = {f"--{xform_name(member, '-')}": member for member in (shape.members if shape else ())}
    given = Counter(
        word.replace("--no-", "--") if word.startswith("--no-") else word for word in rest if word[:2] == "--"
    )

    assert set(given) <= set(members) | GLOBAL_OPTIONS
    assert set(given.values()) <= {1}
    assert {members[option] for option in given if option in members} >= set(shape.required_members if shape else ())
    for option, value in pairwise([*rest, ""]):
        if option.startswith("--no-") and option not in members:
            assert shape.members[members[option.replace("--no-", "--")]].type_name == "boolean"
        if option in members:
            _value_fits(shape.members[members[option]], value)
    assert "--region" in given or service in ("iam", "sts"), "all else is of one region"


def _value_fits(shape: Any, value: str) -> None:
    shape = shape.member if shape.type_name == "list" else shape
    if shape.type_name == "boolean":
        assert not value or value.startswith("--")
    elif getattr(shape, "enum", None):
        assert value in shape.enum


def test_the_command_for_the_placeholders_replaces_them_all(tmp_path: Path) -> None:
    (command,) = (command for command in COMMANDS if command.startswith("sed "))
    for folder in ("alerts", "dashboards", "examples"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    subprocess.run(["bash", "-c", command], cwd=tmp_path, check=True, capture_output=True)
    replaced = "".join(file.read_text(encoding="utf-8") for file in (tmp_path / "alerts" / "rules").glob("*.yml"))

    assert "https://git.example.org/aws-ses-exporter/docs/runbook.md#awssescost" in replaced
    assert "https://grafana.example.org/d/aws-ses-exporter" in replaced
    for file in tmp_path.rglob("*.[yj]*"):
        text = file.read_text(encoding="utf-8")
        assert "https://example.com/aws-ses-exporter" not in text, file
        assert "http://localhost:3000" not in text, file
