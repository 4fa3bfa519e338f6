"""How a shard's records are cut into parts, and what a part passes."""

from __future__ import annotations

from expansion_signals.model.accounts import AccountUpdate
from expansion_signals.model.batches import Range
from expansion_signals.model.records import Partition, Record
from expansion_signals.pipeline.just_applied import JustApplied
from expansion_signals.pipeline.work import Item, Work, ranges
from sample_batches import EVIDENCE, NOW, identity

FIRST, SECOND = Partition("usage-events", 0), Partition("usage-events", 1)
UPDATES = Partition("account-updates", 0)
POSITIONS = {FIRST: 100, SECOND: 200, UPDATES: 300}


def used(offset: int, number: int, check: bytes = b"same", partition: Partition = FIRST) -> Item:
    record = Record(*partition, offset, None, None, (), NOW + offset)
    return Item(record, partition, "counted", identity=identity(number, check))


def updated(offset: int, account: str) -> Item:
    record = Record(*UPDATES, offset, None, None, (), NOW)
    return Item(record, UPDATES, "counted", update=AccountUpdate(account, None, EVIDENCE))


def work(*items: Item) -> Work:
    return Work(0, 1, list(items), POSITIONS)


def test_all_is_one_part_where_no_identity_has_two_payloads() -> None:
    items = [used(1, 1), used(2, 2), used(3, 1)]
    assert work(*items).part(JustApplied())[0] == items


def test_a_part_ends_before_a_second_payload_of_one_identity() -> None:
    items = [used(1, 1), used(2, 2), used(3, 1, b"diff"), used(4, 3)]
    assert work(*items).part(JustApplied())[0] == items[:2]


def test_what_does_not_count_claims_no_identity() -> None:
    items = [used(1, 1), used(2, 1, b"diff")]
    items[0].outcome = "dead_lettered"
    assert work(*items).part(JustApplied())[0] == items


def test_what_is_applied_alone_is_a_part_by_itself() -> None:
    items = [used(1, 1), used(2, 2), used(3, 3), used(4, 4)]
    items[1].alone = True
    waiting, parts = work(*items), []
    while waiting:
        parts.append(list(waiting.part(JustApplied())[0]))
        waiting.applied(parts[-1])
    assert parts == [items[:1], items[1:2], items[2:]]


def test_what_was_to_be_alone_and_does_not_count_ends_no_part() -> None:
    items = [used(1, 1), used(2, 2)]
    items[1].alone, items[1].outcome = True, "dead_lettered"
    assert work(*items).part(JustApplied())[0] == items


def test_a_part_ends_before_a_second_update_of_one_account() -> None:
    items = [updated(1, "a"), updated(2, "b"), updated(3, "a")]
    assert work(*items).part(JustApplied())[0] == items[:2]


def test_a_partition_is_passed_to_the_position_of_the_poll() -> None:
    whole = work(used(1, 1), used(2, 2, partition=SECOND))
    assert whole.ends(whole.part(JustApplied())[0]) == {FIRST: 100, SECOND: 200}


def test_a_partition_is_passed_to_its_next_record_that_waits() -> None:
    items = [used(1, 1), used(7, 2, partition=SECOND), used(5, 1, b"diff"), used(6, 4)]
    cut = work(*items)
    assert cut.ends(cut.part(JustApplied())[0]) == {FIRST: 5, SECOND: 200}


def test_a_partition_without_a_record_in_the_part_is_not_passed() -> None:
    cut = work(used(1, 1), used(5, 1, b"diff", partition=SECOND))
    assert cut.ends(cut.part(JustApplied())[0]) == {FIRST: 100}


def test_what_is_applied_is_taken_out() -> None:
    items = [used(1, 1), used(3, 1, b"diff")]
    cut = work(*items)
    cut.applied(cut.part(JustApplied())[0])
    assert (cut.items(), bool(cut)) == (items[1:], True)


def test_nothing_left_is_false() -> None:
    whole = work(used(1, 1))
    whole.applied(whole.part(JustApplied())[0])
    assert not whole


def test_what_lies_below_a_watermark_is_taken_out_by_partition() -> None:
    items = [used(1, 1), used(2, 2), used(1, 3, partition=SECOND)]
    behind = work(*items)
    behind.drop_below({FIRST: 2})
    assert behind.items() == items[1:]


def test_a_range_holds_the_tallies_and_the_append_time_of_its_records() -> None:
    items = [used(1, 1), used(9, 2), used(4, 3, partition=SECOND)]
    items[1].outcome = "duplicate"
    passed = ranges(items, {FIRST: None, SECOND: 4}, {FIRST: 100, SECOND: 200}, {FIRST: "id/0", SECOND: "id/1"})
    assert passed == [
        Range("id/0", None, 100, NOW + 9, counted=1, duplicate=1),
        Range("id/1", 4, 200, NOW + 4, counted=1),
    ]


def test_a_range_without_records_reaches_no_append_time() -> None:
    assert ranges((), {FIRST: 3}, {FIRST: 8}, {FIRST: "id/0"}) == [Range("id/0", 3, 8, 0)]


def test_what_the_shard_has_just_been_told_claims_nothing_more() -> None:
    told, again, other = used(1, 1), used(2, 1), used(3, 2)
    just_applied = JustApplied()
    just_applied.add(work(told).part(just_applied)[1])
    assert work(again, other).part(just_applied) == ([again, other], [other.identity])
    assert again.outcome == "duplicate"
