"""Labels of a family of YACE's: every series of it has those that any has, whichever target it is of."""

from __future__ import annotations

from dataclasses import replace

from exporter.catalogue import Family
from exporter.config.label_styles import LabelStyle
from exporter.series.observations import Reading, Series
from exporter.store import TargetKey
from tests.exposition.world import ACCOUNT, KEY, World
from tests.series.test_rules import RULE

FAMILY = Family("aws_ses_send_sum", "gauge", "Help is not implemented yet.")
PLAIN = replace(
    RULE, id="yace/0", families=(("Sum", FAMILY),), labels=(("name", "global"),), label_style=LabelStyle.YACE
)
TAGGED = replace(PLAIN, id="yace/1", labels=(("name", "mail"), ("custom_tag_team", "news")))
OTHER = TargetKey("other", "eu-west-1")
OTHER_ACCOUNT = "210987654321"


def send(value: float, rule: object = PLAIN, **dimensions: str) -> Series:
    return Series("Send", "Sum", Reading(value), tuple(dimensions.items()), rule)  # type: ignore[arg-type]


def test_a_label_that_comes_with_one_target_is_filled_in_for_the_others_and_goes_with_it() -> None:
    world = World()
    world.add(KEY, send(1.0))
    alone = [f'{{account_id="{ACCOUNT}",name="global",region="us-east-1"}} 1.0']
    assert world.shown("aws_ses_send_sum") == alone
    world.add(OTHER, send(2.0, TAGGED), send(3.0, RuleSetName="a"), account=OTHER_ACCOUNT)
    other = f'account_id="{OTHER_ACCOUNT}"'
    assert world.shown("aws_ses_send_sum") == [
        f'{{account_id="{ACCOUNT}",custom_tag_team="",dimension_RuleSetName="",name="global",region="us-east-1"}} 1.0',
        f'{{{other},custom_tag_team="",dimension_RuleSetName="a",name="global",region="eu-west-1"}} 3.0',
        f'{{{other},custom_tag_team="news",dimension_RuleSetName="",name="mail",region="eu-west-1"}} 2.0',
    ]
    world.put(OTHER, account=OTHER_ACCOUNT)
    assert world.shown("aws_ses_send_sum") == alone


def test_labels_of_one_family_are_not_those_of_another_and_native_ones_have_none() -> None:
    world = World()
    bounces = replace(PLAIN, id="yace/2", families=(("Sum", replace(FAMILY, name="aws_ses_bounce_sum")),))
    world.add(KEY, send(1.0, TAGGED), send(2.0, bounces), Series("Reject", "Sum", Reading(3.0)))
    assert world.shown("aws_ses_bounce_sum") == [f'{{account_id="{ACCOUNT}",name="global",region="us-east-1"}} 2.0']
    assert world.shown("aws_ses_reject_sum") == [f'{{account_id="{ACCOUNT}",region="us-east-1"}} 3.0']


def test_what_did_not_change_is_not_rendered_again() -> None:
    world = World()
    world.add(KEY, send(1.0), send(2.0, TAGGED))
    world.add(OTHER, send(3.0), account=OTHER_ACCOUNT)
    world.text()
    renders = world.page.renders
    world.put(KEY, send(4.0), send(2.0, TAGGED))
    assert "} 4.0" in world.text()
    assert world.page.renders == renders + 3  # the family, and the store's own two, of one target


def test_two_jobs_that_show_the_same_show_it_once() -> None:
    world = World()
    world.add(KEY, send(1.0), send(2.0, replace(PLAIN, id="yace/7")))
    assert len(world.shown("aws_ses_send_sum")) == 1


def test_older_datapoints_stand_before_the_newest_each_with_its_time() -> None:
    world = World()
    rule = replace(PLAIN, timestamps=True, every=True)
    earlier = (Reading(1.0, 2000, timestamp_seconds=60), Reading(2.0, 3000, timestamp_seconds=120))
    world.add(KEY, Series("Send", "Sum", Reading(3.0, 4000, timestamp_seconds=180), rule=rule, earlier=earlier))
    labels = f'{{account_id="{ACCOUNT}",name="global",region="us-east-1"}}'
    assert world.shown("aws_ses_send_sum") == [f"{labels} 1.0 60000", f"{labels} 2.0 120000", f"{labels} 3.0 180000"]
    world.now = 2000
    assert world.shown("aws_ses_send_sum") == [f"{labels} 2.0 120000", f"{labels} 3.0 180000"]
    world.now = 3999
    assert world.shown("aws_ses_send_sum") == [f"{labels} 3.0 180000"]
