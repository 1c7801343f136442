"""Looks at the running exporter from outside, as a scraper does, and shows a person what to see there."""

from __future__ import annotations

import http.client
import os
import signal
import threading
import time
from dataclasses import dataclass, field

from rich.console import Console

from exporter.demo.excerpt import excerpt, is_whole
from exporter.web.listen import open_sockets

READY_SECONDS = 60
_LOOK_SECONDS = 0.2
_LOCAL = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "[::]": "[::1]"}  # noqa: S104 - only looked up


@dataclass(frozen=True, slots=True)
class Place:
    """An *address* to listen on, as `--web.listen-address` has it, with a port of its own."""

    address: str

    @classmethod
    def settle(cls, address: str) -> Place:
        """Return the place of *address*, port 0 becoming one that is free now.

        Raises:
            ListenError: it cannot be had; what listens there is another's, and its page is none of ours.
        """
        (listener,) = open_sockets((address,))
        with listener:
            port = listener.getsockname()[1]
        return cls(f"{address.rpartition(':')[0]}:{port}")

    @property
    def url(self) -> str:
        """Where a person on this machine finds it."""
        return f"http://{self._local}/"

    @property
    def page_url(self) -> str:
        """Where the metrics are."""
        return f"http://{self._local}/metrics"

    def page(self) -> str | None:
        """Return the metrics, None where there is no good answer yet."""
        connection = http.client.HTTPConnection(self._local, timeout=5)
        try:
            connection.request("GET", "/metrics")
            response = connection.getresponse()
            body = response.read().decode()
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()
        return body if response.status == http.client.OK else None

    @property
    def _local(self) -> str:
        host, _, port = self.address.rpartition(":")
        return f"{_LOCAL.get(host, host)}:{port}"


@dataclass(frozen=True, slots=True)
class Guide:
    """Shows the page at *place* as soon as it is whole for every one of *regions*; *shown* says that it did.

    With *once* it then ends the process as Ctrl-C does. It gives up when *ended* is set: the exporter is gone.
    """

    console: Console
    place: Place
    regions: tuple[str, ...]
    once: bool
    ended: threading.Event = field(default_factory=threading.Event)
    shown: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Wait, show, and with *once* end the process."""
        page = self._whole_page()
        if self.ended.is_set():
            return
        if page is None:
            self._say(f"The page is not whole after {READY_SECONDS} seconds; {self.place.url} says why.")
        else:
            self._say(f"{self.place.page_url} says, among others:\n\n{excerpt(page)}")
            self.shown.set()
        if self.once:
            os.kill(os.getpid(), signal.SIGINT)
        else:
            self._say(f"Mail goes on. For people: {self.place.url}   End: Ctrl-C")

    def _whole_page(self) -> str | None:
        limit = time.monotonic() + READY_SECONDS
        while not self.ended.wait(_LOOK_SECONDS) and time.monotonic() < limit:
            page = self.place.page()
            if page is not None and is_whole(page, self.regions):
                return page
        return None

    def _say(self, text: str) -> None:
        self.console.out(text, highlight=False)
