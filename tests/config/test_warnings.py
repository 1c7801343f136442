"""What is right and still not what somebody meant."""

from __future__ import annotations

from pathlib import Path

from exporter.config.load import load


def warnings(file: Path, metrics: str) -> list[str]:
    file.write_text(f"targets: [{{regions: [us-east-1]}}]\nmetrics:\n{metrics}", encoding="utf-8")
    loaded = load(file, environ={}, flags={}, default_region=lambda: None)
    return [warning.removeprefix(f"{file}:") for warning in loaded.warnings]


def test_a_key_that_a_kind_has_no_use_for_is_a_warning(tmp_path: Path) -> None:
    assert warnings(
        tmp_path / "c.yaml",
        "  - {name: Send, max_age_seconds: 60}\n"
        "  - {name: Reputation.BounceRate, period_seconds: 60, delay_seconds: 0}\n"
        "  - {name: Foo, kind: level, delay_seconds: 0}\n",
    ) == [
        "3: metrics[0].max_age_seconds = 60: does nothing: Send is a count, which has no use for it",
        "4: metrics[1].delay_seconds = 0: does nothing: Reputation.BounceRate is a rate, which has no use for it",
        "4: metrics[1].period_seconds = 60: does nothing: Reputation.BounceRate is a rate, which has no use for it",
        "5: metrics[2].delay_seconds = 0: does nothing: Foo is a level, which has no use for it",
    ]


def test_a_limit_of_configuration_sets_that_are_not_read_is_a_warning(tmp_path: Path) -> None:
    limit = "  - {name: Send}\nsources: {configuration_sets: {limit: 5}}\n"
    assert warnings(tmp_path / "c.yaml", limit) == [
        "4: sources.configuration_sets.limit = 5: does nothing: sources.configuration_sets.enabled is not true"
    ]
    assert warnings(tmp_path / "c.yaml", limit.replace("limit: 5", "limit: 5, enabled: false")) == []


def test_a_limit_of_configuration_sets_that_another_limit_cuts_is_a_warning(tmp_path: Path) -> None:
    def found(limit: int) -> list[str]:
        metrics = "".join(f"  - {{name: {name}}}\n" for name in ("Send", "Delivery", "Bounce"))
        sets = f"sources: {{configuration_sets: {{enabled: true, limit: {limit}}}}}\n"
        return warnings(tmp_path / "c.yaml", metrics + sets)

    assert found(666) == []
    assert found(667) == [
        (
            "6: sources.configuration_sets.limit = 667: is not reached where each has all 3 metrics: "
            "sources.dimensions.limit is 2000, enough for 666 whole sets"
        )
    ]


def test_a_key_that_a_kind_does_use_is_none(tmp_path: Path) -> None:
    used = (
        "  - {name: Send, delay_seconds: 60, period_seconds: 60, range_seconds: 900}\n"
        "  - {name: Reputation.BounceRate, max_age_seconds: 60, range_seconds: 900}\n"
        "  - {name: Foo, kind: level, period_seconds: 60, max_age_seconds: 60, range_seconds: 900}\n"
    )
    assert warnings(tmp_path / "c.yaml", used) == []
