"""What no write will touch again goes, judged by the append time that all partitions reached (2.3, 2.5, 2.9)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from expansion_signals.decide.decided import Decided, Entry, Key, Reservation, ShardReservation
from expansion_signals.model.batches import Applied, DayMove, Range
from expansion_signals.model.changes import EXACT_MEMBERS, Add, Raise, Replace, See
from expansion_signals.model.facts import Marks
from expansion_signals.model.instants import DAY, HOUR, day_of, hour_of, parse_instant
from expansion_signals.model.months import Month
from expansion_signals.model.readings import Counter
from expansion_signals.state.keys import shard_of
from sample_batches import (
    ACCOUNT,
    CALLS,
    FILES,
    NOVEMBER,
    NOW,
    OCTOBER,
    OPEN,
    PARTITION,
    SECOND_PARTITION,
    SHARDS,
    apply,
    asked,
    change,
    guarded,
    hour_move,
    mark,
    move,
    moved_by,
    poll,
    profile,
)
from swept import USERS, sweep

if TYPE_CHECKING:
    from expansion_signals.model.batches import AccountBatch
    from expansion_signals.model.changes import Change
    from expansion_signals.model.instants import Instant
    from kept_state import Kept

DECEMBER, CHRISTMAS = parse_instant("2026-12-01T00:00:00Z"), parse_instant("2026-12-25T00:00:00Z")
MARCH = parse_instant("2027-03-01T00:00:00Z")
TODAY = day_of(NOW)
LIFE = CALLS._replace(start=None)
HOURLY = Counter("hourly", "", NOW // HOUR * HOUR)
SIGNALS = "expansion-signals/0"


class Log:
    """One partition of a shard, passed batch by batch."""

    def __init__(self, kept: Kept) -> None:
        self._kept = kept
        self._end: int | None = None

    async def write(self, *accounts: AccountBatch, reached: Instant = NOW, more: tuple[Range, ...] = ()) -> Applied:
        start, self._end = self._end, (self._end or 0) + 10
        ranges = (Range(PARTITION, start, self._end, reached, counted=len(accounts)), *more)
        answer = await apply(self._kept.store, poll(*accounts, ranges=ranges, nonce=f"n{self._end}"))
        assert isinstance(answer, Applied), answer
        return answer

    async def judged(self, *accounts: AccountBatch) -> None:
        """Write and mark all that follows from it."""
        for facts in (await self.write(*accounts)).facts:
            assert await self._kept.store.mark([mark(facts, Marks(1000), OPEN)]) == []


@pytest.fixture
def log(kept: Kept) -> Log:
    return Log(kept)


async def known(log: Log) -> None:
    await log.judged(asked(change=change(profile(1))))


def of_known(*moves: object, **others: object) -> AccountBatch:
    return asked(*moves, profile=profile(1), **others)


def bucket(day: int, by: Change = Add(5), meter: str = "calls") -> DayMove:  # noqa: B008 -- a change is a value
    return DayMove(meter, day, by)


# ------------------------------------------------------------------------------------------ counters


@pytest.mark.parametrize(("reached", "left"), [(DECEMBER + DAY + HOUR - 1, {5}), (DECEMBER + DAY + HOUR, set())])
async def test_a_counter_goes_once_its_period_and_the_acceptance_window_are_over(
    kept: Kept, log: Log, reached: Instant, left: set[int]
) -> None:
    await known(log)
    await log.judged(of_known(move(5)))
    await log.write(reached=reached)
    await sweep(kept)
    assert set((await kept.inside()).levels.values()) == left


async def test_guard_and_marks_go_with_a_counter(kept: Kept, log: Log) -> None:
    await known(log)
    await log.judged(of_known(move(5)))
    await log.write(reached=CHRISTMAS)
    await sweep(kept)
    inside = await kept.inside()
    assert (inside.guards, inside.marks) == ({}, {})


async def test_members_go_with_their_counter_so_that_none_is_known_when_it_comes_again(kept: Kept, log: Log) -> None:
    await known(log)
    await log.judged(of_known(moved_by(See((1, 2)), counter=USERS)))
    await log.write(reached=CHRISTMAS)
    await sweep(kept)
    await log.write(of_known(moved_by(See((2,)), counter=USERS)), reached=CHRISTMAS)
    assert (await kept.inside()).levels == {(ACCOUNT, USERS): 1}


async def test_members_go_too_of_a_counter_that_was_dropped_periods_after_its_own(kept: Kept, log: Log) -> None:
    september = parse_instant("2026-09-01T00:00:00Z")
    await known(log)
    for start in (september, OCTOBER):
        await log.judged(of_known(moved_by(See((1, 2)), counter=USERS._replace(start=start))))
    forgets = {"keep_from": NOVEMBER, "forgotten": USERS._replace(start=OCTOBER)}
    await log.judged(of_known(moved_by(See((3,)), counter=USERS, **forgets)))
    await sweep(kept)
    assert dict((await kept.inside()).members) == {(ACCOUNT, USERS): frozenset({3})}


@pytest.mark.parametrize(("after", "left"), [(2 * HOUR + DAY - 1, {5}), (2 * HOUR + DAY, set())])
async def test_a_counter_of_an_hour_goes_after_a_day(kept: Kept, log: Log, after: int, left: set[int]) -> None:
    await known(log)
    await log.judged(of_known(move(5, counter=HOURLY)))
    await log.write(reached=(HOURLY.start or 0) + after)
    await sweep(kept)
    assert set((await kept.inside()).levels.values()) == left


async def test_a_stock_never_goes(kept: Kept, log: Log) -> None:
    await known(log)
    await log.judged(of_known(move(5, counter=FILES)))
    await log.write(reached=NOW + 1000 * DAY)
    await sweep(kept)
    assert (await kept.inside()).levels == {(ACCOUNT, FILES): 5}


async def test_the_life_of_a_known_account_is_counted_for_ever_beside_its_periods(kept: Kept, log: Log) -> None:
    await known(log)
    await log.judged(of_known(move(5), move(5, counter=LIFE)))
    await log.write(reached=NOW + 1000 * DAY)
    await sweep(kept)
    assert (await kept.inside()).levels == {(ACCOUNT, LIFE): 5}


async def test_the_life_stays_when_a_later_period_drops_those_before_it(kept: Kept, log: Log) -> None:
    await known(log)
    october = CALLS._replace(start=OCTOBER)
    await log.judged(of_known(move(3, counter=october), move(3, counter=LIFE)))
    later = NOVEMBER + 3 * DAY
    await log.write(of_known(move(2, keep_from=NOVEMBER, forgotten=october), move(2, counter=LIFE)), reached=later)
    assert (await kept.inside()).levels == {(ACCOUNT, CALLS): 2, (ACCOUNT, LIFE): 5}


async def test_an_account_with_unmarked_facts_is_left_alone(kept: Kept, log: Log) -> None:
    await known(log)
    await log.write(of_known(move(5)))
    await log.write(reached=CHRISTMAS)
    await sweep(kept)
    assert (await kept.inside()).levels == {(ACCOUNT, CALLS): 5}


async def test_a_partition_that_lags_holds_counters_back(kept: Kept, log: Log) -> None:
    await known(log)
    await log.judged(of_known(move(5)))
    await log.write(reached=CHRISTMAS, more=(Range(SECOND_PARTITION, None, 10, NOW),))
    await sweep(kept)
    assert (await kept.inside()).levels == {(ACCOUNT, CALLS): 5}


async def test_a_partition_of_account_updates_that_lags_holds_counters_back(kept: Kept, log: Log) -> None:
    await known(log)
    await log.judged(of_known(move(5)))
    await log.write(reached=CHRISTMAS, more=(Range("account-updates/0", None, 10, NOW),))
    await sweep(kept)
    assert (await kept.inside()).levels == {(ACCOUNT, CALLS): 5}


@pytest.mark.parametrize(("reached", "left"), [(OCTOBER + 366 * DAY, {5}), (OCTOBER + 368 * DAY, set())])
async def test_without_a_profile_a_period_may_have_been_a_year(
    kept: Kept, log: Log, reached: Instant, left: set[int]
) -> None:
    await known(log)
    await log.judged(of_known(move(5, counter=CALLS._replace(start=OCTOBER))))
    await log.judged(of_known(change=change(None)))
    await log.write(reached=reached)
    await sweep(kept)
    assert set((await kept.inside()).levels.values()) == left


async def test_a_counter_of_a_meter_that_no_catalog_names_goes_after_a_year(kept: Kept, log: Log) -> None:
    await known(log)
    await log.judged(of_known(move(5, counter=Counter("dropped", "", NOVEMBER))))
    await log.write(reached=NOVEMBER + 368 * DAY)
    await sweep(kept)
    assert (await kept.inside()).levels == {}


# --------------------------------------------------------------------------------- accounts never known


async def test_hour_buckets_without_a_profile_go_by_the_day(kept: Kept, log: Log) -> None:
    await log.write(asked(hours=[hour_move(hour_of(NOW), 1), hour_move(hour_of(NOW + DAY), 2)]))
    await log.write(reached=(TODAY + 1 + 36) * DAY)
    await sweep(kept)
    assert [place[2] for place in (await kept.inside()).hours] == [hour_of(NOW + DAY)]


async def test_what_is_left_of_hour_buckets_is_what_a_profile_finds(kept: Kept, log: Log) -> None:
    await log.write(asked(hours=[hour_move(hour_of(NOW), 1), hour_move(hour_of(NOW + 3 * DAY), 2)]))
    await log.write(reached=(TODAY + 2 + 36) * DAY)
    await sweep(kept)
    hours = await kept.store.hours(ACCOUNT)
    assert hours is not None
    assert (hours.revision, hours.days, len(hours.totals)) == ("n10", range(TODAY + 3, TODAY + 4), 1)


async def test_hour_buckets_are_kept_for_35_days_past_the_acceptance_window(kept: Kept, log: Log) -> None:
    await log.write(asked(hours=[hour_move(hour_of(NOW), 1)]))
    await log.write(reached=(TODAY + 1 + 36) * DAY - 1)
    assert await sweep(kept) == 0


async def test_nothing_is_left_of_an_account_never_known(kept: Kept, log: Log) -> None:
    members = hour_move(hour_of(NOW))._replace(meter="users", firing=See((1, 2)))
    stock = move(3, counter=FILES, watched=False)
    await log.write(asked(stock, hours=[hour_move(hour_of(NOW), 1), members], days=[bucket(TODAY, Add(3), "files")]))
    await log.write(reached=MARCH)
    await sweep(kept)
    inside = await kept.inside()
    assert (inside.levels, inside.hours, inside.days, dict(inside.members)) == ({}, {}, {}, {})


async def test_a_stock_of_an_account_never_known_is_kept_as_long_as_its_days_tell_of_use(kept: Kept, log: Log) -> None:
    await log.write(asked(move(3, counter=FILES, watched=False), days=[bucket(TODAY, Add(3), "files")]))
    await log.write(asked(days=[bucket(TODAY + 40, Add(0), "files")]), reached=NOW + 45 * DAY)
    await sweep(kept)
    assert (await kept.inside()).levels == {(ACCOUNT, FILES): 3}


async def test_a_stock_of_an_account_never_known_goes_when_it_was_not_used_for_long(kept: Kept, log: Log) -> None:
    await log.write(asked(move(3, counter=FILES, watched=False), days=[bucket(TODAY, Add(3), "files")]))
    await log.write(reached=NOW + 45 * DAY)
    await sweep(kept)
    assert (await kept.inside()).levels == {}


async def test_a_stock_that_leaves_no_trace_in_a_day_is_kept(kept: Kept, log: Log) -> None:
    await log.write(asked(move(3, counter=Counter("dropped", "", None), watched=False)))
    await log.write(reached=MARCH)
    await sweep(kept)
    assert len((await kept.inside()).levels) == 1


async def test_a_stock_of_an_account_never_known_is_kept_while_nothing_is_told_of_a_partition(
    kept: Kept, log: Log
) -> None:
    await log.write(asked(move(3, counter=FILES, watched=False)), more=(Range(SECOND_PARTITION, None, 10, 0),))
    await sweep(kept)
    assert (await kept.inside()).levels == {(ACCOUNT, FILES): 3}


# -------------------------------------------------------------------------------------- days and months


@pytest.mark.parametrize(("reached", "left"), [(DECEMBER + 62 * DAY - 1, 2), (DECEMBER + 62 * DAY, 0)])
async def test_day_buckets_go_62_days_after_their_month(kept: Kept, log: Log, reached: Instant, left: int) -> None:
    await log.write(asked(days=[bucket(TODAY), bucket(TODAY - 1)]))
    await log.write(reached=reached)
    await sweep(kept)
    assert len((await kept.inside()).days) == left


@pytest.mark.parametrize(
    ("meter", "days", "total"),
    [
        ("calls", [Add(5), Add(-7)], -2),
        ("calls", [Add(2**62), Add(2**62)], 2**63),
        ("peak", [Raise(-5), Raise(-7)], -5),
        ("size", [Replace(5, NOW, 1), Replace(9, NOW - DAY, 2)], 5),
        ("size", [Replace(5, NOW, 1), Replace(9, NOW, 2)], 9),
    ],
)
async def test_a_month_becomes_its_total(kept: Kept, log: Log, meter: str, days: list[Change], total: int) -> None:
    await log.write(asked(days=[bucket(TODAY - place, each, meter) for place, each in enumerate(days)]))
    await log.write(reached=MARCH)
    await sweep(kept)
    assert (await kept.inside()).totals == {(ACCOUNT, meter, Month(2026, 11)): total}


async def test_each_month_has_its_own_total(kept: Kept, log: Log) -> None:
    await log.write(asked(days=[bucket(TODAY), bucket(day_of(DECEMBER), Add(8))]))
    await log.write(reached=parse_instant("2027-05-01T00:00:00Z"))
    await sweep(kept)
    assert (await kept.inside()).totals == {
        (ACCOUNT, "calls", Month(2026, 11)): 5,
        (ACCOUNT, "calls", Month(2026, 12)): 8,
    }


async def test_no_total_is_kept_of_a_meter_that_no_catalog_names(kept: Kept, log: Log) -> None:
    await log.write(asked(days=[bucket(TODAY, meter="dropped")]))
    await log.write(reached=MARCH)
    await sweep(kept)
    inside = await kept.inside()
    assert (inside.days, inside.totals) == ({}, {})


@pytest.mark.parametrize(("reached", "left"), [("2027-12-31T23:59:59Z", 1), ("2028-01-01T00:00:00Z", 0)])
async def test_a_total_is_kept_for_13_months(kept: Kept, log: Log, reached: str, left: int) -> None:
    await log.write(asked(days=[bucket(TODAY)]))
    await log.write(reached=parse_instant(reached))
    for _ in range(2):  # folded by the first walk, looked at by the second
        await sweep(kept)
    assert len((await kept.inside()).totals) == left


@pytest.mark.parametrize("many", [3, EXACT_MEMBERS + 1])
@pytest.mark.parametrize(("reached", "is_left"), [(TODAY + 61, True), (TODAY + 62, False)])
async def test_members_seen_on_a_day_go_when_no_window_reaches_back_to_it(
    kept: Kept, log: Log, many: int, reached: int, *, is_left: bool
) -> None:
    await log.write(asked(days=[bucket(TODAY, See(tuple(range(many))), "users")]))
    await log.write(reached=reached * DAY)
    await sweep(kept)
    await sweep(kept)
    active = await kept.store.active(ACCOUNT, "users", range(TODAY, TODAY + 1))
    assert (active.members > 0, active.estimated) == (is_left, is_left and many > EXACT_MEMBERS)


# --------------------------------------------------------------------------------------------- decisions

HOUR_NOW = NOW // HOUR * HOUR
OLD, FRESH = Key("0123456789abcdef"), Key("fedcba9876543210")


async def decide(kept: Kept, **until: Instant) -> Decided:
    """Remember `old` and `fresh` keys until these instants; return what is decided once signals have reached NOW."""
    entries = {
        {"old": OLD, "fresh": FRESH}[name]: Entry("fired", "01234567", "3:17", each) for name, each in until.items()
    }
    asked_of = [Reservation(ACCOUNT, 0, entries)]
    await kept.policy.reserve([ShardReservation(shard_of(ACCOUNT, SHARDS), {PARTITION: None}, asked_of)])
    await apply(kept.store, poll(ranges=(Range(SIGNALS, None, 10, HOUR_NOW),), nonce="passed"))
    await sweep(kept)
    return (await kept.policy.decided([ACCOUNT]))[ACCOUNT]


async def test_decided_keys_past_their_time_go(kept: Kept) -> None:
    assert await decide(kept, old=HOUR_NOW) == Decided()


async def test_decided_keys_are_kept_until_their_time(kept: Kept) -> None:
    assert (await decide(kept, fresh=HOUR_NOW + HOUR)).entries.keys() == {FRESH}


async def test_a_decided_key_that_goes_is_a_change_of_what_is_decided(kept: Kept) -> None:
    left = await decide(kept, old=HOUR_NOW, fresh=HOUR_NOW + HOUR)
    assert (left.revision, left.entries.keys()) == (2, {FRESH})


# ------------------------------------------------------------------------------------------- all of it


async def test_of_a_shard_that_has_reached_nothing_everything_stays(kept: Kept) -> None:
    await guarded(kept.store, 5, OPEN)
    lagging = (Range(PARTITION, 10, 20, CHRISTMAS), Range(SECOND_PARTITION, None, 10, 0))
    await apply(kept.store, poll(ranges=lagging, nonce="lagging"))
    assert await sweep(kept) == 0


async def test_a_second_walk_finds_nothing(kept: Kept, log: Log) -> None:
    await log.write(asked(hours=[hour_move(hour_of(NOW), 1)], days=[bucket(TODAY)]))
    await log.write(reached=MARCH)
    assert (await sweep(kept) > 0, await sweep(kept)) == (True, 0)


async def test_what_comes_after_a_sweep_begins_anew(kept: Kept, log: Log) -> None:
    await log.write(asked(hours=[hour_move(hour_of(NOW), 1)]))
    await log.write(reached=MARCH)
    await sweep(kept)
    await log.write(asked(hours=[hour_move(hour_of(MARCH), 2)]), reached=MARCH)
    hours = await kept.store.hours(ACCOUNT)
    assert hours is not None
    assert [place[1] for place in hours.totals] == [hour_of(MARCH)]
