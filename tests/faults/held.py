"""Stories told again where the machine was in their way: at their speed two seconds are minutes."""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable
from pathlib import Path

PAUSE_SECONDS = 0.05
HELD_SECONDS = 0.2
"""What a machine with time for us is never late by."""
TRIES = 3
NOTE = "held up"


def note_holdups(folder: Path, ended: threading.Event) -> None:
    """Leave a note in *folder* once the machine has held this process up, until *ended*.

    A wait in which the process itself was at work, with the interpreter its own, is no hold-up.
    """
    while not ended.is_set():
        begun, used = time.monotonic(), time.process_time()
        ended.wait(PAUSE_SECONDS)
        passed, worked = time.monotonic() - begun, time.process_time() - used
        if passed - worked > PAUSE_SECONDS + HELD_SECONDS:
            (folder / NOTE).touch()


def told_again(story: Callable[..., None]) -> Callable[..., None]:
    """Return the test that tells *story* in a folder of its own, again where it fails and there is a note of a hold-up.

    The process of the story notes its own there.
    """

    @functools.wraps(story)
    def test(tmp_path: Path, **options: object) -> None:
        for number in range(1, TRIES + 1):
            folder = tmp_path / str(number)
            folder.mkdir()
            ended = threading.Event()
            watching = threading.Thread(target=note_holdups, args=(folder, ended), daemon=True)
            watching.start()
            try:
                story(folder, **options)
            except Exception:
                if number == TRIES or not (folder / NOTE).exists():
                    raise
            else:
                return
            finally:
                ended.set()
                watching.join()

    return test
