"""The real process and its machine: memory, open files, a full disk, and a log that nobody reads."""

from __future__ import annotations

import base64
import contextlib
import http.client
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
from tests.effort import SOAK
from tests.fakes.aws import Body
from tests.faults.held import told_again
from tests.faults.invariant import RESIDENT_MORE_BYTES, holds
from tests.faults.mail import Place
from tests.faults.real import HIT, LIMIT_SECONDS, OTHER, Real, real
from tests.faults.seen import Failure, failures
from tests.faults.watch import strain
from tests.hostile.world import HASH
from tests.processes import Running, until

TLS = "tls_server_config: {cert_file: web.pem, key_file: web.key}"

MB = 1 << 20
EVERYWHERE = (HIT, OTHER)
UNREADABLE = ("cloudwatch", Reason.INVALID_RESPONSE.value)
ENDED_SECONDS = 15.0
"""A handshake has ten."""
CROWD = 50
NO_MORE = 3
"""A limit to files that lets nobody open one, whichever are free."""
FEW_LINES = 100
"""What it may say in the world's minutes in which it has no files."""


@told_again
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


@told_again
def test_too_few_files_and_a_certificate_that_is_gone_harm_nothing_behind_tls(tmp_path: Path) -> None:
    with real(tmp_path, web_config=TLS) as world:
        pid, told = world.running.process.pid, world.told()
        world.may_be_deaf = True
        with limited(pid, resource.RLIMIT_NOFILE, strain(pid).descriptors), contextlib.ExitStack() as opened:
            for _ in range(CROWD):
                take_a_file(world, opened)
            with limited(pid, resource.RLIMIT_NOFILE, NO_MORE):
                world.ours.issue("web", "127.0.0.1")
                until(lambda: crowded_out(world), LIMIT_SECONDS, world.log)
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


def take_a_file(world: Real, opened: contextlib.ExitStack) -> None:
    """Connect, maybe with a file that a poll had its connection with."""
    host, _, port = world.running.address.rpartition(":")
    world.gate.cut()
    opened.enter_context(socket.create_connection((host, int(port))))


def crowded_out(world: Real) -> bool:
    """See whether a poll missed a file, and the new certificate too."""
    world.gate.cut()
    return bool(lost(world.running, "Too many open files")) and "too many open files" in problems(world).lower()


@pytest.mark.skipif(not SOAK, reason="what misses its memory is a matter of moments: in `make soak`")
@pytest.mark.parametrize("spare", [0, 1, 4])
@told_again
def test_too_little_memory_behind_tls_and_passwords_leaves_nobody_waiting(tmp_path: Path, spare: int) -> None:
    """Either it lives on, or a library that finds no memory aborts: whoever supervises it sees that, and starts it.

    Each fault by itself is in `make test`: tests/test_aside, tests/web/test_entrance, tests/web/test_passwords.
    """
    guard = f"{TLS}\nbasic_auth_users: {{alice: '{HASH}'}}"
    with real(tmp_path, web_config=guard, authorization=basic("alice123")) as world:
        pid = world.running.process.pid
        world.may_be_deaf = True
        with limited(pid, resource.RLIMIT_AS, address_bytes(pid) + spare * MB), ThreadPoolExecutor(20) as crowd:
            list(crowd.map(lambda each: asked_in_time(world.running, f"{each}"), range(400)))
        assert "alice123" not in "".join(world.running.lines)
        failed = {place: lost(world.running, target=place.target) for place in EVERYWHERE}
        with contextlib.suppress(subprocess.TimeoutExpired):
            assert world.running.process.wait(1) == -signal.SIGABRT, world.log()
            failed = {place: told(world, place) for place in EVERYWHERE}
            world.launch()
        world.arrive()
        until(lambda: asked_in_time(world.running, "wrong") == http.client.UNAUTHORIZED, LIMIT_SECONDS)
        world.heal()
        world.finish()
        assert world.running.stop() == 0
    holds(world, failed, hit=EVERYWHERE, seen_down=None)


def basic(password: str) -> str:
    return f"Basic {base64.b64encode(f'alice:{password}'.encode()).decode()}"


def asked_in_time(running: Running, password: str) -> int | None:
    """Ask for the page; return the status, None where the connection was ended. Who waits too long fails."""
    began = time.monotonic()
    try:
        return running.get("/metrics", authorization=basic(password)).status
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


def lost(running: Running, error: str = "", target: str = HIT.target) -> set[Failure]:
    """Return the failures of *target* by the log, those with *error*."""
    return {
        (event["source"], event["reason"])
        for event in running.events()
        if event["msg"] == "poll failed" and error in event["error"] and event["target"] == target
    }


def told(world: Real, place: Place) -> set[Failure]:
    """Return the failures of *place* by the page, all that is left of a process that aborted."""
    scrapes = world.prometheus.scrapes
    return {each for scrape in scrapes for each, number in failures(scrape.samples, place).items() if number}


@told_again
def test_a_log_that_cannot_be_written_stops_nothing_and_goes_on_when_it_can(tmp_path: Path) -> None:
    """What has no stderr at all is in test_ends."""
    unreadable = {("account", Reason.INVALID_RESPONSE.value)}
    with real(tmp_path) as world:
        for log in ("the disk is full", "nobody reads it"):
            world.turn_the_log(log)
            world.aws.fail(Body("no"), region=HIT.region, operation="GetAccount", times=None)
            world.suffer(unreadable)
            told = len(world.running.lines)
            world.next_scrape()
            assert len(world.running.lines) == told
            world.turn_the_log("")
            until(lambda told=told: len(world.running.lines) > told, LIMIT_SECONDS)
        world.finish()
        assert world.running.stop() == 0
    holds(world, unreadable, hit=[HIT], data_untouched=True)
