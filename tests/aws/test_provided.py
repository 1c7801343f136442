"""Providers of credentials whose file, program or keys cannot be used: a matter of credentials, and never a bug."""

from __future__ import annotations

from pathlib import Path

import pytest
from botocore.credentials import ReadOnlyCredentials
from botocore.exceptions import CredentialRetrievalError

from exporter.aws.clients import Aws
from exporter.aws.provided import of_a_provider, usable
from exporter.config.settings import TargetSettings
from exporter.errors import CredentialsError
from tests.aws.helpers import ROLE, TARGET, Recorder, settings
from tests.fakes.aws import Body, FakeAws

MISSING = "chain: /no/such/place: No such file or directory"
UNREADABLE = r"chain: what is set for it or comes of it cannot be read \(\w+\)$"
EXPIRED = (
    """credential_process = echo '{"Version": 1, "AccessKeyId": "a", "SecretAccessKey": "planted","""
    """ "Expiration": "2001-01-01T00:00:00Z"}'"""
)
NO_KEY = "chain: a key is not all printable ASCII"


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("credential_process = /no/such/place", MISSING),
        (f"role_arn = {ROLE}\nweb_identity_token_file = /no/such/place", MISSING),
        ("credential_process = '/no/such/place --password planted'", MISSING),
        ("credential_process = echo planted", UNREADABLE),
        (f"credential_process = echo '{'[' * 5000}'", UNREADABLE),
        (EXPIRED, UNREADABLE),
        ("credential_process = sh -c 'planted", UNREADABLE),
        ("credential_process = echo '[]'", UNREADABLE),
        ("""credential_process = echo '{"Version": 1, "AccessKeyId": "a", "SecretAccessKey": 7}'""", NO_KEY),
    ],
)
async def test_what_a_profile_names_that_cannot_be_used_is_told_and_may_be_mended(
    aws: FakeAws, tmp_path: Path, line: str, text: str
) -> None:
    (tmp_path / "config").write_text(f"[profile p]\n{line}\n")
    async with Aws(settings(aws)) as opened:
        clients = await opened.region(TargetSettings(regions=("us-east-1",), profile="p"), "us-east-1", Recorder())
        with pytest.raises(CredentialsError, match=text) as caught:
            await clients.get_account()
        assert "planted" not in str(caught.value)
        (tmp_path / "config").write_text("[profile p]\naws_access_key_id = AKIDMENDED\naws_secret_access_key = x\n")
        await clients.get_account()
    assert aws.requests[-1].access_key == "AKIDMENDED"


@pytest.mark.parametrize("body", ["{}", "[]"])
async def test_a_container_s_agent_that_gives_no_keys(aws: FakeAws, monkeypatch: pytest.MonkeyPatch, body: str) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{aws.url}/keys")
    aws.fail(Body(body), operation="", times=None)
    async with Aws(settings(aws)) as opened:
        clients = await opened.region(TARGET, "us-east-1", Recorder())
        with pytest.raises(CredentialsError, match=UNREADABLE):
            await clients.get_account()


@pytest.mark.parametrize("name", ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"])
async def test_a_variable_that_ends_with_its_line(aws: FakeAws, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "planted\n")
    async with Aws(settings(aws)) as opened:
        clients = await opened.region(TARGET, "us-east-1", Recorder())
        with pytest.raises(CredentialsError, match=NO_KEY):
            await clients.get_account()
    assert not aws.requests


@pytest.mark.parametrize("key", [7, None, "é", "a\ud800", "a\tb"])
def test_keys_are_printable_ascii(key: str) -> None:
    good = ReadOnlyCredentials("a", "b", None)
    assert usable(good) is good
    with pytest.raises(CredentialRetrievalError):
        usable(good._replace(secret_key=key))


@pytest.mark.parametrize("error", [ConnectionResetError(104, "reset"), TimeoutError(), ZeroDivisionError()])
def test_what_is_of_the_network_or_a_bug_stays_what_it_is(error: Exception) -> None:
    with pytest.raises(type(error)), of_a_provider():
        raise error
