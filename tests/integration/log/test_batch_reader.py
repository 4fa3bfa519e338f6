"""The batch log reader on a real broker: where it begins, in which order it reads, what it never passes over."""

from __future__ import annotations

import time
from itertools import groupby
from typing import TYPE_CHECKING

import pytest
from aiokafka import AIOKafkaProducer

from expansion_signals.errors import LogUnavailable, RejectedState, StateUnavailable
from expansion_signals.model.records import Outgoing, Partition
from integration.log.harness import Listener, now, read, settle
from servers.processes import free_port
from servers.waiting import until_async

if TYPE_CHECKING:
    from expansion_signals.model.records import Record
    from integration.log.harness import Log

FIRST = Partition("events", 0)


async def test_every_record_is_read_once(log: Log) -> None:
    await log.publish(500)
    values = [record.value or b"" for record in await read(log.reader(), 500)]
    assert sorted(values) == sorted(b"%d" % number for number in range(500))


async def test_records_of_a_partition_come_in_offset_order_even_if_polls_are_small(log: Log) -> None:
    await log.publish(500)
    records = sorted(await read(log.reader(poll_records=7), 500), key=lambda record: record.partition)
    for _, group in groupby(records, key=lambda record: record.partition):
        offsets = [record.offset for record in group]
        assert offsets == list(range(len(offsets)))


async def test_the_positions_of_a_poll_end_where_those_of_the_next_begin(log: Log) -> None:
    await log.publish(500)
    reader = log.reader(poll_records=50)
    before = await settle(reader, 4)
    while any((reader.lag() or {}).values()):
        poll = await reader.poll(0.1)
        assert poll.first == before.positions
        before = poll


async def test_a_poll_spans_as_many_offsets_as_it_has_records(log: Log) -> None:
    await log.publish(500)
    reader = log.reader(poll_records=50)
    poll = await settle(reader, 4)
    assert len(poll.records) == sum(poll.positions.values()) - sum(poll.first.values()) == 50


async def test_a_record_keeps_its_key_value_and_headers(log: Log) -> None:
    headers = [("ce_id", b"7"), ("ce_id", b"\xff"), ("empty", None)]
    await log.publisher.publish([Outgoing("events", b"acme", None, headers)])
    [record] = await read(log.reader(), 1)
    assert (record.topic, record.key, record.value, list(record.headers)) == ("events", b"acme", None, headers)


async def test_reading_begins_where_the_listener_says(log: Log) -> None:
    await log.publish(500)
    poll = await settle(log.reader(Listener(begin={FIRST: 20})), 4)
    assert poll.first[FIRST] == 20


async def test_a_commit_is_told_to_the_next_member(log: Log) -> None:
    await log.publish(500)
    reader = log.reader()
    poll = await settle(reader, 4)
    assert await reader.commit({FIRST: 20})
    await reader.stop()
    listener = Listener()
    await settle(log.reader(listener), 4)
    assert listener.committed == {partition: 20 if partition == FIRST else None for partition in poll.positions}


async def test_after_a_seek_reading_goes_on_there(log: Log) -> None:
    await log.publish(500)
    reader = log.reader()
    await read(reader, 500)
    reader.seek({FIRST: 3})
    again = await read(reader, 1)
    assert (again[0].partition, again[0].offset) == (0, 3)


async def test_a_seek_to_a_partition_of_another_member_is_left_out(log: Log) -> None:
    await log.publish(500)
    reader = log.reader()
    poll = await settle(reader, 4)
    reader.seek({Partition("events", 99): 3})
    assert (await reader.poll(0.1)).first == poll.positions


async def test_two_members_share_the_partitions(log: Log) -> None:
    one, other = log.reader(), log.reader()
    await settle(one, 4)
    await other.start()
    mine, theirs = set[Partition](), set[Partition]()

    async def shared() -> bool:
        mine.clear()
        theirs.clear()
        mine.update((await one.poll(0.1)).positions)
        theirs.update((await other.poll(0.1)).positions)
        return len(mine) == len(theirs) == 2

    await until_async(shared, seconds=20, waiting_for="two partitions each")
    assert not mine & theirs


async def test_the_partitions_of_a_stopped_member_move_to_the_other(log: Log) -> None:
    one, other = log.reader(), log.reader()
    await settle(one, 4)
    await other.start()
    await settle(one, 2)
    await other.stop()
    assert len((await settle(one, 4)).positions) == 4


async def test_the_listener_is_told_what_a_rebalance_took(log: Log) -> None:
    listener = Listener()
    one, other = log.reader(listener), log.reader()
    before = await settle(one, 4)
    await other.start()
    await settle(one, 2)
    assert listener.lost == [tuple(before.positions)]


async def test_a_rebalance_changes_the_assignment_under_which_polls_are_read(log: Log) -> None:
    one, other = log.reader(), log.reader()
    before = await settle(one, 4)
    await other.start()
    after = await settle(one, 2)
    assert before.assignment != after.assignment == one.assignment


async def test_a_commit_of_partitions_that_a_rebalance_took_is_refused(log: Log) -> None:
    await log.publish(500)
    one, other = log.reader(), log.reader()
    before = await settle(one, 4)
    await other.start()
    await settle(one, 2)
    assert not await one.commit(before.positions)


async def test_a_commit_of_a_member_that_was_thrown_out_is_refused(log: Log) -> None:
    one, other = log.reader(driver={"max_poll_interval_ms": 500}), log.reader()
    before = await settle(one, 4)  # and polls no more
    await settle(other, 4)
    assert not await one.commit(before.positions)


async def test_a_paused_member_stays_past_the_poll_interval(log: Log) -> None:
    reader = log.reader(driver={"max_poll_interval_ms": 1500})
    before = await settle(reader, 4)
    end = time.monotonic() + 4

    async def over() -> bool:
        return time.monotonic() > end

    async with reader.paused():
        await until_async(over, seconds=5, waiting_for="the poll interval to pass twice")
    assert await reader.commit(before.positions)
    assert reader.assignment == before.assignment


async def test_a_poll_that_is_cut_short_by_a_rebalance_counts_as_one(log: Log) -> None:
    reader = log.reader()
    await reader.start()
    began = time.monotonic()
    await reader.poll(0.01)  # nothing is assigned yet: it waits for that, and is cut short
    assert reader._consumer is not None
    assert reader._consumer._subscription.fetcher_idle_time <= time.monotonic() - began


async def test_records_that_come_during_a_pause_are_read_after_it(log: Log) -> None:
    reader = log.reader()
    await settle(reader, 4)
    async with reader.paused():
        await log.publish(100)
    assert len(await read(reader, 100)) == 100


async def test_what_the_listener_raises_leaves_the_poll(log: Log) -> None:
    reader = log.reader(Listener(failures=[StateUnavailable("Redis is away")]))
    with pytest.raises(StateUnavailable, match="Redis is away"):
        await settle(reader, 4)


async def test_the_listener_is_asked_again_after_it_failed(log: Log) -> None:
    await log.publish(500)
    reader = log.reader(Listener(begin={FIRST: 20}, failures=[StateUnavailable("away")]))
    with pytest.raises(StateUnavailable):
        await settle(reader, 4)
    assert (await settle(reader, 4)).first[FIRST] == 20


async def test_a_position_beyond_the_log_stops_the_reader(log: Log) -> None:
    await log.publish(10)
    reader = log.reader(Listener(begin={FIRST: 1_000}))
    with pytest.raises(RejectedState, match=r"offset 1000 of .*events partition 0; see docs/operations.md"):
        await read(reader, 500)


async def test_a_position_that_retention_deleted_stops_the_reader(log: Log) -> None:
    await log.publish(500)
    await log.forget(FIRST, before=50)
    reader = log.reader(Listener(begin={FIRST: 20}))
    with pytest.raises(RejectedState, match=r"offset 20 of .*events partition 0"):
        await read(reader, 500)


async def test_nothing_is_passed_over_in_other_partitions_when_one_is_out_of_range(log: Log) -> None:
    await log.publish(500)
    reader = log.reader(Listener(begin={FIRST: 1_000}))
    records: list[Record] = []

    async def stopped() -> bool:
        try:
            records.extend((await reader.poll(0.1)).records)
        except RejectedState:
            return True
        return False

    await until_async(stopped, seconds=20, waiting_for="the reader to stop")
    reader.seek({FIRST: 0})
    records += await read(reader, 500 - len(records))
    assert sorted(record.value or b"" for record in records) == sorted(b"%d" % number for number in range(500))


async def test_a_reader_that_read_all_there_was_has_caught_up(log: Log) -> None:
    await log.publish(500)
    reader = log.reader()
    await read(reader, 500)
    assert set((reader.lag() or {}).values()) == {0}


async def test_a_reader_without_an_assignment_does_not_know_how_far_behind_it_is(log: Log) -> None:
    assert log.reader().lag() is None


async def test_lag_is_what_is_left_to_read(log: Log) -> None:
    await log.publish(500)
    reader = log.reader(poll_records=100)
    await settle(reader, 4)
    assert sum((reader.lag() or {}).values()) == 400


async def test_a_transaction_marker_at_the_end_does_not_keep_a_reader_from_catching_up(log: Log) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=log.bootstrap, transactional_id=log.prefix)
    await producer.start()
    async with producer.transaction():
        await producer.send_and_wait(log.prefix + "events", b"1", partition=0)
    await producer.stop()
    reader = log.reader()
    await read(reader, 1)

    async def caught_up() -> bool:
        await reader.poll(0.1)
        return set((reader.lag() or {}).values()) == {0}

    assert await until_async(caught_up, seconds=5, waiting_for="the marker to be passed")


async def test_a_topic_that_stamps_appends_tells_when_the_broker_had_the_record(log: Log) -> None:
    await log.create("stamped", 1, **{"message.timestamp.type": "LogAppendTime"})
    long_ago = await _published_at(log, "stamped", 1_000)
    [record] = await read(log.reader(topics=["stamped"]), 1)
    assert record.appended > long_ago + 3_600_000_000


async def test_a_producer_is_not_believed_a_time_in_the_future(log: Log) -> None:
    await _published_at(log, "events", now() // 1000 + 600_000)
    [record] = await read(log.reader(), 1)
    assert record.appended <= now()


async def test_a_producer_is_believed_a_time_in_the_past(log: Log) -> None:
    await _published_at(log, "events", 1_000)
    [record] = await read(log.reader(), 1)
    assert record.appended == 1_000_000


async def test_a_record_larger_than_a_fetch_is_read(log: Log) -> None:
    await log.create("large", 1, **{"max.message.bytes": str(9 * 1024 * 1024)})
    await log.publisher.publish([Outgoing("large", b"acme", b"v" * (8 * 1024 * 1024))])
    [record] = await read(log.reader(topics=["large"]), 1)
    assert len(record.value or b"") == 8 * 1024 * 1024


async def test_a_missing_topic_is_named_with_the_command_that_creates_it(log: Log) -> None:
    reader = log.reader(topics=["events", "absent"])
    with pytest.raises(RejectedState, match=r"no topic .*absent; run `expansion-signals topics create`"):
        await reader.start()


async def test_a_broker_that_is_not_there_is_retryable(log: Log) -> None:
    reader = log.reader(servers=f"127.0.0.1:{free_port()}")
    with pytest.raises(LogUnavailable, match=r"Kafka at 127\.0\.0\.1:\d+ is not available"):
        await reader.start()


async def _published_at(log: Log, topic: str, milliseconds: int) -> int:
    producer = AIOKafkaProducer(bootstrap_servers=log.bootstrap)
    await producer.start()
    await producer.send_and_wait(log.prefix + topic, b"1", key=b"acme", timestamp_ms=milliseconds)
    await producer.stop()
    return milliseconds * 1000
