"""The demo from its start to its end: fills an embedded AWS, runs the daemon on it, shows the page."""

from __future__ import annotations

import itertools
import math
import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping, MutableMapping, Sequence
from typing import Any

from rich.console import Console
from rich.progress import Progress

from exporter.config.load import Loaded, load
from exporter.daemon import run as run_daemon
from exporter.demo.cloud import HOUR_SECONDS, EmbeddedAws
from exporter.demo.guide import Guide, Place
from exporter.demo.mail import DAY_SECONDS, MINUTE_SECONDS, Sender, account, minutes

DEFAULT_ADDRESSES = ("127.0.0.1:9199",)
POLL_INTERVAL_SECONDS = 10
PAST_DAYS = 21
BY_MINUTE_DAYS = 2
QUIET_DAYS = 2


def run(*, once: bool, listen_addresses: Sequence[str] | None) -> int:
    """Show the demo until Ctrl-C, or with *once* until the page was shown, and return the exit code.

    *listen_addresses* as `--web.listen-address` has them, None for the demo's own; port 0 is a free one.

    Raises:
        ConfigError: an address is not one.
        ListenError: an address cannot be listened on.
    """
    try:
        return _run(Console(), time.time(), once, listen_addresses or DEFAULT_ADDRESSES)
    except KeyboardInterrupt:
        return 0


def _run(console: Console, now: float, once: bool, addresses: Sequence[str]) -> int:
    busy = Sender("us-east-1", bounce_rate=0.14, complaint_rate=0.002, mails_per_minute=120)
    quiet = Sender("eu-west-1", 0.021, 0.0004, mails_per_minute=60, until=now - QUIET_DAYS * DAY_SECONDS)
    senders = {sender.region: sender for sender in (busy, quiet)}
    flags: dict[str, Any] = {
        "log.level": "warning",
        "poll_interval_seconds": POLL_INTERVAL_SECONDS,
        "targets": [{"regions": list(senders)}],
        "web.listen_addresses": list(addresses),
    }
    _load(flags)
    places = [Place.settle(address) for address in addresses]
    _leave_out_the_real_aws(os.environ)
    with EmbeddedAws(lambda region: account(senders[region], time.time())) as aws:
        fill(aws, senders.values(), now, console)
        guide = Guide(console, places[0], tuple(senders), once)
        helpers = (
            threading.Thread(target=keep_sending, args=(aws, busy, now, guide.ended), name="mail", daemon=True),
            threading.Thread(target=guide.run, name="guide", daemon=True),
        )
        for helper in helpers:
            helper.start()
        flags |= {"aws.endpoint_url": aws.url, "web.listen_addresses": [place.address for place in places]}
        try:
            code = run_daemon(lambda: _load(flags))
        finally:
            guide.ended.set()
            for helper in helpers:
                helper.join()
    return code or int(once and not guide.shown.is_set())


def _load(flags: Mapping[str, Any]) -> Loaded:
    return load(None, environ={}, flags=flags, default_region=lambda: None)


def fill(aws: EmbeddedAws, senders: Iterable[Sender], now: float, console: Console) -> None:
    """Put the past of *senders* into *aws*: hour by hour, the last days minute by minute."""
    start = now - PAST_DAYS * DAY_SECONDS
    cut = math.floor((now - BY_MINUTE_DAYS * DAY_SECONDS) / HOUR_SECONDS) * HOUR_SECONDS
    terminal = console.is_terminal
    with Progress(console=console, disable=not terminal) as progress:
        for sender in senders:
            text = f"{sender.region}: {PAST_DAYS} days of mail"
            task = progress.add_task(text, total=PAST_DAYS * DAY_SECONDS)
            for hour, group in itertools.groupby(
                minutes(sender, start, cut), lambda minute: minute.start // HOUR_SECONDS
            ):
                aws.put_hour(sender.region, group)
                progress.update(task, completed=hour * HOUR_SECONDS - start)
            for minute in minutes(sender, cut, now - MINUTE_SECONDS):
                aws.put_minute(sender.region, minute)
            progress.update(task, completed=PAST_DAYS * DAY_SECONDS)
            if not terminal:
                console.out(text, highlight=False)
    console.out("The exporter reads it from CloudWatch, as it does at every start ...", highlight=False)


def keep_sending(
    aws: EmbeddedAws, sender: Sender, since: float, ended: threading.Event, clock: Callable[[], float] = time.time
) -> None:
    """Put each minute of *sender* into *aws* as soon as it is over, from where `fill` stopped at *since*."""
    done = since - MINUTE_SECONDS
    while not ended.wait(1):
        over = clock() - MINUTE_SECONDS
        for minute in minutes(sender, done, over):
            aws.put_minute(sender.region, minute)
        done = over


def _leave_out_the_real_aws(environ: MutableMapping[str, str]) -> None:
    """Take every setting of the SDK away, so that no request can leave this machine or bear a real key."""
    for name in [name for name in environ if name.startswith("AWS_")]:
        del environ[name]
    environ.update(
        AWS_ACCESS_KEY_ID="demo",
        AWS_SECRET_ACCESS_KEY="demo",  # noqa: S106 - moto takes any
        AWS_CONFIG_FILE=os.devnull,
        AWS_SHARED_CREDENTIALS_FILE=os.devnull,
        AWS_EC2_METADATA_DISABLED="true",
        NO_PROXY="127.0.0.1",
        no_proxy="127.0.0.1",
    )
