"""The last seat is taken: by which event, and once for each version of the allowance (semantics 4.3)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from expansion_signals.model.accounts import Account
from expansion_signals.model.instants import DAY, HOUR
from seated_account import LAST_TAKEN, SeatedAccount
from watched_account import fired, past


def account(members: int | None = 4, **options: object) -> SeatedAccount:
    return SeatedAccount(replace(LAST_TAKEN, **options), members=members)


def profile(version: int = 2, **others: object) -> Account:
    return Account.model_validate({"version": version, "plan": "free", **others})


@pytest.mark.parametrize(
    ("members", "fires"), [(3, False), (4, True), (5, False)], ids=["one is left", "the last", "over"]
)
def test_it_fires_for_the_seat_that_reaches_the_allowance(members: int, *, fires: bool) -> None:
    assert bool(account(members).activate("eve")) == fires


def test_a_pending_invite_takes_the_last_seat() -> None:
    (signal,) = account().invite("i-1")
    assert {name: signal.data[name] for name in ("used", "pending", "allowance", "why")} == {
        "used": "5",
        "pending": "1",
        "allowance": "5",
        "why": "the last seat is taken: 5 of 5 seats used (100 %), 1 of them by a pending invite",
    }


def test_it_fires_once_for_an_allowance() -> None:
    seats = account()
    found = []
    for day in range(4):
        found.append(len(seats.activate("eve", day * DAY)))
        seats.remove("eve", day * DAY + HOUR)
    assert found == [1, 0, 0, 0]


def test_accepting_the_invite_that_took_it_takes_no_other() -> None:
    seats = account()
    seats.invite("i-1", invitee="dan")
    assert seats.activate("dan", invite="i-1") == []


def test_a_new_allowance_has_a_last_seat_of_its_own() -> None:
    seats = account()
    (first,) = seats.activate("eve")
    seats.updated(profile(limits={"seats": "6"}))
    (second,) = seats.activate("flo", HOUR)
    assert (second.data["allowance"], first.id != second.id) == ("6", True)


def test_an_allowance_that_comes_back_is_a_new_one() -> None:
    seats = account()
    seats.activate("eve")
    seats.updated(profile(2, limits={"seats": "9"}))
    seats.updated(profile(3))
    seats.remove("eve", HOUR)
    assert len(seats.activate("eve", 2 * HOUR)) == 1


def test_a_profile_that_leaves_the_allowance_makes_no_new_one() -> None:
    seats = account()
    seats.activate("eve")
    seats.updated(profile(2, owner="dana@example.com"))
    seats.remove("eve", HOUR)
    assert seats.activate("eve", 2 * HOUR) == []


def test_an_allowance_that_the_catalog_changes_is_a_new_one() -> None:
    seats = account()
    seats.activate("eve")
    plans = seats.catalog.plans
    seats.catalog = replace(seats.catalog, plans={**plans, "free": replace(plans["pro"], key="free")})
    found = [len(seats.activate(f"new-{place}", HOUR)) for place in range(5)]
    assert found == [0, 0, 0, 0, 1]


def test_a_lowered_allowance_takes_no_seat() -> None:
    assert account().updated(profile(limits={"seats": "4"})) == []


def test_members_that_a_later_profile_lists_take_it() -> None:
    assert len(account().updated(profile(members=["a", "b", "c", "d", "e"]))) == 1


def test_members_of_the_first_profile_took_it_long_ago() -> None:
    assert account(None).updated(profile(members=["a", "b", "c", "d", "e"])) == []


def test_its_id_hangs_on_the_allowances_version_alone() -> None:
    first, other = account().activate("eve"), account().invite("i-1", after=HOUR)
    assert first[0].id == other[0].id


def test_a_late_event_takes_it_and_fires_nothing() -> None:
    seats = account()
    seats.late = HOUR + 1
    found = seats.activate("eve")
    assert (fired(found), past(found), seats.used) == ([], ["too_old_to_fire"], 5)


def test_backfill_takes_it_and_fires_nothing() -> None:
    seats = account()
    found = seats.backfilled("seat.activated", member="eve")
    assert (fired(found), past(found), seats.used) == ([], ["backfill"], 5)


def test_an_import_that_takes_it_again_and_again_is_told_once() -> None:
    seats = account()
    found = []
    for day in range(4):
        found.append(past(seats.backfilled("seat.activated", day * DAY, member="eve")))
        seats.backfilled("seat.removed", day * DAY + HOUR, member="eve")
    assert found == [["backfill"], [], [], []]


def test_what_backfill_took_fires_when_it_is_taken_again() -> None:
    seats, other = account(), account()
    (told,) = seats.backfilled("seat.activated", member="eve")
    seats.remove("eve", HOUR)
    (fires,) = seats.activate("eve", 2 * HOUR)
    assert (fires.id, fires.id != told.id) == (other.activate("eve")[0].id, True)


def test_what_has_fired_is_not_told_as_past_any_more() -> None:
    seats = account()
    seats.activate("eve")
    seats.remove("eve", HOUR)
    assert seats.backfilled("seat.activated", 2 * HOUR, member="eve") == []


def test_an_account_not_yet_known_fires_nothing() -> None:
    seats = account(None)
    assert [seats.activate(name) for name in "abcdef"] == [[]] * 6


def test_unlimited_seats_have_no_last_one() -> None:
    seats = account()
    seats.updated(profile(plan="enterprise"))
    assert seats.activate("eve") == []


def test_a_blocked_invite_takes_no_seat() -> None:
    assert account().invite("i-1", blocked=True) == []


def test_rules_fire_apart() -> None:
    seats = SeatedAccount(LAST_TAKEN, replace(LAST_TAKEN, id="another"), members=4)
    assert [signal.data["rule"]["id"] for signal in seats.activate("eve")] == ["last-seat", "another"]
