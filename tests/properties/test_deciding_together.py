"""Deciding all that it hears of, with everything that holds a trigger back: what holds whatever happens on the way."""

from __future__ import annotations

import asyncio
from collections import Counter as Tally
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts_decided import fired, ids, known, looked, published, reported_too_soon, settled, texts, verdicts
from expansion_signals.model.instants import HOUR
from sample_ground import CATALOG
from sample_signals import NOW
from simulated_accounts import CAP_OF_GATES, COURSE, QUIET, RESTRAINED, SIGNALS, AccountsTopic, Happening
from simulated_deciders import DecidingWorker, DecidingWorld, SecondDecider, drained
from simulated_deciding import ACCOUNTS, SHARDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

HAPPENINGS = st.builds(
    Happening,
    who=st.integers(0, 2),
    what=st.sampled_from((*SIGNALS, "limit", "gate", "reading", "prompt", "prompt", "poison")),
    number=st.integers(0, 7),
)
COURSES = st.lists(HAPPENINGS, min_size=1, max_size=10) | st.lists(HAPPENINGS, min_size=15, max_size=40)
RULES = st.sampled_from((RESTRAINED, QUIET))


class Step(NamedTuple):
    """What is done, to which.

    `move` a worker, `crash` one, `back up` or `roll back` a shard, `lose` one under live workers; `die`: every worker
    and every shard at once. `wait` for two hours, or until every `lease ends`.
    """

    what: str
    which: int
    choice: int


def schedules(*kinds: str) -> st.SearchStrategy[list[Step]]:
    step = st.builds(Step, st.sampled_from(("move",) * 12 + kinds), st.integers(0, 2), st.integers(0, 31))
    return st.lists(step, max_size=30) | st.lists(step, min_size=60, max_size=150)


CALM = schedules("crash", "crash", "wait")
DEADLY = schedules("crash", "crash", "wait", "die")
ANY_HARM = schedules("crash", "crash", "wait", "die", "lose", "back up", "roll back", "lease ends")


def world_of(happenings: Iterable[Happening], rules: str) -> DecidingWorld:
    topic = AccountsTopic.happened(happenings)
    return DecidingWorld(topic, texts=[{"catalog.yaml": CATALOG, "rules.yaml": rules}])


async def played(world: DecidingWorld, schedule: Sequence[Step]) -> DecidingWorld:
    """Play the schedule with two workers and a second reader; then read to the end, until nothing is held."""
    workers: list[DecidingWorker | SecondDecider] = [DecidingWorker(world), DecidingWorker(world), SecondDecider(world)]
    for what, which, choice in schedule:
        if what == "move":
            await workers[which].advance(choice)
        elif what == "wait":
            world.now = min(world.now + 2 * HOUR, NOW + 18 * HOUR)
            await looked(world)
        else:
            harm(world, what, which % SHARDS)
        for each in {"crash": [which], "die": range(3)}.get(what, ()):
            workers[each].crash()
            workers[each] = type(workers[each])(world)
    for worker in workers:
        worker.crash()
    await settled(world)
    return world


def harm(world: DecidingWorld, what: str, shard: int) -> None:
    match what:
        case "die":
            for each in range(SHARDS):
                world.lose(each)
        case "lose":
            world.lose(shard)
        case "back up":
            world.back_up(shard)
        case "roll back":
            world.roll_back(shard)
        case "lease ends":
            world.end_leases()


def outcome(happenings: Sequence[Happening], rules: str, schedule: Sequence[Step]) -> DecidingWorld:
    return asyncio.run(played(world_of(happenings, rules), schedule))


# ---------------------------------------------------------------------------------------- what is published


@given(COURSES, RULES, CALM)
def test_one_id_always_stands_for_the_same_content(
    happenings: list[Happening], rules: str, schedule: list[Step]
) -> None:
    found = outcome(happenings, rules, schedule).published
    different = texts(found.triggers, found.decisions, found.withdrawals, found.outcomes)
    assert [key for key, contents in different.items() if len(contents) > 1] == []


@given(COURSES, RULES, CALM)
def test_each_candidate_ends_in_one_final_decision(
    happenings: list[Happening], rules: str, schedule: list[Step]
) -> None:
    world = outcome(happenings, rules, schedule)
    found = verdicts(world)
    assert {key: each for key, each in found.items() if len(each) != 1} == {}
    assert {each.id for each in world.topic.candidates} <= {signal for signal, _ in found}


@given(COURSES, RULES, CALM)
def test_what_fired_is_published_and_nothing_else(
    happenings: list[Happening], rules: str, schedule: list[Step]
) -> None:
    world = outcome(happenings, rules, schedule)
    assert ids(world.published.triggers) == fired(world)


@given(COURSES, RULES, ANY_HARM)
def test_what_fired_is_published_whatever_is_lost(
    happenings: list[Happening], rules: str, schedule: list[Step]
) -> None:
    """What is published and not yet decided when everything is lost is judged anew: it may not fire this time."""
    world = outcome(happenings, rules, schedule)
    assert fired(world) <= ids(world.published.triggers)


@given(COURSES, RULES, DEADLY)
def test_each_candidate_ends_in_one_final_decision_though_everything_dies(
    happenings: list[Happening], rules: str, schedule: list[Step]
) -> None:
    found = verdicts(outcome(happenings, rules, schedule))
    assert {key: each for key, each in found.items() if len(each) != 1} == {}


@given(COURSES, RULES, ANY_HARM)
def test_every_candidate_is_decided_at_last(happenings: list[Happening], rules: str, schedule: list[Step]) -> None:
    """Rolled back, or lost under a worker that goes on, one may be decided twice, and differently."""
    world = outcome(happenings, rules, schedule)
    found = verdicts(world)
    assert {key: each for key, each in found.items() if not each} == {}
    assert {each.id for each in world.topic.candidates} <= {signal for signal, _ in found}


@given(COURSES, RULES, ANY_HARM)
def test_nothing_is_withdrawn_that_was_not_published_and_nothing_under_two_ids(
    happenings: list[Happening], rules: str, schedule: list[Step]
) -> None:
    found = outcome(happenings, rules, schedule).published
    withdrawn: dict[str, set[str]] = defaultdict(set)
    for each in found.withdrawals:
        withdrawn[each["data"]["trigger"]].add(each["id"])
    assert withdrawn.keys() <= ids(found.triggers)
    assert [trigger for trigger, under in withdrawn.items() if len(under) > 1] == []


@given(COURSES, RULES, ANY_HARM)
def test_what_was_bought_or_given_up_is_told_under_one_id(
    happenings: list[Happening], rules: str, schedule: list[Step]
) -> None:
    """Rolled back, or after a loss, the trigger before it may be another: what it is attributed to is not compared."""
    world = outcome(happenings, rules, schedule)
    assert len(ids(world.published.outcomes)) == world.topic.changes


@given(COURSES, RULES, DEADLY)
def test_no_cap_is_overrun(happenings: list[Happening], rules: str, schedule: list[Step]) -> None:
    world = outcome(happenings, rules, schedule)
    gates = {(each["subject"], each["id"]) for each in world.published.triggers if each["type"].endswith("gated.v1")}
    assert {account: many for account, many in Tally(who for who, _ in gates).items() if many > CAP_OF_GATES} == {}


@given(COURSES, RULES, ANY_HARM)
def test_what_can_never_be_decided_becomes_a_dead_letter(
    happenings: list[Happening], rules: str, schedule: list[Step]
) -> None:
    world = outcome(happenings, rules, schedule)
    assert set(world.published.letters) == world.topic.poisoned


@given(COURSES, RULES, ANY_HARM)
def test_received_is_counted_and_dead_lettered_for_each_partition(
    happenings: list[Happening], rules: str, schedule: list[Step]
) -> None:
    world = outcome(happenings, rules, schedule)
    tallies = asyncio.run(world.kept.tallies())
    names = {"expansion-signals": "topic-id", "prompt-events": "prompts-id"}
    letters = Tally((topic, partition) for topic, partition, _ in world.topic.poisoned)
    found = {}
    for topic, partition in world.topic.records:
        tally = tallies.get(f"{names[topic]}/{partition}", Tally())
        found[topic, partition] = (tally["counted"], tally["dead_lettered"])
    assert found == {
        (*each,): (len(records) - letters[each], letters[each]) for each, records in world.topic.records.items()
    }


# ------------------------------------------------------------------------------------------- what is known


@given(COURSES, RULES, CALM)
def test_what_is_lost_is_known_again_and_nothing_is_decided_anew(
    happenings: list[Happening], rules: str, schedule: list[Step]
) -> None:
    """What was bought last may be told once more, under the same ids: no decision after it proves that it was."""

    async def lost() -> tuple[object, object]:
        world = await played(world_of(happenings, rules), schedule)
        unfired = await reported_too_soon(world)
        before = await known(world, unfired, rules), published(world)[:2], texts(*published(world))
        for shard in range(SHARDS):
            world.lose(shard)
        await settled(world)
        return before, (await known(world, unfired, rules), published(world)[:2], texts(*published(world)))

    before, after = asyncio.run(lost())
    assert after == before


@given(COURSES, RULES)
def test_reading_any_beginning_again_publishes_nothing_new(happenings: list[Happening], rules: str) -> None:
    async def replayed() -> tuple[object, object]:
        world = world_of(happenings, rules)
        zombie = DecidingWorker(world)
        await zombie.advance(2)
        await zombie.advance(2)
        assert zombie.turn == "idle"
        await settled(world)
        before = published(world)
        while zombie.positions != world.topic.ends or zombie.turn != "idle":
            await zombie.advance(7)
        return before, published(world)

    before, after = asyncio.run(replayed())
    assert after == before


# ------------------------------------------------------------------------------------------- what is silenced

UNCAPPED = RESTRAINED.replace("cap: 2 per 7d", "cap: 9 per 7d")
GATES = [Happening(0, "gate", number) for number in range(3)]
DISMISSALS = [Happening(0, "prompt", number) for number in (1, 5, 9)]
"""Of each of the three."""


@given(st.integers(1, 3), CALM)
def test_the_third_dismissal_that_is_known_silences_the_family(dismissals: int, schedule: list[Step]) -> None:
    """Whichever worker reads what, crashes among them: once a dismissal is read, all know of it."""

    async def asked_again() -> str:
        world = await played(world_of(GATES, UNCAPPED), schedule)
        for happening in DISMISSALS[:dismissals]:
            world.topic.happen(happening)
        await settled(world)
        world.topic.happen(Happening(0, "gate", 3))
        await settled(world)
        return str(world.published.decisions[-1]["data"]["decision"])

    assert asyncio.run(asked_again()) == ("suppressed" if dismissals >= 3 else "fired")


async def test_what_is_held_when_everything_is_lost_is_held_again_and_fires_once() -> None:
    world = world_of([Happening(0, "limit", 0), Happening(0, "limit", 4), Happening(1, "gate")], QUIET)
    await drained(world)
    for shard in range(SHARDS):
        world.lose(shard)
    await settled(world)
    told = [(each["data"]["decision"], each["data"]["trigger"]) for each in world.published.decisions]
    assert [Tally(told).get(("fired", trigger)) for trigger in ids(world.published.triggers)] == [1, 1, 1]
    assert len(world.published.triggers) == 3


ONE_BY_ONE, ALL_AT_ONCE = 3, 31
"""The choices by which an idle worker polls one record of each partition, or all there are; any call goes on."""


@pytest.mark.parametrize("rules", [RESTRAINED, QUIET], ids=["restrained", "quiet"])
@pytest.mark.parametrize("choice", [ONE_BY_ONE, ALL_AT_ONCE], ids=["one by one", "all at once"])
async def test_when_everything_dies_at_any_moment_nothing_is_lost_and_nothing_decided_twice(
    choice: int, rules: str
) -> None:
    """At each call in turn; what is published then, and not decided, is decided the same way: no time passes."""
    found, turns = [], 0
    while turns < 120:
        world = world_of(COURSE, rules)
        worker = DecidingWorker(world)
        for _ in range(turns):
            await worker.advance(choice)
        worker.crash()
        for shard in range(SHARDS):
            world.lose(shard)
        await settled(world)
        twice = {key: each for key, each in verdicts(world).items() if len(each) != 1}
        found.append((twice, fired(world) ^ ids(world.published.triggers), len(ids(world.published.outcomes))))
        turns += 1
    assert found == [({}, set(), 2)] * turns


async def test_what_is_known_by_its_record_is_not_taken_in_twice() -> None:
    """A gate is held; an invite that had ended is sent again. Read once more, the end would withdraw the second."""
    course = [Happening(0, "gate"), Happening(0, "reading", 2), Happening(0, "invite", 2)]
    world = world_of(course, QUIET)
    await drained(world)
    before = ids(world.published.triggers)
    for shard in range(SHARDS):
        world.lose(shard)
    await drained(world)
    assert (len(before), ids(world.published.triggers), world.published.withdrawals) == (1, before, [])
    decided = await world.policy.decided(ACCOUNTS)
    assert [place for each in decided.values() for place in each.unpassed] == []
