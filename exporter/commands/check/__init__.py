"""`check`: SES seen by a monitoring plugin. The command line is judged, AWS is read, the lines are written.

    flags -> options -> read (aws) -> judge -> output

Exit codes: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN, whatever happens. Every failure is one line on stdout.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from typer.exceptions import TyperException

from exporter.commands.check import flags
from exporter.commands.check.errors import RefusedError
from exporter.commands.check.judge import parts_of
from exporter.commands.check.options import Options, options_of
from exporter.commands.check.output import Status, failure, report
from exporter.commands.check.secrets import Veil, in_environment
from exporter.errors import SourceError

TOO_LONG = "Command too long to execute (timeout)..."
GRACE_SECONDS = 1.0
"""How long after the timeout the process is ended whatever holds it up, such as a name server."""


def check(arguments: Sequence[str], *, clock: Callable[[], float] = time.time) -> int:
    """Check SES as *arguments* say, write the lines to stdout, and return the exit code."""
    with _quiet():
        veil, text, status = Veil({}), "", Status.OK
        try:
            if (given := flags.parse(arguments)) is not None:
                veil = Veil(given)
                text, status = _checked(options_of(given, os.environ), clock)
        except RefusedError as error:
            text, status = failure(str(error)), Status.UNKNOWN
        except SystemExit:  # typer, whose reader of the help has gone
            status = Status.UNKNOWN
        except Exception as error:  # noqa: BLE001 - every failure is one line
            text, status = failure(_bug(error)), Status.UNKNOWN
        return _write(veil(text), status)


def refuse(error: TyperException) -> int:
    """Write that a flag before the command is wrong, and return the exit code."""
    return _write(failure(flags.usage(error)), Status.UNKNOWN)


def _checked(wanted: Options, clock: Callable[[], float]) -> tuple[str, Status]:
    with _ending_after(wanted.timeout_seconds + GRACE_SECONDS), in_environment(wanted.access.variables, os.environ):
        from exporter.commands.check.read import read, told  # noqa: PLC0415 - the SDK is slow to import

        try:
            readings = asyncio.run(read(wanted, clock))
        except SourceError as error:
            return failure(told(error)), Status.UNKNOWN
        except TimeoutError:
            return failure(TOO_LONG), Status.UNKNOWN
        parts = parts_of(wanted, readings)
    return report(wanted.instance, parts, perfdata=wanted.perfdata, only=wanted.filter_perfdata, verbose=wanted.verbose)


def _bug(error: Exception) -> str:
    """Return what is known of *error* without its text, which may hold anything."""
    last = traceback.extract_tb(error.__traceback__)[-1:]
    place = "".join(f" in {Path(frame.filename).name}, line {frame.lineno}" for frame in last)
    return f"A bug of the plugin: {type(error).__name__}{place}"


def _write(text: str, status: Status) -> int:
    """Write *text* and return the exit code of *status*; of UNKNOWN when nobody can have read it."""
    if sys.stdout is None:  # it was closed when the process began
        return int(Status.UNKNOWN)
    try:
        encoding = sys.stdout.encoding or "utf-8"
        sys.stdout.write(text.encode(encoding, "replace").decode(encoding))
        sys.stdout.flush()
    except (OSError, ValueError):
        with contextlib.suppress(OSError, ValueError), Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), sys.stdout.fileno())
        return int(Status.UNKNOWN)
    return int(status)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Let no log reach stderr meanwhile: what is to be said is in the line."""
    handler = logging.NullHandler()
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)


@contextlib.contextmanager
def _ending_after(seconds: float) -> Iterator[None]:
    """End the process with a line and UNKNOWN should this take longer."""
    claim = threading.Lock()

    def end() -> None:
        if claim.acquire(blocking=False):
            _end(TOO_LONG)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        claim.acquire()  # for ever where the line is being written, else there would be two


def _end(why: str) -> None:
    with contextlib.suppress(OSError):
        os.write(1, failure(why).encode())
    os._exit(Status.UNKNOWN)
