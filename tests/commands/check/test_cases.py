"""What Centreon's plugin printed, against what the command prints, each case as a process and in this one."""

from __future__ import annotations

import re

import pytest

from tests.commands.check.world import CASES, NOBODY_LISTENS, Say, run
from tests.fakes.aws import Error, FakeAws


def in_one_order(text: str) -> list[str]:
    """The pieces of a text whose metrics stand in random order: the values of each line, and the performance data."""
    pieces = []
    for number, line in enumerate(text.splitlines(keepends=True)):
        said, bar, data = line.partition(" | ")
        head, metrics, values = said.partition(" Metrics ")
        end = re.search(r"\s*$", values)
        assert end is not None
        listed = sorted(values[: end.start()].split(", "))
        pieces += [f"{number} {head}{metrics}{bar}{end[0]!r}", *listed, *sorted(data.split())]
    return pieces


def prepared(name: str, aws: FakeAws) -> str:
    """Let the fake be what it was in the case, and return its address."""
    if name == "denied":
        aws.fail(Error("AccessDeniedException", "AccessDeniedException by the fake"), times=None)
    return NOBODY_LISTENS if name == "refused" else aws.url


@pytest.mark.parametrize("name", CASES)
def test_the_command_prints_what_centreons_plugin_printed(name: str, aws: FakeAws) -> None:
    case = CASES[name]
    done = run(*case["args"], AWS_ENDPOINT_URL=prepared(name, aws))
    assert in_one_order(done.stdout) == in_one_order(case["stdout"])
    assert (done.returncode, done.stderr) == (case["exit"], "")


@pytest.mark.parametrize("name", CASES)
def test_options_that_say_the_same_otherwise_change_nothing(
    name: str, aws: FakeAws, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As Centreon's templates write them: what the plugin is, and every macro, most of them empty; values apart."""
    case = CASES[name]
    monkeypatch.setenv("AWS_ENDPOINT_URL", prepared(name, aws))
    theirs = ("--plugin=cloud::aws::ses::plugin", "--mode=emails", "--custommode", "paws", "--use-new-perfdata")
    names = (
        "region", "proxyurl", "aws-secret-key", "aws-access-key", "aws-role-arn", "timeframe", "period", "statistic",
        "dimension", "filter-counters", "warning-emails-sent", "critical-emails-sent", "warning-emails-spam",
        "critical-emails-spam", "unknown-emails-sent", "timeout", "endpoint-url",
    )  # fmt: skip
    given = {argument.partition("=")[0] for argument in case["args"]}
    empty = [f"--{name}=" for name in names if f"--{name}" not in given]
    apart = [part for argument in case["args"] for part in argument.split("=", 1)]
    code, text = say(*theirs, *empty, *apart)
    assert (code, in_one_order(text)) == (case["exit"], in_one_order(case["stdout"]))


@pytest.mark.usefixtures("aws")
def test_where_the_order_is_ours_the_line_is_the_same_to_the_byte(say: Say) -> None:
    assert say(*CASES["plain"]["args"]) == (0, CASES["plain"]["stdout"])
