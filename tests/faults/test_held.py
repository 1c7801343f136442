from __future__ import annotations

import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.faults import held as module
from tests.faults.held import NOTE, PAUSE_SECONDS, TRIES, note_holdups, told_again


@pytest.mark.parametrize(("held_up", "tries"), [(0, 1), (1, 2), (TRIES, TRIES)])
def test_a_story_that_fails_is_told_again_only_where_the_machine_was_in_its_way(
    tmp_path: Path, held_up: int, tries: int
) -> None:
    folders: list[Path] = []

    @told_again
    def story(tmp_path: Path) -> None:
        folders.append(tmp_path)
        (tmp_path / NOTE).unlink(missing_ok=True)  # the machine's own
        if len(folders) <= held_up:
            (tmp_path / NOTE).touch()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        story(tmp_path=tmp_path)
    assert len(set(folders)) == tries


@pytest.mark.parametrize(
    ("passed", "worked", "noted"), [(PAUSE_SECONDS, 0.0, False), (2.0, 0.0, True), (2.0, 1.9, False), (2.0, 1.0, True)]
)
def test_it_is_no_hold_up_where_the_process_itself_was_at_work(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, passed: float, worked: float, noted: bool
) -> None:
    now = used = 0.0

    class Ended(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            nonlocal now, used
            now, used = now + passed, used + worked
            self.set()
            return True

    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: now, process_time=lambda: used))
    note_holdups(tmp_path, Ended())
    assert (tmp_path / NOTE).exists() == noted
