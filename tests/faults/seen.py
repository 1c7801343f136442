"""What was seen of an exporter, in the world that jumps or in the real one: what the invariant is checked on."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from tests.fakes.aws import Request
from tests.faults.mail import Mail, Place
from tests.faults.prometheus import Prometheus, Samples

Failure = tuple[str, str]
"""A source and a reason."""

_FAILURES = re.compile(
    r'aws_ses_exporter_poll_failures_total\{reason="(\w+)",region="[^"]*",source="(\w+)",target="([^"]*)"\}'
)


@dataclass(frozen=True, slots=True)
class Strain:
    """What the process held at a scrape: tasks of its loop or, from outside, threads; open files; memory."""

    tasks: int
    descriptors: int
    resident_bytes: int


@dataclass(frozen=True, slots=True)
class Slack:
    """What a real process may differ by: *seconds* from a poll's clock to its first request, kept threads and files."""

    seconds: float = 0.0
    tasks: int = 0
    descriptors: int = 0


class Seen(Protocol):
    """Everything that was seen; moments are the world's unix seconds."""

    prometheus: Prometheus
    mails: dict[Place, Mail]
    sets: list[Mail]
    facts: dict[Place, list[Mapping[str, Any]]]
    strains: list[Strain]
    interval: int
    healed_at: float
    recovery_seconds: float
    slack: Slack

    @property
    def requests(self) -> Sequence[Request]:
        """What AWS was asked, in order."""
        ...


def failures(samples: Samples, place: Place) -> dict[Failure, float]:
    """Return how often each source of *place* failed for each reason."""
    found: dict[Failure, float] = {}
    for name, value in samples.items():
        match = _FAILURES.fullmatch(name)
        if match is not None and match[3] == place.target:
            found[match[2], match[1]] = value
    return found


def last_success(place: Place) -> str:
    """Return the sample that tells when the last good poll of the data of *place* ended."""
    labels = f'region="{place.region}",source="cloudwatch",target="{place.target}"'
    return f"aws_ses_exporter_last_success_timestamp_seconds{{{labels}}}"
