"""Deciding through everything that may happen to it: as if each signal had been decided once, in order."""

from __future__ import annotations

import asyncio
from collections import Counter as Tally
from typing import TYPE_CHECKING, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decided_once import decisions, made, poisoned
from expansion_signals.decide.decided import Decided, key_of
from expansion_signals.model.instants import DAY
from expansion_signals.state.keys import shard_of
from sample_signals import NOW
from simulated_deciders import ALL_AT_ONCE, SWEEP, DecidingWorker, DecidingWorld, SecondDecider, crashed, drained
from simulated_deciding import ACCOUNTS, MIXED, POISON, SHARDS, THRESHOLDS, Draft, SignalsTopic

if TYPE_CHECKING:
    from collections.abc import Sequence

    from expansion_signals.model.records import Partition

SIGNALS = st.builds(
    Draft,
    who=st.integers(0, 2),
    crossed=st.frozensets(st.integers(0, len(THRESHOLDS) - 1), min_size=1, max_size=4),
    generation=st.sampled_from((1, 1, 1, 2)),
    days=st.sampled_from((0, 0, 0, 8)),
    gate=st.sampled_from((0, 0, 0, 1, 2)),
)
RECORDS = (
    SIGNALS
    | SIGNALS
    | st.builds(Draft, who=st.integers(0, 2), crossed=st.just(frozenset({0})), poison=st.integers(0, len(POISON)))
)
TOPICS = st.lists(RECORDS, min_size=1, max_size=8) | st.lists(RECORDS, min_size=12, max_size=24)


class Step(NamedTuple):
    """What is done, to which.

    `move` a worker, `crash` one, `accept` the next configuration, `back up` or `roll back` a shard, `lose` one, or
    `lose all`; `wait`, for days, or until every `lease ends`.
    """

    what: str
    which: int
    choice: int


def schedules(*kinds: str) -> st.SearchStrategy[list[Step]]:
    """Return schedules that move two workers and a second reader, and now and then do one of these kinds of harm."""
    step = st.builds(Step, st.sampled_from(("move",) * 12 + kinds), st.integers(0, 2), st.integers(0, 31))
    return st.lists(step, max_size=30) | st.lists(step, min_size=60, max_size=150)


async def played(drafts: Sequence[Draft], schedule: Sequence[Step]) -> DecidingWorld:
    """Play the schedule with two workers that both read everything, and a second reader; then read to the end."""
    world = DecidingWorld(SignalsTopic.of(drafts))
    workers: list[DecidingWorker | SecondDecider] = [DecidingWorker(world), DecidingWorker(world), SecondDecider(world)]
    for what, which, choice in schedule:
        match what:
            case "move":
                await workers[which].advance(choice)
            case "crash":
                workers[which].crash()
                workers[which] = type(workers[which])(world)
            case "wait":
                # What was decided is remembered for 14 days; a record that is read again later is decided anew.
                world.now = min(world.now + 2 * DAY, NOW + 12 * DAY)
            case _:
                harm(world, what, which % SHARDS)
    for worker in workers:
        worker.crash()
    await drained(world)
    return world


def harm(world: DecidingWorld, what: str, shard: int) -> None:
    match what:
        case "accept":
            world.accept()
        case "back up":
            world.back_up(shard)
        case "roll back":
            world.roll_back(shard)
        case "lease ends":
            world.end_leases()
        case "lose":
            world.lose(shard)
        case "lose all":
            for each in range(SHARDS):
                world.lose(each)


def outcome(drafts: Sequence[Draft], schedule: Sequence[Step]) -> DecidingWorld:
    return asyncio.run(played(drafts, schedule))


def texts(records: Sequence[dict[str, object]]) -> dict[str, set[str]]:
    """Return the different contents published under each id, but for the instant of their publication."""
    found: dict[str, set[str]] = {}
    for record in records:
        found.setdefault(str(record["id"]), set()).add(str({**record, "recordedtime": None}))
    return found


async def tallied(world: DecidingWorld) -> dict[Partition, Tally[str]]:
    found: dict[Partition, Tally[str]] = {}
    for partition in world.topic.records:
        parts = [shard.partitions.get(f"topic-id/{partition.partition}") for shard in world.kept.shards]
        found[partition] = sum((part.tallies for part in parts if part), Tally())
    return found


ALL_HARM = schedules("crash", "crash", "accept", "back up", "roll back", "lose", "lose all", "lease ends")


@given(TOPICS, ALL_HARM)
def test_every_signal_is_decided_as_if_each_had_been_decided_once_in_order(
    drafts: list[Draft], schedule: list[Step]
) -> None:
    world = outcome(drafts, schedule)
    assert made(world) == set(decisions(world.topic))


@given(TOPICS, ALL_HARM)
def test_no_key_is_named_by_two_trigger_ids(drafts: list[Draft], schedule: list[Step]) -> None:
    world = outcome(drafts, schedule)
    generations = {draft.signal().id: draft.generation for _, draft in world.topic.drafts if draft.poison is None}
    signals = {each["data"]["trigger"]: each["data"]["signal"] for each in world.published.decisions}
    named: dict[tuple[str, str, int], set[str]] = {}
    for trigger in world.published.triggers:
        for threshold in trigger["data"].get("crossed", ()):
            generation = generations[signals[trigger["id"]]]
            named.setdefault((trigger["subject"], threshold["value"], generation), set()).add(trigger["id"])
    assert [key for key, ids in named.items() if len(ids) > 1] == []


@given(TOPICS, ALL_HARM)
def test_one_id_always_stands_for_the_same_content(drafts: list[Draft], schedule: list[Step]) -> None:
    published = outcome(drafts, schedule).published
    different = texts(published.triggers) | texts(published.decisions)
    assert [key for key, contents in different.items() if len(contents) > 1] == []


@given(TOPICS, ALL_HARM)
def test_every_trigger_has_its_decision(drafts: list[Draft], schedule: list[Step]) -> None:
    published = outcome(drafts, schedule).published
    fired = {each["data"]["trigger"] for each in published.decisions if each["data"]["decision"] == "fired"}
    assert {each["id"] for each in published.triggers} == fired


@given(TOPICS, ALL_HARM)
def test_what_no_metering_writes_becomes_a_dead_letter_and_deciding_goes_on(
    drafts: list[Draft], schedule: list[Step]
) -> None:
    world = outcome(drafts, schedule)
    assert set(world.published.letters) == poisoned(world)


@given(TOPICS, ALL_HARM)
def test_received_is_counted_and_dead_lettered_for_each_partition(drafts: list[Draft], schedule: list[Step]) -> None:
    world = outcome(drafts, schedule)
    letters = Tally(partition for _, partition, _ in poisoned(world))
    found = asyncio.run(tallied(world))
    assert {each: (tally["counted"], tally["dead_lettered"]) for each, tally in found.items()} == {
        each: (len(records) - letters[each.partition], letters[each.partition])
        for each, records in world.topic.records.items()
    }


@given(TOPICS, schedules("crash", "wait"))
def test_no_passing_of_time_changes_a_decision(drafts: list[Draft], schedule: list[Step]) -> None:
    verdicts: dict[str, set[str]] = {}
    for each in outcome(drafts, schedule).published.decisions:
        if each["data"]["decision"] != "superseded":
            verdicts.setdefault(each["data"]["trigger"], set()).add(each["data"]["decision"])
    assert [trigger for trigger, found in verdicts.items() if len(found) > 1] == []


@settings(max_examples=25)
@given(st.lists(SIGNALS, min_size=2, max_size=12))
def test_reading_any_beginning_of_the_topic_again_publishes_nothing_new(drafts: list[Draft]) -> None:
    async def replayed() -> tuple[list[object], list[object]]:
        world = DecidingWorld(SignalsTopic.of(drafts))
        zombie = DecidingWorker(world)
        await zombie.advance(2)
        await zombie.advance(2)
        assert zombie.turn == "idle"
        await drained(world)
        before = [*world.published.triggers, *world.published.decisions]
        while zombie.positions != world.topic.ends or zombie.turn != "idle":
            await zombie.advance(3)
        return before, [*world.published.triggers, *world.published.decisions]

    before, after = asyncio.run(replayed())
    assert after == before


ASKED, RESERVED, PUBLISHED = 2, 3, 5
"""Turns of a worker within one poll without dead letters.

Mutes, asked, reserved, triggers published, decisions published, passed, forgotten.
"""


async def begun(world: DecidingWorld, turns: int = 0, choice: int = ALL_AT_ONCE) -> DecidingWorker:
    """Return a worker that has polled, and then done so many outside calls of that poll."""
    worker = DecidingWorker(world)
    for _ in range(3 + turns):
        await worker.advance(choice)
    return worker


async def finished(worker: DecidingWorker, world: DecidingWorld) -> None:
    """Let this worker go on to the end of the topic."""
    while not (worker.turn == "idle" and worker.positions == world.topic.ends):
        await worker.advance(ALL_AT_ONCE)


@pytest.mark.parametrize("turns", range(16))
@pytest.mark.parametrize("last", [0, 1], ids=["before", "after"])
async def test_a_crash_around_any_outside_call_loses_nothing_and_changes_no_id(turns: int, last: int) -> None:
    world = DecidingWorld(SignalsTopic.of(MIXED))
    await crashed(world, turns, last)
    assert (made(world), set(world.published.letters)) == (set(decisions(world.topic)), poisoned(world))


async def test_two_crashes_while_a_higher_step_is_decided_change_no_id() -> None:
    world = DecidingWorld(SignalsTopic.of([Draft(0, frozenset({2, 3})), Draft(0, frozenset({4}))]))
    (await begun(world, RESERVED, choice=2)).crash()
    (await begun(world, RESERVED)).crash()
    await drained(world)
    assert made(world) == set(decisions(world.topic))


async def test_a_repetition_of_a_lower_step_is_a_repetition_to_a_zombie_too() -> None:
    """The owner has reserved a higher step behind it, and not yet passed either."""
    lower = Draft(0, frozenset({3}))
    world = DecidingWorld(SignalsTopic.of([lower, lower, Draft(0, frozenset({4}))]))
    first = await begun(world, choice=2)
    while first.turn != "idle":
        await first.advance(2)
    zombie, owner = DecidingWorker(world), first
    while zombie.turn != "idle":
        await zombie.advance(ALL_AT_ONCE)
    for _ in range(1 + RESERVED):
        await owner.advance(ALL_AT_ONCE)
    await finished(zombie, world)
    owner.crash()
    await drained(world)
    assert made(world) == set(decisions(world.topic))


async def test_a_worker_whose_shard_is_rolled_back_reads_again_what_was_lost() -> None:
    world = DecidingWorld(SignalsTopic.of(MIXED))
    shard = shard_of(MIXED[0].signal().account, SHARDS)
    world.back_up(shard)
    worker = await begun(world, choice=2)
    while worker.turn != "idle":
        await worker.advance(2)
    world.roll_back(shard)
    await finished(worker, world)
    decided = (await world.policy.decided([MIXED[0].signal().account])).popitem()[1]
    assert key_of(MIXED[0].signal().keys[0]) in decided.entries


async def test_a_roll_back_is_noticed_though_nothing_more_comes() -> None:
    world = DecidingWorld(SignalsTopic.of(MIXED))
    shard = shard_of(MIXED[0].signal().account, SHARDS)
    world.back_up(shard)
    worker = await begun(world)
    await finished(worker, world)
    world.roll_back(shard)
    await worker.advance(SWEEP)
    while worker.turn != "idle":
        await worker.advance(ALL_AT_ONCE)
    await finished(worker, world)
    assert await world.policy.decided(["acct-1"]) != {"acct-1": Decided()}


async def test_of_a_worker_that_was_overtaken_while_it_decided_the_faster_ones_verdict_stands() -> None:
    world = DecidingWorld(SignalsTopic.of([Draft(0, frozenset({1}))]))
    slow = await begun(world, ASKED)
    world.now += 8 * DAY
    fast = await begun(world, PUBLISHED - 1)  # nothing but the decision is published
    await finished(slow, world)
    fast.crash()
    assert [each["data"]["decision"] for each in world.published.decisions] == ["suppressed", "suppressed"]


async def test_a_roll_back_between_reserving_and_passing_is_noticed() -> None:
    """Decided and published, forgotten by Redis, and passed all the same: the next time line names the key again."""
    drafts = [Draft(0, frozenset({0})), Draft(0, frozenset({0, 1}))]
    world = DecidingWorld(SignalsTopic.of(drafts))
    shard = shard_of(ACCOUNTS[0], SHARDS)
    world.back_up(shard)
    worker = await begun(world, PUBLISHED, choice=2)
    world.roll_back(shard)
    await worker.advance(2)
    worker.crash()
    await drained(world)
    assert made(world) == set(decisions(world.topic))
