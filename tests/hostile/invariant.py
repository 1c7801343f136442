"""What holds after every hostile input, whoever sent it: the one check of this package."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from exporter.errors import MAX_LINE, MAX_PROBLEMS

SECRET = "hunter2PlantedSecret"
WHERE = ("environment", "flag", "AWS_REGION", "aws-ses-exporter: ")
"""What a line begins with where it is not about a file."""
ANOTHER_FILE = ": cannot be read: "
"""What follows the name of a file that the input names."""


def harmless(said: str, *, files: Sequence[str] = (), statuses: Iterable[int] = ()) -> None:
    """Check what came of hostile input: what was *said* about it, and the *statuses* of answers, 0 where cut.

    *said* is one line for each problem, each beginning with one of *files* or with what else is meant; few enough to
    read, printable, without traceback and without what was planted as a secret. Nobody was told of a failure of ours.
    """
    assert "Traceback" not in said, said
    assert SECRET not in said
    lines = said.splitlines()
    assert len(lines) <= MAX_PROBLEMS + 1
    for line in lines:
        assert line.strip()
        assert line.isprintable(), ascii(line[:200])
        assert len(line) <= MAX_LINE + 100
        assert line.startswith((*files, *WHERE)) or ANOTHER_FILE in line, line[:200]
    assert all(status == 0 or status < 500 for status in statuses), set(statuses)
