from __future__ import annotations

import asyncio
import gzip
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field

import httpx
import pytest
from starlette.applications import Starlette
from starlette.types import Message

from exporter.errors import ConfigError, ExporterError, Problem, Refusal
from exporter.web.app import MAX_WAITING, Faces, create_app
from exporter.web.metrics import OPENMETRICS, TEXT
from exporter.web.status import Row, State


@dataclass
class World:
    stuck: list[str] = field(default_factory=list)
    untried: list[str] = field(default_factory=list)
    problems: tuple[Problem, ...] = ()
    reloads: int = 0
    asked: list[tuple[bool, frozenset[str] | None]] = field(default_factory=list)
    broken: bool = False
    stopping: bool = False
    refused: list[Refusal] = field(default_factory=list)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.go_on.set()

    def kept(self, *, openmetrics: bool) -> bytes | None:
        return None

    def known_in_steps(self, *, openmetrics: bool, names: frozenset[str] | None) -> Generator[None, None, bytes]:
        if self.broken:
            raise RuntimeError("secret detail")
        self.asked.append((openmetrics, names))
        yield
        return b"aws_ses_"

    def own(self, *, openmetrics: bool, names: frozenset[str] | None) -> tuple[bytes, bytes]:
        assert self.asked[-1] == (openmetrics, names)
        return b"up ", b"1\n"

    async def reload(self) -> None:
        if self.stopping:
            raise ExporterError("the exporter is stopping")
        if self.problems:
            raise ConfigError(self.problems)
        self.reloads += 1
        await self.go_on.wait()

    async def config_text(self) -> bytes:
        return b"external_id: <secret>\n"

    def rows(self) -> list[Row]:
        return [Row("default", None, "eu-west-1", "account", State.WAITING, None, None)]


Open = Callable[..., httpx.AsyncClient]


@pytest.fixture
def world() -> World:
    return World()


def faces(world: World, *, lifecycle: bool = True) -> Faces:
    return Faces(
        page=world,
        rows=world.rows,
        unhealthy=lambda: world.stuck,
        missing=lambda: world.untried,
        config_text=world.config_text,
        reload=world.reload if lifecycle else None,
        refused=world.refused.append,
        clock=lambda: 1_767_225_600.0,
    )


@pytest.fixture
def app(world: World) -> Starlette:
    return create_app(faces(world), telemetry_path="/metrics")


@pytest.fixture
def browse(world: World) -> Open:
    def client(*, telemetry_path: str = "/metrics", lifecycle: bool = True) -> httpx.AsyncClient:
        app = create_app(faces(world, lifecycle=lifecycle), telemetry_path=telemetry_path)
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url="http://exporter")

    return client


async def test_metrics_are_text_unless_asked_otherwise(world: World, browse: Open) -> None:
    async with browse() as client:
        answer = await client.get("/metrics", headers={"accept-encoding": "identity"})
    assert (answer.status_code, answer.content) == (200, b"aws_ses_up 1\n")
    assert answer.headers["content-type"] == TEXT
    assert answer.headers["vary"] == "Accept, Accept-Encoding"
    assert (answer.headers["cache-control"], answer.headers["x-content-type-options"]) == ("no-store", "nosniff")
    assert answer.headers["content-length"] == "13"
    assert "content-encoding" not in answer.headers
    assert world.asked == [(False, None)]


async def test_metrics_are_openmetrics_when_asked_for(world: World, browse: Open) -> None:
    async with browse() as client:
        answer = await client.get("/metrics", headers={"accept": "application/openmetrics-text; version=1.0.0"})
    assert answer.headers["content-type"] == OPENMETRICS
    assert world.asked == [(True, None)]


async def test_metrics_are_one_gzip_member_when_accepted(browse: Open) -> None:
    async with (
        browse() as client,
        client.stream("GET", "/metrics", headers={"accept-encoding": "gzip"}) as answer,
    ):
        raw = b"".join([chunk async for chunk in answer.aiter_raw()])
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["content-length"] == str(len(raw))
    assert gzip.decompress(raw) == b"aws_ses_up 1\n"


async def test_head_of_metrics_is_answered(browse: Open) -> None:
    async with browse() as client:
        answer = await client.head("/metrics")
    assert answer.status_code == 200


async def test_names_filter_the_page_and_empty_ones_do_not(world: World, browse: Open) -> None:
    async with browse() as client:
        await client.get("/metrics", params={"name[]": ["aws_ses_up", "aws_ses_send_total", ""]})
        await client.get("/metrics", params={"name[]": ""})
    assert world.asked == [(False, frozenset({"aws_ses_up", "aws_ses_send_total"})), (False, None)]


async def test_the_status_page_may_load_nothing(browse: Open) -> None:
    async with browse() as client:
        answer = await client.get("/")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "eu-west-1" in answer.text


async def test_health_names_what_is_stuck(world: World, browse: Open) -> None:
    async with browse() as client:
        assert (await client.get("/-/healthy")).status_code == 200
        assert (await client.get("/healthz")).text == "Healthy.\n"
        world.stuck = ["default/us-east-1/account: no sign of life for 900 s"]
        answer = await client.get("/-/healthy")
    assert answer.status_code == 503
    assert answer.text == "Not healthy:\ndefault/us-east-1/account: no sign of life for 900 s\n"


async def test_readiness_names_what_was_not_tried(world: World, browse: Open) -> None:
    async with browse() as client:
        world.untried = ["a/us-east-1/account", "b/us-east-1/account"]
        answer = await client.get("/-/ready")
        assert answer.status_code == 503
        assert answer.text == "Not ready, not tried yet:\na/us-east-1/account\nb/us-east-1/account\n"
        world.untried = []
        assert (await client.get("/-/ready")).status_code == 200


async def test_the_configuration_is_shown_as_plain_text(browse: Open) -> None:
    async with browse() as client:
        answer = await client.get("/config")
    assert answer.text == "external_id: <secret>\n"
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


async def test_a_reload_answers_200(world: World, browse: Open) -> None:
    async with browse() as client:
        assert (await client.post("/-/reload")).status_code == 200
    assert world.reloads == 1


async def test_a_bad_configuration_answers_400_with_every_problem(world: World, browse: Open) -> None:
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
    world: World, browse: Open
) -> None:
    async with browse() as client:
        for headers in ({"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}):
            assert (await client.post("/-/reload", headers=headers)).status_code == 403
        assert world.reloads == 0
        own = {"origin": str(client.base_url).rstrip("/"), "sec-fetch-site": "same-origin"}
        assert (await client.post("/-/reload", headers=own)).status_code == 200
    assert world.reloads == 1


async def test_a_reload_that_cannot_be_done_now_answers_503(world: World, browse: Open) -> None:
    world.stopping = True
    async with browse() as client:
        answer = await client.post("/-/reload")
    assert (answer.status_code, answer.text) == (503, "the exporter is stopping\n")


async def test_only_so_many_wait_for_a_reload_and_the_next_one_is_told_to_come_again(
    world: World, browse: Open
) -> None:
    world.go_on.clear()
    async with browse() as client, asyncio.timeout(20):
        waiting = [asyncio.create_task(client.post("/-/reload")) for _ in range(MAX_WAITING)]
        while world.reloads < MAX_WAITING:  # noqa: ASYNC110 - it is about other tasks
            await asyncio.sleep(0)
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

    async with asyncio.timeout(20):
        await app(scope, receive, send)
    assert world.reloads == 1


async def test_a_reload_is_refused_where_it_is_not_enabled(world: World, browse: Open) -> None:
    async with browse(lifecycle=False) as client:
        answer = await client.post("/-/reload")
        assert (await client.get("/-/reload")).status_code == 405
    assert answer.status_code == 403
    assert "--web.enable-lifecycle" in answer.text
    assert world.reloads == 0


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/metrics", {"GET", "HEAD"}),
        ("DELETE", "/", {"GET", "HEAD"}),
        ("POST", "/-/healthy", {"GET", "HEAD"}),
        ("PUT", "/-/ready", {"GET", "HEAD"}),
        ("OPTIONS", "/config", {"GET", "HEAD"}),
        ("GET", "/-/reload", {"POST"}),
        ("HEAD", "/-/reload", {"POST"}),
    ],
)
async def test_a_wrong_method_is_told_the_right_ones(browse: Open, method: str, path: str, allowed: set[str]) -> None:
    async with browse() as client:
        answer = await client.request(method, path)
    assert answer.status_code == 405
    assert set(answer.headers["allow"].split(", ")) == allowed
    assert answer.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize("path", ["/nothing", "/metrics/", "/-/quit", "/-/healthy/x"])
async def test_there_is_no_other_page(browse: Open, path: str) -> None:
    async with browse() as client:
        answer = await client.get(path)
    assert (answer.status_code, answer.text) == (404, "There is no such page.\n")


async def test_a_bug_shows_a_client_nothing(world: World, browse: Open) -> None:
    world.broken = True
    async with browse() as client:
        answer = await client.get("/metrics")
    assert (answer.status_code, answer.text) == (500, "Internal error; the log says more.\n")


async def test_a_filtered_page_is_compressed_too(browse: Open) -> None:
    async with browse() as client:
        for name in ("a", "b"):
            answer = await client.get("/metrics", params={"name[]": name}, headers={"accept-encoding": "gzip"})
            assert answer.text == "aws_ses_up 1\n"


@pytest.mark.parametrize("path", ["/", "/config", "/stats/ses"])
async def test_metrics_win_over_a_page_with_the_same_path(browse: Open, path: str) -> None:
    async with browse(telemetry_path=path) as client:
        answer = await client.get(path)
        assert (await client.get("/-/healthy")).status_code == 200
    assert answer.text == "aws_ses_up 1\n"
