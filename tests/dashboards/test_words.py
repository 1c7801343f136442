"""Words and colours of the boards: what is unknown never looks well, and ages change colour where alerts begin."""

from __future__ import annotations

import pytest

from tests.dashboards import boards
from tests.dashboards.test_boards import PANELS, named

STATS = [(name, panel) for name, panel in PANELS if panel["type"] == "stat"]


@pytest.mark.parametrize(("name", "panel"), **named(STATS))
def test_a_number_without_data_is_purple_and_says_so(name: str, panel: boards.Panel) -> None:
    """Without data Grafana maps null, and without a mapping it takes the lowest threshold, which may be green."""
    defaults = panel["fieldConfig"]["defaults"]
    special = [each["options"] for each in defaults["mappings"] if each["type"] == "special"]
    assert [(each["match"], each["result"]["text"]) for each in special] == [("null+nan", defaults["noValue"])]
    assert special[0]["result"]["color"] == "purple"
    assert "purple" not in {step["color"] for step in defaults["thresholds"]["steps"]}


@pytest.mark.parametrize(("name", "panel"), **named(PANELS))
def test_no_data_is_not_told_as_good_news(name: str, panel: boards.Panel) -> None:
    said = panel["fieldConfig"]["defaults"]["noValue"]
    assert (
        "data" in said.lower()
        or said in ("No exporter was seen in a day", "No poll in this time")
        or (panel["title"] in ("Which account is which target", "Clock against AWS"))
    ), said


TABLES = [(name, panel) for name, panel in PANELS if panel["type"] == "table"]


@pytest.mark.parametrize(("name", "panel"), **named(TABLES))
def test_an_empty_cell_is_a_dash_and_not_what_an_empty_table_says(name: str, panel: boards.Panel) -> None:
    for override in panel["fieldConfig"]["overrides"]:
        properties = {each["id"]: each["value"] for each in override["properties"]}
        assert properties["noValue"] == "-"


@pytest.mark.parametrize(
    ("titles", "steps"),
    [
        (
            ("Oldest good poll", "Age of the last good poll", "Every target, region and source, oldest first"),
            [1200, 7200],
        ),
        (("Oldest data",), [21600]),
        (("Certificate valid for",), [172800, 604800]),
        (("Age of the reputation", "Every account and region, worst first"), []),
    ],
)
def test_ages_change_colour_where_alerts_begin(titles: tuple[str, ...], steps: list[int]) -> None:
    """The age of a reputation says nothing unless mail was sent: only "Oldest data" asks for that."""
    for panel in (panel for _, panel in PANELS if panel["title"] in titles):
        found = panel["fieldConfig"]["defaults"]["thresholds"]["steps"]
        for override in panel["fieldConfig"]["overrides"]:
            properties = {each["id"]: each["value"] for each in override["properties"]}
            if properties["displayName"] in ("Age", "Reputation age"):
                found = properties.get("thresholds", {"steps": found})["steps"]
        assert [step["value"] for step in found[1:]] == steps
