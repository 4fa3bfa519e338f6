from __future__ import annotations

from expansion_signals.model.shards import ShardStanding
from expansion_signals.worker.books import Books, BooksCollector, books

TOPICS = {"id-7": "usage-events"}
STAGES = ("metering", "deciding")


def shard(reached: int = 0, late: frozenset[str] = frozenset()) -> ShardStanding:
    return ShardStanding({"id-7/0": 5}, late, None, {"id-7/0": reached})


def of(*shards: ShardStanding, number: int = 2) -> Books:
    return books({"id-7/0": {"counted": 5}}, dict(enumerate(shards)), shards=number, stages=STAGES, topics=TOPICS)


def test_topics_have_the_names_that_people_know() -> None:
    assert of(shard(reached=1), shard()).tallies == {"usage-events/0": {"counted": 5}}


def test_a_partition_has_reached_what_its_furthest_shard_has() -> None:
    assert of(shard(reached=3), shard(reached=9)).reached == {"usage-events/0": 9}


def test_a_partition_that_has_told_nothing_is_not_in_1970() -> None:
    assert of(shard(), shard()).reached == {}


def test_shards_are_late_in_a_stage_each() -> None:
    both, one = frozenset(STAGES), frozenset({"deciding"})
    assert of(shard(late=both), shard(late=one)).late == {"metering": 1, "deciding": 2}


def test_shards_that_do_not_stand_are_lost() -> None:
    assert of(shard(), number=64).lost == 63


def test_without_books_no_number_is_made_up() -> None:
    assert [sample for family in BooksCollector().collect() for sample in family.samples] == []
