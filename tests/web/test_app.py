from __future__ import annotations

import gzip

import pytest

from exporter.web.metrics import OPENMETRICS, TEXT
from tests.web.faces import Browse, World


async def test_metrics_are_text_unless_asked_otherwise(world: World, browse: Browse) -> None:
    async with browse() as client:
        answer = await client.get("/metrics", headers={"accept-encoding": "identity"})
    assert (answer.status_code, answer.content) == (200, b"aws_ses_up 1\n")
    assert answer.headers["content-type"] == TEXT
    assert answer.headers["vary"] == "Accept, Accept-Encoding"
    assert (answer.headers["cache-control"], answer.headers["x-content-type-options"]) == ("no-store", "nosniff")
    assert answer.headers["content-length"] == "13"
    assert "content-encoding" not in answer.headers
    assert world.asked == [(False, None)]


async def test_metrics_are_openmetrics_when_asked_for(world: World, browse: Browse) -> None:
    async with browse() as client:
        answer = await client.get("/metrics", headers={"accept": "application/openmetrics-text; version=1.0.0"})
    assert answer.headers["content-type"] == OPENMETRICS
    assert world.asked == [(True, None)]


async def test_metrics_are_one_gzip_member_when_accepted(browse: Browse) -> None:
    async with (
        browse() as client,
        client.stream("GET", "/metrics", headers={"accept-encoding": "gzip"}) as answer,
    ):
        raw = b"".join([chunk async for chunk in answer.aiter_raw()])
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["content-length"] == str(len(raw))
    assert gzip.decompress(raw) == b"aws_ses_up 1\n"


async def test_head_of_metrics_is_answered(browse: Browse) -> None:
    async with browse() as client:
        answer = await client.head("/metrics")
    assert answer.status_code == 200


async def test_names_filter_the_page_and_empty_ones_do_not(world: World, browse: Browse) -> None:
    async with browse() as client:
        await client.get("/metrics", params={"name[]": ["aws_ses_up", "aws_ses_send_total", ""]})
        await client.get("/metrics", params={"name[]": ""})
    assert world.asked == [(False, frozenset({"aws_ses_up", "aws_ses_send_total"})), (False, None)]


async def test_the_status_page_may_load_nothing(browse: Browse) -> None:
    async with browse() as client:
        answer = await client.get("/")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "eu-west-1" in answer.text


async def test_health_names_what_is_stuck(world: World, browse: Browse) -> None:
    async with browse() as client:
        assert (await client.get("/-/healthy")).status_code == 200
        assert (await client.get("/healthz")).text == "Healthy.\n"
        world.stuck = ["default/us-east-1/account: no sign of life for 900 s"]
        answer = await client.get("/-/healthy")
    assert answer.status_code == 503
    assert answer.text == "Not healthy:\ndefault/us-east-1/account: no sign of life for 900 s\n"


async def test_readiness_names_what_was_not_tried(world: World, browse: Browse) -> None:
    async with browse() as client:
        world.untried = ["a/us-east-1/account", "b/us-east-1/account"]
        answer = await client.get("/-/ready")
        assert answer.status_code == 503
        assert answer.text == "Not ready, not tried yet:\na/us-east-1/account\nb/us-east-1/account\n"
        world.untried = []
        assert (await client.get("/-/ready")).status_code == 200


async def test_the_configuration_is_shown_as_plain_text(browse: Browse) -> None:
    async with browse() as client:
        answer = await client.get("/config")
    assert answer.text == "external_id: <secret>\n"
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


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
async def test_a_wrong_method_is_told_the_right_ones(browse: Browse, method: str, path: str, allowed: set[str]) -> None:
    async with browse() as client:
        answer = await client.request(method, path)
    assert answer.status_code == 405
    assert set(answer.headers["allow"].split(", ")) == allowed
    assert answer.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize("path", ["/nothing", "/metrics/", "/-/quit", "/-/healthy/x"])
async def test_there_is_no_other_page(browse: Browse, path: str) -> None:
    async with browse() as client:
        answer = await client.get(path)
    assert (answer.status_code, answer.text) == (404, "There is no such page.\n")


async def test_a_bug_shows_a_client_nothing(world: World, browse: Browse) -> None:
    world.broken = True
    async with browse() as client:
        answer = await client.get("/metrics")
    assert (answer.status_code, answer.text) == (500, "Internal error; the log says more.\n")


async def test_a_filtered_page_is_compressed_too(browse: Browse) -> None:
    async with browse() as client:
        for name in ("a", "b"):
            answer = await client.get("/metrics", params={"name[]": name}, headers={"accept-encoding": "gzip"})
            assert answer.text == "aws_ses_up 1\n"


@pytest.mark.parametrize("path", ["/", "/config", "/stats/ses"])
async def test_metrics_win_over_a_page_with_the_same_path(browse: Browse, path: str) -> None:
    async with browse(telemetry_path=path) as client:
        answer = await client.get(path)
        assert (await client.get("/-/healthy")).status_code == 200
    assert answer.text == "aws_ses_up 1\n"
