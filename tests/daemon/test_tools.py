from __future__ import annotations

import asyncio
import socket
import threading
from typing import Any

import pytest
from aiohttp.abc import ResolveResult

from exporter.aws.resolver import Resolver
from exporter.config.settings import AwsSettings, TargetSettings
from exporter.daemon.tools import real_tools
from tests.aws.helpers import Recorder


async def test_a_name_that_hangs_is_not_asked_for_again_after_a_reload(monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()
    resolving = asyncio.Event()
    asked: list[object] = []
    resolve = Resolver.resolve

    async def noting(*arguments: Any, **options: Any) -> list[ResolveResult]:
        resolving.set()
        return await resolve(*arguments, **options)

    def slow(host: str, *_: object, **__: object) -> object:
        asked.append(host)
        release.wait(20)
        raise socket.gaierror(socket.EAI_AGAIN, "later")

    monkeypatch.setattr(Resolver, "resolve", noting)
    monkeypatch.setattr(socket, "getaddrinfo", slow)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDENVIRONMENT")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "planted-secret")
    tools = real_tools()
    settings = AwsSettings(endpoint_url="http://slow.test")
    target = TargetSettings(regions=("us-east-1",), account_id="123456789012")
    try:
        for _ in range(2):
            resolving.clear()
            async with tools.open_aws(settings) as opened:
                clients = await opened.region(target, "us-east-1", Recorder())
                call = asyncio.create_task(clients.get_account())
                await asyncio.wait_for(resolving.wait(), 20)
                with pytest.raises(TimeoutError):
                    await asyncio.wait_for(call, 0.3)
    finally:
        release.set()
    assert asked == ["slow.test"]
