"""The command in this process, against a fake AWS that fails, and with secrets wherever they may stand."""

from __future__ import annotations

import logging
import math
import os
from typing import Any

import pytest

from exporter.commands import check as package
from exporter.commands.check.flags import FLAGS, Kind
from exporter.commands.check.options import PLAIN
from exporter.commands.check.read import told
from exporter.errors import OtherSourceError
from tests.commands.check.world import RECENT, REGION, ROLE, Say, minute
from tests.fakes.aws import (
    HTML,
    INTERNAL,
    THROTTLING,
    CutShort,
    Edited,
    Error,
    FakeAws,
    Fault,
    Reset,
    Stall,
    Truncated,
)

SECRET = "PLANTEDsecret/0123456789abcdefghijklmnopq"
FAULTS: dict[str, Fault] = {
    "denied": Error("AccessDeniedException", f"User x is not authorized: {SECRET} planted-external", 403),
    "throttled": THROTTLING,
    "internal": INTERNAL,
    "html": HTML,
    "truncated": Truncated(),
    "cut short": CutShort(),
    "reset": Reset(),
    "expired": Error("ExpiredTokenException", f"The security token {SECRET} is expired", 403),
    "signature": Error("SignatureDoesNotMatch", f"The canonical string is {SECRET}", 403),
    "invalid": Error("ValidationError", "planted-external AKIAPLANTEDKEY", 400),
    "stalled": Stall(),
}
OPERATIONS = ("GetMetricStatistics", "GetAccount", "AssumeRole")
HARMLESS = tuple(
    f"--{key}={SECRET}"
    for key in ("aws-access-key", "aws-secret-key", "aws-session-token", "external-id", "filter-perfdata")
)


@pytest.mark.parametrize(("kind", "operation"), [(kind, each) for kind in FAULTS for each in OPERATIONS])
def test_whatever_fails_is_one_line_and_3_and_tells_no_secret(
    kind: str, operation: str, aws: FakeAws, say: Say
) -> None:
    fault = FAULTS[kind]
    aws.fail(fault, operation=operation, times=None)
    secrets = {
        "aws-access-key": "AKIAPLANTEDKEY",
        "aws-secret-key": SECRET,
        "aws-session-token": "planted-token",
        "external-id": "planted-external",
        "proxyurl": f"{aws.url.replace('://', '://planted-user:planted-password@')}",
    }
    for seconds in (1, 10, 100) if isinstance(fault, Stall) else (100,):
        code, text = say(
            REGION,
            *RECENT,
            f"--role-arn={ROLE}",
            "--warning-quota=50",
            f"--timeout={seconds}",
            *(f"--{key}={value}" for key, value in secrets.items()),
        )
        assert (code, text[:9], text.count("\n"), text.count("|")) == (3, "UNKNOWN: ", 1, 0)
        assert [value for value in (*secrets.values(), "planted-password", "planted-user") if value in text] == []
        if aws.requests_of(operation):  # else the time was up before it was asked
            break
    assert aws.requests_of(operation)


NO_NUMBERS = (10**400, -(10**400), 1e16, -1.0, math.nan, True, "12", [1])
REPUTATION = ("--filter-counters=bounce", "--warning-bounce=5")


@pytest.mark.parametrize(
    ("value", "arguments"),
    [*((value, ()) for value in NO_NUMBERS), (10**400, REPUTATION)],
    ids=lambda value: repr(value)[:12],
)
def test_a_datapoint_that_is_no_number_of_mails_is_an_answer_that_cannot_be_read(
    value: object, arguments: tuple[str, ...], aws: FakeAws, say: Say
) -> None:
    def spoilt(answer: dict[str, Any]) -> dict[str, Any]:
        for point in answer["Datapoints"]:
            point.update(dict.fromkeys(set(point) - {"Timestamp", "Unit"}, value))
        return answer

    aws.fail(Edited(spoilt), operation="GetMetricStatistics", times=None)
    line = "UNKNOWN: Command error:  - GetMetricStatistics: a datapoint is not a number from 0 to 1e+15 \n"
    assert say(REGION, *RECENT, *arguments) == (3, line)


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize("flag", [flag for flag in FLAGS if flag.kind is not Kind.SWITCH], ids=lambda flag: flag.key)
def test_a_secret_as_the_value_of_an_option_is_not_repeated(flag: Any, say: Say) -> None:
    """Where it is valid it may be shown when all is well, as the name of what is checked: there is nothing then."""
    more = () if flag.key == "role-arn" else (f"--role-arn={ROLE}",)
    for argument in (f"--{flag.key}={SECRET}", f"--{flag.key}{SECRET}"):
        code, text = say(REGION, *RECENT, "--timeout=100", *more, argument)
        assert SECRET not in text
        assert code == 3 or argument.startswith(HARMLESS)
        assert text.count("\n") == 1


@pytest.mark.parametrize("argument", [SECRET, f"--{SECRET}", f"-{SECRET}", f"={SECRET}", f"--={SECRET}"])
def test_a_secret_where_an_option_should_be_is_not_repeated(argument: str, say: Say) -> None:
    for arguments in ((argument,), ("--", argument), ("--verbose", argument)):
        code, text = say(REGION, *arguments)
        assert (code, text.count("\n"), SECRET in text) == (3, 1, False)


@pytest.mark.parametrize("key", PLAIN)
def test_a_key_with_signs_that_cannot_be_in_it_is_refused_before_aws_is_asked(key: str, aws: FakeAws, say: Say) -> None:
    for value in ("no\nkey", "no\r\nX-Header: x", "nö", os.fsdecode(b"\xff\xfe"), "no\x00key"):
        assert say(REGION, f"--role-arn={ROLE}", f"--{key}={value}") == (
            3,
            f"UNKNOWN: Wrong --{key} option: it holds signs that cannot be in it. \n",
        )
    assert aws.requests == []


@pytest.mark.parametrize(
    ("operation", "permission", "arguments"),
    [
        ("GetMetricStatistics", "cloudwatch:GetMetricStatistics", ()),
        ("GetMetricStatistics", "cloudwatch:GetMetricStatistics", ("--filter-counters=bounce", "--warning-bounce=1")),
        ("GetAccount", "ses:GetAccount", ("--warning-quota=60",)),
        ("AssumeRole", "sts:AssumeRole", (f"--role-arn={ROLE}",)),
    ],
)
def test_the_permission_that_is_missing_is_named(
    operation: str, permission: str, arguments: tuple[str, ...], aws: FakeAws, say: Say
) -> None:
    who = "arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_ReadOnlyAccess_0123456789abcdef/someone@example.org"
    why = "because no identity-based policy allows the action"
    message = f"User: {who} is not authorized to perform: {permission} {why}"
    aws.fail(Error("AccessDenied", message, 403), operation=operation, times=None)
    code, text = say(REGION, *RECENT, *arguments)
    assert (code, text.count("\n")) == (3, 1)
    assert f"is not authorized to perform: {permission} " in text


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--region=Mars"], "Wrong --region option: it must be the name of a region, such as us-east-1."),
        ([REGION, "--role-arn=x"], ("Wrong --role-arn option: it must be the ARN of a role, such as "
         "arn:aws:iam::123456789012:role/ses-reader.")),
        ([REGION, "--endpoint-url=x"], ("Wrong --endpoint-url option: it must be an address such as "
         "http://127.0.0.1:5000, without user and password.")),
        ([REGION, "--proxyurl=http://"], ("Wrong --proxyurl option: it must be an address such as "
         "http://proxy:3128 or http://user:password@proxy:3128.")),
        ([REGION, f"--role-arn={ROLE}", "--external-id=x"], ("Wrong --external-id option: it must be "
         "text of 2 to 1224 characters, in quotes when all digits.")),
    ],
)  # fmt: skip
def test_what_the_sdk_could_not_use_is_refused_first(arguments: list[str], line: str, say: Say) -> None:
    assert say(*arguments) == (3, f"UNKNOWN: {line} \n")


def test_an_error_that_quotes_a_key_is_told_without_it() -> None:
    assert told(OtherSourceError(f"the name {SECRET} cannot be resolved")) == (
        "Command error:  - the name *** cannot be resolved"
    )


def test_without_credentials_it_is_unknown(aws: FakeAws, say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    assert say(REGION) == (3, "UNKNOWN: Command error:  - GetMetricStatistics: no credentials found \n")
    assert aws.requests == []


def test_a_bug_is_one_line_without_its_text(say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> Any:
        raise KeyError(SECRET)

    monkeypatch.setattr(package, "options_of", broken)
    code, text = say(REGION)
    assert (code, text.startswith("UNKNOWN: A bug of the plugin: KeyError in test_failures.py, line ")) == (3, True)
    assert SECRET not in text


def test_a_wrong_clock_is_one_line_and_no_log(aws: FakeAws, say: Say) -> None:
    before = list(logging.getLogger().handlers)
    aws.now = lambda: minute() - 1_000
    code, text = say(REGION)
    assert (code, "this machine's clock is" in text) == (3, True)
    assert logging.getLogger().handlers == before
