"""What values of dimensions have of a counter, beside its total: a hundred each, the rest is `other`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from expansion_signals.model.amounts import LARGEST
from expansion_signals.model.batches import Applied, Full, Overflow, Share, Values
from expansion_signals.model.changes import Add, Raise, Replace
from expansion_signals.model.dimensions import OTHER, VALUES_KEPT
from expansion_signals.model.instants import HOUR
from expansion_signals.model.readings import Counter
from sample_batches import ACCOUNT, CALLS, FILES, NEIGHBOUR, NOVEMBER, NOW, OCTOBER, apply, asked, move, moved_by, poll

if TYPE_CHECKING:
    from expansion_signals.model.batches import Move
    from expansion_signals.model.changes import Change
    from kept_state import Kept


def split(*shares: Share, counter: Counter = CALLS, **others: object) -> Move:
    """Return a move of no amount with these shares: a total is not looked at here."""
    return move(0, counter=counter, shares=shares, **others)


def regions(**amounts: int) -> list[Share]:
    return [Share("region", value, Add(amount)) for value, amount in amounts.items()]


async def polls(kept: Kept, *moves: Move) -> None:
    """Apply each move in a poll of its own."""
    for place, each in enumerate(moves):
        answer = await apply(kept.store, poll(asked(each), start=10 * place or None, end=10 * (place + 1)))
        assert isinstance(answer, Applied), answer


async def shares(kept: Kept, counter: Counter = CALLS, account: str = ACCOUNT) -> dict[tuple[str, str], int]:
    return (await kept.inside()).shares.get((account, counter), {})


async def test_each_value_has_a_level_of_its_own(kept: Kept) -> None:
    await polls(kept, split(*regions(eu=5, us=3)), split(*regions(us=4, asia=-2)))
    assert await shares(kept) == {("region", "eu"): 5, ("region", "us"): 7, ("region", "asia"): -2}


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ((Add(3), Add(-5)), -2),
        ((Raise(-9), Raise(-3), Raise(-4)), -3),
        ((Replace(3, NOW, 1), Replace(-5, NOW, 2), Replace(8, NOW - HOUR, 3)), -5),
    ],
)
async def test_a_share_is_counted_as_its_meter_is(kept: Kept, changes: tuple[Change, ...], wanted: int) -> None:
    await polls(kept, *(moved_by(each, shares=(Share("region", "eu", each),)) for each in changes))
    assert await shares(kept) == {("region", "eu"): wanted}


async def test_dimensions_are_counted_apart(kept: Kept) -> None:
    await polls(kept, split(Share("region", "eu", Add(5)), Share("model", "eu", Add(6)), Share("model", "", Add(7))))
    assert await shares(kept) == {("region", "eu"): 5, ("model", "eu"): 6, ("model", ""): 7}


async def test_a_value_may_hold_what_parts_fields_and_keys(kept: Kept) -> None:
    await polls(kept, split(*(Share("region", value, Add(1)) for value in ("a=b", "a:b", "~", "é\n"))))
    assert set(await shares(kept)) == {("region", "a=b"), ("region", "a:b"), ("region", "~"), ("region", "é\n")}


async def test_counters_and_accounts_have_shares_of_their_own(kept: Kept) -> None:
    eu = Share("region", "eu", Add(1))
    await apply(kept.store, poll(asked(split(eu), split(eu, eu, counter=FILES)), asked(split(eu), account=NEIGHBOUR)))
    found = [await shares(kept), await shares(kept, FILES), await shares(kept, account=NEIGHBOUR)]
    assert found == [{("region", "eu"): 1}, {("region", "eu"): 2}, {("region", "eu"): 1}]


async def test_a_counter_without_shares_leaves_none(kept: Kept) -> None:
    await polls(kept, move(5), split())
    assert (await kept.inside()).shares == {}


# --------------------------------------------------------------------------------------------- a hundred


def many(count: int, first: int = 0) -> list[Share]:
    return [Share("region", f"r{n}", Add(1)) for n in range(first, first + count)]


async def test_a_hundred_values_are_kept_and_all_further_ones_are_other(kept: Kept) -> None:
    await polls(kept, split(*many(60)), split(*many(60, 50)))
    assert await shares(kept) == {
        **{("region", f"r{n}"): 1 + (50 <= n < 60) for n in range(VALUES_KEPT)},
        ("region", OTHER): 10,
    }


async def test_a_known_value_stays_itself_when_all_places_are_taken(kept: Kept) -> None:
    await polls(kept, split(*many(VALUES_KEPT)), split(*many(3, 98)), split(*many(3, 98)))
    found = await shares(kept)
    assert [found["region", name] for name in ("r98", "r99", OTHER)] == [3, 3, 2]


async def test_other_named_by_an_event_takes_no_place(kept: Kept) -> None:
    await polls(kept, split(Share("region", OTHER, Add(5)), *many(VALUES_KEPT)), split(*many(1, 200)))
    found = await shares(kept)
    assert (len(found), found["region", OTHER]) == (VALUES_KEPT + 1, 6)


async def test_each_dimension_has_a_hundred_values(kept: Kept) -> None:
    models = [Share("model", f"r{n}", Add(1)) for n in range(VALUES_KEPT)]
    await polls(kept, split(*many(VALUES_KEPT + 1)), split(*models))
    assert ([("model", OTHER) in await shares(kept), len(await shares(kept))]) == [False, 2 * VALUES_KEPT + 1]


async def test_the_places_are_given_in_the_order_asked(kept: Kept) -> None:
    await polls(kept, split(*many(VALUES_KEPT - 1)), split(*regions(z=1, a=1)))
    found = await shares(kept)
    assert (("region", "z") in found, ("region", "a") in found) == (True, False)


async def test_another_counter_has_a_hundred_of_its_own(kept: Kept) -> None:
    await polls(kept, split(*many(VALUES_KEPT)), split(*many(VALUES_KEPT, 500), counter=FILES))
    assert ("region", OTHER) not in await shares(kept, FILES)


async def test_the_latest_of_the_rest_is_by_the_order_of_events(kept: Kept) -> None:
    rest = [Share("region", f"x{n}", Replace(n, NOW - n, n)) for n in range(1, 4)]
    await polls(kept, split(*(Share("region", f"r{n}", Replace(1, NOW, n)) for n in range(VALUES_KEPT))), split(*rest))
    assert (await shares(kept))["region", OTHER] == 1


# -------------------------------------------------------------------------------------------- overflow


async def overflow(kept: Kept, *shares: Share) -> object:
    return await apply(kept.store, poll(asked(split(*shares)), start=10, end=20))


async def test_a_share_that_passes_what_a_counter_holds_is_named(kept: Kept) -> None:
    await polls(kept, split(*regions(eu=LARGEST, us=LARGEST)))
    answer = await overflow(kept, *regions(us=-1, eu=1))
    assert answer == Overflow([Full(ACCOUNT, "calls", Values(CALLS, "region", ("eu",)), LARGEST)])


async def test_all_values_are_named_that_pass_the_rest_together(kept: Kept) -> None:
    await polls(kept, split(*many(VALUES_KEPT), *regions(x=7)))
    answer = await overflow(kept, *regions(y=LARGEST - 5, z=3, r1=1, x=-1))
    assert answer == Overflow([Full(ACCOUNT, "calls", Values(CALLS, "region", ("y", "z", "x")), 7)])


async def test_the_level_of_a_latest_share_is_told_without_its_order(kept: Kept) -> None:
    await polls(kept, split(Share("region", "eu", Replace(7, NOW, 1))))
    answer = await overflow(kept, Share("region", "eu", Replace(LARGEST + 1, NOW, 2)))
    assert answer == Overflow([Full(ACCOUNT, "calls", Values(CALLS, "region", ("eu",)), 7)])


async def test_nothing_is_written_where_a_share_overflows(kept: Kept) -> None:
    await polls(kept, split(*regions(eu=LARGEST)))
    before = await kept.inside()
    await overflow(kept, *regions(us=1, eu=1))
    assert await kept.inside() == before


# ---------------------------------------------------------------------------------------------- expiry


async def test_shares_go_with_the_counter_of_a_period_long_closed(kept: Kept) -> None:
    old = Counter("calls", "", OCTOBER)
    await polls(kept, split(*regions(eu=1), counter=old), split(keep_from=NOVEMBER, forgotten=old))
    assert (await kept.inside()).shares == {}


async def test_shares_of_a_period_that_moves_in_the_same_call_stay(kept: Kept) -> None:
    old = Counter("calls", "", OCTOBER)
    await polls(kept, split(*regions(eu=1), counter=old))
    both = asked(split(*regions(eu=1), counter=old), split(*regions(eu=1), keep_from=NOVEMBER, forgotten=old))
    await apply(kept.store, poll(both, start=10, end=20))
    assert (await shares(kept, old), await shares(kept)) == ({("region", "eu"): 2}, {("region", "eu"): 1})
