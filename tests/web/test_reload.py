from __future__ import annotations

import asyncio
from collections.abc import Iterator

from starlette.applications import Starlette
from starlette.types import Message

from exporter.errors import Problem, Refusal
from exporter.web.app import MAX_WAITING
from tests.loops import LIMIT_SECONDS, until
from tests.web.faces import Browse, World


async def test_a_reload_answers_200(world: World, browse: Browse) -> None:
    async with browse() as client:
        assert (await client.post("/-/reload")).status_code == 200
    assert world.reloads == 1


async def test_a_bad_configuration_answers_400_with_every_problem(world: World, browse: Browse) -> None:
    world.problems = (
        Problem("config.yaml", "unknown key", "tragets", line=3),
        Problem("environment", "not a number", "X", "y"),
    )
    async with browse() as client:
        answer = await client.post("/-/reload")
    assert answer.status_code == 400
    assert answer.text == "config.yaml:3: tragets: unknown key\nenvironment: X = y: not a number\n"
    assert world.reloads == 0


async def test_a_page_of_another_site_cannot_reload_with_a_password_that_a_browser_remembers(
    world: World, browse: Browse
) -> None:
    async with browse() as client:
        for headers in ({"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}):
            assert (await client.post("/-/reload", headers=headers)).status_code == 403
        assert world.reloads == 0
        own = {"origin": str(client.base_url).rstrip("/"), "sec-fetch-site": "same-origin"}
        assert (await client.post("/-/reload", headers=own)).status_code == 200
    assert world.reloads == 1


async def test_a_reload_that_cannot_be_done_now_answers_503(world: World, browse: Browse) -> None:
    world.stopping = True
    async with browse() as client:
        answer = await client.post("/-/reload")
    assert (answer.status_code, answer.text) == (503, "the exporter is stopping\n")


async def test_only_so_many_wait_for_a_reload_and_the_next_one_is_told_to_come_again(
    world: World, browse: Browse
) -> None:
    world.go_on.clear()
    async with browse() as client, asyncio.timeout(LIMIT_SECONDS):
        waiting = [asyncio.create_task(client.post("/-/reload")) for _ in range(MAX_WAITING)]
        await until(lambda: world.reloads == MAX_WAITING)
        answer = await client.post("/-/reload")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        assert (world.reloads, world.refused) == (MAX_WAITING, [Refusal.BUSY])
        world.go_on.set()
        assert [each.status_code for each in await asyncio.gather(*waiting)] == [200] * MAX_WAITING
        assert (await client.post("/-/reload")).status_code == 200


async def test_who_hangs_up_waits_for_a_reload_no_more_but_has_asked_for_it(world: World, app: Starlette) -> None:
    world.go_on.clear()
    scope = {"type": "http", "method": "POST", "path": "/-/reload", "query_string": b"", "headers": []}
    events: Iterator[Message] = iter(
        [{"type": "http.request", "body": b"x", "more_body": True}, {"type": "http.disconnect"}]
    )

    async def receive() -> Message:
        return next(events)

    async def send(_: Message) -> None:
        return None

    async with asyncio.timeout(LIMIT_SECONDS):
        await app(scope, receive, send)
    assert world.reloads == 1


async def test_a_reload_is_refused_where_it_is_not_enabled(world: World, browse: Browse) -> None:
    async with browse(lifecycle=False) as client:
        answer = await client.post("/-/reload")
        assert (await client.get("/-/reload")).status_code == 405
    assert answer.status_code == 403
    assert "--web.enable-lifecycle" in answer.text
    assert world.reloads == 0
