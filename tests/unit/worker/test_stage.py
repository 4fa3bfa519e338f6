from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from expansion_signals.errors import LogUnavailable, RejectedState
from expansion_signals.model.instants import MINUTE
from expansion_signals.model.records import Partition, Poll, Record
from expansion_signals.pipeline.serving import AllButLate
from expansion_signals.pipeline.watermarks import Watermarks
from expansion_signals.state.memory import MemoryStore
from expansion_signals.state.memory_shards import MemoryShards
from expansion_signals.worker.patience import InPlace
from expansion_signals.worker.stage import Resuming, Stage, run_all
from expansion_signals.worker.status import StageStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from expansion_signals.model.instants import Instant

NOW = 1_795_000_000_000_000
SIGNALS = Partition("expansion-signals", 0)


def poll_of(first: int, end: int, *, assignment: int = 1) -> Poll:
    records = [Record(*SIGNALS, offset, b"acct-1", b"{}", (), 0) for offset in range(first, end)]
    return Poll(records, {SIGNALS: first}, {SIGNALS: end}, assignment)


NOTHING = Poll((), {SIGNALS: 3}, {SIGNALS: 3}, 1)
NOT_ASSIGNED = Poll((), {}, {}, 1)


@dataclass
class ScriptedReader:
    """Hands out polls one after the other, or raises them; with the last it calls `at_the_end`."""

    script: list[Poll | Exception]
    at_the_end: Callable[[], None] = lambda: None
    assignment: int = 1
    behind: int | None = 0
    commits: list[Mapping[Partition, int]] = field(default_factory=list)
    sought: list[Mapping[Partition, int]] = field(default_factory=list)
    stopped: bool = False
    asked_for_lag: int = 0

    async def poll(self, timeout_seconds: float) -> Poll:
        assert timeout_seconds > 0
        found = self.script.pop(0)
        if not self.script:
            self.at_the_end()
        if isinstance(found, Exception):
            raise found
        return found

    def seek(self, positions: Mapping[Partition, int]) -> None:
        self.sought.append(positions)

    async def commit(self, positions: Mapping[Partition, int]) -> bool:
        self.commits.append(positions)
        return True

    def lag(self) -> Mapping[Partition, int] | None:
        self.asked_for_lag += 1
        return None if self.behind is None else {SIGNALS: self.behind}

    async def stop(self) -> None:
        self.stopped = True


@dataclass
class NotingAbsorber:
    """Notes what it is given. `rewind` is its answer to a poll, `settled` to a sweep; `failure` is raised instead.

    `lost` is what it answers once when it is asked for roll-backs.
    """

    rewind: Mapping[Partition, int] = field(default_factory=dict)
    lost: Mapping[Partition, int] = field(default_factory=dict)
    settled: bool = True
    failure: Exception | None = None
    meanwhile: Callable[[], None] = lambda: None
    absorbed: list[int] = field(default_factory=list)
    swept: list[Mapping[Partition, int]] = field(default_factory=list)
    reached: list[Mapping[Partition, Instant]] = field(default_factory=list)

    async def absorb(self, poll: Poll) -> Mapping[Partition, int]:
        if self.failure is not None:
            raise self.failure
        self.absorbed += [record.offset for record in poll.records]
        self.meanwhile()
        return self.rewind

    async def rolled_back(self) -> Mapping[Partition, int]:
        lost, self.lost = self.lost, {}
        return lost

    async def sweep(self, positions: Mapping[Partition, int], reached: Mapping[Partition, Instant]) -> bool:
        self.swept.append(positions)
        self.reached.append(reached)
        return self.settled


@dataclass
class Run:
    """A stage that reads a script and ends with it."""

    script: Sequence[Poll | Exception]
    absorber: NotingAbsorber = field(default_factory=NotingAbsorber)
    status: StageStatus = field(default_factory=StageStatus)
    told: list[str | None] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.reader = ScriptedReader(list(self.script))
        patience = InPlace(self.told.append)
        self.stage = Stage(
            self.reader, self.absorber, polling=patience, patience=patience, status=self.status, clock=lambda: NOW
        )
        self.reader.at_the_end = self.stage.stop

    async def to_its_end(self) -> Run:
        await self.stage.run()
        return self


async def test_a_stage_takes_in_every_poll_in_order() -> None:
    run = await Run([poll_of(0, 2), poll_of(2, 3)]).to_its_end()
    assert run.absorber.absorbed == [0, 1, 2]


async def test_a_stage_sweeps_to_the_positions_it_has_taken_in() -> None:
    run = await Run([poll_of(0, 3)]).to_its_end()
    assert run.absorber.swept == [{SIGNALS: 3}]


async def test_a_stage_commits_what_it_has_taken_in() -> None:
    run = await Run([poll_of(0, 3)]).to_its_end()
    assert run.reader.commits == [{SIGNALS: 3}]


async def test_a_stage_sweeps_once_a_second_whatever_the_number_of_polls() -> None:
    run = await Run([poll_of(offset, offset + 1) for offset in range(50)]).to_its_end()
    assert len(run.absorber.swept) == 1


async def test_an_empty_poll_is_swept_up_to_all_the_same() -> None:
    run = await Run([NOTHING]).to_its_end()
    assert run.absorber.swept == [{SIGNALS: 3}]


async def test_a_stage_without_partitions_neither_sweeps_nor_commits() -> None:
    run = await Run([NOT_ASSIGNED]).to_its_end()
    assert (run.absorber.swept, run.reader.commits) == ([], [])


async def test_after_a_rewind_the_reader_goes_back() -> None:
    run = await Run([poll_of(0, 3)], NotingAbsorber(rewind={SIGNALS: 1})).to_its_end()
    assert run.reader.sought == [{SIGNALS: 1}]


async def test_after_a_rewind_no_shard_is_moved_past_what_is_read_again() -> None:
    run = await Run([poll_of(0, 3)], NotingAbsorber(rewind={SIGNALS: 1})).to_its_end()
    assert run.absorber.swept == [{SIGNALS: 1}]


async def test_after_a_rewind_nothing_beyond_it_is_committed() -> None:
    run = await Run([poll_of(0, 3)], NotingAbsorber(rewind={SIGNALS: 1})).to_its_end()
    assert run.reader.commits == [{SIGNALS: 1}]


async def test_after_a_roll_back_that_no_poll_met_the_reader_goes_back_all_the_same() -> None:
    run = await Run([NOTHING], NotingAbsorber(lost={SIGNALS: 1})).to_its_end()
    assert run.reader.sought == [{SIGNALS: 1}]


async def test_after_a_roll_back_that_no_poll_met_nothing_is_swept_or_committed() -> None:
    run = await Run([NOTHING], NotingAbsorber(lost={SIGNALS: 1})).to_its_end()
    assert (run.absorber.swept, run.reader.commits) == ([], [])


async def test_after_a_roll_back_that_no_poll_met_the_stage_is_not_caught_up() -> None:
    run = await Run([NOTHING], NotingAbsorber(lost={SIGNALS: 1})).to_its_end()
    assert not run.status.caught_up


async def test_a_poll_of_an_assignment_that_is_over_is_not_taken_in() -> None:
    run = await Run([poll_of(0, 3, assignment=0)]).to_its_end()
    assert run.absorber.absorbed == []


async def test_partitions_lost_while_a_poll_is_taken_in_are_not_swept() -> None:
    run = Run([poll_of(0, 3)])
    run.absorber.meanwhile = lambda: setattr(run.reader, "assignment", 2)
    await run.to_its_end()
    assert run.absorber.swept == []


async def test_a_failed_poll_is_polled_again() -> None:
    run = await Run([LogUnavailable("Kafka is away"), poll_of(0, 1)]).to_its_end()
    assert run.absorber.absorbed == [0]


async def test_a_failed_poll_is_told_until_it_answers() -> None:
    run = await Run([LogUnavailable("Kafka is away"), poll_of(0, 1)]).to_its_end()
    assert run.told == ["Kafka is away", None]


async def test_a_stage_that_cannot_go_on_says_why() -> None:
    with pytest.raises(RejectedState, match="shard 3"):
        await Run([poll_of(0, 1)], NotingAbsorber(failure=RejectedState("shard 3"))).to_its_end()


async def test_a_stage_that_cannot_go_on_commits_nothing() -> None:
    run = Run([poll_of(0, 1)], NotingAbsorber(failure=RejectedState("shard 3")))
    with pytest.raises(RejectedState):
        await run.to_its_end()
    assert run.reader.commits == []


async def test_a_stage_that_cannot_go_on_leaves_its_group() -> None:
    run = Run([poll_of(0, 1)], NotingAbsorber(failure=RejectedState("shard 3")))
    with pytest.raises(RejectedState):
        await run.to_its_end()
    assert run.reader.stopped


async def test_a_stopped_stage_leaves_its_group() -> None:
    run = await Run([NOTHING]).to_its_end()
    assert run.reader.stopped


async def test_a_stage_with_more_to_read_is_not_caught_up() -> None:
    run = Run([poll_of(0, 1), poll_of(1, 2)])
    run.reader.behind = 7
    await run.to_its_end()
    assert not run.status.caught_up


async def test_a_stage_whose_sweep_left_something_is_not_caught_up() -> None:
    run = await Run([poll_of(0, 1), poll_of(1, 2)], NotingAbsorber(settled=False)).to_its_end()
    assert not run.status.caught_up


async def test_a_stage_at_the_end_of_the_log_with_nothing_left_is_caught_up() -> None:
    run = await Run([poll_of(0, 1), NOTHING]).to_its_end()
    assert run.status.caught_up


async def test_a_stage_that_has_no_assignment_yet_is_not_caught_up() -> None:
    run = Run([NOTHING, NOTHING])
    run.reader.behind = None
    await run.to_its_end()
    assert (run.status.caught_up, run.status.lag) == (False, {})


async def test_after_a_rewind_a_stage_is_as_far_behind_as_what_is_read_again() -> None:
    run = Run([NOTHING, poll_of(0, 3)], NotingAbsorber(rewind={SIGNALS: 1}))
    run.absorber.meanwhile = lambda: setattr(run.reader, "behind", 2)
    await run.to_its_end()
    assert (run.status.caught_up, run.status.lag) == (False, {"expansion-signals/0": 2})


async def test_the_lag_is_asked_once_a_poll_and_once_a_sweep() -> None:
    run = await Run([poll_of(offset, offset + 1) for offset in range(50)]).to_its_end()
    assert run.reader.asked_for_lag == 50 + len(run.absorber.swept)


async def test_the_lag_is_told_by_topic_and_partition() -> None:
    run = Run([NOTHING])
    run.reader.behind = 7
    await run.to_its_end()
    assert run.status.lag == {"expansion-signals/0": 7}


async def test_only_polls_with_records_count_as_work() -> None:
    run = await Run([NOTHING]).to_its_end()
    assert run.status.busy_at == 0.0


async def test_the_first_stage_to_fail_ends_the_others() -> None:
    failing = Run([poll_of(0, 1)], NotingAbsorber(failure=RejectedState("shard 3")))
    waiting = WaitingForEver()
    with pytest.raises(ExceptionGroup) as failures:
        await run_all([failing.stage, waiting])
    assert (failures.group_contains(RejectedState), waiting.cancelled) == (True, True)


class WaitingForEver:
    """A stage that nothing comes to."""

    cancelled = False

    async def run(self) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise


def resuming(status: StageStatus) -> Resuming:
    serving = AllButLate(MemoryShards(MemoryStore(shards=2, window=0)), "deciding")
    return Resuming(Watermarks(serving, {"expansion-signals": "topic-id"}), status)


async def assigned(listener: Resuming) -> Mapping[Partition, int]:
    return await listener.assigned([SIGNALS], committed={SIGNALS: 9}, log_start={SIGNALS: 4}, log_end={SIGNALS: 20})


async def test_a_partition_never_applied_is_read_from_where_the_log_begins_whatever_was_committed() -> None:
    assert await assigned(resuming(StageStatus())) == {SIGNALS: 4}


async def test_a_stage_has_begun_once_it_knows_where_to_go_on() -> None:
    status = StageStatus()
    await assigned(resuming(status))
    assert status.begun


async def test_a_stage_without_its_partitions_has_not_begun() -> None:
    status = StageStatus()
    listener = resuming(status)
    await assigned(listener)
    await listener.revoked([SIGNALS])
    assert not status.begun


async def test_a_sweep_is_told_the_append_time_reached_where_nothing_is_left_to_read() -> None:
    run = await Run([NOTHING]).to_its_end()
    assert run.absorber.reached == [{SIGNALS: NOW - MINUTE}]


async def test_a_partition_with_a_backlog_has_reached_no_append_time() -> None:
    run = Run([NOTHING])
    run.reader.behind = 7
    await run.to_its_end()
    assert run.absorber.reached == [{}]
