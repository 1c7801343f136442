"""The status page for people: one row per account, region and source, and why the last poll failed, in words."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256
from html import escape

from exporter import __version__
from exporter.errors import Reason

WORDS = {
    Reason.THROTTLED: "AWS asks to slow down",
    Reason.ACCESS_DENIED: "the credentials are good, but a permission is missing",
    Reason.CREDENTIALS: "no valid credentials, or the role cannot be assumed",
    Reason.TIMEOUT: "AWS did not answer in time",
    Reason.CONNECTION: "AWS cannot be reached",
    Reason.TLS: "the certificate of the other side is not to be trusted",
    Reason.INVALID_RESPONSE: "the answer is not what the API promises",
    Reason.CLOCK: "the clock of this machine is wrong",
    Reason.INTERNAL: "AWS reports a failure of its own",
    Reason.OTHER: "the request could not be served",
}

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 76rem; padding: 0 1rem; color: #222 }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem; border-bottom: 1px solid #ccc }
td.good { color: #17602c } td.failing, td.refused { color: #a3151f; font-weight: 600 } td.waiting { color: #666 }
a { margin-right: 1rem } code { font-size: 13px }
"""
STYLE_HASH = f"sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}"
"""What a content security policy calls the one style of the page."""
_HEADS = ("Target", "Account", "Region", "Source", "State", "Last success", "Last failure")


class State(StrEnum):
    """How the polls of one source stand; refused is one whose account and region another target serves."""

    WAITING = "waiting"
    GOOD = "good"
    FAILING = "failing"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Failure:
    """The last failed poll: *at* in unix seconds, *text* as the error said it."""

    reason: Reason
    text: str
    at: float


@dataclass(frozen=True, slots=True)
class Row:
    """One source of one target and region; *account_id* None while not known, moments None where there was none."""

    target: str
    account_id: str | None
    region: str
    source: str
    state: State
    last_success_at: float | None
    last_failure: Failure | None


def status_page(rows: Iterable[Row], *, telemetry_path: str, now: float) -> str:
    """Return the page as HTML that loads nothing from anywhere. *now* is unix seconds."""
    heads = "".join(f"<th>{head}</th>" for head in _HEADS)
    lines = "\n".join(_row(row, now) for row in rows)
    links = "".join(
        f'<a href="{escape(path)}">{escape(text)}</a>'
        for path, text in (
            (telemetry_path, "Metrics"),
            ("/config", "Configuration"),
            ("/-/healthy", "Healthy"),
            ("/-/ready", "Ready"),
        )
    )
    return f"""<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>aws-ses-exporter</title><style>{_STYLE}</style></head>
<body>
<h1>aws-ses-exporter</h1>
<p>Version {escape(__version__)}. Amazon SES of every configured account and region, for Prometheus.</p>
<p>{links}</p>
<table>
<tr>{heads}</tr>
{lines}
</table>
<p>Times are UTC; this page was made at {_moment(now)}.</p>
</body>
</html>
"""


def _row(row: Row, now: float) -> str:
    success = "never" if row.last_success_at is None else _since(row.last_success_at, now)
    cells = (row.target, row.account_id or "not known yet", row.region, row.source)
    return (
        "<tr>"
        + "".join(f"<td>{escape(cell)}</td>" for cell in cells)
        + f'<td class="{row.state}">{row.state}</td><td>{success}</td><td>{_failure(row.last_failure, now)}</td></tr>'
    )


def _failure(failure: Failure | None, now: float) -> str:
    if failure is None:
        return "none"
    return f"{_since(failure.at, now)}: {WORDS[failure.reason]}<br><code>{escape(failure.text)}</code>"


def _since(at: float, now: float) -> str:
    return f"{_moment(at)} ({max(0, now - at):.0f} s ago)"


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S")
