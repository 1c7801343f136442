from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from exporter.aws.clients import Aws
from exporter.errors import Reason, TlsError
from tests.aws.helpers import TARGET, Recorder, metric_data, settings
from tests.fakes.aws import FakeAws


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("AWS_CA_BUNDLE", str(tmp_path / "ca.pem"))
    return authority


def serving(authority: trustme.CA, host: str) -> Iterator[FakeAws]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(host).configure_cert(context)
    with FakeAws(tls=context) as fake:
        yield fake


@pytest.fixture
def right(authority: trustme.CA) -> Iterator[FakeAws]:
    yield from serving(authority, "127.0.0.1")


@pytest.fixture
def wrong(authority: trustme.CA) -> Iterator[FakeAws]:
    yield from serving(authority, "monitoring.us-east-1.amazonaws.com")


async def test_the_certificate_of_the_host_is_accepted(right: FakeAws) -> None:
    async with Aws(settings(right)) as opened:
        clients = await opened.region(TARGET, "us-east-1", Recorder())
        await clients.get_account()
        assert await clients.account_id() == "123456789012"


async def test_the_certificate_of_another_host_is_refused(wrong: FakeAws) -> None:
    recorder = Recorder()
    async with Aws(settings(wrong)) as opened:
        clients = await opened.region(TARGET, "us-east-1", recorder)
        with pytest.raises(TlsError, match=r"certificate is refused: .*certificate is not valid for '127\.0\.0\.1'"):
            await clients.get_metric_data(**metric_data("Send"))
        with pytest.raises(TlsError):
            await clients.account_id()
    assert recorder.failures == [("GetMetricData", Reason.TLS), ("GetCallerIdentity", Reason.TLS)]
    assert wrong.requests == []


async def test_an_unknown_authority_is_refused(right: FakeAws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_CA_BUNDLE")
    async with Aws(settings(right)) as opened:
        with pytest.raises(TlsError, match="certificate"):
            await (await opened.region(TARGET, "us-east-1", Recorder())).get_account()
    assert right.requests == []


async def test_authorities_may_come_as_for_requests_or_from_a_profile(
    right: FakeAws, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("AWS_CA_BUNDLE")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "ca.pem"))
    async with Aws(settings(right)) as opened:
        await (await opened.region(TARGET, "us-east-1", Recorder())).get_account()
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    (tmp_path / "config").write_text(f"[default]\nca_bundle = {tmp_path / 'ca.pem'}\n")
    async with Aws(settings(right)) as opened:
        await (await opened.region(TARGET, "us-east-1", Recorder())).get_account()


async def test_all_clients_share_one_context(right: FakeAws, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    real = ssl.SSLContext.load_verify_locations

    def counted(self: ssl.SSLContext, *args: str | None) -> None:
        made.append(self)
        real(self, *args)

    monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", counted)
    async with Aws(settings(right)) as opened:
        for region in ("us-east-1", "eu-west-1", "us-west-2"):
            clients = await opened.region(TARGET, region, Recorder())
            await clients.get_account()
            await clients.get_metric_data(**metric_data("Send"))
            await clients.account_id()
    assert len(made) == 1
