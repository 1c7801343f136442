from __future__ import annotations

import tracemalloc
from typing import Any

import pytest

from exporter.errors import InvalidResponseError
from exporter.series.pages import MAX_TOKEN_LENGTH, Pages


@pytest.mark.parametrize("end", [{}, {"NextToken": None}, {"NextToken": ""}])
def test_a_list_of_a_thousand_pages_is_read_to_its_end(end: dict[str, Any]) -> None:
    pages = Pages("ListMetrics")
    for number in range(1, 1_000):
        assert pages.after({"NextToken": f"{number}"}) == f"{number}"
    assert pages.after(end) is None


def test_a_list_ends_with_its_thousandth_page_though_it_would_go_on_and_of_its_tokens_little_is_kept() -> None:
    pages = Pages("ListMetrics")
    tracemalloc.start()
    try:
        for number in range(1, 1_000):
            pages.after({"NextToken": f"{number:0{MAX_TOKEN_LENGTH}}"})
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 200_000
    with pytest.raises(InvalidResponseError, match="ListMetrics: the answer does not end"):
        pages.after({"NextToken": "1000"})


def test_a_token_that_was_given_before_ends_the_list() -> None:
    pages = Pages("GetMetricData")
    for token in ("a", "b"):
        pages.after({"NextToken": token})
    with pytest.raises(InvalidResponseError, match="GetMetricData: NextToken repeats"):
        pages.after({"NextToken": "a"})


@pytest.mark.parametrize("token", ["a" * (MAX_TOKEN_LENGTH + 1), 7, ["a"], {"a": 1}], ids=type)
def test_a_token_that_is_none_or_too_long_is_refused(token: Any) -> None:
    pages = Pages("GetMetricData")
    assert pages.after({"NextToken": "a" * MAX_TOKEN_LENGTH}) is not None
    with pytest.raises(InvalidResponseError, match="NextToken is none"):
        pages.after({"NextToken": token})
