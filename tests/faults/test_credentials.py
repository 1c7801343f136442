"""Credentials that expire, are rotated, revoked or denied, roles that cannot be assumed, and STS that is down."""

from __future__ import annotations

from pathlib import Path

import pytest

from exporter.errors import Reason
from tests.fakes.aws import DEFAULT_ACCOUNT, FACTS, Error, Role
from tests.faults.invariant import holds
from tests.faults.mail import COUNTS, HOUR, MINUTE, RATE, Mail, Place
from tests.faults.world import HIT, OTHER, ROLE, TARGETS, World, flowing, play, suffer

BOTH = {("cloudwatch", "credentials"), ("account", "credentials")}
CLOSED = Place("closed", OTHER.account, "me-south-1")
"""Another region of the same role, which the account has not enabled; STS is asked there first."""
WITH_CLOSED = (TARGETS[0], {"name": CLOSED.target, "regions": [CLOSED.region], "role_arn": ROLE}, TARGETS[1])


def test_keys_of_a_role_that_expire_are_renewed_and_nobody_notices() -> None:
    async def story(world: World) -> None:
        world.aws.roles[ROLE] = Role(lifetime_seconds=900)
        await world.passing(3 * HOUR)

    world = play(story)
    holds(world, (), hit=[OTHER], seen_down=False)
    assert len(world.aws.requests_of("AssumeRole")) > 10


def test_a_role_that_cannot_be_assumed_any_more_shows_when_its_keys_end_and_comes_back() -> None:
    async def story(world: World) -> None:
        world.aws.fail(Error("AccessDenied", "no", 403), operation="AssumeRole", times=None)
        await world.passing(2 * HOUR)

    holds(play(story), BOTH, hit=[OTHER])


def test_a_role_with_another_external_id_from_now_on() -> None:
    async def story(world: World) -> None:
        world.aws.roles[ROLE] = Role(external_id="changed")
        await world.passing(2 * HOUR)
        del world.aws.roles[ROLE]

    holds(play(story), BOTH, hit=[OTHER])


def test_sts_that_is_down_while_a_role_is_renewed_harms_nothing_as_long_as_its_keys_last() -> None:
    async def story(world: World) -> None:
        world.aws.fail(Error("ServiceUnavailable", "down", 503), operation="AssumeRole", times=None)
        await world.passing(40 * MINUTE)

    holds(play(story), (), hit=[OTHER], seen_down=False)


def with_closed(world: World) -> None:
    """Let mail flow in the third place too, and its role be assumed for longer than the story."""
    world.aws.roles[ROLE] = Role(lifetime_seconds=12 * HOUR)
    world.mails[CLOSED] = Mail(CLOSED, world.aws)
    world.facts[CLOSED] = [FACTS]
    flowing(world)


def test_a_region_that_is_not_enabled_leaves_the_keys_of_its_role_to_the_others() -> None:
    async def story(world: World) -> None:
        world.aws.fail(Error("UnrecognizedClientException", "no", 403), region=CLOSED.region, times=None)
        await world.passing(MINUTE)
        await world.kill()
        await world.passing(40 * MINUTE)
        world.aws.fail(Error("ServiceUnavailable", "down", 503), operation="AssumeRole", times=None)
        await world.passing(40 * MINUTE)

    world = play(story, targets=WITH_CLOSED, mail=with_closed)
    holds(world, BOTH, hit=[CLOSED])
    refused = [request for request in world.aws.requests if request.region == CLOSED.region]
    asked = world.aws.requests_of("AssumeRole", region=OTHER.region)
    assert len(refused) > 50
    assert len(asked) < 20, "keys that others take are not fetched anew for each poll that is refused"


@pytest.mark.parametrize("code", ["InvalidClientTokenId", "ExpiredToken", "UnrecognizedClientException"])
def test_keys_that_are_revoked_are_a_matter_of_credentials_until_they_are_good_again(code: str) -> None:
    async def story(world: World) -> None:
        world.aws.revoked["AKIDENVIRONMENT"] = code
        await suffer(world, HIT, BOTH, code)

    # the role is assumed with the same keys, which are good for as long as its own last
    holds(play(story), BOTH, hit=[HIT])


def test_keys_that_are_rotated_are_read_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    credentials = tmp_path / "credentials"

    def write(key: str) -> None:
        credentials.write_text(f"[mailer]\naws_access_key_id = {key}\naws_secret_access_key = planted-secret\n")

    async def story(world: World) -> None:
        world.aws.access_keys["AKIDSECOND"] = DEFAULT_ACCOUNT
        world.aws.revoked["AKIDFIRST"] = "InvalidClientTokenId"
        await world.passing(6 * MINUTE)
        write("AKIDSECOND")
        await world.passing(20 * MINUTE)
        assert await world.up(HIT)

    write("AKIDFIRST")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(credentials))
    targets = ({**TARGETS[0], "profile": "mailer"}, TARGETS[1])
    world = play(story, targets=targets)
    holds(world, BOTH, hit=[HIT])
    assert {request.access_key for request in world.aws.requests if request.region == HIT.region} == {
        "AKIDFIRST",
        "AKIDSECOND",
    }


@pytest.mark.parametrize(
    ("operation", "source"), [("GetMetricData", "cloudwatch"), ("GetAccount", "account"), ("ListMetrics", "dimensions")]
)
def test_one_action_that_is_denied_takes_nothing_from_the_others(operation: str, source: str) -> None:
    async def story(world: World) -> None:
        world.aws.fail(Error("AccessDeniedException", "no", 403), region=HIT.region, operation=operation, times=None)
        await world.passing(2 * HOUR)
        samples = world.prometheus.scrapes[-1].samples
        age = world.now - samples[last_success(HIT, "account" if source == "cloudwatch" else "cloudwatch")]
        assert age < 2 * world.interval, "the other source goes on"

    world = play(story, metrics=[{"name": name} | selection(operation) for name in (*COUNTS, RATE)])
    holds(world, {(source, Reason.ACCESS_DENIED.value)}, hit=[HIT])


def selection(operation: str) -> dict[str, object]:
    """Return what makes a list be asked for, where *operation* is the list."""
    return {"dimensions": ["all"]} if operation == "ListMetrics" else {}


def last_success(place: Place, source: str) -> str:
    labels = f'region="{place.region}",source="{source}",target="{place.target}"'
    return f"aws_ses_exporter_last_success_timestamp_seconds{{{labels}}}"


def test_sts_down_at_the_start_shows_and_the_rest_comes_by_itself() -> None:
    async def story(world: World) -> None:
        world.aws.fail(Error("ServiceUnavailable", "down", 503), operation="GetCallerIdentity", times=None)
        await world.kill()
        await world.passing(30 * MINUTE)
        scrape = world.prometheus.scrapes[-1].samples
        assert not [name for name in scrape if HIT.account in name], "without an account there is no series"

    world = play(story)
    holds(world, {(source, Reason.INTERNAL.value) for source in ("cloudwatch", "account")}, hit=[HIT], seen_down=None)
