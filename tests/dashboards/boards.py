"""The committed boards as the tests read them: panels, targets, queries with Grafana's variables filled in."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import promql_parser
from promql_parser import AggregateExpr, BinaryExpr, Call, Expr, MatrixSelector, VectorSelector

import dashboards

FOLDER = Path(dashboards.__file__).parent
NAMES = ("aws-ses-overview", "aws-ses-exporter")
WITHOUT_CHOICE = {"job": ".+", "instance": ".+", "account": ".+", "region": ".+", "target": ".+"}
STEPS = {"__interval": "5m", "__rate_interval": "20m", "__rate_interval_ms": "1200000", "__range": "1d"}

Board = dict[str, Any]
Panel = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """A query of a board and where it stands."""

    board: str
    panel: str
    kind: str
    ref_id: str
    expression: str

    def __str__(self) -> str:
        return f"{self.board}: {self.panel}: {self.ref_id}"


def load(name: str) -> Board:
    board: Board = json.loads((FOLDER / f"{name}.json").read_text())
    return board


def panels(board: Board) -> list[Panel]:
    """Return the panels, those in collapsed rows too, without the rows."""
    found = [inner for panel in board["panels"] for inner in (panel, *panel.get("panels", ()))]
    return [panel for panel in found if panel["type"] != "row"]


def asked(name: str) -> list[Asked]:
    """Return the queries of the panels of the board *name*."""
    return [
        Asked(name, panel["title"], panel["type"], target["refId"], target["expr"])
        for panel in panels(load(name))
        for target in panel["targets"]
    ]


def variables(board: Board) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = board["templating"]["list"]
    return found


def filled(expression: str, chosen: Mapping[str, str] = WITHOUT_CHOICE, steps: Mapping[str, str] = STEPS) -> str:
    """Return *expression* with Grafana's variables replaced; one that is not known stays and does not parse."""
    values = {**chosen, **steps}
    return re.sub(r"\$([a-z_]+)", lambda found: values.get(found[1], found[0]), expression)


def nodes(expression: Expr, parents: tuple[Expr, ...] = ()) -> Iterator[tuple[Expr, tuple[Expr, ...]]]:
    """Return each node of a parsed query with the nodes above it, the nearest last."""
    yield expression, parents
    match expression:
        case Call():
            below = list(expression.args)
        case BinaryExpr():
            below = [expression.lhs, expression.rhs]
        case MatrixSelector():
            below = [expression.vector_selector]
        case AggregateExpr():
            below = [expression.expr, *([expression.param] if isinstance(expression.param, Expr) else [])]
        case _:
            inner = getattr(expression, "expr", None)
            below = [inner] if isinstance(inner, Expr) else []
    for child in below:
        yield from nodes(child, (*parents, expression))


def parsed(expression: str) -> list[tuple[Expr, tuple[Expr, ...]]]:
    """Return the nodes of *expression*; ValueError if it is not PromQL."""
    return list(nodes(promql_parser.parse(filled(expression))))


def selectors(expression: str) -> list[VectorSelector]:
    """Return every selector of *expression*, with the variables as they stand in it."""
    tree = nodes(promql_parser.parse(filled(expression, {})))
    return [node for node, _ in tree if isinstance(node, VectorSelector)]


def matchers(selector: VectorSelector) -> set[tuple[str, str, str]]:
    """Return (label, operator, value) of each matcher."""
    return {(each.name, str(each.op).rpartition(".")[2], each.value) for each in selector.matchers.matchers}


def demanded(expression: str) -> dict[str, str]:
    """Return labels, each `x`, that the series of *expression* must have: a configuration set, a receipt rule."""
    found = {matcher for selector in selectors(expression) for matcher in matchers(selector)}
    return {name: "x" for name, operator, value in sorted(found) if (operator, value) == ("NotEqual", "")}


def metrics(expression: str) -> set[str]:
    """Return the names of the metrics that *expression* reads."""
    return {selector.name for selector in selectors(expression) if selector.name is not None}
