"""The seat-limit invite: fires each time, once for each invite, and says which belong to one burst (semantics 4.2)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from expansion_signals.model.accounts import Account
from expansion_signals.model.instants import DAY, HOUR, SECOND
from seated_account import INVITED, SeatedAccount
from watched_account import fired, past

if TYPE_CHECKING:
    from expansion_signals.model.signals import Signal

PERSON = {"invitee": "dan"}


def account(members: int | None = 5, **options: object) -> SeatedAccount:
    return SeatedAccount(replace(INVITED, **options), members=members)


def profile(version: int = 2, **others: object) -> Account:
    return Account.model_validate({"version": version, "plan": "free", **others})


def bursts(found: list[Signal]) -> list[tuple[int, str | None]]:
    return [(signal.data["invites"], signal.data.get("burst_of")) for signal in found]


@pytest.mark.parametrize(
    ("members", "fires"), [(3, False), (4, False), (5, True)], ids=["the fourth", "the fifth", "the sixth"]
)
def test_it_fires_for_the_sixth_person_of_five_seats(members: int, *, fires: bool) -> None:
    assert bool(account(members).invite("i-1")) == fires


def test_a_blocked_invite_fires_whatever_is_free() -> None:
    assert len(account(3).invite("i-1", blocked=True)) == 1


def test_the_payload_says_what_is_used_and_whose_invite_it_is() -> None:
    (signal,) = account().invite("i-1", session="s-1")
    assert {name: value for name, value in signal.data.items() if name not in ("rule", "account")} == {
        "family": "seat",
        "plan": "free",
        "user": "ada",
        "used": "6",
        "pending": "1",
        "allowance": "5",
        "invite": "i-1",
        "invites": 1,
        "blocked": False,
        "session": "s-1",
        "why": "ada invited somebody and no seat is free: 6 of 5 seats used (120 %), 1 of them by a pending invite",
    }


def test_a_blocked_invite_is_not_among_the_seats_used() -> None:
    (signal,) = account().invite("i-1", blocked=True)
    assert (signal.data["used"], signal.data["blocked"]) == ("5", True)


def test_the_same_invite_reported_again_fires_nothing() -> None:
    seats = account()
    seats.invite("i-1")
    assert seats.invite("i-1", after=HOUR) == []


def test_a_blocked_invite_reported_again_fires_nothing() -> None:
    seats = account()
    seats.invite("i-1", blocked=True)
    assert seats.invite("i-1", after=HOUR, blocked=True) == []


def test_an_invite_that_fitted_fires_nothing_when_it_is_reported_again_and_does_not_fit_any_more() -> None:
    seats = account(4)
    seats.invite("i-1")
    seats.updated(profile(limits={"seats": "3"}))
    assert seats.invite("i-1", after=HOUR) == []


def test_an_invite_has_one_id_whoever_finds_it() -> None:
    first, again = account().invite("i-1"), account().invite("i-1", after=SECOND)
    assert first[0].id == again[0].id


def test_each_invite_fires() -> None:
    seats = account()
    found = [len(seats.invite(f"i-{day}", after=day * DAY)) for day in range(5)]
    assert found == [1, 1, 1, 1, 1]


def test_further_ones_of_a_person_name_the_first_of_the_burst() -> None:
    seats = account()
    found = [signal for second in (0, 20, 59) for signal in seats.invite(f"i-{second}", after=second * SECOND)]
    assert bursts(found) == [(1, None), (2, found[0].id), (3, found[0].id)]


@pytest.mark.parametrize(("after", "invites"), [(60 * SECOND - 1, 2), (60 * SECOND, 1)], ids=["within", "at 60 s"])
def test_a_burst_lasts_60_s_from_its_first(after: int, invites: int) -> None:
    seats = account()
    seats.invite("i-1")
    assert [signal.data["invites"] for signal in seats.invite("i-2", after=after)] == [invites]


def test_a_burst_is_measured_from_its_first_not_from_its_last() -> None:
    seats = account()
    found = [signal for second in (0, 40, 80) for signal in seats.invite(f"i-{second}", after=second * SECOND)]
    assert [signal.data["invites"] for signal in found] == [1, 2, 1]


def test_a_burst_is_measured_by_event_time_in_either_direction() -> None:
    seats = account()
    (first,) = seats.invite("i-1", after=30 * SECOND)
    assert bursts(seats.invite("i-2", after=0)) == [(2, first.id)]


def test_a_burst_is_of_one_person() -> None:
    seats = account()
    seats.invite("i-1", "ada")
    assert bursts(seats.invite("i-2", "bob", SECOND)) == [(1, None)]


def test_an_invite_that_fits_belongs_to_no_burst() -> None:
    seats = account(4)
    seats.invite("i-1")
    assert bursts(seats.invite("i-2", after=SECOND)) == [(1, None)]


@pytest.mark.parametrize("told", [{"guest": True}, {"role": "viewer"}], ids=["guest", "exempt role"])
@pytest.mark.parametrize("blocked", [False, True], ids=["waits", "blocked"])
def test_who_needs_no_seat_fires_nothing(told: dict[str, object], *, blocked: bool) -> None:
    seats = account()
    seats.updated(profile(roles_exempt=["viewer"]))
    assert seats.invite("i-1", blocked=blocked, **told) == []


def test_after_a_removal_the_next_one_fits() -> None:
    seats = account()
    seats.remove("m-1")
    assert seats.invite("i-1") == []


def test_an_expired_invite_makes_room() -> None:
    seats = account(4)
    seats.invite("i-1", expires=HOUR)
    assert seats.invite("i-2", after=HOUR) == []


def test_an_upgrade_makes_room() -> None:
    seats = account()
    seats.updated(profile(plan="pro"))
    assert seats.invite("i-1") == []


def test_where_no_limit_is_known_only_a_blocked_one_fires() -> None:
    seats = account()
    seats.updated(profile(plan="custom"))
    assert seats.invite("i-1") == []
    assert [signal.data["allowance"] for signal in seats.invite("i-2", blocked=True)] == [None]


def test_a_late_invite_is_pending_and_fires_nothing_not_even_when_it_is_reported_again() -> None:
    seats = account()
    seats.late = HOUR + 1
    late = seats.invite("i-1")
    seats.late = 0
    assert (fired(late), seats.pending, seats.invite("i-1", after=SECOND)) == ([], 1, [])


def test_backfill_is_pending_and_fires_nothing() -> None:
    seats = account()
    found = seats.backfilled("seat.invited", invite="i-1", user="ada")
    assert (fired(found), seats.pending) == ([], 1)


def test_an_invite_by_backfill_says_what_is_used_and_whose_it_is() -> None:
    (told,), (fires,) = account().backfilled("seat.invited", invite="i-1", user="ada"), account().invite("i-1")
    assert (past([told]), told.data) == (["backfill"], {**fires.data, "past": "backfill"})


def test_each_late_invite_is_told_as_past() -> None:
    seats = account()
    seats.late = HOUR + 1
    found = [signal for place in range(3) for signal in seats.invite(f"i-{place}")]
    assert (past(found), bursts(found)) == (["too_old_to_fire"] * 3, [(1, None)] * 3)


def test_a_late_invite_that_fits_is_nothing() -> None:
    seats = account(3)
    seats.late = HOUR + 1
    assert seats.invite("i-1") == []


def test_a_late_invite_begins_no_burst() -> None:
    seats = account()
    seats.late = HOUR + 1
    seats.invite("i-1")
    seats.late = 0
    assert bursts(seats.invite("i-2", after=SECOND)) == [(1, None)]


def test_an_account_not_yet_known_fires_nothing() -> None:
    assert account(None).invite("i-1", blocked=True) == []


def test_people_with_bursts_are_remembered_up_to_500() -> None:
    seats = account()
    for number in range(600):
        seats.invite(f"i-{number}", f"user-{number}", blocked=True)
    assert len(seats.kept.bursts["seat-invite"]) == 500


def test_the_timeline_of_the_docstring() -> None:
    seats = account()
    first = seats.invite("i1", "ada", 0, blocked=True)
    found = [
        *first,
        *seats.invite("i2", "ada", 20 * SECOND),
        *seats.invite("i2", "ada", 59 * SECOND),
        *seats.invite("i3", "ada", 60 * SECOND),
        *seats.invite("i4", "bob", 70 * SECOND),
    ]
    assert bursts(found) == [(1, None), (2, first[0].id), (1, None), (1, None)]
