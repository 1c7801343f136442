"""The real process with real sockets under TLS on both sides, in a world whose clock runs a hundred times as fast.

Two targets with profiles of their own, so that each has its host: `hit.test`, whose way through a gate can be closed
and whose certificate and name can be spoilt, and `other.test`, which nothing happens to.
"""

from __future__ import annotations

import contextlib
import http.client
import ssl
import sys
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import trustme

from tests.certificates import Authority, authority
from tests.fakes.aws import DEFAULT_ACCOUNT, FACTS, FakeAws, Request
from tests.faults.gate import Gate
from tests.faults.mail import DAY, HOUR, MINUTE, SETTLED_SECONDS, Mail, Place, moment
from tests.faults.prometheus import Prometheus, Scrape, parsed
from tests.faults.seen import Failure, Slack, Strain, failures, last_success
from tests.faults.watch import Watcher, strain
from tests.processes import Running, environment, process, until

SPEED = 100
START = moment("2026-06-17T09:31:07")
INTERVAL = 60
HIT = Place("hit", DEFAULT_ACCOUNT, "us-east-1")
OTHER = Place("other", "210987654321", "eu-west-1")
KEYS = {HIT: "AKIDHIT", OTHER: "AKIDOTHER"}
SLACK = Slack(seconds=200.0, tasks=6, descriptors=8)
LIMIT_SECONDS = 60.0
AHEAD_SECONDS = 200.0
"""How long before it is sent mail is put into the fake, so that no poll asks for what is not there yet."""

SCRIPT = """
import asyncio, pathlib, random, socket, sys, time
from exporter.aws.clients import Aws
from exporter.config.load import load
from exporter.daemon.process import run
from exporter.daemon.tools import Tools

config, names, begun, start, speed = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), *map(float, sys.argv[3:])
resolve = socket.getaddrinfo

def resolved(host, *arguments, **options):
    word = names.read_text() if host == "hit.test" else ""
    if word == "hangs":
        time.sleep(600)
    if word == "fails":
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    return resolve("127.0.0.1" if str(host).endswith(".test") else host, *arguments, **options)

def clock():
    return start + (time.time() - begun) * speed

socket.getaddrinfo = resolved
tools = Tools(clock, time.monotonic, lambda seconds: asyncio.sleep(seconds / speed), random.random,
              lambda settings: Aws(settings, clock=clock))
sys.exit(run(lambda: load(config, environ={}, flags={}, default_region=lambda: None), tools=tools))
"""
CONFIG = f"""
poll_interval_seconds: {INTERVAL}
targets:
- {{name: hit, profile: hit, account_id: "{HIT.account}", regions: [{HIT.region}]}}
- {{name: other, profile: other, account_id: "{OTHER.account}", regions: [{OTHER.region}]}}
metrics: [{{name: Send}}, {{name: Bounce}}, {{name: Reputation.BounceRate}}]
log: {{format: json, level: debug}}
"""


@dataclass
class Certificates:
    """What the host `hit.test` shows: the certificate called *shown*, of those that one may be shown."""

    good: ssl.SSLContext
    bad: dict[str, ssl.SSLContext]
    shown: str | None = None

    def choose(self, connection: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
        """Take the context for *name*, as the client says it."""
        spoilt = name == "hit.test" and self.shown is not None
        connection.context = self.bad[self.shown or ""] if spoilt else self.good


@dataclass
class Real:
    """One process and what was seen of it."""

    aws: FakeAws
    gate: Gate
    certificates: Certificates
    ours: Authority
    """Who signs what the exporter itself shows: `web.pem`."""
    names: Path
    begun: float
    running: Running
    mails: dict[Place, Mail]
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

    @property
    def now(self) -> float:
        """The time of the world."""
        return START + (time.time() - self.begun) * SPEED

    @property
    def requests(self) -> list[Request]:
        """What AWS was asked."""
        return self.aws.requests

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
        self.healed_at = self._next_scrape().at

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
        self._next_scrape()
        for watcher in self.watchers:
            watcher.end()

    def _next_scrape(self) -> Scrape:
        """Return the first scrape that begins after this moment."""
        begun = self.now
        until(lambda: self.prometheus.scrapes[-1].begun > begun, LIMIT_SECONDS, self.log)
        return next(scrape for scrape in self.prometheus.scrapes if scrape.begun > begun)

    def watch(self, watched: contextlib.ExitStack, work: Callable[[], None]) -> None:
        """Do *work* again and again until the story is finished, or *watched* ends."""
        self.watchers.append(Watcher(work))
        watched.callback(self.watchers[-1].end)

    def send(self) -> None:
        """Send mail: by itself, as a scrape may take long, and mail that is late is counted late."""
        begin, end = self.mail_until, self.now + AHEAD_SECONDS
        if self.mail_flows:
            for mails in self.mails.values():
                mails.flow(begin, end, Random(f"{mails.place} {begin}"), share=0.5)
            self.mail_until = end

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
        self.prometheus.scrapes.append(Scrape(self.now, 1, parsed(answer.text), healthy, begun))
        self.strains.append(strain(self.running.process.pid))


@contextlib.contextmanager
def real(path: Path, *, guarded: bool = False, patience_seconds: int = 50) -> Iterator[Real]:
    """Run an exporter that was well for some polls, *guarded* by TLS, and watch it until the story is finished.

    A poll may take *patience_seconds* of this world; short is for stories of what hangs.
    """
    certificates = _certificates(path)
    begun = time.time()
    with FakeAws(now=lambda: START + (time.time() - begun) * SPEED, tls=certificates.good) as aws:
        certificates.good.sni_callback = certificates.choose
        port = int(aws.url.rpartition(":")[2])
        with Gate(port) as gate:
            names = path / "names"
            names.write_text("")
            environ = _environment(path, {HIT: gate.port, OTHER: port})
            (path / "config.yaml").write_text(CONFIG + _limits(patience_seconds, guarded=guarded))
            (path / "web.yml").write_text("tls_server_config: {cert_file: web.pem, key_file: web.key}")
            ours = authority(path)
            ours.issue("web", "127.0.0.1")
            arguments = [str(path / "config.yaml"), str(names), repr(begun), repr(START), str(SPEED)]
            mails = {place: Mail(place, aws) for place in (HIT, OTHER)}
            for place, mail in mails.items():
                aws.access_keys[KEYS[place]] = place.account
                mail.flow(START - DAY, START - 3 * HOUR, Random(place.target), share=0.02)
                mail.flow(START - 3 * HOUR, START + AHEAD_SECONDS, Random(place.region))
            with process(arguments, environ=environ, command=(sys.executable, "-c", SCRIPT)) as running:
                running.tls = ssl.create_default_context(cafile=ours.file) if guarded else None
                world = Real(aws, gate, certificates, ours, names, begun, running, mails)
                world.facts = {place: [FACTS] for place in mails}
                with contextlib.ExitStack() as watched:
                    world.watch(watched, world.send)
                    _wait_until_well(world)
                    world.watch(watched, world.look)
                    until(lambda: world.prometheus.scrapes, LIMIT_SECONDS, world.log)
                    yield world


def _limits(patience_seconds: int, *, guarded: bool) -> str:
    half = patience_seconds / 2
    more = ", config_file: web.yml" if guarded else ""
    return f"""
poll_timeout_seconds: {patience_seconds}
aws: {{connect_timeout_seconds: {half}, read_timeout_seconds: {half}, max_attempts: 1}}
web: {{listen_addresses: ["127.0.0.1:0"], enable_lifecycle: true{more}}}
"""


def _wait_until_well(world: Real) -> None:
    def listens() -> bool:
        found = [event["address"] for event in world.running.events() if event["msg"] == "listening"]
        world.running.address = found[0] if found else ""
        return bool(found) or world.running.process.poll() is not None

    until(listens, LIMIT_SECONDS, world.log)
    world.running.wait_ready()
    polls = len(world.requests)
    until(lambda: len(world.requests) > polls + 8, LIMIT_SECONDS, world.log)


def _certificates(path: Path) -> Certificates:
    authority, stranger = trustme.CA(), trustme.CA()
    authority.cert_pem.write_to_path(str(path / "authority.pem"))
    past = datetime.now(UTC) - timedelta(days=1)
    issued = {
        "good": authority.issue_cert("hit.test", "other.test"),
        "another host": authority.issue_cert("else.test"),
        "expired": authority.issue_cert("hit.test", not_before=past - timedelta(days=30), not_after=past),
        "unknown": stranger.issue_cert("hit.test"),
    }
    contexts = {}
    for name, certificate in issued.items():
        contexts[name] = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        certificate.configure_cert(contexts[name])
    return Certificates(contexts.pop("good"), contexts)


def _environment(path: Path, ports: Mapping[Place, int]) -> dict[str, str]:
    profiles = "".join(
        f"[profile {place.target}]\naws_access_key_id = {KEYS[place]}\naws_secret_access_key = planted-secret\n"
        f"endpoint_url = https://{place.target}.test:{port}\n"
        for place, port in ports.items()
    )
    (path / "aws-config").write_text(profiles)
    variables = environment(AWS_CONFIG_FILE=str(path / "aws-config"), AWS_CA_BUNDLE=str(path / "authority.pem"))
    del variables["AWS_ACCESS_KEY_ID"], variables["AWS_SECRET_ACCESS_KEY"]
    return variables
