"""Deciding all that it hears of, with everything that holds a trigger back: what holds whatever happens on the way."""

from __future__ import annotations

import asyncio
from collections import Counter as Tally
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from expansion_signals.model.instants import HOUR
from expansion_signals.model.looks import HOLD
from sample_ground import CATALOG
from sample_signals import NOW
from simulated_accounts import CAP_OF_GATES, QUIET, QUIET_UNTIL, RESTRAINED, SIGNALS, AccountsTopic, Happening
from simulated_deciders import DecidingWorker, DecidingWorld, SecondDecider, drained
from simulated_deciding import ACCOUNTS, SHARDS

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping, Sequence

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


async def settled(world: DecidingWorld) -> None:
    """Let the rest be decided, and every hold end."""
    await drained(world)
    world.now = max(world.now, QUIET_UNTIL)
    while await looked(world):
        await drained(world)


async def looked(world: DecidingWorld) -> bool:
    """Write a reading of each account of which a hold has ended, as metering does; say whether there is any."""
    found = await world.due.due(dict.fromkeys(range(SHARDS), world.now), 100)
    for shard, looks in found.items():
        for look in looks:
            assert look.reason == HOLD
            world.topic.end_hold(look.account, world.now)
        await world.due.move(shard, [(look, None) for look in looks])
    return bool(found)


def outcome(happenings: Sequence[Happening], rules: str, schedule: Sequence[Step]) -> DecidingWorld:
    return asyncio.run(played(world_of(happenings, rules), schedule))


# ---------------------------------------------------------------------------------------- what is published


def texts(*published: Sequence[Mapping[str, Any]]) -> dict[str, set[str]]:
    """Return the different contents published under each id, but for the instant of their publication."""
    found: dict[str, set[str]] = {}
    for record in (each for records in published for each in records):
        found.setdefault(str(record["id"]), set()).add(str({**record, "recordedtime": None}))
    return found


def verdicts(world: DecidingWorld) -> dict[tuple[str, str], set[str]]:
    """Return how each candidate was decided at last, by its signal and trigger."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for each in world.published.decisions:
        data = each["data"]
        found[data["signal"], data["trigger"]] |= {data["decision"]} - {"held"}
    return found


def fired(world: DecidingWorld) -> set[str]:
    return {each["data"]["trigger"] for each in world.published.decisions if each["data"]["decision"] == "fired"}


def ids(records: Iterable[Mapping[str, Any]]) -> set[str]:
    return {str(each["id"]) for each in records}


@given(COURSES, RULES, CALM)
def test_one_id_always_stands_for_the_same_content(
    happenings: list[Happening], rules: str, schedule: list[Step]
) -> None:
    published = outcome(happenings, rules, schedule).published
    different = texts(published.triggers, published.decisions, published.withdrawals, published.outcomes)
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
    published = outcome(happenings, rules, schedule).published
    withdrawn: dict[str, set[str]] = defaultdict(set)
    for each in published.withdrawals:
        withdrawn[each["data"]["trigger"]].add(each["id"])
    assert withdrawn.keys() <= ids(published.triggers)
    assert [trigger for trigger, found in withdrawn.items() if len(found) > 1] == []


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


class Known(NamedTuple):
    """What is kept of an account, but for what hangs on which topic was read first.

    Health knows what was made of earlier offers; and of a report of what had not fired yet, it is the trigger alone.
    What fired stands in the order of its signals, as if none of them had been held. Which reading ended a hold is told
    by append times alone: so where deciding lags by hours, what was offered then, and withdrawn since, may differ.
    """

    entries: object
    remembered: object
    fired: object
    prompted: object


async def known(world: DecidingWorld, unfired: Container[str], rules: str) -> dict[str, Known]:
    """Return what is kept of every account, but for which records were taken in."""
    decided = await world.policy.decided(ACCOUNTS)
    return {
        name: Known(
            each.entries,
            replace(each.remembered, through={}, fired=(), prompted=(), health=None),
            sorted(
                (
                    fired if rules == RESTRAINED else fired._replace(offered=(), route=None, withdrawn=False)
                    for fired in each.remembered.fired
                ),
                key=lambda fired: fired.trigger,
            ),
            [told if told.trigger not in unfired else told.trigger for told in each.remembered.prompted],
        )
        for name, each in decided.items()
    }


async def reported_too_soon(world: DecidingWorld) -> set[str]:
    """Return triggers of which a prompt was reported before they had fired: nobody can have seen it."""
    decided = await world.policy.decided(ACCOUNTS)
    return {told.trigger for each in decided.values() for told in each.remembered.prompted if told.prompt is None}


def copied(world: DecidingWorld) -> tuple[list[Any], ...]:
    published = world.published
    return tuple(
        list(each) for each in (published.triggers, published.decisions, published.withdrawals, published.outcomes)
    )


@given(COURSES, RULES, CALM)
def test_what_is_lost_is_known_again_and_nothing_is_decided_anew(
    happenings: list[Happening], rules: str, schedule: list[Step]
) -> None:
    """What was bought last may be told once more, under the same ids: no decision after it proves that it was."""

    async def lost() -> tuple[object, object]:
        world = await played(world_of(happenings, rules), schedule)
        unfired = await reported_too_soon(world)
        before = await known(world, unfired, rules), copied(world)[:2], texts(*copied(world))
        for shard in range(SHARDS):
            world.lose(shard)
        await settled(world)
        return before, (await known(world, unfired, rules), copied(world)[:2], texts(*copied(world)))

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
        before = copied(world)
        while zombie.positions != world.topic.ends or zombie.turn != "idle":
            await zombie.advance(7)
        return before, copied(world)

    before, after = asyncio.run(replayed())
    assert after == before
