from __future__ import annotations

import re
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.fakes.aws import FakeAws
from tests.processes import Running, environment, process, until

SCRIPT = """
import dataclasses, os, pathlib, sys
from exporter.config.load import load
from exporter.daemon.process import run
from exporter.daemon.tools import real_tools

flaws = [ZeroDivisionError("a bug")]

def flaw():
    if flaws:
        raise flaws.pop()
    return 0.0

def tools():
    if os.environ.get("FLAWED"):
        return dataclasses.replace(real_tools(), random=flaw)
    if os.environ.get("PLAIN_LOOP"):
        sys.modules["uvloop"] = None
    return None

sys.exit(run(lambda: load(pathlib.Path(sys.argv[1]), environ={}, flags={}, default_region=lambda: None), tools=tools()))
"""
CONFIG = """
targets: [{{regions: {regions}}}]
web: {{listen_addresses: ["{address}"]}}
aws: {{endpoint_url: "{url}", max_attempts: 1}}
"""


@pytest.fixture(scope="module")
def aws() -> Iterator[FakeAws]:
    with FakeAws() as fake:
        yield fake


@contextmanager
def daemon(aws: FakeAws, path: Path, *, address: str = "127.0.0.1:0", **variables: str) -> Iterator[Running]:
    config = path / "config.yaml"
    config.write_text(CONFIG.format(regions="[us-east-1]", address=address, url=aws.url))
    command = (sys.executable, "-c", SCRIPT)
    with process([str(config)], environ=environment(**variables), command=command) as running:
        yield running


def wait_listening(running: Running) -> None:
    def listens() -> bool:
        match = re.search(r"msg=listening address=(\S+)", "".join(running.lines))
        running.address = match[1] if match else ""
        return bool(match)

    until(listens, explain=lambda: running.lines)
    running.wait_ready()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_within_a_second_and_well(aws: FakeAws, tmp_path: Path, number: signal.Signals) -> None:
    with daemon(aws, tmp_path) as running:
        wait_listening(running)
        assert 'aws_ses_up{account_id="123456789012",region="us-east-1"} 1' in running.get("/metrics").text
        begun = time.monotonic()
        while running.process.poll() is None:  # up to its last moment, more of them change nothing
            for each in (number, signal.SIGTERM, signal.SIGHUP):
                running.process.send_signal(each)
            time.sleep(0.001)
        code = running.process.wait(60)
        assert time.monotonic() - begun < 20, "the second is held in test_service, where no machine is in its way"
    assert code == 0
    assert "Traceback" not in "".join(running.lines)
    assert "msg=stopped" in running.lines[-1]


def test_it_runs_without_uvloop(aws: FakeAws, tmp_path: Path) -> None:
    with daemon(aws, tmp_path, PLAIN_LOOP="1") as running:
        wait_listening(running)
        assert running.stop() == 0


def test_sighup_takes_up_a_changed_configuration_and_refuses_a_bad_one(aws: FakeAws, tmp_path: Path) -> None:
    with daemon(aws, tmp_path) as running:
        wait_listening(running)
        config = tmp_path / "config.yaml"
        good = config.read_text()
        config.write_text("tragets: []")
        running.process.send_signal(signal.SIGHUP)
        until(lambda: "the old one stays in force" in "".join(running.lines))
        assert 'region="us-east-1"' in running.get("/metrics").text
        config.write_text(good.replace("us-east-1", "eu-west-1"))
        running.process.send_signal(signal.SIGHUP)
        until(lambda: 'aws_ses_up{account_id="123456789012",region="eu-west-1"} 1' in running.get("/metrics").text)
        assert 'region="us-east-1"' not in running.get("/metrics").text
        assert running.get("/-/reload", method="POST").status == 403
        assert running.stop() == 0
    assert any("problem=" in line and "tragets" in line for line in running.lines)


def test_a_port_in_use_is_one_line_and_exit_1(aws: FakeAws, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with daemon(aws, tmp_path, address=address) as running:
            assert running.process.wait(60) == 1
    (line,) = running.lines
    assert line.endswith(f'msg="cannot start" error="cannot listen on {address}: Address already in use"\n')


def test_a_bug_in_a_loop_ends_it_with_exit_1_and_the_traceback(aws: FakeAws, tmp_path: Path) -> None:
    with daemon(aws, tmp_path, FLAWED="1") as running:
        assert running.process.wait(60) == 1
    text = "".join(running.lines)
    assert (
        'level=critical logger=exporter.daemon.process msg="stopped by a bug" error="ZeroDivisionError: a bug"' in text
    )
    assert re.search(r"in flaw\n(?: {8}.*\n)?    ZeroDivisionError: a bug\n$", text)
