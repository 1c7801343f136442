from __future__ import annotations

import pytest

from exporter.commands.check.means import one_number


@pytest.mark.parametrize(
    ("statistic", "number"), [("Average", 15 / 4), ("Minimum", 0.5), ("Maximum", 10.0), ("Sum", 15.0)]
)
def test_the_periods_become_one_number(statistic: str, number: float) -> None:
    assert one_number(statistic, [3.0, 0.5, 1.5, 10.0]) == number
    assert one_number(statistic, [7.0]) == 7.0
    assert one_number(statistic, []) is None


def test_a_number_does_not_depend_on_the_order_of_the_periods() -> None:
    values = [1e16, 1.0, -1e16, 0.1]
    assert one_number("Sum", values) == one_number("Sum", sorted(values)) == 1.1
    assert one_number("Average", values) == one_number("Average", sorted(values)) == 0.275
