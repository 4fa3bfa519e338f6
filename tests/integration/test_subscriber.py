"""The subscriber on a real broker: what it hands out, in which order, and what it drops."""

from __future__ import annotations

import logging
from collections import Counter
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from confluent_kafka import ConsumerGroupTopicPartitions
from confluent_kafka.admin import AdminClient

from expansion_signals.errors import RejectedState, TriggerTaken
from expansion_signals.sdk import Subscriber, Trigger
from outside.subscribers import GROUP, PARTITIONS, TRIGGERS, Following, trigger_event
from servers.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from servers.chosen import GivenKafka, Kafka

LAST = "last"


class Clock:
    """The time, which a test moves on."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def following(kafka: GivenKafka | Kafka, prefix: str, tmp_path: Path) -> Iterator[Following]:
    with Following(kafka.bootstrap, prefix, tmp_path) as following:
        yield following


@pytest.fixture
def subscribe(following: Following) -> Iterator[Callable[..., Subscriber]]:
    with ExitStack() as stack:

        def start(group: str = GROUP, **options: Any) -> Subscriber:  # noqa: ANN401 -- whatever it takes
            options = {"prefix": following.prefix, "session_timeout_seconds": 2} | options
            return stack.enter_context(Subscriber(following.kafka, group, [TRIGGERS], **options))

        yield start


def up_to_last(subscriber: Subscriber, *, done: bool = True) -> list[str]:
    """Return the ids of what is handed out before the trigger `last`."""
    ids = []
    for trigger in subscriber:
        if trigger.id == LAST:
            break
        ids.append(trigger.id)
        if done:
            trigger.done()
    return ids


def committed(following: Following) -> dict[int, int]:
    """Return the offsets of the group, as a stranger sees them."""
    admin = AdminClient({"bootstrap.servers": following.kafka, "log_level": 0})
    [asked] = admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(following.prefix + GROUP)]).values()
    return {each.partition: each.offset for each in asked.result(10).topic_partitions}


def test_a_trigger_is_handed_out_as_it_was_published(
    following: Following, subscribe: Callable[..., Subscriber]
) -> None:
    event = trigger_event("a", traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
    following.publish(event)
    trigger = next(subscribe())
    assert (trigger.id, trigger.type, trigger.account, trigger.topic) == ("a", "limit.reached", "acct-1", TRIGGERS)
    assert (trigger.time.isoformat(), trigger.traceparent) == (event["time"], event["traceparent"])
    assert trigger.data.why == event["data"]["why"]


def test_triggers_of_a_partition_come_in_order(following: Following, subscribe: Callable[..., Subscriber]) -> None:
    ids = [f"t{number}" for number in range(50)]
    following.publish(*ids, LAST)
    assert up_to_last(subscribe()) == ids


def test_what_is_done_is_in_the_memory_with_its_expirytime(
    following: Following, subscribe: Callable[..., Subscriber]
) -> None:
    following.publish("a")
    next(subscribe()).done()
    assert following.remembered() == ["a"]


def test_what_is_done_is_committed_with_it(following: Following, subscribe: Callable[..., Subscriber]) -> None:
    following.publish("a", "b", partition=1)
    next(subscribe()).done()
    assert committed(following) == {1: 1}


def test_what_is_done_is_not_handed_out_after_a_restart(
    following: Following, subscribe: Callable[..., Subscriber]
) -> None:
    following.publish("a", "b", LAST)
    with subscribe() as before:
        next(before).done()
    assert up_to_last(subscribe()) == ["b"]


def test_what_is_not_done_is_handed_out_again_after_a_restart_and_what_was_done_behind_it_is_not(
    following: Following, subscribe: Callable[..., Subscriber]
) -> None:
    following.publish("a", "b", "c", LAST)
    with subscribe() as before:
        _, second, _ = (next(before) for _ in range(3))
        second.done()
    after = subscribe()
    assert (up_to_last(after), after.dropped) == (["a", "c"], {"done": 1})


def test_a_second_done_does_nothing(following: Following, subscribe: Callable[..., Subscriber]) -> None:
    following.publish("a")
    trigger = next(subscribe())
    trigger.done()
    trigger.done()
    assert following.remembered() == ["a"]


@pytest.mark.parametrize("other", [0, 1])
@pytest.mark.parametrize("done", [True, False])
def test_a_record_that_stands_twice_is_handed_out_once(
    following: Following, subscribe: Callable[..., Subscriber], other: int, *, done: bool
) -> None:
    subscriber = subscribe()
    following.publish("a")
    handed_out: list[Trigger] = [next(subscriber)]
    if done:
        handed_out[0].done()
    following.publish("a", LAST, partition=other)
    assert up_to_last(subscriber) == []
    assert subscriber.dropped == {"done" if done else "duplicate": 1}


def test_groups_do_not_know_of_each_other(following: Following, subscribe: Callable[..., Subscriber]) -> None:
    following.publish("a", LAST)
    assert [up_to_last(subscribe(group)) for group in ("mailer", "crm", "mail")] == [["a"]] * 3


def test_what_is_past_its_expirytime_is_dropped(following: Following, subscribe: Callable[..., Subscriber]) -> None:
    clock = Clock()
    at = clock.now.isoformat()
    a_moment_later = (clock.now + timedelta(microseconds=1)).isoformat()
    following.publish(trigger_event("past", expirytime=at), trigger_event("in-time", expirytime=a_moment_later), LAST)
    subscriber = subscribe(clock=clock)
    assert (up_to_last(subscriber), subscriber.dropped) == (["in-time"], {"expired": 1})


def test_withdrawals_come_to_those_who_ask(following: Following, subscribe: Callable[..., Subscriber]) -> None:
    data = {"trigger": "a", "reason": "upgraded"}
    following.publish(trigger_event("w", type="expansion.trigger.withdrawn.v1", data=data), LAST)
    withdrawal = next(subscribe(withdrawals=True))
    assert (withdrawal.type, withdrawal.data.trigger, withdrawal.data.reason) == ("trigger.withdrawn", "a", "upgraded")


def test_withdrawals_come_to_nobody_else(following: Following, subscribe: Callable[..., Subscriber]) -> None:
    data = {"trigger": "a", "reason": "upgraded"}
    following.publish(trigger_event("w", type="expansion.trigger.withdrawn.v1", data=data), LAST)
    subscriber = subscribe()
    assert (up_to_last(subscriber), subscriber.dropped) == ([], {"withdrawal": 1})


def test_what_is_no_trigger_is_told_and_passed(
    following: Following, subscribe: Callable[..., Subscriber], caplog: pytest.LogCaptureFixture
) -> None:
    following.publish("a", b"no JSON", LAST)
    subscriber = subscribe()
    with caplog.at_level(logging.WARNING, "expansion_signals.sdk"):
        assert (up_to_last(subscriber), subscriber.dropped) == (["a"], {"unreadable": 1})
    assert any(f"{TRIGGERS} partition 0 offset 1 is no trigger: not JSON" in each for each in caplog.messages)


def test_what_was_only_dropped_is_committed_once_there_is_nothing_more(following: Following) -> None:
    following.publish(b"no JSON", b"nor this", partition=2)
    following.service("mailer")
    until(lambda: committed(following).get(2) == 2, seconds=20, waiting_for="the offset of partition 2")


def test_what_expired_a_week_ago_is_deleted_from_the_memory(
    following: Following, subscribe: Callable[..., Subscriber]
) -> None:
    clock = Clock()
    following.publish("a")
    subscriber = subscribe(clock=clock)
    next(subscriber).done()
    clock.now += timedelta(days=15)
    assert subscriber._step() is None
    assert following.remembered() == ["a", "a"]


def test_what_was_open_when_the_group_was_shared_out_anew_is_handed_out_again(
    following: Following, subscribe: Callable[..., Subscriber]
) -> None:
    for partition in range(PARTITIONS):
        following.publish(f"t{partition}", partition=partition)
    subscriber = subscribe()
    before = [next(subscriber) for _ in range(PARTITIONS)]
    following.service("other")
    again = next(subscriber)
    for trigger in before:
        with pytest.raises(TriggerTaken, match=f"trigger {trigger.id} is no longer this subscriber's"):
            trigger.done()
    again.done()
    assert again.id in {trigger.id for trigger in before}


def test_members_that_come_and_go_hand_out_nothing_that_was_done(following: Following) -> None:
    ids = [f"t{number}" for number in range(60)]

    def publish(part: list[str]) -> None:
        for number, trigger in enumerate(part):
            following.publish(trigger, partition=number % PARTITIONS)

    publish(ids[:20])
    first = following.service("first")
    following.until_told("done", ids[5])
    following.service("second")
    following.until_members(2)
    publish(ids[20:40])
    following.until_told("done", ids[39])
    first.kill()
    publish(ids[40:])
    until(lambda: {*ids} == {*following.remembered()}, seconds=30, waiting_for="all of it", pause_seconds=0.2)
    assert Counter(following.remembered()) == Counter(ids)
    assert following.handed_out_after_done() == []
    assert {line.who for line in following.journal()} == {"first", "second"}


def test_what_one_member_has_done_another_does_not_hand_out_from_another_partition(following: Following) -> None:
    for name in ("first", "second"):
        following.service(name)
    following.until_members(2)
    for partition in range(PARTITIONS):
        following.publish(f"before-{partition}", partition=partition)
    for partition in range(PARTITIONS):
        following.until_told("done", f"before-{partition}")  # by now both have read what there was of the memory
    following.publish("a")
    following.until_told("done", "a")
    for partition in range(1, PARTITIONS):
        following.publish("a", f"after-{partition}", partition=partition)
    for partition in range(1, PARTITIONS):
        following.until_told("done", f"after-{partition}")
    assert len(following.told("out", "a")) == 1
    assert {line.who for line in following.journal()} == {"first", "second"}


def test_a_done_after_the_subscriber_was_closed_is_refused(
    following: Following, subscribe: Callable[..., Subscriber]
) -> None:
    following.publish("a")
    with subscribe() as subscriber:
        trigger = next(subscriber)
    with pytest.raises(TriggerTaken):
        trigger.done()


def test_a_missing_topic_is_told_with_the_command_that_makes_it(kafka: GivenKafka | Kafka, prefix: str) -> None:
    with (
        Subscriber(kafka.bootstrap, GROUP, [TRIGGERS], prefix=prefix) as subscriber,
        pytest.raises(RejectedState, match=f"no topic {prefix}{TRIGGERS}; run `expansion-signals topics create`"),
    ):
        next(subscriber)
