"""What the web shows of the loops: rows of the status page, what is unhealthy, what was not tried yet."""

from __future__ import annotations

from exporter.daemon.crew import DIMENSIONS
from exporter.daemon.fleet import Fleet
from exporter.errors import ClaimedError
from exporter.scheduler import Loop
from exporter.store import Store
from exporter.web.status import Failure, Row, State


class View:
    """Reads fleet and store at each request."""

    def __init__(self, fleet: Fleet, store: Store) -> None:
        """Show the loops of *fleet* and the accounts that *store* knows."""
        self._fleet = fleet
        self._store = store
        self._was_ready = False

    def rows(self) -> list[Row]:
        """Return a row for each loop."""
        return [self._row(loop) for loop in self._fleet.loops]

    def unhealthy(self) -> list[str]:
        """Return a line for each loop that is dead or stuck."""
        ended = self._fleet.ended
        dead = [f"{loop.name}: ended" for loop in ended]
        stuck = [
            f"{loop.name}: no sign of life for {loop.silent_seconds:.0f} s"
            for loop in self._fleet.loops
            if loop.stuck and loop not in ended
        ]
        return dead + stuck

    def missing(self) -> list[str]:
        """Return the loops that did not try yet, or one line while there are no loops yet.

        A list of dimensions may take its time: what needs no list is there without it.
        Once every loop has tried, there are none for ever: a target that a reload adds must not take the others along.
        """
        if self._was_ready:
            return []
        if not self._fleet.loops:
            return ["the exporter is starting"]
        waited_for = [loop for loop in self._fleet.loops if loop.source.name != DIMENSIONS]
        missing = [loop.name for loop in waited_for if not loop.record.tried]
        self._was_ready = not missing
        return missing

    def _row(self, loop: Loop) -> Row:
        record = loop.record
        failure = None
        if record.error is not None and record.last_failure_at is not None:
            failure = Failure(record.error.reason, str(record.error), record.last_failure_at)
        return Row(
            target=loop.key.target,
            account_id=self._store.target(loop.key).account_id,
            region=loop.key.region,
            source=loop.source.name,
            state=_state(loop),
            last_success_at=record.last_success_at,
            last_failure=failure,
        )


def _state(loop: Loop) -> State:
    record = loop.record
    if not record.tried:
        return State.WAITING
    if record.failures > 0:
        return State.REFUSED if isinstance(record.error, ClaimedError) else State.FAILING
    # a good poll had an account: who is without one has lost it since to a target further up
    return State.GOOD if loop.source.account_id is not None else State.REFUSED
