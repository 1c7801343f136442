"""What the real process of a story stands on: its program, its configuration, its keys, and the certificates of AWS."""

from __future__ import annotations

import ssl
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme

from tests.fakes.aws import DEFAULT_ACCOUNT
from tests.faults.mail import Place, moment
from tests.processes import environment

SPEED = 100
START = moment("2026-06-17T09:31:07")
INTERVAL = 60
HIT = Place("hit", DEFAULT_ACCOUNT, "us-east-1")
OTHER = Place("other", "210987654321", "eu-west-1")
KEYS = {HIT: "AKIDHIT", OTHER: "AKIDOTHER"}

SCRIPT = """
import sys
from exporter import early

early.hold_standard_descriptors()
with early.quiet_signals():
    import asyncio, os, pathlib, random, signal, socket, threading, time
    from datetime import UTC, datetime
    from botocore import credentials, utils
    from exporter.aws.clients import Aws
    from exporter.config.load import load
    from exporter.daemon.process import run
    from exporter.daemon.tools import Tools
    from tests.faults.held import note_holdups

    folder, begun, start, speed = pathlib.Path(sys.argv[1]), *map(float, sys.argv[2:])
    resolve, said = socket.getaddrinfo, os.dup(2)

    def resolved(host, *arguments, **options):
        word = (folder / "names").read_text() if host == "hit.test" else ""
        while word == "hangs":
            time.sleep(0.05)
            word = (folder / "names").read_text()
        if word == "fails":
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return resolve("127.0.0.1" if str(host).endswith(".test") else host, *arguments, **options)

    def turned(*_):
        word = (folder / "log").read_text()
        if word == "nobody reads it":
            reader, file = os.pipe()
            os.close(reader)
        else:
            file = os.open("/dev/full", os.O_WRONLY) if word == "the disk is full" else os.dup(said)
        os.dup2(file, 2)
        os.close(file)

    def clock():
        return start + (time.time() - begun) * speed

    def sdk_clock(remove_tzinfo=False):
        now = datetime.fromtimestamp(clock(), UTC)
        return now.replace(tzinfo=None) if remove_tzinfo else now

    born = credentials.RefreshableCredentials.__init__
    born.__defaults__ = tuple(sdk_clock if each is credentials._local_now else each for each in born.__defaults__)
    utils.get_current_datetime = lambda: sdk_clock(remove_tzinfo=True)
    signal.signal(signal.SIGUSR1, turned)
    socket.getaddrinfo = resolved
    tools = Tools(clock, time.monotonic, lambda seconds: asyncio.sleep(seconds / speed), random.random,
                  lambda settings: Aws(settings, clock=clock))
    threading.Thread(target=note_holdups, args=(folder, threading.Event()), daemon=True).start()
    config = folder / "config.yaml"
    code = run(lambda: load(config, environ={}, flags={}, default_region=lambda: None), tools=tools)
sys.exit(code)
"""
"""The exporter in the folder of its first argument. The files `names` and, at SIGUSR1, `log` say what goes wrong.

The SDK renews keys of the machine by the world's clock too.
"""

CONFIG = f"""
poll_interval_seconds: {INTERVAL}
targets:
- {{name: hit, profile: hit, account_id: "{HIT.account}", regions: [{HIT.region}]}}
- {{name: other, profile: other, account_id: "{OTHER.account}", regions: [{OTHER.region}]}}
metrics: [{{name: Send}}, {{name: Bounce}}, {{name: Reputation.BounceRate}}]
log: {{format: json, level: debug}}
"""


@dataclass(frozen=True, slots=True)
class Clock:
    """The world's: at `START` when the machine's was at *begun*, and a hundred times as fast."""

    begun: float

    def __call__(self) -> float:
        """Return unix seconds."""
        return START + (time.time() - self.begun) * SPEED


@dataclass(frozen=True, slots=True)
class Program:
    """How the exporter is started, each time in the same world."""

    folder: Path
    clock: Clock
    environ: Mapping[str, str]

    @property
    def command(self) -> tuple[str, ...]:
        """What to run."""
        return (sys.executable, "-c", SCRIPT)

    @property
    def arguments(self) -> tuple[str, ...]:
        """What it is told."""
        return (str(self.folder), repr(self.clock.begun), repr(START), str(SPEED))


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


def certificates(path: Path) -> Certificates:
    """Make those of AWS; who signed the good ones is in `authority.pem`."""
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


def program(
    path: Path, clock: Clock, ports: Mapping[Place, int], *, web_config: str, patience_seconds: int, metadata_url: str
) -> Program:
    """Write down what the exporter reads, and return how it is started.

    With a *metadata_url* it has the keys of the place that is hit from there.
    """
    more = ", config_file: web.yml" if web_config else ""
    half = patience_seconds / 2
    limits = f"""
poll_timeout_seconds: {patience_seconds}
aws: {{connect_timeout_seconds: {half}, read_timeout_seconds: {half}, max_attempts: 1}}
web: {{listen_addresses: ["127.0.0.1:0"], enable_lifecycle: true{more}}}
"""
    (path / "config.yaml").write_text(CONFIG + limits)
    (path / "web.yml").write_text(web_config)
    for name in ("names", "log"):
        (path / name).write_text("")
    keys = {
        place: f"aws_access_key_id = {key}\naws_secret_access_key = planted-secret\n" for place, key in KEYS.items()
    }
    if metadata_url:
        keys[HIT] = ""
    profiles = "".join(
        f"[profile {place.target}]\n{keys[place]}endpoint_url = https://{place.target}.test:{port}\n"
        for place, port in ports.items()
    )
    (path / "aws-config").write_text(profiles)
    variables = environment(
        AWS_CONFIG_FILE=str(path / "aws-config"),
        AWS_CA_BUNDLE=str(path / "authority.pem"),
        AWS_EC2_METADATA_DISABLED="false" if metadata_url else "true",
        AWS_EC2_METADATA_SERVICE_ENDPOINT=metadata_url,
    )
    del variables["AWS_ACCESS_KEY_ID"], variables["AWS_SECRET_ACCESS_KEY"]
    if not metadata_url:
        del variables["AWS_EC2_METADATA_SERVICE_ENDPOINT"]
    return Program(path, clock, variables)
