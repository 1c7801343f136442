"""The real process and its machine: memory, open files, a full disk, a log that nobody reads, and kill -9."""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import os
import random
import resource
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from exporter.aws.bounded import MAX_BYTES
from exporter.errors import Reason
from tests.certificates import Papers, authority
from tests.effort import SOAK, examples
from tests.fakes.aws import DEFAULT_ACCOUNT, Body, Delay, FakeAws
from tests.faults.invariant import RESIDENT_MORE_BYTES, holds
from tests.faults.real import HIT, LIMIT_SECONDS, Real, real
from tests.faults.watch import strain
from tests.hostile.world import HASH
from tests.processes import COMMAND, Running, environment, exporter, until

pytestmark = pytest.mark.timeout(300)  # real seconds pass, more where others use the machine

MB = 1 << 20
UNREADABLE = ("cloudwatch", Reason.INVALID_RESPONSE.value)
ENDED_SECONDS = 15.0
"""A handshake has ten."""
FEW_LINES = 100
"""What it may say in the world's minutes in which it has no files."""


def test_answers_without_end_and_too_little_memory_harm_nothing(tmp_path: Path) -> None:
    with real(tmp_path) as world:
        pid = world.running.process.pid
        # read, it takes four bytes a letter, twice, each in one piece: more than a thread's heap of 64 MB has, so that
        # it is this that fails, and nothing else that runs meanwhile
        wide = Body(f'"{chr(0x1F4E7)}{"-" * (MAX_BYTES - 6)}"')
        with contextlib.ExitStack() as short:
            short.enter_context(limited(pid, resource.RLIMIT_AS, address_bytes(pid) + 16 * MB))
            world.aws.fail(wide, region=HIT.region, operation="GetMetricData", times=None)

            def relieve() -> None:
                assert not lost(world.running, "(AttributeError)"), "there was memory enough to read it"
                short.close()

            world.suffer({UNREADABLE}, heal=relieve)

        resident = strain(pid).resident_bytes
        without_end = Body("[" + "1," * (9 * MB) + "1]")
        world.aws.fail(without_end, region=HIT.region, operation="GetMetricData", times=None)
        world.suffer({UNREADABLE})
        assert strain(pid).resident_bytes < resident + RESIDENT_MORE_BYTES
        world.finish()
        assert world.running.stop() == 0
    holds(world, {UNREADABLE}, hit=[HIT])


@pytest.mark.skipif(not SOAK, reason="which file is the one too many is a matter of moments: in `make soak`")
def test_too_few_files_and_a_certificate_that_is_gone_harm_nothing_behind_tls(tmp_path: Path) -> None:
    """Play it in `make soak` alone, as a poll and a certificate may wait for a minute until one of them misses a file.

    Each fault by itself is in `make test`: tests/daemon/test_door, tests/web/test_entrance, tests/aws/test_translate.
    """
    with real(tmp_path, guarded=True) as world:
        pid, told = world.running.process.pid, world.told()
        world.may_be_deaf = True
        issued: list[Papers] = []
        with limited(pid, resource.RLIMIT_NOFILE, strain(pid).descriptors), contextlib.ExitStack() as opened:
            until(lambda: crowded_out(world, opened, issued), LIMIT_SECONDS, world.log)
        assert world.told() - told < FEW_LINES
        until(lambda: shown(world) == certificate(world), LIMIT_SECONDS, world.log)
        world.heal()
        show_another_certificate_after_it_was_gone(world)
        world.may_be_deaf = False  # until here, as who comes in while the certificate changes has to come again
        world.finish()
        assert world.running.stop() == 0
    failed = lost(world.running)
    assert {reason for _, reason in failed} == {Reason.CONNECTION.value}
    holds(world, failed, hit=[HIT], seen_down=None)


def show_another_certificate_after_it_was_gone(world: Real) -> None:
    """Let the certificate that the exporter shows vanish: the one there was is shown until there is another."""
    before = certificate(world)
    (world.ours.folder / "web.pem").unlink()
    until(lambda: "no such file" in problems(world), LIMIT_SECONDS, world.log)
    assert shown(world) == before
    world.ours.issue("web", "127.0.0.1")
    until(lambda: shown(world) == certificate(world) != before, LIMIT_SECONDS, world.log)


def certificate(world: Real) -> str:
    return (world.ours.folder / "web.pem").read_text()


def shown(world: Real) -> str:
    """Return the certificate that the exporter shows; nothing while it lets nobody in."""
    host, _, port = world.running.address.rpartition(":")
    with contextlib.suppress(OSError):
        return ssl.get_server_certificate((host, int(port)), timeout=30)
    return ""


def problems(world: Real) -> str:
    return " ".join(event["problem"] for event in world.running.events() if "problem" in event)


def crowded_out(world: Real, opened: contextlib.ExitStack, issued: list[Papers]) -> bool:
    """Take the files that polls had connections with; see whether one missed them, and then a new certificate did."""
    host, _, port = world.running.address.rpartition(":")
    world.gate.cut()
    opened.enter_context(socket.create_connection((host, int(port))))
    if not lost(world.running, "Too many open files"):
        return False
    taken = sum(event["msg"] == "web configuration in force" for event in world.running.events())
    if taken == len(issued):  # each one found a file that was free just then, or there was none yet
        issued.append(world.ours.issue("web", "127.0.0.1"))
    return "too many open files" in problems(world).lower()


@pytest.mark.skipif(not SOAK, reason="what misses its memory is a matter of moments: in `make soak`")
@pytest.mark.parametrize("spare", [0, 1, 4])
def test_too_little_memory_behind_tls_and_passwords_leaves_nobody_waiting(
    tmp_path: Path, aws: FakeAws, spare: int
) -> None:
    """Either it lives on, or a library that finds no memory aborts: whoever supervises it sees that.

    Each fault by itself is in `make test`: tests/test_aside, tests/web/test_entrance, tests/web/test_passwords.
    """
    ours = authority(tmp_path)
    ours.issue("web", "127.0.0.1")
    (tmp_path / "web.yml").write_text(
        f"tls_server_config: {{cert_file: web.pem, key_file: web.key}}\nbasic_auth_users: {{alice: '{HASH}'}}\n"
    )
    with exporter(f"--web.config.file={tmp_path / 'web.yml'}", environ=settings(aws)) as running:
        running.tls = ssl.create_default_context(cafile=ours.file)
        pid = running.process.pid
        until(lambda: asked_in_time(running, "alice123") == http.client.OK, LIMIT_SECONDS)
        with limited(pid, resource.RLIMIT_AS, address_bytes(pid) + spare * MB), ThreadPoolExecutor(20) as crowd:
            for number in range(20):
                list(crowd.map(lambda each: asked_in_time(running, f"{each}"), range(20 * number, 20 * number + 20)))
        assert "alice123" not in "".join(running.lines)
        with contextlib.suppress(subprocess.TimeoutExpired):
            assert running.process.wait(1) == -signal.SIGABRT, "an end that a supervisor sees"
            return
        until(lambda: asked_in_time(running, "alice123") == http.client.OK, LIMIT_SECONDS)
        until(lambda: asked_in_time(running, "wrong") == http.client.UNAUTHORIZED, LIMIT_SECONDS)
        assert running.stop() == 0


def asked_in_time(running: Running, password: str) -> int | None:
    """Ask for the page; return the status, None where the connection was ended. Who waits too long fails."""
    word = base64.b64encode(f"alice:{password}".encode()).decode()
    began = time.monotonic()
    try:
        return running.get("/metrics", authorization=f"Basic {word}").status
    except (OSError, http.client.HTTPException):
        assert time.monotonic() - began < ENDED_SECONDS, "nobody answered"
        return None


@contextlib.contextmanager
def limited(pid: int, what: int, soft: int) -> Iterator[None]:
    """Give the process *pid* no more than *soft* of *what* for a while."""
    before = resource.prlimit(pid, what)
    resource.prlimit(pid, what, (soft, before[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, what, before)


def address_bytes(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()


def lost(running: Running, error: str = "") -> set[tuple[str, str]]:
    """Return the failures of the target by the log, those with *error*."""
    return {
        (event["source"], event["reason"])
        for event in running.events()
        if event["msg"] == "poll failed" and error in event["error"]
    }


def answers(running: Running) -> bool:
    with contextlib.suppress(OSError, http.client.HTTPException):
        return running.get("/-/healthy").status == http.client.OK
    return False


@pytest.fixture
def aws() -> Iterator[FakeAws]:
    """Mail of yesterday, each minute old enough to be counted."""
    with FakeAws() as fake:
        minute = time.time() // 60 * 60
        for ago in range(10, 1440, 10):
            fake.put("Send", minute - 60 * ago, 7.0)
        yield fake


def settings(aws: FakeAws) -> dict[str, str]:
    return environment(
        AWS_ENDPOINT_URL=aws.url,
        AWS_SES_EXPORTER__TARGETS=json.dumps([{"regions": ["us-east-1"]}]),
        AWS_SES_EXPORTER__POLL_INTERVAL_SECONDS="10",
    )


SENT = f'aws_ses_send_total{{account_id="{DEFAULT_ACCOUNT}",region="us-east-1"}} {7.0 * len(range(10, 1440, 10))}'


@pytest.mark.parametrize("seed", range(examples(1)))
def test_killed_at_random_moments_of_its_first_polls_it_shows_every_mail_once_at_last(aws: FakeAws, seed: int) -> None:
    chance = random.Random(seed)
    aws.fail(Delay(0.1), times=None)
    for _ in range(2):
        with exporter(environ=settings(aws)) as running:
            asked = len(aws.requests) + chance.randrange(1, 5)
            until(lambda asked=asked: len(aws.requests) >= asked, 30)
            time.sleep(0.1 * chance.random())  # somewhere in the answer to it
            running.process.send_signal(signal.SIGKILL)
            running.process.wait(10)
    with exporter(environ=settings(aws)) as running:
        running.wait_ready()
        assert SENT in running.get("/metrics").text


@pytest.mark.parametrize("log", ["on a full disk", "that nobody reads"])
def test_a_log_that_cannot_be_written_stops_nothing(aws: FakeAws, log: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    if log == "on a full disk":
        stderr = os.open("/dev/full", os.O_WRONLY)
    else:
        reader, stderr = os.pipe()
        os.close(reader)
    aws.fail(Body("no"), operation="GetAccount", times=None)
    command = [*COMMAND, "--log.level=debug", f"--web.listen-address=127.0.0.1:{port}"]
    with subprocess.Popen(command, env=settings(aws), stderr=stderr, text=True) as child:
        try:
            running = Running(child, address=f"127.0.0.1:{port}")
            until(lambda: answers(running), 60)
            running.wait_ready()
            assert SENT in running.get("/metrics").text
            assert running.stop() == 0
        finally:
            child.kill()
            os.close(stderr)
