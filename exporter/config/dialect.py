"""What the file of another exporter asks for beside the native configuration, as plain data: its rules."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from exporter.catalogue import Family, Kind
from exporter.config.label_styles import LabelStyle, Pairs, dimension_label
from exporter.config.selections import Selection

Place = tuple[str, str]
"""A target, by its label, and a region."""


class DialectName(StrEnum):
    """The exporters whose files are read, and our own."""

    NATIVE = "native"
    CLOUDWATCH_EXPORTER = "cloudwatch_exporter"
    YACE = "yace"


@dataclass(frozen=True, slots=True)
class Rule:
    """One metric as that exporter shows it.

    *families* has a family for each CloudWatch statistic, *labels* are those of every series, *label_style* says what
    a dimension becomes and what stands beside it. The window of a poll at t is the complete periods of *period_seconds*
    from *delay_seconds* and *range_seconds* before t to *delay_seconds* before t. With *timestamps* a sample has the
    time of its datapoint, and only what is in that window is shown, with *every* not only the newest. *zero* tells
    whether no datapoint means 0, *selection* which dimensions are read, None for the account as a whole. *scope* are
    the places that it is for, None for all.
    """

    id: str
    metric: str
    kind: Kind
    families: tuple[tuple[str, Family], ...]
    labels: Pairs
    label_style: LabelStyle
    period_seconds: int
    range_seconds: int
    delay_seconds: int
    max_age_seconds: int
    timestamps: bool
    zero: bool
    selection: Selection | None = None
    warn_when_empty: bool = False
    every: bool = False
    scope: tuple[Place, ...] | None = None

    @property
    def statistics(self) -> tuple[str, ...]:
        """The CloudWatch statistics, each once."""
        return tuple(statistic for statistic, _ in self.families)

    @property
    def is_held(self) -> bool:
        """Whether the newest value is held while there is none: rates and levels, but not beside a timestamp."""
        return self.kind is not Kind.COUNT and not self.timestamps and not self.zero

    @property
    def is_filled(self) -> bool:
        """Whether a period without a datapoint is shown as 0."""
        return self.zero and not self.timestamps

    @property
    def reads_all(self) -> bool:
        """Whether each poll needs the window as a whole, not only its newest period."""
        return not self.is_held and not self.is_filled

    @property
    def read_period_seconds(self) -> int:
        """The period that is asked for: of a rate the finest, so that no two samples are added up."""
        return 60 if self.kind is Kind.RATE else self.period_seconds

    @property
    def reads(self) -> tuple[object, ...]:
        """What decides which values it shows; what two rules of the same know, either can go on with."""
        return (
            self.kind,
            self.read_period_seconds,
            self.range_seconds,
            self.delay_seconds,
            self.timestamps,
            self.every,
            self.zero,
            self.max_age_seconds,
        )

    def family(self, statistic: str) -> Family:
        """Return the family of *statistic*; one of this rule's."""
        return next(family for name, family in self.families if name == statistic)

    def label_pairs(
        self, account_id: str, region: str, dimensions: Iterable[tuple[str, str]], others: Iterable[str] = ()
    ) -> Pairs:
        """Return the labels of the series with these *dimensions*; *others* are those that its family has besides."""
        own = self._own_pairs(dimensions)
        if not self.fills_labels:
            return own
        labels = {**dict.fromkeys(others, ""), **dict(own), "account_id": account_id, "region": region}
        return tuple(sorted(labels.items()))

    def label_names(self, dimensions: Iterable[tuple[str, str]]) -> tuple[str, ...]:
        """Return the labels that only some series of a family may have."""
        return tuple(name for name, _ in self._own_pairs(dimensions))

    def _own_pairs(self, dimensions: Iterable[tuple[str, str]]) -> Pairs:
        return (*self.labels, *((dimension_label(self.label_style, name), value) for name, value in dimensions))

    @property
    def fills_labels(self) -> bool:
        """Whether every series of a family has the labels of all."""
        return self.label_style is not LabelStyle.CLOUDWATCH_EXPORTER


@dataclass(frozen=True, slots=True)
class Dialect:
    """The exporter whose file it is, and the rules in it."""

    name: DialectName
    rules: tuple[Rule, ...] = ()

    @property
    def family_names(self) -> frozenset[str]:
        """The names that are this dialect's, so that no native series may have them."""
        return frozenset(family.name for rule in self.rules for _, family in rule.families)

    def rules_of(self, place: Place | None) -> tuple[Rule, ...]:
        """Return the rules for *place*, for None all."""
        if place is None:
            return self.rules
        return tuple(rule for rule in self.rules if rule.scope is None or place in rule.scope)
