from __future__ import annotations

import asyncio
import gc
import logging
import socket

import pytest

from exporter.config.show import digest
from exporter.errors import (
    AccessDeniedError,
    ConfigError,
    CredentialsError,
    ListenError,
    OtherSourceError,
    Problem,
)
from tests.daemon.world import (
    ACCOUNT,
    FakeCloud,
    loaded,
    messages,
    open_descriptors,
    running,
    settings,
    targets_in,
    tools,
)

Caplog = pytest.LogCaptureFixture


async def test_it_serves_what_every_source_says_once_each_was_tried(caplog: Caplog) -> None:
    async with running(FakeCloud(), settings("marketing"), caplog) as exporter:
        await exporter.until_ready()
        place = f'{{account_id="{ACCOUNT}",region="us-east-1"}}'
        known = await exporter.samples("aws_ses_")
        assert known[f"aws_ses_up{place}"] == 1
        assert known[f"aws_ses_send_total{place}"] > 200_000
        assert known[f"aws_ses_sending_enabled{place}"] == 1
        assert known['aws_ses_exporter_polls_total{region="us-east-1",source="cloudwatch",target="marketing"}'] == 1
        assert known['aws_ses_exporter_series_served{region="us-east-1",target="marketing"}'] > 20
        assert known["aws_ses_exporter_config_last_reload_successful"] == 1
        assert await exporter.page("/-/healthy") == "Healthy.\n"


async def test_the_other_pages_show_the_daemon_at_work(caplog: Caplog) -> None:
    cloud = FakeCloud(trouble={("default", "GetAccount"): AccessDeniedError("not authorized")})
    async with running(cloud, settings(), caplog) as exporter:
        await exporter.until_ready()
        status = await exporter.page("/")
        assert '<td class="failing">failing</td><td>never</td>' in status
        assert '<td class="good">good</td>' in status
        assert "not authorized" in status
        assert "listen_addresses:\n  - 127.0.0.1:0" in await exporter.page("/config")


async def test_before_the_first_polls_it_is_not_ready_and_says_what_is_missing(caplog: Caplog) -> None:
    cloud = FakeCloud(hold=asyncio.Event())
    async with running(cloud, settings(), caplog) as exporter:
        await exporter.until_so(lambda: cloud.calls > 0)
        answer = await exporter.client.get("/-/ready")
        assert answer.status_code == 503
        assert answer.text.splitlines()[1:] == ["default/us-east-1/cloudwatch", "default/us-east-1/account"]
        assert '<td class="waiting">waiting</td><td>never</td>' in await exporter.page("/")


async def test_it_stops_within_a_second_and_leaves_nothing_open(caplog: Caplog) -> None:
    gc.collect()
    before = open_descriptors()
    tasks = asyncio.all_tasks()
    cloud = FakeCloud()
    async with running(cloud, settings("a", "b", "c"), caplog) as exporter:
        await exporter.until_ready()
        cloud.hold = asyncio.Event()
        exporter.reload()  # polls that never end are under way when it stops
        await exporter.until_so(lambda: cloud.closed == 1)
        assert await exporter.end() < 1
        assert asyncio.all_tasks() == tasks
    assert cloud.opened == cloud.closed == 2
    assert open_descriptors() == before
    assert messages(caplog)[-2:] == ["stopping", "stopped"]


async def test_it_stops_while_it_starts(caplog: Caplog) -> None:
    async with running(FakeCloud(), settings(), caplog) as exporter:
        assert await exporter.end() < 1
    assert exporter.cloud.opened == exporter.cloud.closed


async def test_a_loop_that_dies_from_a_bug_ends_everything(caplog: Caplog) -> None:
    tasks = asyncio.all_tasks()
    cloud = FakeCloud(trouble={("default", "GetAccount"): ZeroDivisionError("a bug")})
    before = open_descriptors()
    with pytest.raises(ExceptionGroup) as caught:
        async with running(cloud, settings(), caplog) as exporter:
            await exporter.task
    assert caught.group_contains(ZeroDivisionError)
    assert asyncio.all_tasks() == tasks
    assert cloud.opened == cloud.closed
    assert open_descriptors() == before


async def test_a_port_in_use_starts_nothing(caplog: Caplog) -> None:
    cloud = FakeCloud()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(ListenError, match=f"cannot listen on {address}: Address already in use"):
            async with running(cloud, settings(web={"listen_addresses": [address]}), caplog):
                pass
    assert cloud.opened == 0


async def test_two_addresses_serve_the_same(caplog: Caplog) -> None:
    both = settings(web={"listen_addresses": ["127.0.0.1:0", "127.0.0.1:0"]})
    async with running(FakeCloud(), both, caplog) as exporter:
        for address in {record.address for record in caplog.records if hasattr(record, "address")}:
            assert (await exporter.client.get(f"http://{address}/-/healthy")).status_code == 200
        assert messages(caplog).count("listening") == 2


async def test_warnings_of_the_configuration_are_logged(caplog: Caplog) -> None:
    async with running(FakeCloud(), settings(), caplog, "xx-nowhere-1 is unknown") as exporter:
        await exporter.until_ready()
        exporter.loads = loaded(settings(), "xx-nowhere-2 is unknown")
        await exporter.client.post("/-/reload")
    problems = [getattr(record, "problem", None) for record in caplog.records if record.levelno == logging.WARNING]
    assert problems == ["xx-nowhere-1 is unknown", "xx-nowhere-2 is unknown"]


# Reload


async def test_a_reload_adds_and_drops_targets_and_keeps_the_others(caplog: Caplog) -> None:
    cloud = FakeCloud(accounts={"b": "222222222222", "c": "333333333333"})
    async with running(cloud, settings("a", "b"), caplog) as exporter:
        await exporter.until_ready()
        exporter.loads = loaded(settings("b", "c"))
        cloud.hold = asyncio.Event()
        assert (await exporter.client.post("/-/reload")).text == "Reloaded.\n"
        known = await exporter.samples("aws_ses_")
        assert {name for name in known if name.startswith("aws_ses_up")} == {
            'aws_ses_up{account_id="222222222222",region="us-east-1"}'
        }
        assert targets_in(known) == {"b", "c"}
        assert known['aws_ses_exporter_polls_total{region="us-east-1",source="account",target="b"}'] == 1
        assert await exporter.page("/-/ready") == "Ready.\n", "the targets that were there go on"
        assert (await exporter.page("/")).count('class="waiting"') == 2
        cloud.hold.set()
        await exporter.until_polled()
        assert 'aws_ses_up{account_id="333333333333",region="us-east-1"}' in await exporter.samples("aws_ses_up")
        assert cloud.opened == 2
        assert cloud.closed == 1


async def test_a_target_that_is_another_account_now_shows_nothing_of_the_former(caplog: Caplog) -> None:
    async with running(FakeCloud(), settings(), caplog) as exporter:
        await exporter.until_ready()
        assert f'account_id="{ACCOUNT}"' in await exporter.page()
        role = {"name": "default", "regions": ["us-east-1"], "role_arn": "arn:aws:iam::222222222222:role/r"}
        exporter.loads = loaded(settings(targets=[role]))
        exporter.cloud.hold = asyncio.Event()
        await exporter.client.post("/-/reload")
        assert "account_id=" not in await exporter.page()
        exporter.cloud.hold.set()

        async def served() -> bool:
            return 'aws_ses_send_total{account_id="222222222222"' in await exporter.page()

        await exporter.until(served)


async def test_a_target_with_a_new_name_goes_on_with_what_is_known(caplog: Caplog) -> None:
    async with running(FakeCloud(), settings("old"), caplog) as exporter:
        await exporter.until_ready()
        calls = exporter.cloud.calls
        known = {name for name in await exporter.samples("aws_ses_") if "account_id=" in name and "_info" not in name}
        target = {"name": "new", "regions": ["us-east-1"], "account_id": ACCOUNT}
        exporter.loads = loaded(settings(targets=[target]))
        exporter.cloud.hold = asyncio.Event()
        await exporter.client.post("/-/reload")
        assert known <= set(await exporter.samples("aws_ses_")), "also before the new one has polled"
        status = await exporter.page("/")
        assert (status.count('class="good"'), status.count(ACCOUNT), status.count("never")) == (2, 2, 0)
        exporter.cloud.hold.set()
        assert targets_in(await exporter.samples("aws_ses_exporter")) == {"new"}
        name = 'aws_ses_exporter_polls_total{region="us-east-1",source="cloudwatch",target="new"}'

        async def polled() -> bool:
            return (await exporter.samples("aws_ses_exporter_polls"))[name] == 1

        await exporter.until(polled)
        assert exporter.cloud.calls <= calls + 2, "a steady poll, not the long first read"


async def test_what_is_known_outlasts_a_reload_whose_first_polls_fail(caplog: Caplog) -> None:
    async with running(FakeCloud(), settings(), caplog) as exporter:
        await exporter.until_ready()
        known = set(await exporter.samples("aws_ses_send")) | set(await exporter.samples("aws_ses_enforcement"))
        assert len(known) > 5
        for operation in ("GetAccount", "GetMetricData"):
            exporter.cloud.trouble["default", operation] = AccessDeniedError("no")
        for _ in range(2):
            await exporter.client.post("/-/reload")
        place = f'{{account_id="{ACCOUNT}",region="us-east-1"}}'

        async def failing() -> bool:
            return (await exporter.samples("aws_ses_up"))[f"aws_ses_up{place}"] == 0

        await exporter.until(failing)
        await exporter.until_so(lambda: messages(caplog).count("poll failed") == 2)
        assert known <= set(await exporter.samples("aws_ses_"))


async def test_a_source_that_is_switched_off_leaves_the_page(caplog: Caplog) -> None:
    async with running(FakeCloud(), settings(), caplog) as exporter:
        await exporter.until_ready()
        exporter.loads = loaded(settings(sources={"account": {"enabled": False}}))
        await exporter.client.post("/-/reload")
        await exporter.until_polled()
        page = await exporter.page()
        assert "aws_ses_sending_enabled" not in page
        assert 'source="account"' not in page
        assert "aws_ses_send_total" in page


async def test_a_bad_configuration_changes_nothing(caplog: Caplog) -> None:
    async with running(FakeCloud(), settings(), caplog) as exporter:
        await exporter.until_ready()
        problems = (Problem("config.yaml", "unknown key", "x", line=1), Problem("config.yaml", "wrong", "y", line=2))
        exporter.loads = ConfigError(problems)
        answer = await exporter.client.post("/-/reload")
        assert (answer.status_code, answer.text) == (400, "config.yaml:1: x: unknown key\nconfig.yaml:2: y: wrong\n")
        known = await exporter.samples("aws_ses_")
        assert known["aws_ses_exporter_config_last_reload_successful"] == 0
        assert f'aws_ses_up{{account_id="{ACCOUNT}",region="us-east-1"}}' in known
        assert exporter.cloud.closed == 0
        logged = [getattr(record, "problem", "") for record in caplog.records if record.levelno == logging.WARNING]
        assert logged == [str(problem) for problem in problems]
        exporter.loads = loaded(settings())
        await exporter.client.post("/-/reload")
        assert (await exporter.samples("aws_ses_exporter_config_last"))[
            "aws_ses_exporter_config_last_reload_successful"
        ] == 1


async def test_no_way_to_aws_with_the_new_configuration_changes_nothing(caplog: Caplog) -> None:
    async with running(FakeCloud(), settings(), caplog) as exporter:
        await exporter.until_ready()
        exporter.cloud.refuse = CredentialsError("no such profile")
        answer = await exporter.client.post("/-/reload")
        assert (answer.status_code, answer.text) == (503, "no such profile\n")
        assert exporter.cloud.closed == 0
        assert await exporter.page("/-/healthy") == "Healthy.\n"


async def test_a_target_that_cannot_be_made_leaves_all_as_it_was(caplog: Caplog) -> None:
    cloud = FakeCloud(refuse_target={"b": CredentialsError("no such profile")})
    async with running(cloud, settings("a", poll_interval_seconds=10), caplog) as exporter:
        await exporter.until_ready()
        before = set(await exporter.samples("aws_ses_"))
        exporter.loads = loaded(settings("c", "b", sources={"account": {"enabled": False}}))
        assert (await exporter.client.post("/-/reload")).status_code == 503
        assert (cloud.opened, cloud.closed) == (2, 1)
        assert set(await exporter.samples("aws_ses_")) == before
        assert (await exporter.page("/")).count('class="good"') == 2
        polls = cloud.calls
        await exporter.until_so(lambda: cloud.calls > polls)


async def test_a_bug_in_loading_ends_the_process(caplog: Caplog) -> None:
    async def reload_with_a_bug() -> None:
        async with running(FakeCloud(), settings(), caplog) as exporter:
            await exporter.until_ready()
            exporter.loads = ZeroDivisionError("a bug")
            exporter.reload()
            await exporter.task

    with pytest.raises(ExceptionGroup) as caught:
        await reload_with_a_bug()
    assert caught.group_contains(ZeroDivisionError)


async def test_settings_of_the_web_need_a_start_and_say_so(caplog: Caplog) -> None:
    async with running(FakeCloud(), settings(), caplog) as exporter:
        exporter.loads = loaded(settings(web={"telemetry_path": "/other", "listen_addresses": ["127.0.0.1:1"]}))
        await exporter.client.post("/-/reload")
        assert (await exporter.client.get("/metrics")).status_code == 200
        assert "  telemetry_path: /metrics\n" in await exporter.page("/config"), "what is in force, not what is wished"
        digits = int(digest(settings())[:12], 16)
        assert (await exporter.samples("aws_ses_exporter_config_hash"))["aws_ses_exporter_config_hash"] == digits
    told = [getattr(record, "settings", None) for record in caplog.records if "next start" in record.message]
    assert told == [["web.listen_addresses", "web.telemetry_path"]]


async def test_the_log_level_follows_the_configuration(caplog: Caplog) -> None:
    own = logging.getLogger("exporter")
    before = own.level, logging.getLogger().handlers[:]
    try:
        async with running(FakeCloud(), settings(), caplog) as exporter:
            exporter.loads = loaded(settings(log={"level": "error"}))
            await exporter.client.post("/-/reload")
            assert own.level == logging.ERROR
    finally:
        own.setLevel(before[0])
        logging.getLogger().handlers[:] = before[1]


async def test_a_failure_that_outlasts_a_reload_is_logged_once(caplog: Caplog) -> None:
    cloud = FakeCloud(trouble={("default", "GetAccount"): AccessDeniedError("no")})
    async with running(cloud, settings(), caplog) as exporter:
        await exporter.until_ready()
        await exporter.client.post("/-/reload")

        async def polled_again() -> bool:
            name = 'aws_ses_exporter_polls_total{region="us-east-1",source="account",target="default"}'
            return (await exporter.samples("aws_ses_exporter_polls"))[name] == 2

        await exporter.until(polled_again)
    assert messages(caplog).count("poll failed") == 1


async def test_the_second_of_two_targets_of_one_account_is_refused(caplog: Caplog) -> None:
    async with running(FakeCloud(), settings("a", "b"), caplog) as exporter:
        await exporter.until_ready()
        status = await exporter.page("/")
        assert status.count('class="refused">refused</td>') == 2
        assert "AWS refused" not in status
    refused = {(record.target, record.error) for record in caplog.records if record.message == "poll failed"}  # type: ignore[attr-defined]  # given as extra
    assert {target for target, _ in refused} == {"b"}
    assert all("is served by target a already" in error for _, error in refused)
    assert all("nothing is shown of target b: take that region out of one of the two" in error for _, error in refused)


async def test_a_target_put_before_another_one_of_its_account_takes_its_place_on_the_page(caplog: Caplog) -> None:
    async with running(FakeCloud(), settings("b"), caplog) as exporter:
        await exporter.until_ready()
        exporter.loads = loaded(settings("a", "b"))
        await exporter.client.post("/-/reload")

        async def taken() -> bool:
            status = await exporter.page("/")
            info = await exporter.samples("aws_ses_target_info")
            return status.count('class="refused"') == 2 and ['name="a"' in name for name in info] == [True]

        await exporter.until(taken)


async def test_reload_under_load_loses_nothing(caplog: Caplog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exporter.daemon.reload.MIN_REST_SECONDS", 0.01)
    async with running(FakeCloud(), settings("a"), caplog) as exporter:
        await exporter.until_ready()
        counts: list[float] = []
        done = asyncio.Event()

        async def scrape() -> None:
            while not done.is_set():
                known = await exporter.samples("aws_ses_")
                assert f'aws_ses_sending_enabled{{account_id="{ACCOUNT}",region="us-east-1"}}' in known
                counts.append(known[f'aws_ses_send_total{{account_id="{ACCOUNT}",region="us-east-1"}}'])

        async with asyncio.TaskGroup() as group:
            for _ in range(3):
                group.create_task(scrape())
            for _ in range(5):
                answers = await asyncio.gather(*(exporter.client.post("/-/reload") for _ in range(4)))
                assert {answer.status_code for answer in answers} == {200}
                seen = len(counts)
                await exporter.until_polled()
                await exporter.until_so(lambda seen=seen: len(counts) > seen + 5)  # type: ignore[misc]  # a default binds it
            done.set()
        assert 1 + 5 <= exporter.cloud.opened <= 1 + 5 * 4, "those that come while one is under way share the next"
        assert exporter.cloud.closed == exporter.cloud.opened - 1
        assert counts[0] > 200_000
        assert counts == sorted(counts)


async def test_reloads_that_the_end_overtakes_are_answered(caplog: Caplog) -> None:
    tasks = asyncio.all_tasks()
    cloud = FakeCloud()
    async with running(cloud, settings(), caplog) as exporter:
        await exporter.until_ready()
        cloud.hold_open = asyncio.Event()
        answer = asyncio.create_task(exporter.client.post("/-/reload"))
        await exporter.until_so(lambda: cloud.entered > 1)
        assert await exporter.end() < 1
        assert (await answer).status_code == 503
        assert (await answer).text == "the exporter is stopping\n"
        assert asyncio.all_tasks() == tasks
    assert cloud.opened == cloud.closed


async def test_an_error_of_the_first_start_goes_up(caplog: Caplog) -> None:
    cloud = FakeCloud(refuse=OtherSourceError("no way"))
    with pytest.raises(ExceptionGroup) as caught:
        async with running(cloud, settings(), caplog) as exporter:
            await exporter.task
    assert caught.group_contains(OtherSourceError)
    assert tools(cloud).random() == 0
