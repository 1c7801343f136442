"""What watches a real process: a thread that does its work again and again, and a look at what the process holds."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable
from pathlib import Path

from tests.faults.seen import Strain

PAUSE_SECONDS = 0.2
END_SECONDS = 60.0
LISTENS = "0A"
"""As the kernel writes this state of a socket."""


class Watcher:
    """Does *work* again and again in a thread; what it raises is raised where it is ended."""

    def __init__(self, work: Callable[[], None]) -> None:
        self._work = work
        self._ended = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="watcher")
        self._thread.start()

    def end(self) -> None:
        """End it; nothing where it was ended before."""
        self._ended.set()
        self._thread.join(END_SECONDS)
        error, self._error = self._error, None
        if error is not None:
            raise error

    def _run(self) -> None:
        try:
            while not self._ended.wait(PAUSE_SECONDS):
                self._work()
        except BaseException as error:  # noqa: BLE001 - raised again in the test
            self._error = error


def strain(pid: int) -> Strain:
    """Return what the process *pid* holds."""
    place = Path(f"/proc/{pid}")
    pages = int((place / "statm").read_text(encoding="ascii").split()[1])
    return Strain(
        len(list((place / "task").iterdir())),
        len(list((place / "fd").iterdir())),
        pages * os.sysconf("SC_PAGE_SIZE"),
    )


def listens_at(pid: int) -> str:
    """Return where the process *pid* listens, though it may have nowhere to say so; nothing where it does not yet."""
    place = Path(f"/proc/{pid}")
    with contextlib.suppress(OSError):  # it ends, or closes one meanwhile
        held = {str(each.readlink()) for each in (place / "fd").iterdir()}
        for line in (place / "net" / "tcp").read_text(encoding="ascii").splitlines()[1:]:
            _, local, _, state, *more = line.split()
            if state == LISTENS and f"socket:[{more[5]}]" in held:
                return f"127.0.0.1:{int(local.rpartition(':')[2], 16)}"
    return ""
