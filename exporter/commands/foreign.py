"""What `check-config` says of another exporter's file: which series it gives, and what is read otherwise."""

from __future__ import annotations

from collections.abc import Iterator

from exporter.catalogue import Kind
from exporter.config.dialect import Dialect, DialectName, Rule


def of_dialect(dialect: Dialect) -> Iterator[str]:
    """Yield sentences about *dialect*, none of the native one."""
    if dialect.name is DialectName.NATIVE:
        return
    yield f"The file is one of {dialect.name}; its series stand on the page under that exporter's names:"
    for rule in dialect.rules:
        names = ", ".join(family.name for _, family in rule.families)
        where = "" if rule.scope is None else f" in {', '.join(' '.join(place) for place in rule.scope)}"
        window = f"every {rule.period_seconds} s, {rule.delay_seconds} s ago"
        yield f"  {rule.metric} {_whose(rule)}{where}, {window}: {names}"
    changed = [rule for rule in dialect.rules if rule.kind is Kind.RATE and rule.period_seconds > 60]  # noqa: PLR2004
    yield from dict.fromkeys(
        f"Read over 60 s, not over {rule.period_seconds} s, for samples of a rate cannot be added up: "
        f"where five of 0.1432 had the Sum 0.716 it is 0.1432 now: {', '.join(each.name for _, each in rule.families)}"
        for rule in changed
    )


def _whose(rule: Rule) -> str:
    if rule.selection is None:
        return "of the account"
    return f"by {', '.join(rule.selection.names) or 'all dimensions'}"
