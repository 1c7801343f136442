"""What the web shows of the loops: rows of the status page, what is unhealthy, what was not tried yet."""

from __future__ import annotations

from exporter.daemon.fleet import Fleet
from exporter.scheduler import Loop
from exporter.store import Store
from exporter.web.status import Failure, Row, State


class View:
    """Reads fleet and store at each request."""

    def __init__(self, fleet: Fleet, store: Store) -> None:
        """Show the loops of *fleet* and the accounts that *store* knows."""
        self._fleet = fleet
        self._store = store

    def rows(self) -> list[Row]:
        """Return a row for each loop."""
        return [self._row(loop) for loop in self._fleet.loops]

    def unhealthy(self) -> list[str]:
        """Return a line for each loop that is dead or stuck."""
        dead = [f"{loop.name}: ended" for loop in self._fleet.ended]
        stuck = [
            f"{loop.name}: no sign of life for {loop.silent_seconds:.0f} s"
            for loop in self._fleet.loops
            if loop.stuck and loop not in self._fleet.ended
        ]
        return dead + stuck

    def missing(self) -> list[str]:
        """Return the loops that did not try yet, or one line while there are no loops yet."""
        if not self._fleet.loops:
            return ["the exporter is starting"]
        return [loop.name for loop in self._fleet.loops if not loop.record.tried]

    def _row(self, loop: Loop) -> Row:
        record = loop.record
        failure = None
        if record.error is not None and record.last_failure_at is not None:
            failure = Failure(record.error.reason, str(record.error), record.last_failure_at)
        state = State.FAILING if record.failures > 0 else State.GOOD
        return Row(
            target=loop.key.target,
            account_id=self._store.target(loop.key).account_id,
            region=loop.key.region,
            source=loop.source.name,
            state=state if record.tried else State.WAITING,
            last_success_at=record.last_success_at,
            last_failure=failure,
        )
