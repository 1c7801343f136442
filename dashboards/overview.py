"""The overview: are we safe, and if not, where and why."""

from __future__ import annotations

from dashboards import accounts, dimensions, gauges, mail, quota, reputation, safety, sets, variables
from dashboards.board import OVERVIEW, Board


def board() -> Board:
    """Return the board."""
    return Board(
        uid=OVERVIEW,
        title="Amazon SES: are we safe?",
        description="Sending, reputation and quota of every Amazon SES account and region, by aws-ses-exporter.",
        variables=(
            variables.datasource(),
            variables.job(),
            variables.instance(),
            variables.account(),
            variables.region_of_account(),
        ),
        alerts=(
            'account_id=~"$account", region=~"$region"',
            'account_id="", category=~"data|exporter", region=~"$region|"',
        ),
        rows=(
            safety.row(),
            reputation.row(),
            mail.row(),
            reputation.shares(),
            quota.row(),
            accounts.row(),
            mail.rest(),
            accounts.facts(),
            sets.row(),
            dimensions.receiving(),
            dimensions.sending(),
            gauges.row(),
        ),
    )
