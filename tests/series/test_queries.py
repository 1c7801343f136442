"""GetMetricData's questions and answers."""

from __future__ import annotations

import contextlib
import math
import re
import tracemalloc
from datetime import UTC, datetime
from typing import Any
from unittest.mock import Mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.errors import AccessDeniedError, AwsInternalError, InvalidResponseError
from exporter.series.pages import MAX_PAGES, MAX_TOKEN_LENGTH
from exporter.series.queries import MAX_DATAPOINTS, MAX_QUERIES, Answers, Call, Query, calls
from exporter.series.windows import Span

SPAN = Span(1_800_000, 1_800_900)
SEND = Query("Send", "Sum", 60, SPAN)
BOUNCE = Query("Bounce", "Sum", 60, SPAN)
FAR = Mock(timestamp=lambda: math.inf)
"""A time that no integer is."""


def moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def result(query: Query, points: dict[int, Any] | None = None, status: str = "Complete", **more: Any) -> dict[str, Any]:
    points = points or {}
    return {
        "Id": query.id,
        "StatusCode": status,
        "Timestamps": [moment(seconds) for seconds in points],
        "Values": list(points.values()),
        **more,
    }


def page(*results: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"MetricDataResults": list(results), **more}


def test_ids_are_stable_legal_and_tell_apart_what_a_readable_text_would_not() -> None:
    queries = [
        SEND,
        Query("Send", "Sum", 300, SPAN),
        Query("Send", "p99.9", 60, SPAN),
        Query("Send", "p99_9", 60, SPAN),
        Query("A.B", "Sum", 60, SPAN),
        Query("A_B", "Sum", 60, SPAN),
        Query("Send", "Sum", 60, SPAN, (("ses:configuration-set", "a"),)),
        Query("Send", "Sum", 60, SPAN, (("ses:configuration-set", "b" * 255),)),
        Query("X" * 255, "Sum", 60, SPAN),
    ]
    ids = [query.id for query in queries]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z][A-Za-z0-9_]{0,254}", id_) for id_ in ids)
    assert SEND.id == Query("Send", "Sum", 60, Span(0, 60)).id
    assert SEND.id.startswith("q_send_sum_60_")


def test_a_request_names_the_exact_dimensions_the_window_and_no_unit() -> None:
    query = Query("Bounce", "Sum", 60, SPAN, (("ses:configuration-set", "news"),))
    assert Call(SPAN, (query,)).request("next") == {
        "MetricDataQueries": [
            {
                "Id": query.id,
                "MetricStat": {
                    "Metric": {
                        "Namespace": "AWS/SES",
                        "MetricName": "Bounce",
                        "Dimensions": [{"Name": "ses:configuration-set", "Value": "news"}],
                    },
                    "Period": 60,
                    "Stat": "Sum",
                },
                "ReturnData": True,
            }
        ],
        "StartTime": moment(SPAN.start),
        "EndTime": moment(SPAN.end),
        "NextToken": "next",
    }


def test_queries_over_one_window_are_one_call_and_fine_periods_come_first() -> None:
    day = Query("Send", "Sum", 86400, Span(0, 86400 * 3))
    hour = Query("Send", "Sum", 3600, Span(0, 86400))
    asked = [SEND, hour, BOUNCE, day, SEND]
    assert calls(asked) == [Call(SPAN, (SEND, BOUNCE)), Call(hour.span, (hour,)), Call(day.span, (day,))]
    assert calls([]) == []


@given(st.lists(st.tuples(st.integers(0, 2000), st.sampled_from([900, 86400 * 10, 86400 * 400])), max_size=1500))
def test_no_call_is_over_a_limit_and_none_is_left_out(wanted: list[tuple[int, int]]) -> None:
    queries = [Query(f"M{number}", "Sum", 3600 if width > 900 else 60, Span(0, width)) for number, width in wanted]
    made = calls(queries)
    for call in made:
        assert 0 < len(call.queries) <= MAX_QUERIES
        assert len(call.queries) == 1 or sum(query.datapoints for query in call.queries) <= MAX_DATAPOINTS
        assert {query.span for query in call.queries} == {call.span}
    assert sorted(query.id for call in made for query in call.queries) == sorted(query.id for query in set(queries))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(["", "Complete", SEND.id]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["MetricDataResults", "Id", "Timestamps", "Values", "StatusCode", "Messages", "NextToken"]),
            inner,
        )
    ),
)


@given(st.dictionaries(st.sampled_from(["MetricDataResults", "Messages", "NextToken"]), JSON) | JSON)
def test_no_answer_is_more_than_invalid_or_invents_a_datapoint(answer: Any) -> None:
    answers = Answers(Call(SPAN, (SEND, BOUNCE)))
    with contextlib.suppress(InvalidResponseError):
        answers.add(answer)
    for found in answers.results().values():
        assert isinstance(found, InvalidResponseError) or not found


def test_long_windows_are_split_by_their_datapoints() -> None:
    span = Span(0, 400 * 86400)
    made = calls(Query(f"M{number}", "Sum", 3600, span) for number in range(50))
    assert [len(call.queries) for call in made] == [10] * 5


def test_a_thousand_queries_are_two_calls() -> None:
    assert [len(call.queries) for call in calls(Query(f"M{n}", "Sum", 60, SPAN) for n in range(1000))] == [500, 500]


def test_up_to_five_statistics_of_a_metric_are_billed_as_one() -> None:
    names = ["Sum", "Average", "Minimum", "Maximum", "SampleCount", "p99"]
    assert Call(SPAN, tuple(Query("Send", name, 60, SPAN) for name in names[:5])).billed == {"Send": 1}
    assert Call(SPAN, tuple(Query("Send", name, 60, SPAN) for name in names)).billed == {"Send": 2}
    assert Call(SPAN, (SEND, BOUNCE)).billed == {"Send": 1, "Bounce": 1}


def test_pages_are_merged_by_id() -> None:
    answers = Answers(Call(SPAN, (SEND, BOUNCE)))
    first = page(result(BOUNCE, {1_800_060: 1.0}), result(SEND, {1_800_000: 5.0}, "PartialData"), NextToken="a")
    assert answers.add(first) == "a"
    assert answers.add(page(result(SEND, {1_800_120: 7.0}))) is None
    assert answers.results() == {SEND: {1_800_000: 5.0, 1_800_120: 7.0}, BOUNCE: {1_800_060: 1.0}}


def test_times_that_are_right_for_one_query_are_looked_at_anew_for_another() -> None:
    five_minutes = Query("Send", "Average", 300, SPAN)
    points, later = {1_800_060: 1.0, 1_800_000: 2.0}, {1_800_120: 3.0}
    answers = Answers(Call(SPAN, (SEND, BOUNCE, five_minutes)))
    answers.add(page(result(SEND, points), result(five_minutes, points), result(BOUNCE, points)))
    answers.add(page(result(BOUNCE, later)))
    results = answers.results()
    assert (results[SEND], results[BOUNCE]) == (points, points | later)
    assert "outside its window" in str(results[five_minutes])


@pytest.mark.parametrize(
    ("broken", "error", "text"),
    [
        (result(SEND, {1_800_000: 5.0}, "PartialData"), InvalidResponseError, "not whole"),
        (result(SEND, {}, "InternalError"), AwsInternalError, "could not answer"),
        (result(SEND, {}, "Forbidden"), AccessDeniedError, "forbidden"),
        (result(SEND, {1_800_000: float("nan")}), InvalidResponseError, "not a number"),
        (result(SEND, {1_800_000: float("inf")}), InvalidResponseError, "not a number"),
        (result(SEND, {1_800_000: 1.7e308}), InvalidResponseError, "not a number"),
        (result(SEND, {1_800_000: 10**400}), InvalidResponseError, "not a number"),
        (result(SEND, {1_800_000: -1}), InvalidResponseError, "not a number"),
        (result(SEND, {1_800_000: "5"}), InvalidResponseError, "not a number"),
        (result(SEND, {1_800_000: True}), InvalidResponseError, "not a number"),
        (result(SEND, {1_799_940: 5.0}), InvalidResponseError, "outside its window"),
        (result(SEND, {1_800_900: 5.0}), InvalidResponseError, "outside its window"),
        (result(SEND, {1_800_030: 5.0}), InvalidResponseError, "outside its window"),
        (result(SEND, Messages=[{"Code": "ArithmeticError", "Value": "x"}]), InvalidResponseError, "ArithmeticError"),
        ({**result(SEND, {1_800_000: 5.0}), "Values": []}, InvalidResponseError, "1 times, 0 values"),
    ],
)
def test_a_result_that_is_not_whole_fails_alone(broken: dict[str, Any], error: type[Exception], text: str) -> None:
    answers = Answers(Call(SPAN, (SEND, BOUNCE)))
    answers.add(page(broken, result(BOUNCE, {1_800_000: 2.0})))
    results = answers.results()
    assert results[BOUNCE] == {1_800_000: 2.0}
    assert isinstance(results[SEND], error)
    assert text in str(results[SEND])


def test_a_result_that_never_came_is_not_whole() -> None:
    answers = Answers(Call(SPAN, (SEND, BOUNCE)))
    answers.add(page(result(BOUNCE)))
    assert isinstance(answers.results()[SEND], InvalidResponseError)
    assert answers.results()[BOUNCE] == {}


def test_a_message_on_the_call_says_that_any_result_may_be_incomplete() -> None:
    answers = Answers(Call(SPAN, (SEND,)))
    answers.add(page(result(SEND), Messages=[{"Code": "MaxMetricsExceeded", "Value": "too many"}]))
    assert "MaxMetricsExceeded: too many" in str(answers.results()[SEND])


@pytest.mark.parametrize(
    ("bad", "text"),
    [
        ({}, "cannot be read"),
        ({"MetricDataResults": "x"}, "cannot be read"),
        ({"MetricDataResults": [None]}, "cannot be read"),
        ({"MetricDataResults": [{"Id": ["a"]}]}, "cannot be read"),
        ({"MetricDataResults": [], "Messages": [None]}, "cannot be read"),
        ({"MetricDataResults": [], "NextToken": {}, "Messages": 3}, "cannot be read"),
        ({"MetricDataResults": [{**result(SEND), "Timestamps": [None], "Values": [1.0]}]}, "cannot be read"),
        ({"MetricDataResults": [{**result(SEND), "Timestamps": [FAR], "Values": [1.0]}]}, "cannot be read"),
        ({"MetricDataResults": [{"Id": "other"}]}, "was not asked for"),
    ],
)
def test_a_page_that_is_not_what_the_api_promises_is_refused(bad: dict[str, Any], text: str) -> None:
    with pytest.raises(InvalidResponseError, match=text):
        Answers(Call(SPAN, (SEND,))).add(bad)


def test_a_token_that_repeats_ends_the_call() -> None:
    answers = Answers(Call(SPAN, (SEND,)))
    answers.add(page(NextToken="a"))
    with pytest.raises(InvalidResponseError, match="GetMetricData: NextToken repeats"):
        answers.add(page(NextToken="a"))


def test_an_answer_without_end_ends_and_keeps_little_of_what_was_large() -> None:
    answers = Answers(Call(SPAN, (SEND,)))
    messages = [{"Code": "A" * 10_000, "Value": "B" * 10_000}] * 30
    tracemalloc.start()
    try:
        for number in range(1, MAX_PAGES):
            token = f"{number:0{MAX_TOKEN_LENGTH}}"
            one = {**result(SEND, {}, f"{number}{'S' * 100_000}", Messages=messages), "Values": [1.0]}
            assert answers.add(page(one, NextToken=token, Messages=messages)) == token
        del one, token
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 300_000
    with pytest.raises(InvalidResponseError, match="does not end"):
        answers.add(page(NextToken="one more"))


HIDDEN = str.maketrans({"7": "*"})


@pytest.mark.parametrize(
    "odd",
    [
        page(result(SEND, Messages=[{"Code": "Odd", "Value": "key 777"}])),
        page(result(SEND), Messages=[{"Code": "777", "Value": "some"}]),
        page(result(SEND, Messages=[{"Code": "Odd", "Value": "x" * 190 + "777" * 99}])),
        page(result(SEND, status="777")),
        page(result(SEND, status="x" * 39 + "777")),
        page({**result(SEND, {1_800_000: 1.0}), "Values": ["777"]}),
    ],
)
def test_of_aws_s_words_in_a_good_answer_none_is_told_that_is_secret(odd: dict[str, Any]) -> None:
    hidden = Mock(side_effect=lambda text: text.translate(HIDDEN))
    answers = Answers(Call(SPAN, (SEND,)), hidden)
    answers.add(odd)
    error = answers.results()[SEND]
    assert isinstance(error, InvalidResponseError)
    assert "7" not in str(error).partition(": ")[2]
    assert len(str(error)) < 300


def test_an_answer_without_messages_is_not_searched_for_secrets() -> None:
    never = Mock(side_effect=AssertionError)
    answers = Answers(Call(SPAN, (SEND, BOUNCE)), never)
    answers.add(page(result(SEND, {1_800_000: 5.0}, Messages=[]), result(BOUNCE, status="PartialData"), Messages=[]))
    assert answers.results()[SEND] == {1_800_000: 5.0}


def test_an_unknown_status_that_reads_as_complete_once_it_is_told_is_not_complete() -> None:
    answers = Answers(Call(SPAN, (SEND,)), str.strip)
    answers.add(page(result(SEND, {1_800_000: 5.0}, status="Complete ")))
    assert isinstance(answers.results()[SEND], InvalidResponseError)


def test_a_status_that_is_none_is_told_in_short() -> None:
    answers = Answers(Call(SPAN, (SEND,)))
    answers.add(page(result(SEND, StatusCode="S" * 100_000)))
    assert len(str(answers.results()[SEND])) < 200
