from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from aiobotocore.credentials import AioCredentials, AioDeferredRefreshableCredentials
from botocore.credentials import ReadOnlyCredentials
from botocore.exceptions import CredentialRetrievalError, EndpointConnectionError

from exporter.aws.clients import Aws
from exporter.aws.credentials import ALONE_SECONDS, ChainCredentials, RoleCredentials, RoleKeys
from exporter.config.settings import TargetSettings
from exporter.errors import AwsInternalError, CredentialsError
from tests.aws.helpers import ROLE, TARGET, Recorder, role, settings
from tests.fakes.aws import INTERNAL, Error, FakeAws

REFUSED = Error("UnrecognizedClientException", status=403)
NOW = 1_800_000_000.0


class Sts:
    """Gives keys K1, K2 and so on, good for an hour."""

    def __init__(self) -> None:
        self.given = 0
        self.down = False
        self.now = NOW
        self.credentials = RoleCredentials(self.assume, lambda: self.now)

    async def assume(self) -> RoleKeys:
        if self.down:
            raise AwsInternalError("AssumeRole: ServiceUnavailable")
        self.given += 1
        keys = ReadOnlyCredentials(f"K{self.given}", f"secret{self.given}", f"token{self.given}")
        return RoleKeys(keys, self.now, self.now + 3600)

    async def key(self) -> str:
        return str((await self.credentials.get_frozen_credentials()).access_key)

    def refuse(self, key: str, region: str = "us-east-1") -> None:
        self.credentials.refused(key, region, self.now)


async def test_only_the_very_keys_that_were_refused_are_given_up() -> None:
    sts = Sts()
    sts.refuse("K1")
    assert await sts.key() == "K1"
    sts.refuse("K1")
    assert [await sts.key(), await sts.key()] == ["K2", "K2"]
    sts.refuse("K1")
    assert await sts.key() == "K2", "the refusal of keys that were renewed since came late"
    sts.refuse("")
    assert await sts.key() == "K2", "what was not signed tells nothing of keys"


async def test_keys_that_are_refused_where_they_were_good_or_everywhere_are_given_up_each_time() -> None:
    sts = Sts()
    for number in range(1, 5):
        assert await sts.key() == f"K{number}"
        sts.refuse(f"K{number}")
    await sts.key()
    sts.credentials.accepted("us-east-1")
    sts.credentials.accepted("eu-west-1")
    sts.refuse("K5")
    assert await sts.key() == "K6"
    sts.refuse("K6", "eu-west-1")
    assert await sts.key() == "K7"


async def test_keys_that_others_take_are_given_up_for_one_region_once_in_a_while() -> None:
    sts = Sts()
    await sts.key()
    sts.credentials.accepted("us-east-1")
    for after, key in ((0, "K2"), (60, "K2"), (ALONE_SECONDS - 1, "K2"), (ALONE_SECONDS, "K3"), (-3600, "K4")):
        sts.now = NOW + after
        sts.refuse(f"K{sts.given}", "me-south-1")
        assert await sts.key() == key


async def test_regions_that_took_keys_say_nothing_of_the_ones_after_them() -> None:
    sts = Sts()
    await sts.key()
    sts.credentials.accepted("us-east-1")
    sts.credentials.accepted("us-west-2")
    sts.refuse("K1")
    assert await sts.key() == "K2"
    sts.refuse("K2", "eu-west-1")
    assert await sts.key() == "K3", "nobody took these"


async def test_a_region_that_took_keys_at_last_counts_as_the_others_do() -> None:
    sts = Sts()
    await sts.key()
    sts.credentials.accepted("us-east-1")
    sts.refuse("K1", "me-south-1")
    assert await sts.key() == "K2"
    sts.credentials.accepted("us-east-1")
    sts.credentials.accepted("me-south-1")
    sts.refuse("K2")
    assert await sts.key() == "K3"
    sts.refuse("K3", "me-south-1")
    assert await sts.key() == "K4"


async def test_a_refusal_that_comes_while_others_are_fetched_is_of_the_keys_before() -> None:
    sts = Sts()
    await sts.key()
    sts.refuse("K1")
    renewal = asyncio.create_task(sts.key())
    await asyncio.sleep(0)
    sts.refuse("K1", "eu-west-1")
    assert [await renewal, await sts.key()] == ["K2", "K2"]


async def test_a_doubt_of_who_took_the_keys_lasts_until_they_could_be_looked_for() -> None:
    sts = Sts()
    await sts.key()
    sts.credentials.accepted("us-east-1")
    sts.credentials.accepted("us-west-2")
    sts.down = True
    for _ in range(2):
        sts.refuse("K1")
        assert await sts.key() == "K1"
    sts.down = False
    sts.refuse("K1")
    assert await sts.key() == "K2"


async def test_the_secrets_of_keys_are_known_until_they_were_renewed_twice() -> None:
    sts = Sts()
    for number in (1, 2, 3):
        assert await sts.key() == f"K{number}"
        assert await sts.key() == f"K{number}"
        known = {f"{secret}{each}" for secret in ("secret", "token") for each in (number, number - 1) if each}
        assert set(sts.credentials.secrets) == known
        sts.refuse(f"K{number}")
    assert "secret" not in repr(await sts.assume())


class Files:
    """What the SDK's chain finds: keys K1, as long as it finds anything."""

    def __init__(self) -> None:
        self.looked = 0
        self.gone = False
        self.deferred = False
        """Whether what is found has its keys still to fetch, from an STS that is down."""
        self.credentials = ChainCredentials(self.load)

    async def load(self) -> AioCredentials | AioDeferredRefreshableCredentials | None:
        self.looked += 1
        if self.deferred:
            return AioDeferredRefreshableCredentials(self.fetch, "assume-role-with-web-identity")
        return None if self.gone else AioCredentials("K1", "secret")

    async def fetch(self) -> dict[str, str]:
        raise EndpointConnectionError(endpoint_url="https://sts.invalid")

    async def looks(self) -> int:
        await self.credentials.get_frozen_credentials()
        return self.looked


async def test_keys_of_the_chain_are_looked_for_each_time_until_they_are_found_and_then_once_in_a_while() -> None:
    files = Files()
    assert await files.looks() == 1
    for region in ("us-east-1", "us-west-2"):
        files.credentials.accepted(region)
    files.gone = True
    for looks in (2, 3):
        files.credentials.refused("K1", "us-east-1", NOW)
        assert await files.looks() == looks
    files.gone = False
    files.credentials.refused("K1", "us-east-1", NOW)
    assert await files.looks() == 4
    files.credentials.accepted("us-west-2")
    files.credentials.refused("K1", "us-east-1", NOW + ALONE_SECONDS - 1)
    assert await files.looks() == 4, "they are the same, and others take them"


async def test_keys_of_the_chain_serve_the_others_while_new_ones_cannot_be_fetched() -> None:
    files = Files()
    keys = await files.credentials.get_frozen_credentials()
    files.credentials.accepted("us-east-1")
    files.deferred = True
    for look in (2, 3):
        files.credentials.refused("K1", "us-east-1", NOW)
        assert await files.credentials.get_frozen_credentials() == keys
        assert files.looked == look
    files.deferred = False
    files.credentials.refused("K1", "us-east-1", NOW)
    assert await files.looks() == 4


async def test_keys_that_one_region_refuses_serve_the_others_while_sts_is_down(aws: FakeAws) -> None:
    async with Aws(settings(aws)) as opened:
        good = await opened.region(role(), "us-east-1", Recorder())
        closed = await opened.region(role(), "me-south-1", Recorder())
        await good.get_account()
        aws.fail(REFUSED, region="me-south-1", times=None)
        aws.fail(INTERNAL, operation="AssumeRole", times=None)
        for _ in range(3):
            with pytest.raises(CredentialsError, match="GetAccount: UnrecognizedClientException"):
                await closed.get_account()
            await good.get_account()
        assert len(aws.requests_of("AssumeRole")) <= 3


async def test_a_role_is_assumed_in_another_region_where_the_first_one_is_not_enabled(aws: FakeAws) -> None:
    aws.fail(REFUSED, region="me-south-1", times=None)
    async with Aws(settings(aws)) as opened:
        await opened.region(role(), "me-south-1", Recorder())
        await (await opened.region(role(), "us-east-1", Recorder())).get_account()


async def test_keys_that_sts_refuses_are_read_anew_too(
    aws: FakeAws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    keys = "[default]\naws_access_key_id = {}\naws_secret_access_key = x\n"
    aws.revoked["AKIDONE"] = "InvalidClientTokenId"
    (tmp_path / "credentials").write_text(keys.format("AKIDONE"))
    async with Aws(settings(aws)) as opened:
        plain = await opened.region(TARGET, "us-east-1", Recorder())
        assumed = await opened.region(role(), "us-east-1", Recorder())
        for call in (plain.account_id, assumed.get_account):
            with pytest.raises(CredentialsError):
                await call()
        (tmp_path / "credentials").unlink()
        with pytest.raises(CredentialsError, match="InvalidClientTokenId"):
            await plain.account_id()
        (tmp_path / "credentials").write_text(keys.format("AKIDTWO"))
        assert await plain.account_id() == "123456789012"
        await assumed.get_account()


async def test_keys_that_may_not_assume_the_role_are_read_anew(
    aws: FakeAws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    keys = "[default]\naws_access_key_id = {}\naws_secret_access_key = x\n"
    aws.fail(Error("AccessDenied", status=403), operation="AssumeRole")
    async with Aws(settings(aws)) as opened:
        clients = await opened.region(role(), "us-east-1", Recorder())
        (tmp_path / "credentials").write_text(keys.format("AKIDONE"))
        with pytest.raises(CredentialsError, match="the role cannot be assumed"):
            await clients.get_account()
        (tmp_path / "credentials").write_text(keys.format("AKIDTWO"))
        await clients.get_account()
    assert [request.access_key for request in aws.requests_of("AssumeRole")] == ["AKIDONE", "AKIDTWO"]


async def test_what_the_chain_found_is_looked_up_anew_once_it_cannot_be_refreshed() -> None:
    class Found:
        def __init__(self, number: int) -> None:
            self.number = number

        async def get_frozen_credentials(self) -> ReadOnlyCredentials:
            if self.number == 1:
                raise CredentialRetrievalError(provider="iam-role", error_msg="no")
            return ReadOnlyCredentials(f"K{self.number}", "secret", None)

    async def load() -> Found:
        found.append(Found(len(found) + 1))
        return found[-1]

    found: list[Found] = []
    credentials = ChainCredentials(load)
    assert not credentials.secrets
    both = credentials.get_frozen_credentials(), credentials.get_frozen_credentials()
    for outcome in await asyncio.gather(*both, return_exceptions=True):
        assert isinstance(outcome, CredentialRetrievalError)
    assert (await credentials.get_frozen_credentials()).access_key == "K2"
    assert (await credentials.get_frozen_credentials()).access_key == "K2"
    assert credentials.secrets == ("secret", "")


async def test_the_whole_configuration_of_the_sdk_is_read_anew(
    aws: FakeAws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def process(key: str) -> str:
        printed = f'{{"Version": 1, "AccessKeyId": "{key}", "SecretAccessKey": "x"}}'
        (tmp_path / key).write_text(printed)
        return f"[profile chained]\ncredential_process = cat {tmp_path / key}\n"

    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", aws.url)
    (tmp_path / "credentials").write_text("[base]\naws_access_key_id = AKIDBASE\naws_secret_access_key = x\n")
    chained = f"[profile chained]\nrole_arn = {ROLE}\nsource_profile = base\n"
    async with Aws(settings(aws)) as opened:
        clients = await opened.region(
            TargetSettings(regions=("us-east-1",), profile="chained"), "us-east-1", Recorder()
        )
        seen = []
        for text in (process("AKIDONE"), process("AKIDTWO"), chained, chained):
            (tmp_path / "config").write_text(text)
            aws.fail(REFUSED, operation="GetAccount")
            with pytest.raises(CredentialsError):
                await clients.get_account()
            await clients.get_account()
            seen.append(aws.requests[-1].access_key)
    assert seen[:2] == ["AKIDONE", "AKIDTWO"]
    assert len({*seen[2:]}) == 2, "keys that the SDK's own chain got for a role are not the ones that were refused"
