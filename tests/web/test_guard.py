from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from dataclasses import dataclass, field

import bcrypt
import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Message

from exporter.config.web.access import Rate, WebAccess
from exporter.errors import Refusal
from exporter.web.guard import Guard
from exporter.web.passwords import BusyError, Passwords

USERS = {"alice": bcrypt.hashpw(b"a:b", bcrypt.gensalt(4))}


@dataclass
class Gate:
    """A guarded page, asked without a socket."""

    access: WebAccess
    now: float = 0.0
    refusals: list[Refusal] = field(default_factory=list)

    def __post_init__(self) -> None:
        async def page(_: Request) -> Response:
            return PlainTextResponse("inside", headers={"x-frame-options": "deny"})

        guard = Guard(
            Starlette(routes=[Route("/", page)]),
            access=lambda: self.access,
            passwords=Passwords(secret=b"secret", aside=_at_once),
            monotonic=lambda: self.now,
            refused=self.refusals.append,
        )
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(guard), base_url="http://exporter")

    async def get(self, authorization: str | None = None, path: str = "/") -> httpx.Response:
        headers = {} if authorization is None else {"authorization": authorization}
        return await self.client.get(path, headers=headers)


async def _at_once(work: Callable[[], bool]) -> bool:
    return work()


def basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


async def test_without_a_web_configuration_everybody_comes_in() -> None:
    assert (await Gate(WebAccess()).get()).text == "inside"


async def test_with_users_a_password_is_needed_and_may_have_a_colon() -> None:
    gate = Gate(WebAccess(users=USERS))
    assert (await gate.get(basic("alice:a:b"))).text == "inside"
    assert (await gate.get(basic("alice:a:b").replace("Basic", "bASIC"))).text == "inside"
    for bad in (
        None,
        "",
        "Basic",
        "Basic x",
        "Digest x",
        basic("alice"),
        basic("alice:b"),
        basic("x:a:b"),
        "Basic /w==",
    ):
        answer = await gate.get(bad)
        assert (answer.status_code, "inside" in answer.text) == (401, False)
        assert answer.headers["www-authenticate"].startswith("Basic ")
    assert set(gate.refusals) == {Refusal.PASSWORD}


async def test_the_configuration_is_that_of_the_moment() -> None:
    gate = Gate(WebAccess())
    gate.access = WebAccess(users=USERS)
    assert (await gate.get()).status_code == 401
    gate.access = WebAccess()
    assert (await gate.get()).status_code == 200


async def test_headers_are_set_on_refusals_and_errors_and_replace_what_is_there() -> None:
    gate = Gate(WebAccess(users=USERS, headers=(("X-Frame-Options", "sameorigin"),)))
    for authorization, path, status in (
        (None, "/", 401),
        (basic("alice:a:b"), "/", 200),
        (basic("alice:a:b"), "/x", 404),
    ):
        answer = await gate.get(authorization, path)
        assert (answer.status_code, answer.headers.get_list("x-frame-options")) == (status, ["sameorigin"])


async def test_a_rate_lets_a_burst_through_and_then_one_in_each_interval() -> None:
    gate = Gate(WebAccess(rate=Rate(10.0, 2)))

    async def statuses(count: int) -> list[int]:
        return [(await gate.get()).status_code for _ in range(count)]

    assert await statuses(3) == [200, 200, 429]
    gate.now = 10.0
    assert await statuses(2) == [200, 429]
    gate.now = 1_000.0
    assert await statuses(3) == [200, 200, 429]
    gate.access = WebAccess(rate=Rate(10.0, 3))
    assert await statuses(4) == [200, 200, 200, 429]
    assert set(gate.refusals) == {Refusal.RATE}


async def test_when_too_many_passwords_wait_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    async def busy(*_: object, **__: object) -> bool:
        raise BusyError

    monkeypatch.setattr(Passwords, "is_right", busy)
    gate = Gate(WebAccess(users=USERS))
    answer = await gate.get(basic("alice:x"))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert (answer.headers["cache-control"], answer.headers["x-content-type-options"]) == ("no-store", "nosniff")
    assert gate.refusals == [Refusal.BUSY]


async def test_one_who_hangs_up_while_his_password_waits_is_not_checked() -> None:
    checked: list[bytes] = []
    go_on = asyncio.Event()

    async def held_up(work: Callable[[], bool]) -> bool:
        await go_on.wait()
        return work()

    def check(password: bytes, _: bytes) -> bool:
        checked.append(password)
        return False

    refusals: list[Refusal] = []
    guard = Guard(
        PlainTextResponse("inside"),
        access=lambda: WebAccess(users=USERS),
        passwords=Passwords(secret=b"secret", aside=held_up, check=check),
        monotonic=lambda: 0.0,
        refused=refusals.append,
    )

    async def ask(word: str, peer: str, *messages: str) -> None:
        said = iter(messages)

        async def receive() -> Message:
            kind = next(said, None)
            if kind is None:
                await asyncio.Event().wait()
            return {"type": kind or "", "body": b"x", "more_body": True}

        async def send(_: Message) -> None:
            return None

        headers = [(b"authorization", basic(f"alice:{word}").encode())]
        scope = {"type": "http", "method": "GET", "path": "/", "headers": headers, "client": (peer, 1)}
        await guard(scope, receive, send)

    first = asyncio.create_task(ask("first", "192.0.2.1"))
    await asyncio.sleep(0)
    gone = asyncio.create_task(ask("gone", "192.0.2.2", "http.request", "http.request", "http.disconnect"))
    stays = asyncio.create_task(ask("stays", "192.0.2.3", "http.request"))
    for _ in range(10):
        await asyncio.sleep(0)
    go_on.set()
    await asyncio.gather(first, gone, stays)
    assert checked == [b"first", b"stays"]
    assert refusals == [Refusal.PASSWORD] * 3
