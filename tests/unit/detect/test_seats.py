"""Seats used: members and people with a pending invite, each once (semantics 4.1, 2.8; edge case 19)."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import pytest

from expansion_signals.model.accounts import Account
from expansion_signals.model.instants import DAY, HOUR, SECOND
from seated_account import SeatedAccount

if TYPE_CHECKING:
    from collections.abc import Callable


def profile(version: int = 2, **others: object) -> Account:
    return Account.model_validate({"version": version, "plan": "free", **others})


def test_used_is_members_and_pending_invites() -> None:
    account = SeatedAccount()
    account.invite("i-1")
    assert (account.used, account.pending) == (5, 1)


def test_a_member_who_was_not_invited_takes_a_seat() -> None:
    account = SeatedAccount()
    account.activate("eve")
    assert (account.used, account.pending) == (5, 0)


def test_a_member_activated_twice_holds_one_seat() -> None:
    account = SeatedAccount()
    account.activate("eve")
    account.activate("eve", SECOND)
    assert account.used == 5


def test_inviting_the_same_person_twice_is_one_pending_invite() -> None:
    account = SeatedAccount()
    account.invite("i-1", invitee="dan")
    account.invite("i-2", user="bob", invitee="dan")
    assert account.pending == 1


def test_one_of_two_invites_of_a_person_revoked_leaves_them_invited() -> None:
    account = SeatedAccount()
    account.invite("i-1", invitee="dan")
    account.invite("i-2", invitee="dan")
    account.end("i-1")
    assert account.pending == 1


def test_invites_that_do_not_say_whom_they_invite_are_each_of_another_person() -> None:
    account = SeatedAccount(members=0)
    account.invite("i-1")
    account.invite("i-2")
    assert account.pending == 2


def test_an_accepted_invite_is_pending_no_more() -> None:
    account = SeatedAccount()
    account.invite("i-1", invitee="dan")
    account.activate("dan", invite="i-1")
    assert (account.used, account.pending) == (5, 0)


def test_who_accepts_one_invite_has_accepted_all_that_they_have() -> None:
    account = SeatedAccount()
    account.invite("i-1", invitee="hash-of-dan")
    account.invite("i-2", invitee="hash-of-dan")
    account.activate("dan", invite="i-2")
    assert (account.used, account.pending) == (5, 0)


def test_who_becomes_a_member_without_naming_the_invite_holds_one_seat() -> None:
    account = SeatedAccount()
    account.invite("i-1", invitee="dan")
    account.activate("dan")
    assert (account.used, account.pending) == (5, 0)


def test_inviting_a_member_takes_no_second_seat() -> None:
    account = SeatedAccount()
    account.invite("i-1", invitee="m-1")
    assert account.used == 4


@pytest.mark.parametrize("noun", ["invite.expired", "invite.revoked"])
def test_an_invite_that_ends_holds_no_seat(noun: str) -> None:
    account = SeatedAccount()
    account.invite("i-1")
    account.end("i-1", noun=noun)
    assert account.used == 4


@pytest.mark.parametrize("noun", ["invite.expired", "invite.revoked"])
def test_accepted_then_reported_as_ended_the_seat_stays_taken(noun: str) -> None:
    account = SeatedAccount()
    account.invite("i-1", invitee="dan")
    account.activate("dan", invite="i-1")
    account.end("i-1", noun=noun)
    assert account.used == 5


def test_an_accepted_invite_that_is_reported_again_is_not_pending_again() -> None:
    account = SeatedAccount()
    account.invite("i-1", invitee="dan")
    account.activate("someone", invite="i-1")
    account.invite("i-1", invitee="dan")
    assert (account.used, account.pending) == (5, 0)


def test_an_acceptance_that_comes_before_its_invite_is_counted_once() -> None:
    account = SeatedAccount()
    account.activate("dan", invite="i-1")
    account.invite("i-1", invitee="hash-of-dan")
    assert (account.used, account.pending) == (5, 0)


def test_a_revoked_invite_that_is_sent_again_is_pending_again() -> None:
    account = SeatedAccount()
    account.invite("i-1")
    account.end("i-1")
    account.invite("i-1", after=HOUR)
    assert account.pending == 1


@pytest.mark.parametrize(("after", "pending"), [(14 * DAY - 1, 1), (14 * DAY, 0)], ids=["just before", "at 14 days"])
def test_an_invite_is_open_for_14_days_of_event_time(after: int, pending: int) -> None:
    account = SeatedAccount()
    account.invite("i-1")
    account.remove("nobody", after)
    assert account.pending == pending


@pytest.mark.parametrize(("after", "pending"), [(HOUR - 1, 1), (HOUR, 0)], ids=["just before", "exactly then"])
def test_an_invite_ends_when_it_says(after: int, pending: int) -> None:
    account = SeatedAccount()
    account.invite("i-1", expires=HOUR)
    account.remove("nobody", after)
    assert account.pending == pending


def test_an_invite_that_had_expired_before_it_was_reported_holds_no_seat() -> None:
    account = SeatedAccount()
    account.remove("nobody", 2 * HOUR)
    account.invite("i-1", after=HOUR, expires=2 * HOUR)
    assert account.pending == 0


def test_an_older_event_brings_no_expired_invite_back() -> None:
    account = SeatedAccount()
    account.invite("i-1", expires=HOUR)
    account.remove("nobody", HOUR)
    account.remove("nobody", 0)
    assert account.pending == 0


def test_an_account_update_ends_expired_invites_too() -> None:
    account = SeatedAccount()
    account.invite("i-1", expires=HOUR)
    account.updated(profile(), HOUR)
    assert account.pending == 0


def test_a_blocked_invite_holds_no_seat() -> None:
    account = SeatedAccount()
    account.invite("i-1", blocked=True)
    assert account.used == 4


def test_a_blocked_invite_that_is_let_through_later_holds_one() -> None:
    account = SeatedAccount()
    account.invite("i-1", blocked=True)
    account.invite("i-1", after=HOUR)
    assert account.used == 5


def test_a_removed_member_frees_a_seat() -> None:
    account = SeatedAccount()
    account.remove("m-1")
    assert account.used == 3


def test_removing_who_is_no_member_frees_none() -> None:
    account = SeatedAccount()
    account.remove("nobody")
    assert account.used == 4


def test_a_removal_that_names_an_invite_ends_it() -> None:
    account = SeatedAccount()
    account.invite("i-1")
    account.remove("nobody", invite="i-1")
    assert account.used == 4


def test_a_guest_needs_no_seat_invited_or_accepted() -> None:
    account = SeatedAccount()
    account.invite("i-1", guest=True)
    invited = account.used
    account.activate("flo", invite="i-1")
    assert (invited, account.used) == (4, 4)


def test_a_guest_whose_acceptance_is_reported_again_stays_a_guest() -> None:
    account = SeatedAccount()
    account.invite("i-1", guest=True)
    account.activate("flo", invite="i-1")
    account.activate("flo", SECOND, invite="i-1")
    assert account.used == 4


def test_a_guest_who_is_activated_without_an_invite_takes_a_seat() -> None:
    account = SeatedAccount()
    account.invite("i-1", guest=True)
    account.activate("flo", invite="i-1")
    account.activate("flo", HOUR)
    assert account.used == 5


def test_a_role_that_the_profile_exempts_needs_no_seat_invited_or_accepted() -> None:
    account = SeatedAccount()
    account.updated(profile(roles_exempt=["viewer"]))
    account.invite("i-1", role="viewer")
    invited = account.used
    account.activate("flo", invite="i-1")
    assert (invited, account.used) == (4, 4)


def test_other_roles_need_one() -> None:
    account = SeatedAccount()
    account.updated(profile(roles_exempt=["viewer"]))
    account.invite("i-1", role="editor")
    assert account.used == 5


def test_a_member_in_an_exempt_role_keeps_it_when_the_acceptance_is_reported_again() -> None:
    account = SeatedAccount()
    account.updated(profile(roles_exempt=["viewer"]))
    account.invite("i-1", role="viewer")
    account.activate("flo", invite="i-1")
    account.activate("flo", SECOND, invite="i-1")
    assert account.used == 4


def test_a_role_that_is_exempt_no_more_needs_a_seat() -> None:
    account = SeatedAccount()
    account.updated(profile(2, roles_exempt=["viewer"]))
    account.invite("i-1", role="viewer")
    account.updated(profile(3))
    assert account.used == 5


def test_members_of_a_profile_replace_the_active_members_and_pending_invites_stay() -> None:
    account = SeatedAccount()
    account.activate("eve")
    account.invite("i-1")
    account.updated(profile(members=["m-1", "m-2"]))
    assert (account.used, account.pending) == (3, 1)


def test_a_profile_that_lists_no_members_leaves_them() -> None:
    account = SeatedAccount()
    account.updated(profile())
    assert account.used == 4


def test_an_empty_list_of_members_means_that_there_are_none() -> None:
    account = SeatedAccount()
    account.updated(profile(members=[]))
    assert account.used == 0


@pytest.mark.parametrize(
    "happens",
    [
        lambda account: account.activate("eve", 0),
        lambda account: account.remove("m-1", 0),
        lambda account: account.activate("m-1", 0, invite="i-1"),
    ],
    ids=["activated", "removed", "accepted"],
)
def test_what_was_appended_before_a_list_of_members_is_in_it(happens: Callable[[SeatedAccount], object]) -> None:
    account = SeatedAccount()
    account.updated(profile(members=["m-1", "m-2"]), HOUR)
    happens(account)
    assert sorted(account.kept.seats.members) == ["m-1", "m-2"]


def test_an_invite_that_was_appended_before_a_list_of_members_is_pending_until_its_end_is_read_too() -> None:
    account = SeatedAccount()
    account.updated(profile(members=["m-1", "dan"]), HOUR)
    account.invite("i-1", invitee="hash-of-dan")
    invited = account.pending
    account.activate("dan", 0, invite="i-1")
    assert (invited, account.pending, account.used) == (1, 0, 2)


def test_an_event_that_is_late_but_appended_after_the_list_counts() -> None:
    account = SeatedAccount()
    account.late = 2 * HOUR
    account.activate("eve", -HOUR)
    assert account.used == 5


def test_a_guest_whose_acceptance_is_read_after_a_list_that_names_them_needs_no_seat() -> None:
    account = SeatedAccount()
    account.updated(profile(members=["m-1", "flo"]), HOUR)
    account.invite("i-1", guest=True)
    account.activate("flo", 0, invite="i-1")
    assert account.used == 1


def test_guests_among_listed_members_need_no_seat() -> None:
    account = SeatedAccount()
    account.invite("i-1", guest=True)
    account.activate("flo", invite="i-1")
    account.updated(profile(members=["m-1", "flo"]))
    assert account.used == 1


def test_what_a_profile_lists_counts_though_it_came_before_any_rule_of_seats() -> None:
    account = SeatedAccount(members=None)
    account.profile = profile(members=["m-1", "m-2"])
    account.activate("eve")
    assert account.used == 3


def test_events_before_the_profile_count() -> None:
    account = SeatedAccount(members=None)
    account.activate("eve")
    account.updated(profile())
    assert account.used == 1


def test_a_tombstone_leaves_seats_as_they_are() -> None:
    account = SeatedAccount()
    account.updated(None)
    assert account.kept.seats.occupancy((), None).used == 4


def test_long_ids_are_kept_short_and_told_apart() -> None:
    account = SeatedAccount(members=0)
    account.activate("m" * 500 + "1")
    account.activate("m" * 500 + "2")
    assert (account.used, max(map(len, account.kept.seats.members))) == (2, 33)


def test_ten_thousand_members_stay_within_a_quarter_of_a_megabyte() -> None:
    account = SeatedAccount(members=10_000)
    assert len(account.texts["seats"]) < 250_000


def test_past_invites_are_remembered_up_to_500() -> None:
    account = SeatedAccount()
    for number in range(600):
        account.invite(f"i-{number}", blocked=True)
    assert len(account.kept.seats.past) == 500


def test_the_timeline_of_the_docstring() -> None:
    account, minutes = SeatedAccount(members=3), count()

    def used() -> tuple[int, int]:
        return (account.used, account.pending)

    seen = []
    for step in (
        lambda at: account.invite("i-1", after=at, invitee="dan"),
        lambda at: account.invite("i-2", "bob", at, invitee="dan"),
        lambda at: account.invite("i-3", after=at, invitee="eve", blocked=True),
        lambda at: account.invite("i-5", after=at, invitee="flo", guest=True),
        lambda at: account.invite("i-4", after=at, invitee="gil"),
        lambda at: account.activate("dan", at, invite="i-1"),
        lambda at: account.end("i-1", at, "invite.expired"),
        lambda at: account.remove("m-1", at),
        lambda _: account.remove("nobody", 14 * DAY + 4 * 60 * SECOND),
    ):
        step(next(minutes) * 60 * SECOND)
        seen.append(used())
    assert seen == [(4, 1), (4, 1), (4, 1), (4, 1), (5, 2), (5, 1), (5, 1), (4, 1), (3, 0)]
