"""What a process needs before anything heavy is imported: three open descriptors, and signals that end it well."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from types import FrameType

_Handler = Callable[[int, FrameType | None], None]

STANDARD = 3
"""Descriptors 0, 1 and 2 are stdin, stdout and stderr to everyone, whatever was opened under these numbers."""


def hold_standard_descriptors() -> None:
    """Open those of stdin, stdout and stderr that are closed on /dev/null, so that nothing else gets their numbers."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) < STANDARD:
        pass
    os.close(descriptor)


@contextmanager
def quiet_signals() -> Iterator[None]:
    """Let SIGTERM and SIGINT end the process at once with exit code 0, and SIGHUP do nothing, while nothing is open.

    Whoever opens something takes its own handlers; those that are still these are what they were before at the end.
    """
    with _handled({signal.SIGTERM: _end, signal.SIGINT: _end, signal.SIGHUP: _ignore}):
        yield


@contextmanager
def plugin_signals() -> Iterator[None]:
    """Let signals end the process at once as a monitoring plugin ends that has no answer: with a line, and 3."""
    with _handled(dict.fromkeys((signal.SIGTERM, signal.SIGINT, signal.SIGHUP), _end_unknown)):
        yield


@contextmanager
def _handled(handlers: Mapping[signal.Signals, _Handler]) -> Iterator[None]:
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, handler in handlers.items():
            if signal.getsignal(number) is handler:
                signal.signal(number, before[number])


def _end(_: int, __: FrameType | None) -> None:
    os._exit(0)


def _end_unknown(number: int, _: FrameType | None) -> None:
    with suppress(OSError):
        os.write(1, f"UNKNOWN: Ended by {signal.Signals(number).name}. \n".encode())
    os._exit(3)


def _ignore(_: int, __: FrameType | None) -> None:
    pass
