"""PromQL that the panels are made of.

Replicas serve the same values, so they are never summed: `max by (account_id, region)`, or `min` where 0 is the bad
value, so that a replica which holds an old answer hides nothing. A renamed instance is one more replica: it doubles
nothing, and in a window that holds the renaming, the larger part counts.

Counters step with the poll (300 s by default), so panels and queries over them have 5m as their interval. `increase`
over windows side by side loses the step that falls between the last sample of one and the first of the next, and polls
come at a fixed phase, so it would lose it in every window. So the counters of mail, which go on after a restart, are
counted as `growth`: what the greatest of the replicas is now, less what it was. The exporter's own counters start again
with the process: `increase` sees that, over `$__rate_interval`, which Grafana makes at least four times the interval of
the query: 20 minutes, four polls.

With All chosen, job and instance match everything in Prometheus: what others have too (`up`, `process_*`, `scrape_*`)
is joined with the build info, which only an exporter has.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

MOST = 20
"""Lines in one panel, at most: the worst of the time shown. The table has them all."""

PROCESS = 'job=~"$job", instance=~"$instance"'
ACCOUNT = f'{PROCESS}, account_id=~"$account", region=~"$region"'
TARGET = f'{PROCESS}, target=~"$target", region=~"$region"'
BY = "account_id, region"
AT_END = " @ end()"


@dataclass(frozen=True, slots=True)
class Each:
    """What one line is about: the labels that tell it from others, and *matchers* that choose its series.

    Where no labels are named, all do but those of the replica: the names of some dimensions AWS tells nobody.
    """

    by: str = ""
    matchers: str = ""

    @property
    def selector(self) -> str:
        """The matchers of its series, those of the chosen accounts and regions among them."""
        return ", ".join(filter(None, (ACCOUNT, self.matchers)))

    @property
    def grouping(self) -> str:
        """How replicas become one."""
        return f"by ({self.by})" if self.by else "without (job, instance)"

    @property
    def matching(self) -> str:
        """How two of it find each other."""
        return f" on ({self.by})" if self.by else ""


PLACES = Each(BY)
"""Accounts in their regions."""
SETS = Each(f"{BY}, ses_configuration_set", 'ses_configuration_set!=""')
"""Configuration sets; the greatest of what is there by other dimensions besides."""
RULE_SETS = Each(f"{BY}, rule_set_name", 'rule_set_name!="", rule_name=""')
RULES = Each(f"{BY}, rule_name", 'rule_name!=""')
"""Receipt rules; of two sets that have a rule of one name, the greater."""
RECEIPTS = Each(f"{BY}, rule_set_name, rule_name")
"""Receipt rules and their sets, whichever of the two names they have."""
ANY = Each()
"""Whatever dimensions there are."""
OTHERS = Each(matchers='ses_configuration_set=""')
"""What has other dimensions than a configuration set."""


def fact(metric: str, of: Each = PLACES, *, worst: str = "max", at: str = "") -> str:
    """Return *metric* of each; *worst* of the replicas is `max` or `min`."""
    return f"{worst} {of.grouping} ({metric}{{{of.selector}}}{at})"


def growth(metric: str, window: str, before: str = "", of: Each = PLACES) -> str:
    """Return by how much the counter *metric* of each grew in *window*.

    *before* is what it was: then or, in a gap, at last. Without that there is no growth, so a counter that appears is
    not shown whole. Where it is less than half of that it began anew, at the turn of the year, and all of it is growth;
    a smaller fall is of a replica that was ahead and is gone.
    """
    now = fact(metric, of)
    before = before or f"{_then(metric, window, of)} or {_last_before(metric, window, of)}"
    return f"clamp_min({now} - (({before}) <= 2 * {now} or 0 * ({before})), 0)"


def of_day(metric: str, of: Each = PLACES) -> str:
    """Return by how much the counter *metric* grew in 24 hours, or since it was first seen if it is younger.

    On 1 January it is the growth since the year began.
    """
    first = f"min {of.grouping} (min_over_time({metric}{{{of.selector}}}[24h]))"
    return growth(metric, "24h", f"{_then(metric, '24h', of)} or {first}", of)


def _then(metric: str, window: str, of: Each) -> str:
    return fact(metric, of, at=f" offset {window}")


def _last_before(metric: str, window: str, of: Each) -> str:
    return f"max {of.grouping} (last_over_time({metric}{{{of.selector}}}[1d] offset {window}))"


def share(metric: str, sent: str = "aws_ses_send_total", of: Each = PLACES) -> str:
    """Return the counter *metric* as a share of the mails *sent*, over 24 hours; absent where nothing was sent."""
    return f"{of_day(metric, of)} / ({of_day(sent, of)} > 0)"


def some(metric: str, window: str, at: str = "", of: Each = PLACES) -> str:
    """Return about by how much the counter *metric* grew in *window*: to rank by, or to know whether it moved."""
    return f"max {of.grouping} (increase({metric}{{{of.selector}}}[{window}]{at}))"


def most(metric: str, window: str = "$__range", of: Each = PLACES) -> str:
    """Return about by how much the counter *metric* grew until the end of the time shown: to rank by."""
    return some(metric, window, AT_END, of)


def greatest(metric: str, of: Each = PLACES) -> str:
    """Return the greatest value of *metric* in the time shown: to rank by, also if there is none at its end."""
    return f"max {of.grouping} (max_over_time({metric}{{{of.selector}}}[$__range]{AT_END}))"


def greatest_share(metric: str) -> str:
    """Return about the share of the last day, or else of the time shown, that has any: to rank by."""
    parts = (f"{most(metric, window)} / ({most('aws_ses_send_total', window)} > 0)" for window in ("1d", "$__range"))
    return " or ".join(parts)


def quota_used() -> str:
    """Return the share of the 24-hour quota that is used; 0 where the quota is +Inf."""
    return f"{fact('aws_ses_send_quota_used')} / ({fact('aws_ses_send_quota_max')} > 0)"


def most_quota_used() -> str:
    """Return the most that was used in the time shown, as a share of the greatest quota: to rank by."""
    return f"{greatest('aws_ses_send_quota_used')} / ({greatest('aws_ses_send_quota_max')} > 0)"


def not_healthy() -> str:
    """Return 0 for an account that AWS calls HEALTHY, 2 for one it shut down, 1 for one in any other state."""
    healthy, shut = (
        fact("aws_ses_enforcement_status", Each(BY, f'status="{status}"'), worst=worst)
        for status, worst in (("HEALTHY", "min"), ("SHUTDOWN", "max"))
    )
    return f"1 - {healthy} + {shut}"


def limited(expression: str, ranking: str, of: Each = PLACES, at_most: int = MOST) -> str:
    """Return *expression* of those that lead *ranking*, which is one for all the time shown."""
    return f"{expression} and{of.matching} topk({at_most}, {ranking})"


def danger() -> str:
    """Return what ranks accounts: 1 is AWS's line for a pause or a full quota, 2 an account that cannot send."""
    return _worst(
        {
            "bounces": f"{fact('aws_ses_reputation_bounce_rate')} / 0.10",
            "complaints": f"{fact('aws_ses_reputation_complaint_rate')} / 0.005",
            "quota": quota_used(),
            "review": not_healthy(),
            "paused": f"2 * (1 - {fact('aws_ses_sending_enabled', worst='min')})",
        },
        PLACES,
    )


def danger_of_sets() -> str:
    """Return what ranks configuration sets: 1 is AWS's line for a pause; of equal ones the one that sent more."""
    return _worst(
        {
            "bounces": f"{fact('aws_ses_dimension_reputation_bounce_rate', SETS)} / 0.10",
            "complaints": f"{fact('aws_ses_dimension_reputation_complaint_rate', SETS)} / 0.005",
            "mail": f"1e-12 * {fact('aws_ses_dimension_send_total', SETS)}",
        },
        SETS,
    )


def _worst(parts: Mapping[str, str], of: Each) -> str:
    labelled = (f'label_replace({part}, "of", "{name}", "", "")' for name, part in parts.items())
    return f"max by ({of.by}) ({' or '.join(labelled)})"


def own(metric: str, *, matchers: str = "", by: str = "target, region", worst: str = "max") -> str:
    """Return *metric* of the exporter itself, of each target and region."""
    selector = ", ".join(filter(None, (TARGET, matchers)))
    return f"{worst} by ({by}) ({metric}{{{selector}}})"


def own_count(metric: str, window: str, *, by: str = "", selector: str = TARGET) -> str:
    """Return by how much the exporter's counter *metric* grew in *window*, all instances added up: each did its own.

    What the process counts, and not a target, has the *selector* PROCESS.
    """
    grouped = f"sum by ({by})" if by else "sum"
    return f"{grouped} (increase({metric}{{{selector}}}[{window}]))"


def own_ranking(metric: str, function: str, *, by: str) -> str:
    """Return *function* of the exporter's *metric* over the time shown: to rank by, at its end too."""
    return f"sum by ({by}) ({function}({metric}{{{TARGET}}}[$__range]{AT_END}))"


def running(expression: str) -> str:
    """Return those series of *expression* that an exporter serves now."""
    return f"{expression} and on (job, instance) aws_ses_exporter_build_info{{{PROCESS}}}"


def known(expression: str) -> str:
    """Return those series of *expression* that are of an exporter, which may be down since a day at most."""
    return f"{expression} and on (job, instance) last_over_time(aws_ses_exporter_build_info{{{PROCESS}}}[1d])"


def not_answering() -> str:
    """Return how many targets (in a region) did not answer in full, and how many exporters do not.

    Targets are counted, not accounts: AWS may never have told the account. Those of accounts not chosen are left out.
    """
    polled = f'min by (target, region) (aws_ses_exporter_last_poll_successful{{{PROCESS}, region=~"$region"}})'
    others = f'max by ({BY}, name) (aws_ses_target_info{{{PROCESS}, account_id!~"$account", region=~"$region"}})'
    hidden = f'label_replace({others}, "target", "$1", "name", "(.+)")'
    down = f"max by (job, instance) (1 - ({known(f'up{{{PROCESS}}}')}))"
    return f"sum((1 - {polled} unless on (target, region) {hidden}) or {down})"
