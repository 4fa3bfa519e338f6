"""What is remembered of accounts besides their keys, what was published and is not passed, and looks at holds."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from expansion_signals.decide.decided import Decided, Entry, Key, Reservation, Reserved, ShardReservation
from expansion_signals.decide.remembered import Fired, Remembered
from expansion_signals.model.batches import Gap, Range
from expansion_signals.model.instants import DAY, HOUR
from expansion_signals.model.looks import HOLD, Look
from expansion_signals.state.keys import shard_of
from sample_batches import ACCOUNT, NEIGHBOUR, NOW, PARTITION, SHARDS, apply, poll
from sample_remembered import EVERYTHING
from swept import sweep

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kept_state import Kept

HERE = shard_of(ACCOUNT, SHARDS)
LATER = NOW // HOUR * HOUR + 8 * HOUR
TEXT = '[["expansion-pql","acct-1","{\\"Ü\\":\\"\N{FIRE}\\"}",[["content-type","x"]]]]'
PLACE, OTHER = "signals-id/0|17", "signals-id/0|171"


async def reserve(kept: Kept, *reservations: Reservation, stand: int | None = None) -> object:
    asked = ShardReservation(HERE, {PARTITION: stand}, [*reservations])
    (answer,) = await kept.policy.reserve([asked])
    return answer


def remembering(
    remembered: Remembered | None = EVERYTHING,
    published: Mapping[str, str] | None = None,
    *,
    revision: int = 0,
    account: str = ACCOUNT,
    look: int | None = None,
) -> Reservation:
    return Reservation(account, revision, {}, (), remembered, published or {}, look)


async def decided(kept: Kept, account: str = ACCOUNT) -> Decided:
    return (await kept.policy.decided([account]))[account]


async def due(kept: Kept, until: int = LATER) -> Sequence[Look]:
    return (await kept.due.due({HERE: until}, 10)).get(HERE, ())


# ------------------------------------------------------------------------------------------ what is kept


async def test_everything_that_is_remembered_comes_back_as_it_was(kept: Kept) -> None:
    assert await reserve(kept, remembering()) == Reserved([])
    assert await decided(kept) == Decided(1, {}, EVERYTHING)


async def test_what_is_remembered_is_replaced_whole(kept: Kept) -> None:
    await reserve(kept, remembering())
    later = Remembered(upgrades=(NOW,))
    await reserve(kept, remembering(later, revision=1))
    assert await decided(kept) == Decided(2, {}, later)


async def test_what_is_not_named_stays_as_it_is(kept: Kept) -> None:
    await reserve(kept, remembering())
    await reserve(kept, remembering(None, {PLACE: TEXT}, revision=1))
    assert await decided(kept) == Decided(2, {}, EVERYTHING, {PLACE: TEXT})


async def test_nothing_is_left_of_what_is_empty(kept: Kept) -> None:
    await reserve(kept, remembering())
    await reserve(kept, remembering(Remembered(), revision=1))
    assert await decided(kept) == Decided(2)


async def test_what_is_remembered_of_one_account_is_not_of_another(kept: Kept) -> None:
    await reserve(kept, remembering(account=NEIGHBOUR))
    assert await decided(kept) == Decided()


async def test_of_a_refused_reservation_nothing_is_kept(kept: Kept) -> None:
    await reserve(kept, remembering(Remembered(upgrades=(NOW,))))
    refused = remembering(EVERYTHING, {PLACE: TEXT}, revision=0, look=NOW)
    assert await reserve(kept, refused) == Reserved([ACCOUNT])
    assert (await decided(kept), await due(kept)) == (Decided(1, {}, Remembered(upgrades=(NOW,))), ())


async def test_where_the_shard_stands_lower_nothing_is_kept(kept: Kept) -> None:
    answer = await reserve(kept, remembering(EVERYTHING, {PLACE: TEXT}, look=NOW), stand=5)
    assert (answer, await decided(kept), await due(kept)) == (Gap({PARTITION: None}), Decided(), ())


# ------------------------------------------------------------------------------------- what was published


async def test_what_was_published_comes_back_to_the_last_letter(kept: Kept) -> None:
    await reserve(kept, remembering(None, {PLACE: TEXT, OTHER: "[]"}))
    assert (await decided(kept)).unpassed == {PLACE: TEXT, OTHER: "[]"}


async def test_what_was_published_before_stays(kept: Kept) -> None:
    await reserve(kept, remembering(None, {PLACE: TEXT}))
    await reserve(kept, remembering(None, {OTHER: "[]"}, revision=1))
    assert (await decided(kept)).unpassed == {PLACE: TEXT, OTHER: "[]"}


async def test_what_is_passed_goes_and_nothing_else(kept: Kept) -> None:
    await reserve(kept, remembering(EVERYTHING, {PLACE: TEXT, OTHER: "[]"}))
    await kept.policy.passed({ACCOUNT: [PLACE]})
    assert await decided(kept) == Decided(1, {}, EVERYTHING, {OTHER: "[]"})


async def test_what_is_passed_of_several_accounts_goes_at_once(kept: Kept) -> None:
    published = {PLACE: TEXT, OTHER: "[]"}
    await reserve(kept, remembering(None, published), remembering(None, published, account=NEIGHBOUR))
    await kept.policy.passed({ACCOUNT: [PLACE, OTHER], NEIGHBOUR: [OTHER]})
    assert ((await decided(kept)).unpassed, (await decided(kept, NEIGHBOUR)).unpassed) == ({}, {PLACE: TEXT})


@pytest.mark.parametrize("places", [{}, {ACCOUNT: []}, {ACCOUNT: [PLACE]}, {NEIGHBOUR: [PLACE]}])
async def test_of_what_is_not_kept_nothing_goes(kept: Kept, places: Mapping[str, Sequence[str]]) -> None:
    await reserve(kept, remembering(None, {OTHER: TEXT}))
    await kept.policy.passed(places)
    assert await decided(kept) == Decided(1, {}, unpassed={OTHER: TEXT})


# ------------------------------------------------------------------------------------------ looks at holds


async def test_a_look_is_put_with_what_is_held(kept: Kept) -> None:
    await reserve(kept, remembering(look=LATER))
    assert (list(await due(kept, LATER - 1)), list(await due(kept))) == ([], [Look(ACCOUNT, HOLD, LATER)])


async def test_a_look_is_put_wherever_it_was(kept: Kept) -> None:
    await reserve(kept, remembering(look=LATER))
    await reserve(kept, remembering(look=NOW, revision=1))
    assert list(await due(kept)) == [Look(ACCOUNT, HOLD, NOW)]


async def test_a_look_stays_where_none_is_named(kept: Kept) -> None:
    await reserve(kept, remembering(look=LATER))
    await reserve(kept, remembering(Remembered(upgrades=(NOW,)), revision=1))
    assert list(await due(kept)) == [Look(ACCOUNT, HOLD, LATER)]


async def test_a_look_alone_changes_no_revision(kept: Kept) -> None:
    await reserve(kept, remembering())
    await reserve(kept, remembering(None, revision=1, look=LATER))
    assert ((await decided(kept)).revision, list(await due(kept))) == (1, [Look(ACCOUNT, HOLD, LATER)])


# ------------------------------------------------------------------------------------------------- retention

SIGNALS = "expansion-signals/0"
OLD, FRESH = Key("0123456789abcdef"), Key("fedcba9876543210")
HOUR_NOW = NOW // HOUR * HOUR


def until(end: int) -> Remembered:
    """Return something that is of use until then: what fired 62 days before."""
    return Remembered(fired=(Fired("f" * 32, "x", {"id": "q", "version": "1"}, end - 62 * DAY, end - 55 * DAY),))


async def swept(kept: Kept, remembered: Remembered | None, **keys: int) -> Decided:
    """Keep this, with `old` or `fresh` keys and something unpassed; sweep once signals have reached NOW."""
    entries = {
        {"old": OLD, "fresh": FRESH}[name]: Entry("fired", "01234567", "3:17", end) for name, end in keys.items()
    }
    await reserve(kept, replace(remembering(remembered, {PLACE: TEXT}), added=entries))
    await apply(kept.store, poll(ranges=(Range(SIGNALS, None, 10, HOUR_NOW),), nonce="passed"))
    await sweep(kept)
    return await decided(kept)


async def test_what_is_remembered_is_kept_until_its_time(kept: Kept) -> None:
    found = await swept(kept, until(HOUR_NOW + 1))
    assert found == Decided(1, {}, until(HOUR_NOW + 1), {PLACE: TEXT})


async def test_what_is_remembered_goes_before_keys_that_stay(kept: Kept) -> None:
    found = await swept(kept, until(HOUR_NOW), fresh=HOUR_NOW + HOUR)
    assert (found.revision, found.entries.keys(), found.remembered) == (2, {FRESH}, Remembered())


async def test_keys_go_before_what_is_remembered(kept: Kept) -> None:
    found = await swept(kept, until(HOUR_NOW + HOUR), old=HOUR_NOW)
    assert found == Decided(2, {}, until(HOUR_NOW + HOUR), {PLACE: TEXT})


async def test_what_was_published_goes_with_the_last_of_the_rest(kept: Kept) -> None:
    assert await swept(kept, until(HOUR_NOW), old=HOUR_NOW) == Decided()


async def test_what_was_published_stays_with_the_rest(kept: Kept) -> None:
    assert (await swept(kept, None, old=HOUR_NOW, fresh=HOUR_NOW + HOUR)).unpassed == {PLACE: TEXT}


async def test_what_was_published_alone_waits_until_it_is_passed(kept: Kept) -> None:
    assert (await swept(kept, None)).unpassed == {PLACE: TEXT}


async def test_a_second_sweep_finds_nothing_more(kept: Kept) -> None:
    found = await swept(kept, until(HOUR_NOW), fresh=HOUR_NOW + HOUR)
    assert (await sweep(kept), await decided(kept)) == (0, found)


async def test_what_was_decided_on_what_was_swept_is_refused(kept: Kept) -> None:
    await swept(kept, until(HOUR_NOW), fresh=HOUR_NOW + HOUR)
    assert await reserve(kept, remembering(revision=1)) == Reserved([ACCOUNT])


async def test_everything_is_kept_as_long_as_the_longest_of_it(kept: Kept) -> None:
    assert (await swept(kept, EVERYTHING)).remembered == EVERYTHING
