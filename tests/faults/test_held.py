from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.held import NOTE, TRIES, told_again


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
