from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.catalogue import FACTS
from exporter.errors import AccessDeniedError, ClaimedError, ClockError, CredentialsError, InvalidResponseError
from exporter.series.observations import FACT
from exporter.sources.account import AccountSource
from exporter.sources.identity import Claims
from exporter.sources.identity import Identity as RealIdentity

NOW = 1_000_000.0
ACCOUNT = "123456789012"

ANSWER: dict[str, Any] = {
    "DedicatedIpAutoWarmupEnabled": True,
    "EnforcementStatus": "HEALTHY",
    "ProductionAccessEnabled": True,
    "SendQuota": {"Max24HourSend": 50000.0, "MaxSendRate": 14.0, "SentLast24Hours": 1234.0},
    "SendingEnabled": True,
    "Details": {"MailType": "TRANSACTIONAL", "ReviewDetails": {"Status": "GRANTED", "CaseId": "1"}},
    "VdmAttributes": {"VdmEnabled": "DISABLED"},
    "PricingAttributes": {"CurrentPlan": "ESSENTIALS", "NextPlan": "PRO"},
}


class Clients:
    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.error: Exception | None = None
        self.calls = 0

    async def get_account(self) -> Mapping[str, object]:
        self.calls += 1
        if self.error is not None:
            raise self.error
        answer: Mapping[str, object] = self.answer
        return answer


class Identity:
    def __init__(self) -> None:
        self.account_id: str | None = None
        self.error: Exception | None = None

    async def resolve(self) -> str:
        if self.error is not None:
            raise self.error
        self.account_id = ACCOUNT
        return ACCOUNT


def source_of(answer: Any, *, poll_interval_seconds: int = 300) -> tuple[AccountSource, Clients, Identity]:
    clients, identity = Clients(answer), Identity()
    return AccountSource(clients, identity=identity, poll_interval_seconds=poll_interval_seconds), clients, identity


def facts(source: AccountSource) -> dict[str, dict[tuple[str, ...], float]]:
    found: dict[str, dict[tuple[str, ...], float]] = {}
    for series in source.series():
        assert series.aspect == FACT
        found.setdefault(series.metric, {})[tuple(value for _, value in series.labels)] = series.reading.value
    return found


async def facts_of(answer: Any) -> dict[str, dict[tuple[str, ...], float]]:
    source, _, _ = source_of(answer)
    await source.poll(NOW)
    return facts(source)


async def test_a_whole_answer_becomes_all_facts() -> None:
    assert await facts_of(ANSWER) == {
        "sending_enabled": {(): 1.0},
        "enforcement_status": {("HEALTHY",): 1.0, ("PROBATION",): 0.0, ("SHUTDOWN",): 0.0},
        "production_access_enabled": {(): 1.0},
        "production_access_review_status": {("PENDING",): 0.0, ("FAILED",): 0.0, ("GRANTED",): 1.0, ("DENIED",): 0.0},
        "send_quota_max": {(): 50000.0},
        "send_quota_used": {(): 1234.0},
        "send_quota_rate_max": {(): 14.0},
        "dedicated_ip_auto_warmup_enabled": {(): 1.0},
        "vdm_enabled": {(): 0.0},
        "pricing_plan_info": {("ESSENTIALS", "PRO"): 1.0},
    }


async def test_a_paused_account_is_shown_as_it_is() -> None:
    found = await facts_of(ANSWER | {"SendingEnabled": False, "EnforcementStatus": "SHUTDOWN"})
    assert found["sending_enabled"] == {(): 0.0}
    assert found["enforcement_status"] == {("HEALTHY",): 0.0, ("PROBATION",): 0.0, ("SHUTDOWN",): 1.0}


async def test_each_fact_has_the_labels_of_the_catalogue_in_its_order() -> None:
    source, _, _ = source_of(ANSWER)
    await source.poll(NOW)
    assert list(facts(source)) == list(FACTS)
    for series in source.series():
        assert tuple(name for name, _ in series.labels) == FACTS[series.metric].labels


@pytest.mark.parametrize("answer", [{}, {"SendQuota": {}, "Details": {}, "VdmAttributes": {}, "PricingAttributes": {}}])
async def test_a_missing_field_is_absent_and_no_warning(answer: Any, caplog: pytest.LogCaptureFixture) -> None:
    assert await facts_of(answer) == {}
    assert not caplog.records


async def test_null_is_taken_for_missing(caplog: pytest.LogCaptureFixture) -> None:
    assert await facts_of(dict.fromkeys(ANSWER)) == {}
    assert not caplog.records


async def test_an_unlimited_quota_is_infinite() -> None:
    found = await facts_of({"SendQuota": {"Max24HourSend": -1}})
    assert found == {"send_quota_max": {(): math.inf}}


async def test_whole_numbers_are_numbers() -> None:
    assert await facts_of({"SendQuota": {"Max24HourSend": 200}}) == {"send_quota_max": {(): 200.0}}


@pytest.mark.parametrize(
    ("answer", "field", "found"),
    [
        ({"SendingEnabled": "true"}, "SendingEnabled", "true"),
        ({"SendingEnabled": 1}, "SendingEnabled", "int"),
        ({"ProductionAccessEnabled": []}, "ProductionAccessEnabled", "list"),
        ({"EnforcementStatus": 7.0}, "EnforcementStatus", "7.0"),
        ({"EnforcementStatus": ""}, "EnforcementStatus", ""),
        ({"Details": {"ReviewDetails": {"Status": True}}}, "Details.ReviewDetails.Status", "True"),
        ({"Details": {"ReviewDetails": "GRANTED"}}, "Details.ReviewDetails", "GRANTED"),
        ({"Details": "none"}, "Details", "none"),
        ({"VdmAttributes": {"VdmEnabled": True}}, "VdmAttributes.VdmEnabled", "True"),
        ({"VdmAttributes": {"VdmEnabled": "MAYBE"}}, "VdmAttributes.VdmEnabled", "MAYBE"),
        ({"PricingAttributes": {"CurrentPlan": {}}}, "PricingAttributes.CurrentPlan", "dict"),
        ({"SendQuota": {"Max24HourSend": "many"}}, "SendQuota.Max24HourSend", "many"),
        ({"SendQuota": {"Max24HourSend": True}}, "SendQuota.Max24HourSend", "True"),
        ({"SendQuota": {"Max24HourSend": -2.0}}, "SendQuota.Max24HourSend", "-2.0"),
        ({"SendQuota": {"SentLast24Hours": -1.0}}, "SendQuota.SentLast24Hours", "-1.0"),
        ({"SendQuota": {"MaxSendRate": -1.0}}, "SendQuota.MaxSendRate", "-1.0"),
        ({"SendQuota": {"MaxSendRate": math.nan}}, "SendQuota.MaxSendRate", "nan"),
        ({"SendQuota": {"MaxSendRate": math.inf}}, "SendQuota.MaxSendRate", "inf"),
        ({"SendQuota": {"MaxSendRate": 10**400}}, "SendQuota.MaxSendRate", "int"),
        ({"SendQuota": [1, 2, 3]}, "SendQuota", "list"),
    ],
)
async def test_a_field_that_the_api_does_not_promise_is_absent_and_logged(
    answer: Any, field: str, found: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert await facts_of(answer) == {}
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert record.message == "unexpected value in account facts"
    assert {key: vars(record)[key] for key in ("account", "field", "found")} == {
        "account": ACCOUNT,
        "field": field,
        "found": found,
    }


async def test_one_bad_field_harms_no_other() -> None:
    found = await facts_of(ANSWER | {"SendingEnabled": "yes"})
    assert set(FACTS) - set(found) == {"sending_enabled"}


async def test_an_unknown_enforcement_status_is_a_state_of_its_own_and_logged_once_per_change(
    caplog: pytest.LogCaptureFixture,
) -> None:
    source, clients, _ = source_of({"EnforcementStatus": "UNDER_INVESTIGATION"})
    await source.poll(NOW)
    await source.poll(NOW + 300)
    states = {("HEALTHY",): 0.0, ("PROBATION",): 0.0, ("SHUTDOWN",): 0.0, ("UNDER_INVESTIGATION",): 1.0}
    assert facts(source)["enforcement_status"] == states
    assert len(caplog.records) == 1
    clients.answer = {"EnforcementStatus": "HEALTHY"}
    await source.poll(NOW + 600)
    clients.answer = {"EnforcementStatus": "UNDER_INVESTIGATION"}
    await source.poll(NOW + 900)
    assert len(caplog.records) == 2


async def test_text_from_outside_is_bounded_and_printable_and_never_becomes_a_known_state() -> None:
    found = await facts_of({"EnforcementStatus": "HEALTHY\n\ud800" + "x" * 300})
    (present,) = [labels[0] for labels, value in found["enforcement_status"].items() if value]
    assert present == "HEALTHY??" + "x" * 55
    assert found["enforcement_status"]["HEALTHY",] == 0.0


async def test_a_plan_without_a_follower_is_shown_without_it() -> None:
    found = await facts_of({"PricingAttributes": {"CurrentPlan": "NONE"}})
    assert found == {"pricing_plan_info": {("NONE",): 1.0}}


async def test_an_answer_that_is_no_structure_is_a_failed_poll_and_keeps_the_facts() -> None:
    source, clients, _ = source_of(ANSWER)
    await source.poll(NOW)
    before = source.series()
    clients.answer = ["what"]
    with pytest.raises(InvalidResponseError, match="list"):
        await source.poll(NOW + 300)
    assert source.series() == before


async def test_a_failed_poll_keeps_the_facts_until_their_end() -> None:
    source, clients, _ = source_of(ANSWER)
    await source.poll(NOW)
    clients.error = AccessDeniedError("no ses:GetAccount")
    with pytest.raises(AccessDeniedError):
        await source.poll(NOW + 300)
    assert {series.reading.valid_until for series in source.series()} == {NOW + 3600}


async def test_a_good_answer_without_a_field_takes_the_fact_away_at_once() -> None:
    source, clients, _ = source_of(ANSWER)
    await source.poll(NOW)
    clients.answer = {"SendingEnabled": True}
    await source.poll(NOW + 300)
    assert set(facts(source)) == {"sending_enabled"}


@pytest.mark.parametrize(("poll_interval_seconds", "age_seconds"), [(10, 3600), (1200, 3600), (3600, 10800)])
async def test_facts_end_an_hour_or_three_intervals_after_the_last_good_answer(
    poll_interval_seconds: int, age_seconds: int
) -> None:
    source, _, _ = source_of(ANSWER, poll_interval_seconds=poll_interval_seconds)
    await source.poll(NOW)
    for series in source.series():
        assert series.reading.at(NOW + age_seconds - 1) is not None
        assert series.reading.at(NOW + age_seconds) is None


async def test_without_an_account_nothing_is_asked() -> None:
    source, clients, identity = source_of(ANSWER)
    identity.error = CredentialsError("expired")
    assert source.account_id is None
    with pytest.raises(CredentialsError):
        await source.poll(NOW)
    assert clients.calls == 0
    identity.error = None
    await source.poll(NOW + 10)
    assert source.account_id == ACCOUNT


async def test_it_is_a_plain_source_with_one_call_a_poll() -> None:
    source, clients, _ = source_of(ANSWER)
    await source.poll(NOW)
    assert clients.calls == 1
    assert source.name == "account"
    assert not source.starting
    assert source.next_look(NOW) == math.inf


async def test_it_takes_the_identity_that_all_sources_of_a_target_share() -> None:
    async def ask() -> str:
        return ACCOUNT

    identity = RealIdentity(known=None, ask=ask, claims=Claims(), region="us-east-1", rank=0, target="default")
    source = AccountSource(Clients(ANSWER), identity=identity, poll_interval_seconds=300)
    await source.poll(NOW)
    assert source.account_id == ACCOUNT


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
fields = st.sampled_from(["Max24HourSend", "MaxSendRate", "ReviewDetails", "Status", "VdmEnabled", "CurrentPlan"])
answers = st.dictionaries(st.sampled_from(list(ANSWER)), json_values | st.dictionaries(fields, json_values))


@given(answers)
async def test_no_answer_breaks_the_source_or_invents_a_fact(answer: dict[str, Any]) -> None:
    found = await facts_of(answer)
    top = {"sending_enabled": "SendingEnabled", "production_access_enabled": "ProductionAccessEnabled"}
    for fact, field in top.items():
        assert (fact in found) == isinstance(answer.get(field), bool)
    for states in (found.get("enforcement_status"), found.get("production_access_review_status")):
        assert states is None or sorted(states.values()).count(1.0) == 1
    assert not any(math.isnan(value) for values in found.values() for value in values.values())


async def test_after_a_reload_the_old_facts_stand_until_aws_answers() -> None:
    before, _, _ = source_of(ANSWER)
    await before.poll(NOW)
    clients, identity = Clients(ANSWER), Identity()
    between = AccountSource(Clients(ANSWER), identity=Identity(), poll_interval_seconds=300, previous=before)
    after = AccountSource(clients, identity=identity, poll_interval_seconds=300, previous=between)
    identity.error = CredentialsError("sts")
    with pytest.raises(CredentialsError):
        await after.poll(NOW + 60)
    assert (after.account_id, after.series()) == (ACCOUNT, before.series())
    identity.error, clients.error = None, AccessDeniedError("ses")
    with pytest.raises(AccessDeniedError):
        await after.poll(NOW + 60)
    assert after.series() == before.series()
    clients.error, clients.answer = None, {"SendingEnabled": False}
    await after.poll(NOW + 60)
    assert facts(after)["sending_enabled"] == {(): 0.0}


async def test_facts_of_another_account_are_not_taken_over() -> None:
    before, _, identity = source_of(ANSWER)
    await before.poll(NOW)
    identity.account_id = "210987654321"
    clients = Clients(ANSWER)
    clients.error = AccessDeniedError("ses")
    after = AccountSource(clients, identity=Identity(), poll_interval_seconds=300, previous=before)
    with pytest.raises(AccessDeniedError):
        await after.poll(NOW + 60)
    assert after.series() == ()


async def test_a_target_that_is_refused_after_a_reload_shows_nothing_of_before() -> None:
    before, _, _ = source_of(ANSWER)
    await before.poll(NOW)
    identity = Identity()
    after = AccountSource(Clients(ANSWER), identity=identity, poll_interval_seconds=300, previous=before)
    identity.error = ClaimedError("served already")
    with pytest.raises(ClaimedError):
        await after.poll(NOW + 60)
    assert (after.account_id, after.series()) == (None, ())


async def test_an_answer_to_a_poll_whose_moment_was_ahead_of_aws_s_time_is_not_taken() -> None:
    source = AccountSource(
        Clients(ANSWER), identity=Identity(), poll_interval_seconds=300, ahead_error=lambda now: ClockError(f"{now}")
    )
    with pytest.raises(ClockError, match=str(NOW)):
        await source.poll(NOW)
    assert source.series() == ()
