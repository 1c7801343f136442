"""The ways into AWS that the jobs of a YACE file name: each role and region once, whichever jobs read there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from exporter.config.dialect import Place
from exporter.config.foreign import Findings, Part
from exporter.config.keys import Loc, dotted
from exporter.config.native_layer import NativeLayer
from exporter.config.values import DEFAULT_LABEL, role_account


@dataclass(slots=True)
class _Way:
    """One role, or the default credentials, at *loc*; the *regions*, each with its first place."""

    loc: Loc
    role_arn: str | None
    external_id: str | None
    regions: dict[str, Loc] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """The label of the target that it becomes: the same as `TargetSettings.label`."""
        return (role_account(self.role_arn) or self.role_arn) if self.role_arn else DEFAULT_LABEL


class Targets:
    """The ways in so far."""

    def __init__(self, findings: Findings) -> None:
        """Begin without any."""
        self._findings = findings
        self._ways: dict[str | None, _Way] = {}
        self._taken: dict[Place, _Way] = {}

    def scope(self, job: Part) -> tuple[Place, ...]:
        """Return the places of *job*, and have them read; none where its roles or regions are wrong."""
        regions = list(_regions(job))
        places: dict[Place, None] = {}
        for way in self._roles(job):
            for region, loc in regions:
                place = (way.label, region)
                holder = self._taken.setdefault(place, way)
                if holder is way:
                    way.regions.setdefault(region, loc)
                else:
                    message = f"account {place[0]} in {region} is read through {dotted(holder.loc)}, one role is enough"
                    self._findings.doubt(way.loc, message)
                places[place] = None
        return tuple(places)

    def put(self, native: NativeLayer) -> None:
        """Put them into *native* as its targets."""
        ways = [way for way in self._ways.values() if way.regions]
        if ways:
            native.put("targets", [_target(way) for way in ways])
        for index, way in enumerate(ways):
            native.stands(("targets", index, "role_arn"), (*way.loc, "roleArn"))
            native.stands(("targets", index, "external_id"), (*way.loc, "externalId"))
            for position, loc in enumerate(way.regions.values()):
                native.stands(("targets", index, "regions", position), loc)

    def _roles(self, job: Part) -> Iterator[_Way]:
        roles = job.items("roles") or [None]
        for position, item in enumerate(roles):
            loc: Loc = (*job.loc, "roles", position)
            if item is not None and not isinstance(item, dict):
                self._findings.wrong(loc, "must be a mapping with roleArn", show=False)
                continue
            part = Part(self._findings, loc, item or {})
            part.refuse_unknown(("roleArn", "externalId"))
            role_arn, external_id = part.written("roleArn"), part.written("externalId")
            if role_arn is None and external_id is not None:
                self._findings.wrong(loc, "externalId is only for a role: roleArn is missing", show=False)
                continue
            way = self._ways.setdefault(role_arn, _Way(loc, role_arn, external_id))
            if way.external_id != external_id:
                self._findings.doubt(loc, f"its externalId is left out, that of {dotted(way.loc)} is used")
            yield way


def _regions(job: Part) -> Iterator[tuple[str, Loc]]:
    regions = job.texts("regions")
    if not regions:
        job.say_missing("regions", "must be a list of regions", nothing=[])
    for region in regions or ():
        position = job.values["regions"].index(region)
        yield region, (*job.loc, "regions", position)


def _target(way: _Way) -> dict[str, Any]:
    target: dict[str, Any] = {"regions": list(way.regions)}
    if way.role_arn is not None:
        target["role_arn"] = way.role_arn
    if way.external_id is not None:
        target["external_id"] = way.external_id
    return target
