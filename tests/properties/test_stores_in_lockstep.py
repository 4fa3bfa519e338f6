"""Any sequence of polls, with changes of every kind, does the same to the store in memory and to the one in Redis."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis

from expansion_signals.model.amounts import LARGEST
from expansion_signals.model.batches import Applied, DayMove, HourMove, Share
from expansion_signals.model.changes import Add, Become, Raise, Replace, See
from expansion_signals.model.facts import Marks
from expansion_signals.model.instants import SECOND, day_of, hour_of
from expansion_signals.model.readings import Counter
from expansion_signals.model.thresholds import Arm, ArmKey, Guard
from expansion_signals.state.deployment import Deployment
from kept_state import KeptInMemory, KeptInRedis
from sample_batches import (
    ACCOUNT,
    NEIGHBOUR,
    NOVEMBER,
    NOW,
    OCTOBER,
    SHARDS,
    asked,
    change,
    mark,
    moved_by,
    poll,
    profile,
)

if TYPE_CHECKING:
    from expansion_signals.model.batches import AccountBatch, Move
    from expansion_signals.model.facts import AccountFacts
    from kept_state import Kept

TODAY, THIS_HOUR = day_of(NOW), hour_of(NOW)
STARTS = (None, OCTOBER, NOVEMBER)
ACCOUNTS = (ACCOUNT, NEIGHBOUR)

AMOUNTS = st.one_of(st.integers(-5, 9), st.integers(-LARGEST, LARGEST), st.just(LARGEST))
TIMES = st.integers(-20, 20).map(lambda tens: NOW + tens * 10 * SECOND)
MEMBERS = st.sets(st.one_of(st.integers(0, 12), st.integers(-(2**63), 2**63 - 1)), max_size=8).map(
    lambda members: tuple(sorted(members))
)
CHANGES: dict[str, st.SearchStrategy[Any]] = {
    "sum": AMOUNTS.map(Add),
    "max": AMOUNTS.map(Raise),
    "latest": st.builds(Replace, AMOUNTS, TIMES, st.integers(0, 3)),
    "unique": MEMBERS.map(See),
    "set": st.builds(Become, AMOUNTS, st.lists(st.integers(TODAY - 2, TODAY), max_size=3, unique=True).map(tuple)),
}
"""By kind. `set` is a change of the meter `sum`."""

METERS = {"set": "sum"}
SPLIT = ("sum", "max", "latest")
BUCKETED = ("sum", "max", "latest", "unique")


@st.composite
def moves(draw: st.DrawFn) -> Move:
    kind = draw(st.sampled_from(sorted(CHANGES)))
    meter, start = METERS.get(kind, kind), draw(st.sampled_from(STARTS))
    # A baseline never fires.
    parts = [(True, False), (False, True), (True, True)] if kind != "set" else [(True, False)]
    quiet, firing = draw(st.sampled_from(parts))
    shares: list[Share] | None = [] if meter in SPLIT else None
    if kind in SPLIT:
        values = st.tuples(st.sampled_from(["region", "model"]), st.sampled_from(["eu", "us", "a=b", "other"]))
        shares = [Share(*value, draw(CHANGES[kind])) for value in draw(st.lists(values, max_size=4, unique=True))]
    return moved_by(
        draw(CHANGES[kind]) if firing else None,
        quiet=draw(CHANGES[kind]) if quiet else None,
        counter=Counter(meter, "", start),
        watched=draw(st.booleans()),
        keep_from=NOVEMBER if start == NOVEMBER else 0,
        forgotten=Counter(meter, "", OCTOBER) if start == NOVEMBER else None,
        shares=shares,
    )


@st.composite
def day_moves(draw: st.DrawFn) -> DayMove:
    kind = draw(st.sampled_from(BUCKETED))
    return DayMove(kind, draw(st.integers(TODAY - 2, TODAY)), draw(CHANGES[kind]))


@st.composite
def hour_moves(draw: st.DrawFn) -> HourMove:
    kind = draw(st.sampled_from(BUCKETED))
    parts = [draw(CHANGES[kind]), draw(st.none() | CHANGES[kind])]
    return HourMove(kind, THIS_HOUR - draw(st.integers(0, 30)), *draw(st.permutations(parts)))


@st.composite
def accounts(draw: st.DrawFn, name: str) -> AccountBatch:
    by_counter = {each.counter: each for each in draw(st.lists(moves(), max_size=4))}
    by_day = {each[:2]: each for each in draw(st.lists(day_moves(), max_size=3))}
    by_hour = {each[:2]: each for each in draw(st.lists(hour_moves(), max_size=2))}
    return asked(*by_counter.values(), account=name, days=[*by_day.values()], hours=[*by_hour.values()])


POLLS = st.lists(
    st.tuples(
        st.tuples(*map(accounts, ACCOUNTS)),
        st.sampled_from(["nothing", "mark", "mark", "profile", "tombstone"]),
        st.tuples(st.integers(-3, 5), st.integers(6, 12)),
    ),
    min_size=1,
    max_size=6,
)


class Lockstep:
    """Does to either store what is drawn, and compares what it says."""

    def __init__(self, *kept: Kept) -> None:
        self._kept = kept
        self._start: int | None = None
        self._profile = None
        self._version = 0

    async def apply(self, drawn: tuple[AccountBatch, ...], step: str) -> list[AccountFacts]:
        changes = step in ("profile", "tombstone")
        self._version += 1
        after = profile(self._version) if step == "profile" else None if changes else self._profile
        end = (self._start or 0) + 10
        answers = [
            (await kept.store.apply([await self._batch(kept, drawn, after, end=end, changes=changes)]))[0]
            for kept in self._kept
        ]
        assert answers[0] == answers[1]
        if not isinstance(answers[0], Applied):
            return []
        self._start, self._profile = end, after
        return list(answers[0].facts)

    async def _batch(self, kept: Kept, drawn: tuple[AccountBatch, ...], after: Any, *, end: int, changes: bool) -> Any:  # noqa: ANN401 -- a profile and a batch
        batches = []
        for each in drawn:
            batch = replace(each, profile=self._profile, hours=each.hours if self._profile is None else ())
            if changes:
                found = await kept.store.hours(each.account) if self._profile is None else None
                batch = replace(batch, hours=(), change=change(after, hours=found))
            batches.append(batch)
        return poll(*batches, start=self._start, end=end)

    async def mark(self, facts: list[AccountFacts], guard: tuple[int, int]) -> None:
        arms = {ArmKey("quota", "80%"): Arm("fired", 2, (NOW,), LARGEST)}
        marks = [mark(each, Marks(guard[1], arms), Guard(*guard)) for each in facts]
        one, other = [await kept.store.mark(marks) for kept in self._kept]
        assert one == other

    async def compare(self) -> None:
        one, other = [await kept.inside() for kept in self._kept]
        assert one == other
        for account in ACCOUNTS:
            days = range(TODAY - 1, TODAY + 1)
            one, other = [await kept.store.active(account, "unique", days) for kept in self._kept]
            assert one == other


async def in_lockstep(url: str, polls: list[Any]) -> None:
    prefix = f"t{uuid.uuid4().hex[:10]}-"
    async with Redis.from_url(url) as client:
        await Deployment(client, prefix=prefix, shards=SHARDS).open()
        both = Lockstep(KeptInMemory(SHARDS), KeptInRedis(client, prefix, SHARDS))
        for drawn, step, guard in polls:
            facts = await both.apply(drawn, step)
            if step == "mark" and facts:
                await both.mark(facts, guard)
        await both.compare()


@settings(
    max_examples=settings().max_examples // 4,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(POLLS)
def test_changes_of_every_kind_do_the_same_to_both_stores(redis_url: str, polls: list[Any]) -> None:
    asyncio.run(in_lockstep(redis_url, polls))
