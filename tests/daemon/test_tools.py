from __future__ import annotations

import asyncio
import socket
import threading
from pathlib import Path
from typing import Any

import pytest
from aiohttp.abc import ResolveResult
from botocore.loaders import JSONFileLoader

from exporter.aws.models import USED
from exporter.aws.resolver import Resolver
from exporter.config.settings import AwsSettings, TargetSettings
from exporter.daemon.tools import real_tools
from tests.aws.helpers import Recorder
from tests.fakes.aws import FakeAws
from tests.loops import LIMIT_SECONDS


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDENVIRONMENT")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "planted-secret")


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
        release.wait()
        raise socket.gaierror(socket.EAI_AGAIN, "later")

    monkeypatch.setattr(Resolver, "resolve", noting)
    monkeypatch.setattr(socket, "getaddrinfo", slow)
    tools = real_tools()
    settings = AwsSettings(endpoint_url="http://slow.test")
    target = TargetSettings(regions=("us-east-1",), account_id="123456789012")
    try:
        for _ in range(2):
            resolving.clear()
            async with tools.open_aws(settings) as opened:
                clients = await opened.region(target, "us-east-1", Recorder())
                call = asyncio.create_task(clients.get_account())
                await asyncio.wait_for(resolving.wait(), LIMIT_SECONDS)
                with pytest.raises(TimeoutError):
                    await asyncio.wait_for(call, 0.3)
    finally:
        release.set()
    assert asked == ["slow.test"]


async def test_the_sdk_s_files_are_read_in_a_thread_by_the_first_call_and_not_again_after_a_reload(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read: list[tuple[str, bool]] = []
    load_file = JSONFileLoader.load_file

    def noting(self: JSONFileLoader, file_path: str) -> Any:
        found = load_file(self, file_path)
        if found is not None:
            read.append((Path(file_path).name, threading.current_thread() is threading.main_thread()))
        return found

    monkeypatch.setattr(JSONFileLoader, "load_file", noting)
    tools = real_tools()
    target = TargetSettings(regions=("us-east-1",))
    with FakeAws() as aws:
        for _ in range(2):
            async with tools.open_aws(AwsSettings(endpoint_url=aws.url)) as opened:
                clients = await opened.region(target, "us-east-1", Recorder())
                await clients.account_id()
                await clients.get_account()
    assert len([name for name, _ in read if name == "service-2"]) == len(USED)
    assert not any(on_the_loop for _, on_the_loop in read)
