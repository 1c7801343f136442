"""The exporter's own board: is it well, and if not, what stops it."""

from __future__ import annotations

from dashboards import polls, process, variables, web
from dashboards.board import EXPORTER, Board


def board() -> Board:
    """Return the board."""
    return Board(
        uid=EXPORTER,
        title="Amazon SES: the exporter",
        description="Polls, calls, cost and health of aws-ses-exporter itself.",
        variables=(
            variables.datasource(),
            variables.job(),
            variables.instance(),
            variables.account(),
            variables.target(),
            variables.region_of_target(),
        ),
        alerts=('category=~"data|exporter"',),
        rows=(
            process.row(),
            polls.row(),
            polls.calls(),
            polls.data(),
            polls.names(),
            web.row(),
            process.resources(),
            process.scrapes(),
        ),
    )
