from __future__ import annotations

import errno
import io
import os
import resource
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from rich.console import Console

from exporter.demo.cloud import EmbeddedAws
from exporter.demo.mail import DAY_SECONDS, Minute, Sender, minutes
from exporter.demo.show import BY_MINUTE_DAYS, PAST_DAYS, fill, keep_sending, run
from tests.processes import COMMAND, environment, process, until

NOW = 1_795_000_020.0
SENDER = Sender("us-east-1", bounce_rate=0.14, complaint_rate=0.002, mails_per_minute=120)
FREE_PORT = "--web.listen-address=127.0.0.1:0"
DEMO_CPU_SECONDS = 15


@dataclass
class Notebook(EmbeddedAws):
    """Writes down what would be put into an embedded AWS."""

    kept: list[Minute] = field(default_factory=list)
    hours: list[list[Minute]] = field(default_factory=list)

    def put_minute(self, region: str, minute: Minute) -> None:
        assert region == SENDER.region
        self.kept.append(minute)

    def put_hour(self, region: str, minutes: object) -> None:
        assert region == SENDER.region
        self.hours.append(list(minutes))  # type: ignore[call-overload]


class Ticks(threading.Event):
    """An event that is set after *number* waits."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number

    def wait(self, timeout: float | None = None) -> bool:
        assert timeout
        self.number -= 1
        return self.number < 0


@pytest.mark.parametrize("terminal", [True, False])
def test_filling_and_sending_on_put_each_minute_once(terminal: bool) -> None:
    notebook = Notebook()
    console = Console(file=io.StringIO(), force_terminal=terminal)
    clock: Iterator[float] = iter([NOW + 5, NOW + 1200, NOW + 1201, NOW + 7200])

    fill(notebook, [SENDER], NOW, console)
    keep_sending(notebook, SENDER, NOW, Ticks(4), lambda: next(clock))

    put = [minute for hour in notebook.hours for minute in hour] + notebook.kept
    assert put == list(minutes(SENDER, NOW - PAST_DAYS * DAY_SECONDS, NOW + 7200 - 60))
    assert notebook.kept[0].start <= NOW - BY_MINUTE_DAYS * DAY_SECONDS + 1200
    assert all(minute.start // 3600 == hour[0].start // 3600 for hour in notebook.hours for minute in hour)


def test_once_it_shows_the_page_and_ends_well_in_time() -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    # Without coverage, which would count as time of the demo.
    environ = {name: value for name, value in environment().items() if not name.startswith("COVERAGE_")}
    ended = subprocess.run(
        [*COMMAND, FREE_PORT, "demo", "--once"], env=environ, capture_output=True, text=True, timeout=100, check=False
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)

    assert ended.returncode == 0, ended.stderr
    assert ended.stderr == ""
    assert 'aws_ses_send_total{account_id="123456789012",region="us-east-1"}' in ended.stdout
    assert 'aws_ses_reputation_bounce_rate{account_id="123456789012",region="eu-west-1"} 0.02' in ended.stdout
    assert 'region="us-east-1",status="PROBATION"} 1.0' in ended.stdout
    assert 'region="eu-west-1",status="HEALTHY"} 1.0' in ended.stdout
    # Processor time is what is the demo's own; the clock on the wall belongs to the machine's other work, too.
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < DEMO_CPU_SECONDS


def test_it_serves_until_ctrl_c_and_asks_no_real_aws() -> None:
    # An address that nothing answers, and a profile that does not exist: both have to be left alone.
    environ = environment(AWS_ENDPOINT_URL="http://127.0.0.1:9", AWS_PROFILE="none", AWS_SES_EXPORTER__LOG__LEVEL="x")
    with process((FREE_PORT, "demo"), environ=environ) as running:
        assert running.process.stdout is not None
        said: list[str] = []
        reader = threading.Thread(target=lambda: said.extend(running.process.stdout or ()), daemon=True)
        reader.start()
        until(lambda: any("End: Ctrl-C" in line for line in said), 90, lambda: "".join([*said, *running.lines]))
        running.address = next(line for line in said if line.startswith("http://")).split("/")[2]
        page = running.get("/metrics").text
        code = running.stop(signal.SIGINT)
        reader.join(10)

    assert code == 0
    assert running.lines == []
    assert 'aws_ses_up{account_id="123456789012",region="eu-west-1"} 1.0' in page


def demo(address: str) -> subprocess.CompletedProcess[str]:
    command = [*COMMAND, f"--web.listen-address={address}", "demo"]
    return subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=100, check=False)


def test_an_address_in_use_is_one_line_and_exit_code_1() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        ended = demo(address)

    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.strip() == f"aws-ses-exporter: cannot listen on {address}: {os.strerror(errno.EADDRINUSE)}"


def test_an_address_that_is_none_is_one_line_and_exit_code_2() -> None:
    ended = demo("nonsense")

    assert (ended.returncode, ended.stdout) == (2, "")
    (line,) = ended.stderr.splitlines()
    assert "nonsense: is not a listen address" in line


def test_ctrl_c_before_the_exporter_runs_ends_well(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("exporter.demo.show._load", interrupted)

    assert run(once=False, listen_addresses=None) == 0
