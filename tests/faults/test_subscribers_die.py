"""Subscribers killed and frozen at each step of their work: nothing lost, nothing handed out after it was done."""

from __future__ import annotations

import random
from collections import Counter
from itertools import count
from typing import TYPE_CHECKING

import pytest

from outside.subscribers import PARTITIONS, Following, Service, trigger_event
from outside.subscribing import POINTS, POISONED
from servers.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from servers.chosen import GivenKafka, Kafka

TRIGGERS, ACCOUNTS, KILLS, AT_ONCE = 100, 10, 6, 2
LONGEST_LIFE = 20
"""In triggers."""

NOT_DONE, DONE = ("handed_out", "memory_written", "offsets_sent"), ("committed", "done")


@pytest.fixture
def following(kafka: GivenKafka | Kafka, prefix: str, tmp_path: Path) -> Iterator[Following]:
    with Following(kafka.bootstrap, prefix, tmp_path) as following:
        yield following


@pytest.mark.parametrize("point", NOT_DONE)
def test_what_was_not_done_at_a_crash_is_handed_out_again(following: Following, point: str) -> None:
    following.publish("a", "b")
    following.service("first", point=point).until_killed()
    following.service("second")
    following.until_told("done", "b")
    assert [(line.what, line.trigger) for line in following.journal() if line.who == "second"] == [
        ("out", "a"),
        ("done", "a"),
        ("out", "b"),
        ("done", "b"),
    ]


@pytest.mark.parametrize("point", DONE)
def test_what_was_done_at_a_crash_is_not_handed_out_again(following: Following, point: str) -> None:
    following.publish("a", "b")
    following.service("first", point=point).until_killed()
    following.service("second")
    following.until_told("done", "b")
    assert following.told("out", "a") == ["first"]


def test_a_frozen_subscriber_that_goes_on_late_is_told_that_its_trigger_was_taken(following: Following) -> None:
    following.publish("a")
    frozen = following.service("frozen", point="handed_out", freezes=True)
    frozen.until_frozen()
    following.service("other")
    following.until_told("done", "a")
    frozen.thaw()
    following.until_told("taken", "a")
    assert (following.told("done", "a"), following.remembered()) == (["other"], ["a"])


@pytest.mark.parametrize("point", ["memory_written", "offsets_sent"])
def test_frozen_inside_done_past_the_end_of_its_transaction_it_has_not_done_it(
    following: Following, point: str
) -> None:
    following.publish("a")
    frozen = following.service("frozen", point=point, freezes=True)
    frozen.until_frozen()
    following.service("other")
    following.until_told("done", "a")
    frozen.thaw()
    following.until_told("taken", "a")
    assert (following.told("done", "a"), following.remembered()) == (["other"], ["a"])


def test_what_was_about_to_be_committed_is_waited_for_and_not_handed_out_again(following: Following) -> None:
    following.publish("a", "b")
    frozen = following.service("frozen", point="offsets_sent", freezes=True)
    frozen.until_frozen()
    other = following.service("other")
    following.until_members(1)  # the frozen one is expelled, long before its transaction is ended
    frozen.thaw()
    following.until_told("done", "a")
    frozen.kill()
    following.until_told("done", "b")
    assert not other.has_ended()
    assert (following.told("out", "a"), following.told("done", "a")) == (["frozen"], ["frozen"])


def test_a_frozen_subscriber_goes_on_with_what_comes_then(following: Following) -> None:
    following.publish("a")
    frozen = following.service("frozen", point="handed_out", freezes=True)
    frozen.until_frozen()
    other = following.service("other")
    following.until_told("done", "a")
    frozen.thaw()
    following.until_told("taken", "a")
    other.kill()
    following.publish("b", "c")
    following.until_told("done", "c")
    assert following.told("done", "c") == ["frozen"]


@pytest.mark.parametrize(("seed", "workers"), [(1, 0), (2, 8)], ids=["one by one", "several at once"])
def test_killed_at_random_each_trigger_is_done_or_parked_once_and_never_handed_out_after_it_was(
    following: Following, seed: int, workers: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 -- a seed, so that it can be played again
    names, ids, poisoned = (f"s{number}" for number in count()), [], []

    def publish() -> None:
        ids.append(f"t{len(ids)}")
        # On the raw topic a crash of the worker may repeat a record.
        repeated = chance.choice([1, 1, 1, 2])
        event = trigger_event(ids[-1], subject=f"acct-{chance.randrange(ACCOUNTS)}")
        if workers and event["subject"] == POISONED:
            poisoned.append(ids[-1])
        following.publish(*[event] * repeated, partition=chance.randrange(PARTITIONS))

    def doomed() -> Service:
        point, in_hand = chance.choice(POINTS[:-1] if workers else POINTS), chance.randrange(1, 4)
        # Several at once, a transaction is of many.
        longest = LONGEST_LIFE if point == "handed_out" or not workers else 3
        after = chance.randrange(1, longest)
        return following.service(next(names), point=point, after=after, in_hand=in_hand, workers=workers)

    def ended() -> list[Service]:
        publish()  # so that there is something to come to its end with
        return [each for each in alive if each.has_ended()]

    for _ in range(TRIGGERS):
        publish()
    alive = [doomed() for _ in range(AT_ONCE)]
    for _ in range(KILLS):
        alive.remove(until(ended, seconds=60, waiting_for="a kill", pause_seconds=0.1)[0])
        alive.append(doomed())
    for each in alive:
        each.kill()
    following.service("last", workers=workers)
    until(lambda: {*ids} == {*following.remembered()}, seconds=60, waiting_for="every trigger done", pause_seconds=0.5)
    assert (Counter(following.remembered()), Counter(following.parked())) == (Counter(ids), Counter(poisoned))
    assert following.handed_out_after_done() == []


def test_a_broker_that_is_away_is_waited_for(own_kafka: Kafka, prefix: str, tmp_path: Path) -> None:
    with Following(own_kafka.bootstrap, prefix, tmp_path) as following:
        following.publish(*(f"before-{number}" for number in range(300)))
        service = following.service("mailer", workers=8)
        following.until_told("done", "before-20")
        own_kafka.kill()
        reached = len(following.journal())
        own_kafka.start()
        following.publish("after")
        following.until_told("done", "after", seconds=60)
        assert reached < 600
        assert not service.has_ended()
        assert {*following.remembered()} == {*(f"before-{number}" for number in range(300)), "after"}
        assert following.handed_out_after_done() == []


def test_a_broker_that_is_not_there_yet_is_waited_for(own_kafka: Kafka, prefix: str, tmp_path: Path) -> None:
    with Following(own_kafka.bootstrap, prefix, tmp_path) as following:
        following.publish("a")
        own_kafka.stop()
        service = following.service("mailer")
        until(lambda: "waiting: " in following.log(), seconds=30, waiting_for="it to say what it waits for")
        own_kafka.start()
        following.until_told("done", "a", seconds=60)
        assert not service.has_ended()
