"""A handler that is run on a real broker: several at once, one account's in order, until each is done or parked."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from kafka import KafkaConsumer, TopicPartition

from expansion_signals.errors import Rejected, RejectedSettings, RejectedState, Retryable
from expansion_signals.sdk import Subscriber, Trigger
from outside.subscribers import GROUP, PARKED, PARTITIONS, TRIGGERS, Following, trigger_event
from servers.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from servers.chosen import GivenKafka, Kafka

LAST = "last"
QUICK = {"first_wait_seconds": 0.01, "longest_wait_seconds": 0.02}


@pytest.fixture
def following(kafka: GivenKafka | Kafka, prefix: str, tmp_path: Path) -> Iterator[Following]:
    with Following(kafka.bootstrap, prefix, tmp_path) as following:
        yield following


@pytest.fixture
def subscribe(following: Following) -> Iterator[Callable[..., Subscriber]]:
    with ExitStack() as stack:

        def start(**options: Any) -> Subscriber:  # noqa: ANN401 -- whatever it takes
            options = {"prefix": following.prefix, "session_timeout_seconds": 2} | options
            return stack.enter_context(Subscriber(following.kafka, GROUP, [TRIGGERS], **options))

        yield start


class Handler:
    """Notes the ids it is given, fails as it was told, and stops the subscriber once so many have ended."""

    def __init__(self, subscriber: Subscriber, stop_after: int, **failures: list[Any]) -> None:
        self._subscriber = subscriber
        self._left = stop_after
        self._failures = failures
        self._lock = threading.Lock()
        self.given: list[str] = []

    def __call__(self, trigger: Trigger) -> None:
        with self._lock:
            self.given.append(trigger.id)
            failures = self._failures.get(trigger.id)
            if failures:
                raise failures.pop(0)
            self._left -= 1
            if self._left <= 0:
                self._subscriber.stop()


def of(account: str, trigger: str, **attributes: object) -> dict[str, Any]:
    return trigger_event(trigger, subject=account, **attributes)


def parked(following: Following) -> list[Any]:
    """Return what lies on the parking topic, as a stranger reads it."""
    consumer = KafkaConsumer(bootstrap_servers=following.kafka, isolation_level="read_committed")
    try:
        numbers = consumer.partitions_for_topic(following.prefix + PARKED)
        partitions = [TopicPartition(following.prefix + PARKED, number) for number in numbers]
        consumer.assign(partitions)
        consumer.seek_to_beginning()
        ends, records = consumer.end_offsets(partitions), []
        while any(consumer.position(each) < end for each, end in ends.items()):
            records += [record for batch in consumer.poll(100).values() for record in batch]
        return records
    finally:
        consumer.close()


def test_what_a_handler_returns_from_is_done(following: Following, subscribe: Callable[..., Subscriber]) -> None:
    following.publish("a", "b")
    subscriber = subscribe()
    subscriber.run(Handler(subscriber, 2))
    assert sorted(following.remembered()) == ["a", "b"]


def test_several_accounts_are_acted_on_at_once(following: Following, subscribe: Callable[..., Subscriber]) -> None:
    for number in range(3):
        following.publish(of(f"acct-{number}", f"t{number}"), partition=number)
    subscriber = subscribe()
    together = threading.Barrier(3, action=subscriber.stop, timeout=20)
    subscriber.run(lambda _: together.wait(), workers=3)
    assert sorted(following.remembered()) == ["t0", "t1", "t2"]


def test_triggers_of_one_account_are_acted_on_in_their_order_also_where_some_fail(
    following: Following, subscribe: Callable[..., Subscriber]
) -> None:
    for number in range(10):
        following.publish(of("acct-1", f"a{number}"), of("acct-2", f"b{number}"))
    subscriber = subscribe()
    handler = Handler(subscriber, 20, a3=[OSError(), OSError()], b5=[OSError()])
    subscriber.run(handler, **QUICK)
    once = list(dict.fromkeys(handler.given))
    assert [each for each in once if each[0] == "a"] == [f"a{number}" for number in range(10)]
    assert [each for each in once if each[0] == "b"] == [f"b{number}" for number in range(10)]
    assert (handler.given.count("a3"), handler.given.count("b5")) == (3, 2)


def test_what_always_fails_is_parked_and_the_others_go_on(
    following: Following, subscribe: Callable[..., Subscriber]
) -> None:
    following.publish(of("acct-1", "poison"), of("acct-1", "behind"), of("acct-2", "beside"))
    subscriber = subscribe()
    handler = Handler(subscriber, 2, poison=[ValueError("no address")] * 9)
    subscriber.run(handler, attempts=3, **QUICK)
    assert handler.given.count("poison") == 3
    assert sorted(following.remembered()) == ["behind", "beside", "poison"]


def test_what_is_parked_lies_untouched_with_why_how_often_by_whom_and_when(
    following: Following, subscribe: Callable[..., Subscriber]
) -> None:
    following.publish("poison", "last")
    subscriber = subscribe()
    subscriber.run(Handler(subscriber, 1, poison=[ValueError("no\naddress")] * 2), attempts=2, **QUICK)
    [record] = parked(following)
    said = {name: value.decode() for name, value in record.headers}
    assert record.key.decode() == f"{following.prefix}{GROUP}\x1fpoison"
    assert b'"id": "poison"' in record.value
    assert said["parked_reason"] == "ValueError: no address"
    assert (said["parked_attempts"], said["parked_group"]) == ("2", following.prefix + GROUP)
    assert (said["parked_topic"], said["parked_partition"], said["parked_offset"]) == (
        following.prefix + TRIGGERS,
        "0",
        "0",
    )
    assert said["parked_first_failed_at"] <= said["parked_at"]


def test_what_is_parked_is_not_handed_out_after_a_restart(
    following: Following, subscribe: Callable[..., Subscriber]
) -> None:
    following.publish("poison", "a")
    with subscribe() as before:
        before.run(Handler(before, 1, poison=[Rejected("no address")]))
    following.publish("poison", LAST)
    assert next(subscribe()).id == LAST


def test_what_can_never_succeed_is_parked_at_once(following: Following, subscribe: Callable[..., Subscriber]) -> None:
    following.publish("a", "b")
    subscriber = subscribe()
    handler = Handler(subscriber, 1, a=[Rejected("unknown address")])
    subscriber.run(handler)
    assert (handler.given, len(parked(following))) == (["a", "b"], 1)


def test_what_may_succeed_later_is_tried_past_all_attempts(
    following: Following, subscribe: Callable[..., Subscriber]
) -> None:
    following.publish("a")
    subscriber = subscribe()
    handler = Handler(subscriber, 1, a=[Retryable("away")] * 5)
    subscriber.run(handler, attempts=2, **QUICK)
    assert (len(handler.given), following.remembered(), parked(following)) == (6, ["a"], [])


@pytest.mark.parametrize("left", [SystemExit(2), asyncio.CancelledError()], ids=["exit", "cancelled"])
def test_a_handler_that_leaves_by_no_exception_of_its_own_has_failed_and_holds_nothing_back(
    following: Following, subscribe: Callable[..., Subscriber], left: BaseException
) -> None:
    following.publish("a", LAST)
    subscriber = subscribe()
    handler = Handler(subscriber, 1, a=[left] * 2)
    subscriber.run(handler, workers=1, attempts=2, **QUICK)
    assert (handler.given, len(parked(following))) == (["a", "a", LAST], 1)


def test_what_expires_while_it_is_tried_is_dropped_and_not_parked(
    following: Following, subscribe: Callable[..., Subscriber]
) -> None:
    now = [datetime.now(UTC)]
    following.publish("a", trigger_event("b", expirytime=(now[0] + timedelta(30)).isoformat()))
    subscriber = subscribe(clock=lambda: now[0])

    def handler(trigger: Trigger) -> None:
        if trigger.id == "b":
            subscriber.stop()
            return
        now[0] += timedelta(8)
        raise Retryable("away")

    subscriber.run(handler, **QUICK)
    assert (following.remembered(), subscriber.dropped, parked(following)) == (["b"], {"expired": 1}, [])


def test_a_handler_that_says_done_itself_has_its_trigger_parked_with_the_reason(
    following: Following, subscribe: Callable[..., Subscriber]
) -> None:
    following.publish("a")
    subscriber = subscribe()

    def handler(trigger: Trigger) -> None:
        subscriber.stop()
        trigger.done()

    subscriber.run(handler)
    [record] = parked(following)
    assert b"Rejected: run() says done() by itself" in dict(record.headers)["parked_reason"]


def test_a_stop_lets_the_handlers_that_act_come_to_their_end(
    following: Following, subscribe: Callable[..., Subscriber]
) -> None:
    following.publish(of("acct-1", "a"), of("acct-2", "b"), of("acct-2", "c"))
    subscriber = subscribe()
    both = threading.Barrier(2, action=subscriber.stop, timeout=20)
    subscriber.run(lambda _: both.wait())
    assert sorted(following.remembered()) == ["a", "b"]


def test_a_withdrawal_comes_after_what_it_withdraws(following: Following, subscribe: Callable[..., Subscriber]) -> None:
    withdrawn = {"type": "expansion.trigger.withdrawn.v1", "data": {"trigger": "a", "reason": "upgraded"}}
    following.publish("a", trigger_event("w", **withdrawn))
    subscriber = subscribe(withdrawals=True)
    handler = Handler(subscriber, 2, a=[OSError("away")])
    subscriber.run(handler, **QUICK)
    assert handler.given == ["a", "a", "w"]


def test_when_another_member_joins_handlers_that_act_come_to_their_end_and_nothing_is_acted_on_twice(
    following: Following, subscribe: Callable[..., Subscriber]
) -> None:
    subscriber, given, numbers = subscribe(), [], count()

    def publish() -> None:
        number = next(numbers)
        following.publish(of(f"acct-{number % 20}", f"t{number}"), partition=number % PARTITIONS)

    with ThreadPoolExecutor(1) as thread:
        running = thread.submit(subscriber.run, lambda trigger: given.append(trigger.id))
        until(lambda: publish() or given, seconds=30, waiting_for="the first to act")
        following.service("other")
        until(lambda: publish() or following.journal(), seconds=30, waiting_for="the other to act")
        subscriber.stop()
        running.result()
    subscriber.close()
    published = next(numbers)
    until(lambda: len(following.remembered()) >= published, seconds=30, waiting_for="all of it", pause_seconds=0.2)
    out = [*given, *(line.trigger for line in following.journal() if line.what == "out")]
    assert sorted(out) == sorted(f"t{number}" for number in range(published))


def test_without_the_parking_topic_it_does_not_begin(kafka: GivenKafka | Kafka, prefix: str) -> None:
    with (
        Subscriber(kafka.bootstrap, GROUP, [TRIGGERS], prefix=prefix) as subscriber,
        pytest.raises(RejectedState, match=f"no topic {prefix}{TRIGGERS}, {prefix}{PARKED}; run `expansion-signals"),
    ):
        subscriber.run(lambda _: None)


@pytest.mark.parametrize("wrong", [{"workers": 0}, {"attempts": 0}, {"first_wait_seconds": -1}])
def test_options_that_cannot_be_are_refused(wrong: dict[str, Any]) -> None:
    with Subscriber("127.0.0.1:1", GROUP, [TRIGGERS]) as subscriber, pytest.raises(RejectedSettings):
        subscriber.run(lambda _: None, **wrong)
