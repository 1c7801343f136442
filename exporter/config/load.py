"""File, environment and flags become Settings, or one ConfigError with every problem there is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from exporter.catalogue import NAMESPACE
from exporter.config import cloudwatch_exporter, yace
from exporter.config.dialect import DialectName
from exporter.config.environment import read_environment, read_flags
from exporter.config.keys import Loc
from exporter.config.layers import Layer, one_line, problem, spots_of
from exporter.config.native_layer import Translated
from exporter.config.rules import ignored
from exporter.config.settings import Settings
from exporter.config.show import digest
from exporter.config.validate import STAND_IN, validated
from exporter.config.yaml_lines import Document, read_yaml
from exporter.errors import ConfigError, Problem

MAX_BYTES = 1_048_576
_LEAST = {
    DialectName.NATIVE: "the targets",
    DialectName.CLOUDWATCH_EXPORTER: "the metrics",
    DialectName.YACE: f"a job for {NAMESPACE}",
}


@dataclass(frozen=True, slots=True)
class Loaded:
    """A configuration that was read: *sha256* is of the effective one, masked; *warnings* are readable lines."""

    settings: Settings
    sha256: str
    warnings: tuple[str, ...]


def load(
    path: Path | None,
    *,
    environ: Mapping[str, str],
    flags: Mapping[str, Any],
    default_region: Callable[[], str | None],
    unknown_regions: Callable[[tuple[str, ...]], tuple[str, ...]] = lambda _: (),
    dialect: DialectName | None = None,
    labels_snake_case: bool | None = None,
    doubts: Sequence[Problem] = (),
) -> Loaded:
    """Read the configuration: *flags* (dotted key to value) over *environ* over the file at *path* over the defaults.

    Without targets, *default_region* tells the region of the one target; it may raise ConfigError. *unknown_regions*
    returns those of the names that the SDK does not know; each becomes a warning.

    The file may be that of another exporter: its content tells, or *dialect*. *labels_snake_case* is YACE's flag.
    *doubts* are warnings that are known already.

    Raises:
        ConfigError: something is wrong; it holds all problems, not only the first.
    """
    problems: list[Problem] = []
    document: Layer | None = Layer(STAND_IN.where)
    foreign: Translated | None = None
    if path is not None:
        document, foreign, problems = _read_file(path, dialect, snake_case=bool(labels_snake_case))
    environment, found = read_environment(environ)
    problems += found
    if foreign is not None:
        environment, found = _without_settled(environment, foreign)
        problems += found
    layers = [read_flags(flags), environment, document or Layer(one_line(str(path)))]
    names_targets = foreign is not None and foreign.way is None
    if document is not None and not names_targets and not any(layer.gives("targets") for layer in layers):
        where = environment.where if path is None else document.where
        default, found = _default_target(default_region, where, foreign)
        layers.append(default)
        problems += found
    settings, more = validated(layers, judge_rules=document is not None)
    told = {(one.where, one.line, one.key) for one in problems}
    problems += [one for one in more if (one.where, one.line, one.key) not in told]
    if problems or settings is None:
        order = {layer.where: place for place, layer in enumerate(reversed(layers), start=1)}
        raise ConfigError(tuple(sorted(problems, key=lambda one: (order.get(one.where, 0), one.line or 0))))
    doubts = [*doubts, *(foreign.doubts if foreign is not None else ())]
    if dialect is not None and path is None:
        doubts.append(
            Problem("flag", "does nothing: there is no file, --config.file names one", key="--config.dialect")
        )
    if labels_snake_case and (foreign is None or foreign.dialect.name is not DialectName.YACE):
        doubts.append(Problem("flag", "does nothing: it is for a file of YACE", key="--labels-snake-case"))
    if foreign is not None:
        settings = settings.with_dialect(foreign.dialect)
    doubts += [problem(layers, finding.loc, finding.message) for finding in ignored(settings)]
    doubts += _region_doubts(layers, settings, unknown_regions)
    return Loaded(settings, digest(settings), tuple(str(doubt) for doubt in doubts))


def _read_file(
    path: Path, dialect: DialectName | None, *, snake_case: bool
) -> tuple[Layer | None, Translated | None, list[Problem]]:
    """Return the file's layer, None when it cannot be used, what it is in another dialect, and what is wrong."""
    where = one_line(str(path))
    try:
        document = read_yaml(_text(path, where), where, least=_LEAST[dialect or DialectName.NATIVE])
    except ConfigError as error:
        return None, None, list(error.problems)
    match dialect or _dialect_of(document):
        case DialectName.CLOUDWATCH_EXPORTER:
            foreign = cloudwatch_exporter.translate(document, where)
        case DialectName.YACE:
            foreign = yace.translate(document, where, snake_case=snake_case)
        case DialectName.NATIVE:
            return Layer(where, document.values, document.spots), None, document.problems
    return foreign.layer, foreign, list(foreign.problems)


def _dialect_of(document: Document) -> DialectName:
    if cloudwatch_exporter.is_theirs(document.values):
        return DialectName.CLOUDWATCH_EXPORTER
    return DialectName.YACE if yace.is_theirs(document.values) else DialectName.NATIVE


def _without_settled(environment: Layer, foreign: Translated) -> tuple[Layer, list[Problem]]:
    """Return *environment* without what only the foreign file may say, and a problem for each such variable."""
    given = [key for key in foreign.settled if key in environment.values]
    message = f"cannot stand beside a file of {foreign.dialect.name}, which says that itself"
    problems = [Problem(environment.where, message, key=environment.name((key,))) for key in given]
    values = {key: value for key, value in environment.values.items() if key not in given}
    return replace(environment, values=values), problems


def _text(path: Path, where: str) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ConfigError((Problem(where, f"cannot be read: {(error.strerror or str(error)).lower()}"),)) from None
    except ValueError as error:
        raise ConfigError((Problem(where, f"cannot be read: {error}"),)) from None
    if len(data) > MAX_BYTES:
        raise ConfigError((Problem(where, f"is over {MAX_BYTES} bytes (1 MiB)"),))
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError((Problem(where, f"is not UTF-8 (byte 0x{data[error.start]:02x})", line=line),)) from None


def _default_target(
    default_region: Callable[[], str | None], where: str, foreign: Translated | None
) -> tuple[Layer, list[Problem]]:
    """Return the layer of the one target without any named, and what is wrong with it, told at *where*."""
    region, problems = None, []
    try:
        region = default_region()
        if region is None:
            named = "name the regions under targets" if foreign is None else "name it"
            message = f"is missing: {named}, or set AWS_REGION or the profile's region"
            problems = [Problem(where, message, key="targets" if foreign is None else "region")]
    except ConfigError as error:
        problems = list(error.problems)
    way = (foreign.way if foreign is not None else None) or {}
    values = {"targets": [{"regions": [region], **way}]} if region is not None else {}
    return Layer("AWS_REGION or the profile's region", values, spots_of(values, ())), problems


def _region_doubts(
    layers: Sequence[Layer], settings: Settings, unknown_regions: Callable[[tuple[str, ...]], tuple[str, ...]]
) -> list[Problem]:
    named: dict[str, Loc] = {}
    for index, target in enumerate(settings.targets):
        for position, region in enumerate(target.regions):
            named.setdefault(region, ("targets", index, "regions", position))
    message = "is a region that the SDK does not know; it is asked nevertheless"
    return [problem(layers, named[region], message) for region in unknown_regions(tuple(named))]
