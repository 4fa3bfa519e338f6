"""What a group has parked, on a real broker: looked at, and handed out again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from confluent_kafka import Producer

from expansion_signals.errors import LogUnavailable, Rejected
from expansion_signals.sdk import Parking, Subscriber, Trigger
from outside.subscribers import GROUP, PARKED, SEPARATOR, TRIGGERS, Following, trigger_event
from servers.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from outside.subscribers import Headers
    from servers.chosen import GivenKafka, Kafka


@pytest.fixture
def following(kafka: GivenKafka | Kafka, prefix: str, tmp_path: Path) -> Iterator[Following]:
    with Following(kafka.bootstrap, prefix, tmp_path) as following:
        yield following


def subscribed(following: Following, group: str = GROUP) -> Subscriber:
    return Subscriber(following.kafka, group, [TRIGGERS], prefix=following.prefix, session_timeout_seconds=2)


def parking(following: Following, group: str = GROUP) -> Parking:
    return Parking(following.kafka, group, prefix=following.prefix)


def park(following: Following, *triggers: str, group: str = GROUP, headers: Headers | None = None) -> None:
    """Publish these, and have the group give them up."""
    following.publish(*triggers, headers=headers)
    left = list(triggers)

    def refuse(trigger: Trigger) -> None:
        left[:] = [each for each in left if each != trigger.id]
        if not left:
            subscriber.stop()
        raise Rejected("no address")

    with subscribed(following, group) as subscriber:
        subscriber.run(refuse)


def test_what_is_parked_is_listed_with_the_reason_the_first_first(following: Following) -> None:
    park(following, "a", "b")
    with parking(following) as parked:
        assert [(each.id, each.reason, each.attempts, each.account) for each in parked] == [
            ("a", "Rejected: no address", 1, "acct-1"),
            ("b", "Rejected: no address", 1, "acct-1"),
        ]


def test_what_another_group_has_parked_is_not_listed(following: Following) -> None:
    park(following, "a")
    with parking(following, "crm") as parked:
        assert list(parked) == []


def test_what_is_handed_out_again_comes_to_its_group_and_is_parked_no_more(following: Following) -> None:
    park(following, "a")
    with parking(following) as parked:
        [trigger] = parked
        trigger.hand_out_again()
        assert list(parked) == []
    with subscribed(following) as subscriber:
        again = next(subscriber)
        again.done()
    assert (again.id, following.remembered()) == ("a", ["a", "a", "a"])


def test_a_subscriber_that_runs_gets_again_what_it_had_parked_itself(following: Following) -> None:
    following.publish("a")
    given: list[str] = []

    def handler(trigger: Trigger) -> None:
        given.append(trigger.id)
        if given == ["a"]:
            raise Rejected("no address")
        if trigger.id == "a":
            subscriber.stop()
            return
        with parking(following) as parked:
            for each in until(lambda: list(parked), seconds=10, waiting_for="a to be parked"):
                each.hand_out_again()

    following.publish("b")
    with subscribed(following) as subscriber:
        subscriber.run(handler, workers=1)
    assert given == ["a", "b", "a"]


def test_other_groups_that_have_done_it_drop_it(following: Following) -> None:
    park(following, "a")
    with subscribed(following, "crm") as other:
        next(other).done()
        with parking(following) as parked:
            for each in parked:
                each.hand_out_again()
        following.publish("last")
        assert next(other).id == "last"


@pytest.mark.parametrize(
    "forged",
    [{"reason": None}, {"at": "yesterday"}, {"partition": "the first"}, {"key": b"of another"}],
    ids=["null", "no instant", "no number", "key of another"],
)
def test_what_a_stranger_wrote_to_the_topic_hides_nothing_else(following: Following, forged: dict[str, Any]) -> None:
    park(following, "a")
    following.forge(trigger_event("forged"), group=GROUP, topic=following.prefix + TRIGGERS, **forged)
    with parking(following) as one, Parking(following.kafka, prefix=following.prefix) as every:
        assert [[each.id for each in parked] for parked in (one, every)] == [["a"], ["a"]]


@pytest.mark.parametrize("partition", ["99", "-1"])
def test_what_stood_in_a_partition_that_is_no_more_comes_back_in_that_of_its_key(
    following: Following, partition: str
) -> None:
    following.forge(trigger_event("a"), group=GROUP, topic=following.prefix + TRIGGERS, partition=partition)
    with parking(following) as parked:
        for each in parked:
            each.hand_out_again()
    with subscribed(following) as subscriber:
        assert next(subscriber).id == "a"


def test_a_trigger_with_a_header_that_is_null_is_parked_and_comes_back(following: Following) -> None:
    park(following, "a", headers=[("trace", None)])
    with parking(following) as parked:
        for each in parked:
            each.hand_out_again()
    with subscribed(following) as subscriber:
        assert next(subscriber).id == "a"


def test_what_another_replay_has_handed_back_is_not_handed_out_again_once_it_is_done(following: Following) -> None:
    park(following, "a")
    with parking(following) as first, parking(following) as second, subscribed(following) as subscriber:
        [trigger], [stale] = first, second
        assert trigger.hand_out_again()
        next(subscriber).done()
        assert [each.hand_out_again() for each in (stale, trigger)] == [False, False]
        following.publish("last")
        assert next(subscriber).id == "last"


def test_what_was_parked_anew_stays_where_an_older_replay_goes_on(following: Following) -> None:
    park(following, "a")
    with parking(following) as parked, parking(following) as older:
        [trigger], [stale] = parked, older
        assert trigger.hand_out_again()
        park(following, "b")
        assert (stale.hand_out_again(), sorted(each.id for each in parked)) == (False, ["a", "b"])


@pytest.mark.parametrize("commits", [True, False])
def test_a_replay_waits_for_one_that_takes_the_same_off_before_it(following: Following, *, commits: bool) -> None:
    park(following, "a")
    name = following.prefix + PARKED
    other = Producer(
        {"bootstrap.servers": following.kafka, "transactional.id": name, "partitioner": "murmur2", "log_level": 0}
    )
    other.init_transactions(10)
    other.begin_transaction()
    other.produce(name, key=f"{following.prefix}{GROUP}{SEPARATOR}a".encode())
    assert other.flush(10) == 0
    with parking(following) as parked:
        [trigger] = parked
        with pytest.raises(LogUnavailable, match="not decided"):
            trigger.hand_out_again()
        if commits:
            other.commit_transaction(10)
        else:
            other.abort_transaction(10)
        assert trigger.hand_out_again() is not commits


def test_what_is_parked_while_another_is_handed_back_is_listed_next(following: Following) -> None:
    topic, later = following.prefix + TRIGGERS, [f"b{number}" for number in range(40)]
    following.forge(trigger_event("a"), group=GROUP, topic=topic)
    with parking(following) as parked:
        [trigger] = parked
        for each in later:
            following.forge(trigger_event(each), group=GROUP, topic=topic)
        assert trigger.hand_out_again()
        assert sorted(each.id for each in parked) == sorted(later)
