from __future__ import annotations

import asyncio
import socket
import threading

import pytest

from exporter.config.settings import AwsSettings, TargetSettings
from exporter.daemon.tools import real_tools
from tests.aws.helpers import Recorder


async def test_a_name_that_hangs_is_not_asked_for_again_after_a_reload(monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()
    asked: list[object] = []

    def slow(host: str, *_: object, **__: object) -> object:
        asked.append(host)
        release.wait(20)
        raise socket.gaierror(socket.EAI_AGAIN, "later")

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDENVIRONMENT")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "planted-secret")
    tools = real_tools()
    settings = AwsSettings(endpoint_url="http://slow.test")
    target = TargetSettings(regions=("us-east-1",), account_id="123456789012")
    try:
        for _ in range(2):
            async with tools.open_aws(settings) as opened:
                clients = await opened.region(target, "us-east-1", Recorder())
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.3):
                        await clients.get_account()
    finally:
        release.set()
    assert asked.count("slow.test") == 1
