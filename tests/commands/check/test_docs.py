from __future__ import annotations

import json
import re
import shlex

import pytest

from exporter.commands.check.counters import COUNTERS, STATE_COUNTERS
from exporter.commands.check.flags import FLAGS, IGNORED, REFUSED
from exporter.commands.check.options import PERIOD_SECONDS, TIMEFRAME_SECONDS, TIMEOUT_SECONDS
from tests.commands.check.world import ROOT, Say, minute
from tests.fakes.aws import FakeAws, FakeCloudWatch

PAGE = (ROOT / "docs" / "check.md").read_text()
FENCES = re.findall(r"^```(\w*)\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
COMMANDS = {name: text for name, text in FENCES if name in {"cfg", "icinga2", ""}}
EXAMPLES = [text.removeprefix("$ ").split("\n", 1) for name, text in FENCES if name == "console"]
DATA = {
    "Send": (43, 46),
    "Delivery": (40, 43),
    "Reputation.BounceRate": (0.0612, 0.07),
    "Reputation.ComplaintRate": (0.0004, 0.0003),
}
NOT_OURS = {"change-exit"}


def test_every_option_is_in_a_table_and_no_other() -> None:
    tables = "\n".join(line for line in PAGE.splitlines() if line.startswith("|"))
    listed = set(re.findall(r"`--([a-z-]+)`", tables)) - {flag.key for flag in REFUSED}
    assert listed - NOT_OURS == {name for flag in FLAGS for name in flag.names} | {"help"}
    assert {f"{level}-{each.label}" for each in (*COUNTERS, *STATE_COUNTERS) for level in ("warning", "critical")} <= (
        listed
    )


def test_no_other_option_is_named_anywhere() -> None:
    named = set(re.findall(r"(?<![\w-])--([a-z][a-z-]*[a-z])", PAGE)) - NOT_OURS - {"help", "unknown-emails"}
    assert named <= {name for flag in (*FLAGS, *IGNORED, *REFUSED) for name in flag.names}


def test_what_is_taken_and_does_nothing_is_named() -> None:
    for flag in IGNORED:
        assert f"`--{'unknown-emails-*' if flag.key.startswith('unknown-') else flag.key}`" in PAGE


def test_the_defaults_are_those_of_the_code() -> None:
    for text in (f"default {TIMEFRAME_SECONDS},", f"default {PERIOD_SECONDS};", f"default {TIMEOUT_SECONDS:.0f} "):
        assert text in PAGE


@pytest.mark.parametrize(("command", "output"), EXAMPLES, ids=range(len(EXAMPLES)))
def test_an_example_says_what_the_command_says(command: str, output: str, aws: FakeAws, say: Say) -> None:
    _recent(aws)
    program, name, *arguments = shlex.split(command)
    code, text = say(*arguments)
    assert (program, name, text) == ("aws-ses-exporter", "check", output)
    assert ["OK", "WARNING"][code] == text.partition(":")[0]


def test_the_command_lines_to_paste_work(aws: FakeAws, say: Say) -> None:
    _recent(aws)
    (nagios,) = re.findall(r"command_line +(.*)", COMMANDS["cfg"])
    values = {"ARG1": "eu-west-1", "_HOSTAWSREGION": "eu-west-1", "_SERVICECRITICALBOUNCE": "0.1"}
    said = []
    for line in (nagios, COMMANDS[""].strip()):
        _, name, *arguments = shlex.split(re.sub(r"\$(\w+)\$", lambda macro: values.get(macro[1], ""), line))
        assert name == "check"
        said.append(say(*arguments))
    assert [(code, text.partition(" | ")[0]) for code, text in said] == [
        (1, "WARNING: 'SES' Newest bounce rate: 0.0612 (3 minutes ago)"),
        (0, "OK: 'SES' Newest bounce rate: 0.0612 (3 minutes ago)"),
    ]


def test_the_options_of_icinga_work(aws: FakeAws, say: Say) -> None:
    _recent(aws)
    text = COMMANDS["icinga2"]
    defaults = dict(re.findall(r'vars\.(\w+) = "(.*)"', text)) | {"ses_region": "eu-west-1"}
    asked = re.findall(r'"--([a-z-]+)" = .*"\$(\w+)\$"', text)
    assert len(asked) == text.count('"--')
    assert set(defaults) <= {macro for _, macro in asked}
    arguments = [part for name, macro in asked if macro in defaults for part in (f"--{name}", defaults[macro])]
    code, said = say(*arguments)
    assert (code, said.partition(" | ")[0]) == (1, "WARNING: 'SES' Newest bounce rate: 0.0612 (3 minutes ago)")


def test_the_policy_allows_what_is_called_and_nothing_else(aws: FakeAws, say: Say) -> None:
    say("--region=eu-west-1", "--warning-bounce=1", "--warning-quota=1")
    (policy,) = (json.loads(text) for name, text in FENCES if name == "json")
    allowed = {action.partition(":")[2] for statement in policy["Statement"] for action in statement["Action"]}
    assert {request.operation for request in aws.requests} == allowed


def test_a_line_has_one_sentence() -> None:
    lines = [line for line in re.sub(r"```.*?```", "", PAGE, flags=re.DOTALL).splitlines() if line[:1] != "|"]
    assert [line for line in lines if re.search(r"[a-z0-9`)*][.!?] [A-Z`\[]", line)] == []


def _recent(aws: FakeAws) -> None:
    """Put in what the examples show, and nothing else."""
    aws.cloudwatch = FakeCloudWatch()
    for metric, values in DATA.items():
        for number, value in enumerate(values):
            aws.put(metric, minute(3 * (number + 1)), value, region="eu-west-1")
