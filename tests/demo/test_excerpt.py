from __future__ import annotations

import pytest

from exporter.demo.excerpt import WHOLE, excerpt, is_whole

LABELS = 'account_id="123456789012",region="{region}"'
PAGE = """\
# HELP aws_ses_up 1 when every enabled source answered.
# TYPE aws_ses_up gauge
aws_ses_up{account_id="123456789012",region="eu-west-1"} 1.0
aws_ses_up{account_id="123456789012",region="us-east-1"} 1.0
aws_ses_enforcement_status{account_id="123456789012",region="us-east-1",status="HEALTHY"} 0.0
aws_ses_enforcement_status{account_id="123456789012",region="us-east-1",status="PROBATION"} 1.0
aws_ses_reputation_bounce_rate_timestamp_seconds{region="us-east-1"} 1.7950032e+09
aws_ses_reputation_bounce_rate_sum{account_id="123456789012",region="us-east-1"} 0.14
process_open_fds 12.0
"""


def test_the_lines_that_matter_are_shown_and_no_others() -> None:
    shown = [line for line in excerpt(PAGE).splitlines() if line and not line.startswith("#")]

    assert shown == [
        'aws_ses_up{account_id="123456789012",region="eu-west-1"} 1.0',
        'aws_ses_up{account_id="123456789012",region="us-east-1"} 1.0',
        'aws_ses_reputation_bounce_rate_timestamp_seconds{region="us-east-1"} 1.7950032e+09  # 2026-11-18 12:00 UTC',
        'aws_ses_enforcement_status{account_id="123456789012",region="us-east-1",status="PROBATION"} 1.0',
    ]


def test_every_group_is_explained() -> None:
    groups = excerpt(PAGE).split("\n\n")

    assert len(groups) == 6
    assert all(group.startswith("# ") for group in groups)


@pytest.mark.parametrize("missing", WHOLE)
def test_a_page_is_whole_when_each_region_has_every_kind_of_data(missing: str) -> None:
    regions = ("us-east-1", "eu-west-1")
    page = [f"{name}{{{LABELS.format(region=region)}}} 1.0" for name in WHOLE for region in regions]
    without = [line for line in page if not (line.startswith(f"{missing}{{") and "us-east-1" in line)]

    assert is_whole("\n".join(page), regions)
    assert not is_whole("\n".join(without), regions)
    assert is_whole("\n".join(without), ("eu-west-1",))
