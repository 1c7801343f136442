"""The shipped rule files as tests read them: rules with their comments, and what their expressions ask and answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import promql_parser as promql

from tests import yamls

ALERTS = Path(__file__).parents[2] / "alerts"
OWN = tuple(sorted((ALERTS / "rules").glob("*.yml")))
PEERS = tuple(sorted((ALERTS / "peers").glob("*.yml")))

LOGICAL = ("and", "or", "unless")
WAITS = ("for", "keep_firing_for")
COMPARISONS = ("==", "!=", ">", "<", ">=", "<=")

RecordedLabels = Mapping[str, frozenset[str] | None]
"""The labels of each recorded series, None where they are whatever the scraped series has."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a file; *name* is the alert or the recorded series, *waits* are its `for` and
    `keep_firing_for`, *comment* is what stands right above it.
    """

    file: Path
    kind: str
    name: str
    expr: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    waits: Mapping[str, str]
    comment: str

    @property
    def severity(self) -> str:
        return self.labels.get("severity", "")

    @property
    def is_alert(self) -> bool:
        return self.kind == "alert"

    def __str__(self) -> str:
        return f"{self.file.name} {self.name} {self.severity}".rstrip()


@dataclass(frozen=True, slots=True)
class Asked:
    """A series that an expression asks for, and what stands around it, outermost first."""

    selector: promql.VectorSelector
    around: tuple[promql.Expr, ...]

    @property
    def name(self) -> str:
        return self.selector.name or ""

    @property
    def is_recorded(self) -> bool:
        return ":" in self.name


def promtool_tests(rule: Rule, *, alerts: Path | None = None) -> Path:
    """Return the file of promtool tests that are about *rule*, in the shipped folder or in *alerts*, a copy of it."""
    folder = (alerts or ALERTS) / "tests" / ("peers" if rule.file in PEERS else "")
    return folder / f"{rule.name}.test.yml"


def read(path: Path) -> list[Rule]:
    """Return the rules of the file at *path*, in its order."""
    return parse(path.read_text(encoding="utf-8"), path)


def parse(text: str, file: Path) -> list[Rule]:
    """Return the rules that *text* holds, which stands or might stand in *file*."""
    comments = _comments(text)
    found = [each for group in yamls.load(text)["groups"] for each in group["rules"]]
    return [
        Rule(
            file=file,
            kind=kind,
            name=each[kind],
            expr=each["expr"],
            labels=each.get("labels", {}),
            annotations=each.get("annotations", {}),
            waits={key: each[key] for key in WAITS if key in each},
            comment=comment,
        )
        for each, comment in zip(found, comments, strict=True)
        for kind in ("alert", "record")
        if kind in each
    ]


def _comments(text: str) -> Iterator[str]:
    above: list[str] = []
    for line in text.splitlines():
        if re.match(r"\s*- (alert|record): ", line):
            yield " ".join(above)
        above = [*above, line.strip(" #")] if line.lstrip().startswith("#") else []


def asked(expr: promql.Expr, around: tuple[promql.Expr, ...] = ()) -> Iterator[Asked]:
    """Yield every series that *expr* asks for."""
    if isinstance(expr, promql.VectorSelector):
        yield Asked(expr, around)
    for child in children(expr):
        yield from asked(child, (*around, expr))


def children(expr: promql.Expr) -> Iterable[promql.Expr]:
    """Return the expressions right inside *expr*, in the order of the text."""
    match expr:
        case promql.BinaryExpr():
            return (expr.lhs, expr.rhs)
        case promql.Call():
            return expr.args
        case promql.MatrixSelector():
            return (expr.vector_selector,)
        case promql.AggregateExpr() | promql.ParenExpr() | promql.SubqueryExpr() | promql.UnaryExpr():
            return (expr.expr,)
    return ()


def recorded_labels(rules: Iterable[Rule]) -> dict[str, frozenset[str] | None]:
    """Return the labels of every series that *rules* record; one may ask for another that stands before it."""
    known: dict[str, frozenset[str] | None] = {}
    for rule in rules:
        if not rule.is_alert:
            known[rule.name] = _own_labels(rule, known)
    return known


def _own_labels(rule: Rule, known: RecordedLabels) -> frozenset[str] | None:
    """Return the labels of what *rule* records; where it asks for its own last value, those of what stands before."""
    expr = promql.parse(rule.expr)
    itself = labels(expr.lhs, known) if isinstance(expr, promql.BinaryExpr) else None
    return labels(expr, {**known, rule.name: itself})


def labels(expr: promql.Expr, recorded: RecordedLabels) -> frozenset[str] | None:
    """Return the labels that every series of the result of *expr* has; None where nothing limits them."""
    match expr:
        case promql.AggregateExpr():
            by = expr.modifier is not None and expr.modifier.type == promql.AggModifierType.By
            return frozenset(expr.modifier.labels if expr.modifier and by else ())
        case promql.BinaryExpr():
            return _labels_of_both(expr, recorded)
        case promql.VectorSelector():
            return recorded.get(expr.name or "", None)
        case promql.Call() if expr.func.name in ("absent", "vector"):
            return frozenset()
    for child in children(expr):
        if not isinstance(child, promql.NumberLiteral | promql.StringLiteral):
            return labels(child, recorded)
    return None


def _labels_of_both(expr: promql.BinaryExpr, recorded: RecordedLabels) -> frozenset[str] | None:
    left, right = labels(expr.lhs, recorded), labels(expr.rhs, recorded)
    op = str(expr.op)
    if op in ("and", "unless"):
        return left
    if op == "or":
        return None if left is None or right is None else left & right
    return right if is_scalar(expr.lhs) else left


def is_scalar(expr: promql.Expr) -> bool:
    """Tell whether *expr* is one number without labels."""
    match expr:
        case promql.NumberLiteral():
            return True
        case promql.Call():
            return expr.func.name in ("time", "scalar", "pi")
        case promql.ParenExpr() | promql.UnaryExpr() | promql.BinaryExpr():
            return all(is_scalar(child) for child in children(expr))
    return False


def replaced(
    expr: promql.Expr, change: Callable[[promql.BinaryExpr], Iterable[tuple[str, str]]]
) -> Iterator[tuple[str, str]]:
    """Yield each text that *expr* becomes by one of the changes that *change* knows for one of its operations.

    *change* yields what it did and the text that stands in the operation's place; so do we, for the whole.
    """
    for index, operation in enumerate(operations(expr)):
        for what, text in change(operation):
            yield what, _with(expr, index, promql.parse(text))


def operations(expr: promql.Expr) -> Iterator[promql.BinaryExpr]:
    """Yield the operations with two sides in *expr*, outer before inner."""
    if isinstance(expr, promql.BinaryExpr):
        yield expr
    for child in children(expr):
        yield from operations(child)


def _with(expr: promql.Expr, index: int, instead: promql.Expr) -> str:
    count = iter(range(index + 1))

    def visit(each: promql.Expr) -> promql.Expr | None:
        if isinstance(each, promql.BinaryExpr) and next(count, None) == index:
            return instead
        return None

    return str(promql.transform(expr, visit))
