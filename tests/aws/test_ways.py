from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

import pytest

from exporter.aws import sessions
from exporter.aws.clients import Aws
from exporter.aws.ways import Way
from exporter.config.settings import TargetSettings
from exporter.errors import (
    AccessDeniedError,
    AwsInternalError,
    CredentialsError,
    InvalidResponseError,
    PollTimeoutError,
    Reason,
    ThrottledError,
)
from tests.aws.helpers import KEY_OF_ENVIRONMENT, ROLE, TARGET, Recorder, lose_patience, role, settings
from tests.fakes.aws import INTERNAL, THROTTLING, Body, Error, FakeAws, Role, Stall

T = TypeVar("T")


def operations(aws: FakeAws) -> list[str]:
    return [request.operation for request in aws.requests]


def test_targets_share_a_way_in_when_they_share_credentials() -> None:
    plain = TargetSettings(regions=("us-east-1",), session_name="whatever", external_id="unused")
    assert Way.of(plain) == Way.of(TARGET) == Way()
    assert Way.of(role(name="a")) == Way.of(role(name="b"))
    assert (
        len({Way.of(t) for t in (role(), role(external_id="xx"), role(session_name="xx"), role(profile="x"), TARGET)})
        == 5
    )
    assert "hidden" not in repr(Way.of(role(external_id="hidden")))


async def test_a_role_is_assumed_once_for_all_regions_with_its_external_id(aws: FakeAws) -> None:
    aws.roles[ROLE] = Role(external_id="sesame")
    target = role(external_id="sesame", session_name="session")
    async with Aws(settings(aws)) as opened:
        regions = [await opened.region(target, name, Recorder()) for name in ("us-east-1", "eu-west-1", "us-west-2")]
        await asyncio.gather(*(clients.get_account() for clients in regions))
    assert operations(aws).count("AssumeRole") == 1
    asked = aws.requests_of("AssumeRole")[0]
    assert asked.access_key == KEY_OF_ENVIRONMENT
    assert (asked.body["RoleSessionName"], asked.body["ExternalId"]) == ("session", "sesame")
    assert {request.account for request in aws.requests_of("GetAccount")} == {"210987654321"}


async def test_roles_of_one_profile_share_its_session_and_sign_with_keys_of_their_own(
    aws: FakeAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str | None] = []
    init = sessions.Session.__init__

    def noting(self: sessions.Session, profile: str | None, loader: sessions.LoaderFor) -> None:
        made.append(profile)
        init(self, profile, loader)

    monkeypatch.setattr(sessions.Session, "__init__", noting)
    accounts = [f"{number:012d}" for number in range(5)]
    async with Aws(settings(aws)) as opened:
        for account in (None, *accounts):
            target = role(role_arn=f"arn:aws:iam::{account}:role/reader") if account else TARGET
            await (await opened.region(target, "us-east-1", Recorder())).get_account()
    assert made == [None], "to make one takes 10 ms, and its chain of credentials is walked once"
    assert [request.account for request in aws.requests_of("GetAccount")] == ["123456789012", *accounts]
    assert {request.access_key for request in aws.requests_of("AssumeRole")} == {KEY_OF_ENVIRONMENT}


async def test_a_role_is_renewed_before_it_ends_and_old_keys_serve_while_it_cannot_be(aws: FakeAws) -> None:
    now = time.time()
    clock = [now]
    aws.now = lambda: clock[0]
    aws.roles[ROLE] = Role(lifetime_seconds=900)
    recorder = Recorder()
    async with Aws(settings(aws), clock=lambda: clock[0]) as opened:
        clients = await opened.region(role(), "us-east-1", recorder)
        seen = []
        for moment in (0, 590, 610, 1100):
            clock[0] = now + moment
            await clients.get_account()
            seen.append(operations(aws).count("AssumeRole"))
        assert seen == [1, 1, 2, 2]
        aws.fail(INTERNAL, operation="AssumeRole", times=None)
        for moment, tries in ((1220, 3), (1230, 3), (1285, 4), (1400, 5)):
            clock[0] = now + moment
            await clients.get_account()
            assert operations(aws).count("AssumeRole") == tries
        clock[0] = now + 1450
        with pytest.raises(AwsInternalError):
            await clients.get_account()
        aws.heal()
        await clients.get_account()
    assert {request.account for request in aws.requests_of("GetAccount")} == {"210987654321"}


async def test_a_role_that_cannot_be_assumed_is_a_matter_of_credentials(aws: FakeAws) -> None:
    aws.roles[ROLE] = Role(external_id="sesame")
    recorder = Recorder()
    async with Aws(settings(aws)) as opened:
        clients = await opened.region(role(external_id="other"), "us-east-1", recorder)
        with pytest.raises(CredentialsError, match="the role cannot be assumed: AssumeRole: AccessDenied"):
            await clients.get_account()
        aws.fail(Error("RegionDisabledException", status=403), operation="AssumeRole")
        with pytest.raises(CredentialsError, match="RegionDisabledException"):
            await clients.get_account()
        aws.fail(THROTTLING, operation="AssumeRole")
        with pytest.raises(ThrottledError):
            await clients.get_account()
    assert recorder.failures[:2] == [("AssumeRole", Reason.ACCESS_DENIED), ("GetAccount", Reason.CREDENTIALS)]
    assert recorder.requests == ["AssumeRole"] * 3


async def test_keys_that_aws_refuses_are_fetched_anew(aws: FakeAws, tmp_path: Path) -> None:
    async with Aws(settings(aws)) as opened:
        clients = await opened.region(role(), "us-east-1", Recorder())
        await clients.get_account()
        aws.fail(Error("ExpiredToken", status=403), operation="GetAccount")
        with pytest.raises(CredentialsError, match="GetAccount: ExpiredToken"):
            await clients.get_account()
        await clients.get_account()
    assert operations(aws).count("AssumeRole") == 2


async def test_a_profile_s_keys_are_read_and_read_again_when_refused(
    aws: FakeAws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    credentials = tmp_path / "credentials"
    credentials.write_text("[one]\naws_access_key_id = AKIDONE\naws_secret_access_key = x\n")
    async with Aws(settings(aws)) as opened:
        clients = await opened.region(TargetSettings(regions=("us-east-1",), profile="one"), "us-east-1", Recorder())
        await clients.get_account()
        credentials.write_text("[one]\naws_access_key_id = AKIDTWO\naws_secret_access_key = x\n")
        aws.fail(Error("InvalidClientTokenId", status=403))
        with pytest.raises(CredentialsError):
            await clients.get_account()
        await clients.get_account()
    assert [request.access_key for request in aws.requests] == ["AKIDONE", "AKIDONE", "AKIDTWO"]


async def test_a_role_can_be_assumed_from_a_profile(aws: FakeAws, tmp_path: Path) -> None:
    (tmp_path / "credentials").write_text("[one]\naws_access_key_id = AKIDONE\naws_secret_access_key = x\n")
    async with Aws(settings(aws)) as opened:
        await (await opened.region(role(profile="one"), "us-east-1", Recorder())).get_account()
    assert aws.requests_of("AssumeRole")[0].access_key == "AKIDONE"


async def test_a_profile_that_is_not_there_harms_nobody_else_and_may_come_later(aws: FakeAws, tmp_path: Path) -> None:
    async with Aws(settings(aws)) as opened:
        gone = await opened.region(TargetSettings(regions=("us-east-1",), profile="late"), "us-east-1", Recorder())
        good = await opened.region(TARGET, "us-east-1", Recorder())
        with pytest.raises(CredentialsError, match=r"ProfileNotFound.*late"):
            await gone.get_account()
        with pytest.raises(CredentialsError, match="ProfileNotFound"):
            await gone.account_id()
        await good.get_account()
        (tmp_path / "credentials").write_text("[late]\naws_access_key_id = AKIDLATE\naws_secret_access_key = x\n")
        await gone.get_account()


async def test_without_credentials_the_call_says_so_and_they_may_come_later(
    aws: FakeAws, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    recorder = Recorder()
    async with Aws(settings(aws)) as opened:
        clients = await opened.region(TARGET, "us-east-1", recorder)
        for call in (clients.get_account, clients.account_id):
            with pytest.raises(CredentialsError, match="no credentials found"):
                await call()
        assert aws.requests == []
        assert recorder.failures == [("GetAccount", Reason.CREDENTIALS), ("GetCallerIdentity", Reason.CREDENTIALS)]
        (tmp_path / "credentials").write_text("[default]\naws_access_key_id = AKIDLATE\naws_secret_access_key = x\n")
        await clients.get_account()


async def test_the_account_is_asked_until_it_is_told_once_for_a_way_in(aws: FakeAws) -> None:
    aws.fail(INTERNAL, operation="GetCallerIdentity", times=4)
    recorder = Recorder()
    async with Aws(settings(aws)) as opened:
        first, second = [await opened.region(TARGET, name, recorder) for name in ("us-east-1", "eu-west-1")]
        for _ in range(2):
            with pytest.raises(AwsInternalError):
                await first.account_id()
        assert await first.account_id() == await second.account_id() == "123456789012"
    assert operations(aws) == ["GetCallerIdentity"] * 5


async def test_sts_in_a_dead_region_is_asked_in_another_and_not_again(aws: FakeAws) -> None:
    aws.fail(Stall(), region="us-east-1", times=None)
    dead, living = Recorder(), Recorder()

    async def cut_once(call: Coroutine[Any, Any, T]) -> T:
        """Return what *call* returns, of which the first question is stalled."""
        asked, cut = len(aws.requests) + 1, len(dead.failures)
        calling = asyncio.create_task(call)
        await lose_patience(aws, lambda: len(dead.failures) > cut, asked=asked)
        return await calling

    async with Aws(settings(aws)) as opened:
        await opened.region(role(), "us-east-1", dead)
        clients = await opened.region(role(), "eu-west-1", living)
        await cut_once(clients.get_account())
        base = await opened.region(TARGET, "us-east-1", dead)
        with pytest.raises(PollTimeoutError):
            await cut_once(base.account_id())
        await opened.region(TARGET, "eu-west-1", living)
        assert await cut_once(base.account_id()) == "123456789012"
    assert dead.failures == [
        ("AssumeRole", Reason.TIMEOUT),
        ("GetCallerIdentity", Reason.TIMEOUT),
        ("GetCallerIdentity", Reason.TIMEOUT),
    ]
    assert living.failures == []


async def test_an_account_that_is_none_is_refused(aws: FakeAws) -> None:
    body = (
        '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>'
        "{}</GetCallerIdentityResult></GetCallerIdentityResponse>"
    )
    async with Aws(settings(aws)) as opened:
        clients = await opened.region(TARGET, "us-east-1", Recorder())
        for text in (body.format("<Account>12</Account>"), body.format(""), "<html>hello"):
            aws.fail(Body(text, "text/xml"))
            with pytest.raises(InvalidResponseError):
                await clients.account_id()
        aws.fail(Error("AccessDenied", status=403))
        with pytest.raises(AccessDeniedError):
            await clients.account_id()


async def test_a_profile_that_assumes_a_role_itself_works_through_the_sdk_s_chain(
    aws: FakeAws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", aws.url)
    (tmp_path / "credentials").write_text("[base]\naws_access_key_id = AKIDBASE\naws_secret_access_key = x\n")
    (tmp_path / "config").write_text(f"[profile chained]\nrole_arn = {ROLE}\nsource_profile = base\n")
    async with Aws(settings(aws)) as opened:
        clients = await opened.region(
            TargetSettings(regions=("us-east-1",), profile="chained"), "us-east-1", Recorder()
        )
        await clients.get_account()
        assert await clients.account_id() == "210987654321"
    assert operations(aws) == ["AssumeRole", "GetAccount", "GetCallerIdentity"]
    assert aws.requests[0].access_key == "AKIDBASE"


async def test_a_credential_process_s_words_are_not_repeated(aws: FakeAws, tmp_path: Path) -> None:
    (tmp_path / "config").write_text('[profile p]\ncredential_process = sh -c "echo planted >&2; exit 1"\n')
    async with Aws(settings(aws)) as opened:
        clients = await opened.region(TargetSettings(regions=("us-east-1",), profile="p"), "us-east-1", Recorder())
        with pytest.raises(CredentialsError, match="credentials cannot be had from custom-process"):
            await clients.get_account()
        (tmp_path / "keys").write_text('{"Version": 1, "AccessKeyId": "AKIDPROCESS", "SecretAccessKey": "x"}')
        (tmp_path / "config").write_text(f"[profile q]\ncredential_process = cat {tmp_path / 'keys'}\n")
    async with Aws(settings(aws)) as opened:
        clients = await opened.region(TargetSettings(regions=("us-east-1",), profile="q"), "us-east-1", Recorder())
        await clients.get_account()
    assert aws.requests[-1].access_key == "AKIDPROCESS"
