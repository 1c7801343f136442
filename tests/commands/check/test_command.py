"""The command in this process, against a fake AWS over HTTP: what it says when all works."""

from __future__ import annotations

import os
import sys
import threading

import pytest

from exporter import cli
from tests.commands.check.world import NOBODY_LISTENS, RECENT, REGION, ROLE, Say, minute
from tests.fakes.aws import FACTS, FakeAws, Role


@pytest.mark.usefixtures("aws")
def test_both_severities_and_all_of_our_own(say: Say) -> None:
    code, text = say(
        REGION,
        *RECENT,
        "--warning-bounce=0.05",
        "--critical-bounce=0.1",
        "--warning-complaint=0.001",
        "--critical-complaint=0.005",
        "--warning-quota=2",
        "--critical-quota=80",
        "--critical-enforcement=SHUTDOWN",
        "--critical-sending=paused",
    )
    said, _, data = text.partition(" | ")
    assert (code, said) == (
        2,
        (
            "CRITICAL: 'SES' Newest bounce rate: 0.1432 (3 minutes ago), complaint rate: 0.0021 (3 minutes ago) "
            "WARNING: 'SES' Account quota use: 2.47 % (1234 of 50000 in 24 hours)"
        ),
    )
    assert data.endswith(
        "'SES~newest#ses.reputation.bounce.rate'=0.1432;0:0.05;0:0.1;0;1 "
        "'SES~newest#ses.reputation.complaint.rate'=0.0021;0:0.001;0:0.005;0;1 "
        "'SES#ses.quota.usage.percentage'=2.468%;0:2;0:80;0;100\n"
    )


def test_a_quiet_hour_is_not_unknown(aws: FakeAws, say: Say) -> None:
    aws.put("Reputation.BounceRate", minute(300), 0.03, region="eu-central-1")
    assert say("--region=eu-central-1", *RECENT, "--warning-bounce=0.05", "--output-ignore-perfdata") == (
        0,
        "OK: 'SES' Newest bounce rate: 0.0300 (5 hours ago) \n",
    )
    assert say("--region=eu-central-1", *RECENT, "--warning-complaint=0.05", "--output-ignore-perfdata") == (
        3,
        "UNKNOWN: 'SES' Newest complaint rate: no datapoint in 14 days \n",
    )
    assert say("--region=eu-central-1", *RECENT)[0] == 3


@pytest.mark.usefixtures("aws")
def test_a_configuration_set_has_its_own_values(say: Say) -> None:
    code, text = say(REGION, *RECENT, "--configuration-set=marketing", "--critical-bounce=0.01", "--verbose")
    assert (code, text) == (
        2,
        (
            "CRITICAL: 'marketing' Newest bounce rate: 0.0200 (3 minutes ago) "
            "| 'marketing~average#ses.emails.sent.count'=7;;;; 'marketing~average#ses.emails.rejected.rate'=0.02;;;; "
            "'marketing~newest#ses.reputation.bounce.rate'=0.02;;0:0.01;0;1\n"
            "SES 'marketing' \n"
            "    Statistic 'Average' Metrics number of sent emails: 7.00, rate of rejected sent emails: 0.02\n"
            "    Newest bounce rate: 0.0200 (3 minutes ago)\n"
        ),
    )


def test_paused_sending_and_review(aws: FakeAws, say: Say) -> None:
    aws.facts["123456789012", "eu-west-1"] = FACTS | {"SendingEnabled": False, "EnforcementStatus": "PROBATION"}
    thresholds = ("--critical-sending=paused", "--warning-enforcement=PROBATION")
    assert say(REGION, *thresholds, "--filter-counters=enforcement|sending") == (
        2,
        "CRITICAL: 'SES' Account enforcement status: PROBATION, sending state: paused \n",
    )


def test_a_role_is_assumed_with_its_external_id_and_the_keys_of_the_options(aws: FakeAws, say: Say) -> None:
    aws.access_keys["AKIDOFTHEOPTION"] = "111111111111"
    aws.roles[ROLE] = Role(external_id="externalsecret")
    aws.put("Send", minute(3), 5, account="210987654321", region="eu-west-1")
    keys = ("--aws-access-key=AKIDOFTHEOPTION", "--aws-secret-key=topsecretkey", f"--role-arn={ROLE}")
    before = dict(os.environ)
    code, text = say(REGION, *RECENT, *keys, "--external-id=externalsecret")
    assert (code, "number of sent emails: 5.00" in text) == (0, True)
    assert [each.access_key for each in aws.requests_of("AssumeRole")] == ["AKIDOFTHEOPTION"]
    assert say(REGION, *RECENT, *keys, "--external-id=othersecret") == (
        3,
        (
            "UNKNOWN: Command error:  - the role cannot be assumed: AssumeRole: AccessDenied: "
            f"not authorized to perform: sts:AssumeRole on resource: {ROLE} \n"
        ),
    )
    assert dict(os.environ) == before


def test_a_key_of_the_options_is_not_used_with_another_keys_token(
    aws: FakeAws, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SESSION_TOKEN", "of-another-key")
    aws.access_keys["AKIDOFTHEOPTION"] = "111111111111"
    aws.put("Send", minute(3), 5, account="111111111111", region="eu-west-1")
    code, text = say(REGION, *RECENT, "--aws-access-key=AKIDOFTHEOPTION", "--aws-secret-key=topsecretkey")
    assert (code, "number of sent emails: 5.00" in text) == (0, True)
    assert os.environ["AWS_SESSION_TOKEN"] == "of-another-key"


def test_the_proxy_is_used(aws: FakeAws, say: Say) -> None:
    proxy = aws.url.removeprefix("http://")
    assert say(REGION, *RECENT, "--endpoint-url=http://aws.invalid", f"--proxyurl={proxy}")[0] == 0
    assert say(REGION, *RECENT, "--endpoint-url=http://aws.invalid")[0] == 3


def test_the_endpoint_of_the_option_goes_before_that_of_the_environment(
    aws: FakeAws, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", NOBODY_LISTENS)
    assert say(REGION, *RECENT, f"--endpoint-url={aws.url}")[0] == 0


@pytest.mark.usefixtures("aws")
def test_it_works_in_a_thread_too(say: Say) -> None:
    codes: list[int] = []
    thread = threading.Thread(target=lambda: codes.append(say(REGION, *RECENT)[0]))
    thread.start()
    thread.join()
    assert codes == [0]


@pytest.mark.parametrize("arguments", [["--nonsense", "check"], ["--config.file=", "check"]])
def test_a_wrong_flag_before_the_command_is_unknown_too(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    code = cli.run(arguments)
    printed = capsys.readouterr()
    assert (code, printed.err) == (3, "")
    assert printed.out.startswith("UNKNOWN: ")


def test_unwritable_output_is_3(say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full:
        encoding = None

        def write(self, _: str) -> int:
            raise OSError(28, "No space left on device")

        def fileno(self) -> int:
            raise OSError

    monkeypatch.setattr(sys, "stdout", Full())
    assert cli.run(["check"]) == 3


def test_the_list_of_commands_names_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["--help"]) == 0
    assert "check         Check SES once as a plugin of Nagios, Icinga and" in capsys.readouterr().out
