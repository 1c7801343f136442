"""The lines of the page that matter most, each group with a sentence that says what it is."""

from __future__ import annotations

import re
from datetime import UTC, datetime

GROUPS: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (("Did AWS answer every question of the last poll? 1 is yes.",), ("aws_ses_up",)),
    (
        (
            "Mails sent and bounced this year (UTC), each counted once, whatever the scrape interval and however often",
            "the exporter starts. A minute is counted five minutes after its end. Made for increase() and rate().",
        ),
        ("aws_ses_send_total", "aws_ses_bounce_total"),
    ),
    (("Mails sent in the newest five minutes that have settled: 0 between two bursts.",), ("aws_ses_send_sum",)),
    (
        (
            "The bounce rate that SES judges the account by, 0 to 1, and the time it is from. SES publishes it only",
            "while mail flows; between bursts, and in the region that is quiet for two days now, it is held.",
        ),
        ("aws_ses_reputation_bounce_rate", "aws_ses_reputation_bounce_rate_timestamp_seconds"),
    ),
    (("Mails that may be sent in 24 hours, and that were.",), ("aws_ses_send_quota_max", "aws_ses_send_quota_used")),
    (
        ("Where the account stands with SES: bounces of 14 % have put one region under review (PROBATION).",),
        ("aws_ses_enforcement_status",),
    ),
)

WHOLE = ("aws_ses_up", "aws_ses_send_total", "aws_ses_reputation_bounce_rate", "aws_ses_send_quota_max")
"""Families that a region has once each of its sources has answered."""

_TIME = "_timestamp_seconds"
_SAMPLE = re.compile(r"(?P<name>[a-zA-Z0-9_:]+)(\{.*\})? (?P<value>\S+)")


def excerpt(page: str) -> str:
    """Return what of *page* (the text format) is worth a look, explained; of states only the present one."""
    return "\n".join(
        "".join([*(f"# {line}\n" for line in text), *(f"{line}\n" for line in _samples(page, names))])
        for text, names in GROUPS
    )


def is_whole(page: str, regions: tuple[str, ...]) -> bool:
    """Return whether *page* has everything of each of *regions*."""
    return all(
        any(f'region="{region}"' in line for line in _samples(page, (name,))) for name in WHOLE for region in regions
    )


def _samples(page: str, names: tuple[str, ...]) -> list[str]:
    found = []
    for name in names:
        for line in page.splitlines():
            sample = _SAMPLE.fullmatch(line)
            if sample is None or sample["name"] != name or (name.endswith("_status") and float(sample["value"]) == 0):
                continue
            moment = f"  # {_moment(float(sample['value']))}" if name.endswith(_TIME) else ""
            found.append(f"{line}{moment}")
    return found


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")
