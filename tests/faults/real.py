"""The real process with real sockets under TLS on both sides, in a world whose clock runs a hundred times as fast.

Two targets with profiles of their own, so that each has its host: `hit.test`, whose way through a gate can be closed
and whose certificate and name can be spoilt, and `other.test`, which nothing happens to.
"""

from __future__ import annotations

import contextlib
import http.client
import signal
import ssl
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

from tests.certificates import Authority, authority
from tests.fakes.aws import FACTS, FakeAws, Request
from tests.faults.gate import Gate
from tests.faults.machine import HIT, INTERVAL, KEYS, OTHER, START, Certificates, Clock, Program, certificates, program
from tests.faults.mail import DAY, HOUR, MINUTE, SETTLED_SECONDS, Mail, Place
from tests.faults.prometheus import Prometheus, Scrape, parsed
from tests.faults.seen import Failure, Slack, Strain, failures, last_success
from tests.faults.watch import Watcher, listens_at, strain
from tests.processes import STOP_SECONDS, Running, process, until

__all__ = ["HIT", "LIMIT_SECONDS", "OTHER", "Real", "real"]

SLACK = Slack(seconds=200.0, tasks=6, descriptors=8)
SLACK_OF_STARTS = replace(SLACK, seconds=400.0)
"""A first poll makes its clients before it asks."""
LIMIT_SECONDS = 60.0
AHEAD_SECONDS = 200.0
"""How long before it is sent mail is put into the fake, so that no poll asks for what is not there yet."""


@dataclass
class Real:
    """One process, or one after the other, and what was seen of it."""

    aws: FakeAws
    gate: Gate
    certificates: Certificates
    ours: Authority
    """Who signs what the exporter itself shows: `web.pem`."""
    program: Program
    living: contextlib.ExitStack
    """Ends the process."""
    mails: dict[Place, Mail]
    tls: ssl.SSLContext | None = None
    authorization: str = ""
    life: int = 0
    sets: list[Mail] = field(default_factory=list)
    facts: dict[Place, list[Mapping[str, Any]]] = field(default_factory=dict)
    prometheus: Prometheus = field(default_factory=Prometheus)
    strains: list[Strain] = field(default_factory=list)
    interval: int = INTERVAL
    healed_at: float = 0.0
    recovery_seconds: float = 0.0
    slack: Slack = SLACK
    may_be_deaf: bool = False
    """Whether a scrape may fail now."""
    mail_until: float = START + AHEAD_SECONDS
    mail_flows: bool = True
    watchers: list[Watcher] = field(default_factory=list)

    running: Running = field(init=False)

    @property
    def now(self) -> float:
        """The time of the world."""
        return self.program.clock()

    @property
    def names(self) -> Path:
        """What becomes of names: they `fail`, or the question for one `hangs`."""
        return self.program.folder / "names"

    @property
    def requests(self) -> list[Request]:
        """What AWS was asked."""
        return self.aws.requests

    def launch(self, *wrapper: str) -> None:
        """Start a process, by the command *wrapper* where there is one, and do not wait for it."""
        self.living.close()
        command = (*wrapper, *self.program.command)
        self.running = self.living.enter_context(
            process(self.program.arguments, environ=self.program.environ, command=command)
        )
        self.running.tls, self.running.authorization = self.tls, self.authorization
        self.life += 1
        self.slack = SLACK if self.life == 1 else SLACK_OF_STARTS

    def arrive(self) -> None:
        """Wait until the process that was launched shows every target, and demand an answer of it from then on."""

        def listens() -> bool:
            self.running.address = listens_at(self.running.process.pid)
            return bool(self.running.address) or self.running.process.poll() is not None

        until(listens, LIMIT_SECONDS, self.log)
        self.running.wait_ready()
        self.may_be_deaf = False

    def end(self, number: signal.Signals) -> int:
        """End the process by a signal, and return its exit code; there is nobody to scrape from then on."""
        self.may_be_deaf = True
        self.running.process.send_signal(number)
        return self.running.process.wait(STOP_SECONDS)

    def turn_the_log(self, what: str) -> None:
        """Let `the disk is full` or `nobody reads it` be true of the log from now on; nothing: all is well again."""
        (self.program.folder / "log").write_text(what)
        self.running.process.send_signal(signal.SIGUSR1)

    def suffer(self, failing: Collection[Failure], heal: Callable[[], object] = lambda: None) -> None:
        """Wait until the fault that is on was counted as *failing*, nothing else; heal it, wait for the recovery."""
        before = failures(self.page(), HIT)

        def new() -> set[Failure]:
            return {each for each, number in failures(self.page(), HIT).items() if number > before[each]}

        until(lambda: new() >= set(failing), LIMIT_SECONDS, lambda: f"{new()}, not {set(failing)}\n{self.log()}")
        assert new() == set(failing), f"counted as {new()}"
        seen, up = len(self.prometheus.scrapes), f"aws_ses_up{{{HIT.labels}}}"

        def scraped() -> bool:
            return any(scrape.samples.get(up) == 0 for scrape in self.prometheus.scrapes[seen:])

        until(scraped, LIMIT_SECONDS, self.log)
        self.heal(heal)

    def heal(self, heal: Callable[[], object] = lambda: None) -> None:
        """End all faults, and wait until the daemon has recovered by itself."""
        heal()
        self.aws.heal()
        until(lambda: self.page().get(f"aws_ses_up{{{HIT.labels}}}") == 1, LIMIT_SECONDS, self.log)
        self.healed_at = self.next_scrape().at

    def page(self) -> dict[str, float]:
        """Return what is on the page now."""
        return parsed(self.running.get("/metrics").text)

    def log(self) -> str:
        """Return the end of what it said."""
        return "".join([line for line in self.running.lines if '"poll finished"' not in line][-20:])

    def told(self) -> int:
        """Return how many lines it said that an operator sees."""
        return sum(event["level"] != "debug" for event in self.running.events())

    def finish(self) -> None:
        """Stop the mail, wait until the last of it must have been counted, and watch no more."""
        self.mail_flows = False
        settled = self.mail_until + MINUTE + SETTLED_SECONDS + self.slack.seconds

        def read() -> bool:
            samples = self.prometheus.scrapes[-1].samples
            return all(samples.get(last_success(place), 0.0) > settled + 2 * INTERVAL for place in self.mails)

        until(read, LIMIT_SECONDS, self.log)
        self.next_scrape()
        for watcher in self.watchers:
            watcher.end()

    def next_scrape(self) -> Scrape:
        """Return the first scrape that begins after this moment."""
        begun = self.now
        until(lambda: self.prometheus.scrapes[-1].begun > begun, LIMIT_SECONDS, self.log)
        return next(scrape for scrape in self.prometheus.scrapes if scrape.begun > begun)

    def watch(self, watched: contextlib.ExitStack, work: Callable[[], None]) -> None:
        """Do *work* again and again until the story is finished, or *watched* ends."""
        self.watchers.append(Watcher(work))
        watched.callback(self.watchers[-1].end)

    def send(self) -> float:
        """Send the mail of up to now and a little more, and return the time: AWS asks for it at each request."""
        now = self.now
        begin, end = self.mail_until, now + AHEAD_SECONDS
        if self.mail_flows and end > begin + MINUTE:
            for mails in self.mails.values():
                mails.flow(begin, end, Random(f"{mails.place} {begin}"), share=0.5)
            self.mail_until = end
        return now

    def look(self) -> None:
        """Scrape and take note."""
        try:
            self._scrape()
        except (OSError, http.client.HTTPException):
            if not self.may_be_deaf:
                raise

    def _scrape(self) -> None:
        begun = self.now
        answer, healthy = self.running.get("/metrics"), self.running.get("/-/healthy").status == 200
        assert answer.status == 200
        self.prometheus.scrapes.append(Scrape(self.now, self.life, parsed(answer.text), healthy, begun))
        self.strains.append(strain(self.running.process.pid))


@contextlib.contextmanager
def real(
    path: Path,
    *,
    web_config: str = "",
    authorization: str = "",
    patience_seconds: int = 50,
    metadata_url: str = "",
    now: Clock | None = None,
) -> Iterator[Real]:
    """Run an exporter that was well for some polls, and watch it until the story is finished.

    *web_config* is its web configuration file: TLS with `web.pem` for the outside, where there is one, and
    *authorization* what gets in. A poll may take *patience_seconds*; short is for stories of what hangs.
    *metadata_url* is where `hit` has keys from, *now* the time, for a service that has to have it too.
    """
    papers = certificates(path)
    now = now or Clock(time.time())
    with FakeAws(now=now, tls=papers.good) as aws:
        papers.good.sni_callback = papers.choose
        port = int(aws.url.rpartition(":")[2])
        with Gate(port) as gate, contextlib.ExitStack() as living, contextlib.ExitStack() as watched:
            ports = {HIT: gate.port, OTHER: port}
            how = program(
                path,
                now,
                ports,
                web_config=web_config,
                patience_seconds=patience_seconds,
                metadata_url=metadata_url,
            )
            ours = authority(path)
            ours.issue("web", "127.0.0.1")
            mails = {place: Mail(place, aws) for place in (HIT, OTHER)}
            for place, mail in mails.items():
                aws.access_keys[KEYS[place]] = place.account
                mail.flow(START - DAY, START - 3 * HOUR, Random(place.target), share=0.02)
                mail.flow(START - 3 * HOUR, START + AHEAD_SECONDS, Random(place.region))
            world = Real(aws, gate, papers, ours, how, living, mails)
            world.authorization = authorization
            world.tls = ssl.create_default_context(cafile=ours.file) if web_config else None
            world.facts = {place: [FACTS] for place in mails}
            world.launch()
            aws.now = world.send
            world.arrive()
            polls = len(world.requests)
            until(lambda: len(world.requests) > polls + 8, LIMIT_SECONDS, world.log)
            world.watch(watched, world.look)
            until(lambda: world.prometheus.scrapes, LIMIT_SECONDS, world.log)
            yield world
