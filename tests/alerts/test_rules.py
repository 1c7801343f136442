"""The shipped rule files against what every rule has to be; each check is seen to fail on a broken example."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.alerts import rulechecks as checks
from tests.alerts.rulechecks import RuleSet, served_metrics
from tests.alerts.rulefiles import OWN, PEERS, read
from tests.tools import require_tool

Check = Callable[[RuleSet], list[str]]

FOR_OWN_ONLY: tuple[Check, ...] = (
    checks.no_metric_of_a_foreign_naming_scheme,
    checks.the_job_is_named_once,
)
FOR_ALL: tuple[Check, ...] = (
    checks.severity_and_category_are_known,
    checks.annotations_are_complete,
    checks.summaries_hold_no_templates,
    checks.templates_use_labels_that_are_there,
    checks.dashboards_fit_the_labels,
    checks.no_rule_stands_twice,
    checks.every_alert_has_a_comment,
    checks.every_expression_is_aggregated,
    checks.counters_have_long_ranges,
    checks.every_series_exists,
    checks.every_label_exists,
    checks.every_recorded_series_is_used,
    checks.every_alert_has_a_test,
)

UNUSED = """max by (account_id, region) (aws_ses_up)

      - record: account_region:aws_ses_up:min
        expr: min by (account_id, region) (aws_ses_up)
"""

BROKEN: tuple[tuple[Check, str, str], ...] = (
    (checks.severity_and_category_are_known, "severity: critical", "severity: page"),
    (checks.severity_and_category_are_known, "category: quota", "kind: quota"),
    (checks.annotations_are_complete, '          threshold: "60%"\n', ""),
    (checks.annotations_are_complete, "          summary: Mail is sent near the limit a second.\n", ""),
    (checks.annotations_are_complete, "tags: aws", "tags: ses"),
    (checks.annotations_are_complete, "#awssesquotausage", "#awssesquota"),
    (checks.annotations_are_complete, "https://example.com/", "https://www.example.com/"),
    (checks.summaries_hold_no_templates, "A target fails.", "Target {{ $labels.target }} fails."),
    (checks.templates_use_labels_that_are_there, "{{ $labels.source }}", "{{ $labels.reason }}"),
    (checks.templates_use_labels_that_are_there, "by (account_id, region) (aws_ses_s", "by (region) (aws_ses_s"),
    (checks.dashboards_fit_the_labels, "http://localhost:3000/", "http://grafana:3000/"),
    (checks.dashboards_fit_the_labels, "min by (instance) (", "min by (pod) ("),
    (checks.no_rule_stands_twice, "severity: critical", "severity: warning"),
    (
        checks.no_rule_stands_twice,
        "account_region:aws_ses_send:increase1h\n",
        "account_region:aws_ses_send:increase1d\n",
    ),
    (checks.every_alert_has_a_comment, "      # Longer than a restart or a roll-out takes.\n", ""),
    (checks.every_expression_is_aggregated, "max by (account_id, region) (aws_ses_send_total)", "aws_ses_send_total"),
    (checks.every_expression_is_aggregated, "max by (account_id, region) (aws_ses_up)", "max by (region) (aws_ses_up)"),
    (checks.every_expression_is_aggregated, "min by (instance) (", "min("),
    (checks.every_expression_is_aggregated, "and on (account_id, region) ALERTS", "and on (region) ALERTS"),
    (checks.counters_have_long_ranges, "total:max[30m]", "total:max[15m]"),
    (checks.counters_have_long_ranges, "rate(account", "irate(account"),
    (checks.every_series_exists, "(aws_ses_send_quota_used)", "(aws_ses_quota_used)"),
    (
        checks.every_series_exists,
        "record: account_region:aws_ses_send:increase1h",
        "record: account_region:sent:increase1h",
    ),
    (checks.every_series_exists, "aws_ses_dimension_reputation_bounce_rate{", "aws_ses_dimension_bounce_rate{"),
    (checks.every_label_exists, 'bounce_rate{ses_configuration_set!=""}', 'bounce_rate{configuration_set!=""}'),
    (checks.every_label_exists, "(account_id, region, ses_configuration_set) (", "(account_id, region, set) ("),
    (checks.every_label_exists, "max by (account_id, region) (aws_ses_up)", "max by (account, region) (aws_ses_up)"),
    (checks.every_recorded_series_is_used, "max by (account_id, region) (aws_ses_up)", UNUSED),
    (checks.every_alert_has_a_test, "alert: AWSSESQuotaUsage", "alert: AWSSESQuota"),
    (checks.no_metric_of_a_foreign_naming_scheme, "(aws_ses_send_total)", "(aws_ses_send_sum)"),
    (checks.the_job_is_named_once, 'up{job="aws-ses"}', 'up{job="ses"}'),
    (checks.the_job_is_named_once, 'up{job="aws-ses"}', 'up{job=~"aws-ses"}'),
    (checks.the_job_is_named_once, "(aws_ses_up)", '(aws_ses_up{job="aws-ses"})'),
)


def shipped(*files: Path) -> RuleSet:
    return RuleSet.of({file: read(file) for file in files}, served_metrics())


@pytest.fixture(scope="module")
def own() -> RuleSet:
    return shipped(*OWN)


@pytest.fixture(scope="module")
def peers() -> RuleSet:
    rules = shipped(*PEERS)
    of_sets = {"ses_configuration_set", "dimension_ses_configuration_set"}
    theirs = {
        f"aws_ses_reputation_{rate}_rate_{statistic}": frozenset({"account_id", "region", *of_sets})
        for rate in ("bounce", "complaint")
        for statistic in ("average", "sum")
    }
    return RuleSet.of(rules.files, theirs)


def sentence(value: object) -> str | None:
    return str(getattr(value, "__name__", "")).replace("_", " ") if callable(value) else None


@pytest.mark.parametrize("check", [*FOR_ALL, *FOR_OWN_ONLY], ids=sentence)
def test_of_our_own_rules(own: RuleSet, check: Check) -> None:
    assert check(own) == []


@pytest.mark.parametrize("check", FOR_ALL, ids=sentence)
def test_of_the_rules_for_the_peers(peers: RuleSet, check: Check) -> None:
    assert check(peers) == []


@pytest.mark.parametrize(("check", "good", "bad"), BROKEN, ids=sentence)
def test_a_broken_rule_is_found_by(own: RuleSet, check: Check, good: str, bad: str) -> None:
    assert set(check(own.broken(good, bad))) - set(check(own))


def test_every_check_is_seen_to_fail() -> None:
    assert {check for check, _, _ in BROKEN} == {*FOR_ALL, *FOR_OWN_ONLY}


def test_the_rules_for_the_peers_say_the_same_as_our_own(own: RuleSet, peers: RuleSet) -> None:
    def said(rules: RuleSet) -> dict[tuple[str, str], dict[str, str]]:
        # The description differs: cloudwatch_exporter does not know the account.
        return {(rule.name, rule.severity): {**rule.annotations, "description": ""} for rule in rules.alerts}

    assert len(peers.alerts) == 4
    assert said(peers) == {key: said(own)[key] for key in said(peers)}


def test_promtool_finds_no_fault() -> None:
    command = [require_tool("promtool", debian="prometheus"), "check", "rules", *map(str, (*OWN, *PEERS))]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stdout.count("SUCCESS") == len((*OWN, *PEERS))
    assert "FAILED" not in ran.stdout + ran.stderr
