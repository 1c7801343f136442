from __future__ import annotations

import re

import pytest

from exporter import __version__
from exporter.errors import Reason
from exporter.web.status import WORDS, Failure, Row, State, status_page

NOW = 1_767_225_600.0


def row(
    *,
    target: str = "marketing",
    account_id: str | None = "123456789012",
    state: State = State.GOOD,
    last_success_at: float | None = NOW - 32,
    last_failure: Failure | None = None,
) -> Row:
    return Row(target, account_id, "us-east-1", "cloudwatch", state, last_success_at, last_failure)


def page(*rows: Row) -> str:
    return status_page(rows, telemetry_path="/metrics", now=NOW)


def cells(html: str) -> list[str]:
    return re.findall(r"<td[^>]*>(.*?)</td>", html)


def test_the_page_has_name_version_and_links() -> None:
    html = status_page((), telemetry_path='/a"b', now=NOW)
    assert "<h1>aws-ses-exporter</h1>" in html
    assert f"Version {__version__}." in html
    assert re.findall(r'href="([^"]*)"', html) == ["/a&quot;b", "/config", "/-/healthy", "/-/ready"]


def test_a_good_source_shows_when_it_last_answered() -> None:
    expected = [
        "marketing", "123456789012", "us-east-1", "cloudwatch", "good", "2025-12-31 23:59:28 (32 s ago)", "none",
    ]  # fmt: skip
    assert cells(page(row())) == expected


def test_a_source_that_was_never_tried_says_so() -> None:
    html = page(row(account_id=None, state=State.WAITING, last_success_at=None))
    assert cells(html)[1] == "not known yet"
    assert cells(html)[4:] == ["waiting", "never", "none"]


def test_a_failure_is_shown_in_words_and_with_what_aws_said_escaped() -> None:
    failure = Failure(Reason.ACCESS_DENIED, "not authorized <script>", NOW - 5)
    shown = cells(page(row(state=State.FAILING, last_failure=failure)))[6]
    assert shown == (
        "2025-12-31 23:59:55 (5 s ago): the credentials are good, but a permission is missing"
        "<br><code>not authorized &lt;script&gt;</code>"
    )


def test_no_reason_blames_aws_for_what_the_exporter_refuses() -> None:
    failure = Failure(Reason.OTHER, "account 1 in us-east-1 is served by target a already", NOW)
    shown = cells(page(row(state=State.REFUSED, last_failure=failure)))
    assert shown[4] == "refused"
    assert "AWS" not in shown[6]
    assert "the request could not be served<br><code>account 1" in shown[6]


def test_names_are_escaped() -> None:
    assert cells(page(row(target="<b>&")))[0] == "&lt;b&gt;&amp;"


def test_a_clock_set_back_shows_no_negative_age() -> None:
    assert "(0 s ago)" in page(row(last_success_at=NOW + 90))


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_has_words(reason: Reason) -> None:
    assert WORDS[reason]


def test_nothing_is_loaded_from_anywhere() -> None:
    html = page(row())
    assert "http" not in html
    assert not re.search(r"<(script|img|link|iframe)|src=|@import|url\(", html)
