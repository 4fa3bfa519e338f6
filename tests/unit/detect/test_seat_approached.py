"""Seats used come near the allowance: at which seat it fires, when again, and why (semantics 3.4, 4.2).

The rule fires at 80 % and 100 % of five seats, that is at the fourth and the fifth.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from expansion_signals.model.accounts import Account
from expansion_signals.model.instants import DAY, HOUR, SECOND
from expansion_signals.rules.conditions import read_condition
from seated_account import APPROACHED, SeatedAccount
from watched_account import fired, past

if TYPE_CHECKING:
    from expansion_signals.model.signals import Signal


def account(members: int | None, **options: object) -> SeatedAccount:
    return SeatedAccount(replace(APPROACHED, **options), members=members)


def crossed(found: list[Signal]) -> list[tuple[str, list[str]]]:
    return [(signal.type, [each["value"] for each in signal.data["crossed"]]) for signal in found]


def profile(version: int = 2, **others: object) -> Account:
    return Account.model_validate({"version": version, "plan": "free", **others})


@pytest.mark.parametrize(
    ("members", "wanted"), [(2, []), (3, [["80"]]), (4, [["100"]])], ids=["just below", "exactly at 80", "at 100"]
)
def test_it_fires_at_the_seat_that_reaches_a_threshold(members: int, wanted: list[list[str]]) -> None:
    found = account(members).activate("eve")
    assert [values for _, values in crossed(found)] == wanted


def test_an_invite_reaches_it_as_a_member_does() -> None:
    assert crossed(account(3).invite("i-1")) == [("seat_limit.approached", ["80"])]


def test_it_fires_once() -> None:
    seats = account(3)
    seats.activate("eve")
    assert seats.activate("eve", SECOND) == []


def test_the_payload_says_what_is_used_pending_and_allowed() -> None:
    (signal,) = account(3).invite("i-1", session="s-1")
    assert {name: value for name, value in signal.data.items() if name not in ("rule", "account")} == {
        "family": "seat",
        "plan": "free",
        "user": "ada",
        "used": "4",
        "pending": "1",
        "allowance": "5",
        "utilization": "0.8",
        "threshold": {"kind": "percent", "value": "80", "comparison": ">="},
        "crossed": [{"kind": "percent", "value": "80"}],
        "cause": "usage",
        "session": "s-1",
        "why": "4 of 5 seats used (80 %), 1 of them by a pending invite",
    }


def test_it_has_one_key_for_each_threshold() -> None:
    seats = account(0)
    (signal,) = seats.updated(profile(members=["a", "b", "c", "d", "e"]))
    assert (crossed([signal]), len(set(signal.keys))) == ([("seat_limit.approached", ["80", "100"])], 2)


def test_its_id_is_that_of_its_highest_threshold() -> None:
    (signal,) = account(3).activate("eve")
    assert signal.id == signal.keys[-1]


def test_a_removed_member_arms_it_again_and_that_is_told() -> None:
    seats = account(3)
    (first,) = seats.activate("eve")
    assert [signal.type for signal in seats.remove("eve", HOUR)] == ["limit.recovered"]
    (second,) = seats.activate("eve", 2 * HOUR)
    assert first.id != second.id


def test_falls_arm_it_twice_within_30_days() -> None:
    seats = account(3)
    found = []
    for turn in range(5):
        found.append(len(seats.activate("eve", turn * DAY)))
        seats.remove("eve", turn * DAY + HOUR)
    assert found == [1, 1, 1, 0, 0]


def test_an_expired_invite_arms_it_again() -> None:
    seats = account(3)
    seats.invite("i-1", expires=HOUR)
    assert [signal.type for signal in seats.remove("nobody", HOUR)] == ["limit.recovered"]


def test_an_upgrade_arms_what_the_account_is_below() -> None:
    seats = account(4)
    seats.updated(profile(2, plan="pro"))
    found = [crossed(seats.activate(f"new-{place}", HOUR)) for place in range(4)]
    assert found == [[], [], [], [("seat_limit.approached", ["80"])]]


def test_a_lowered_allowance_fires_because_the_limit_changed() -> None:
    seats = account(3)
    (signal,) = seats.updated(profile(limits={"seats": "3"}))
    assert (signal.data["cause"], crossed([signal])[0][1]) == ("limit_changed", ["80", "100"])


def test_bought_seats_count() -> None:
    seats = account(3)
    seats.updated(profile(limits={"seats": "50"}))
    assert seats.activate("eve") == []


def test_the_first_profile_fires_for_what_it_lists() -> None:
    seats = account(None)
    (signal,) = seats.updated(profile(members=["a", "b", "c", "d"]))
    assert (signal.data["cause"], signal.data["used"]) == ("profile_arrived", "4")


def test_the_first_profile_fires_for_members_known_before_it() -> None:
    seats = account(None)
    early = [seats.activate(name) for name in "abcd"]
    (signal,) = seats.updated(profile())
    assert (early, signal.data["cause"]) == ([[], [], [], []], "profile_arrived")


def test_a_profile_that_changes_neither_members_nor_seats_fires_nothing() -> None:
    assert account(4).updated(profile(2, owner="dana@example.com")) == []


def test_listed_members_reach_a_threshold() -> None:
    (signal,) = account(3).updated(profile(members=["a", "b", "c", "d"]))
    assert (signal.data["cause"], signal.data["used"]) == ("usage", "4")


def test_a_tombstone_fires_nothing() -> None:
    assert account(4).updated(None) == []


def test_the_same_profile_after_a_tombstone_fires_nothing() -> None:
    seats = account(4)
    seats.updated(None)
    assert seats.updated(profile(2, members=["m-0", "m-1", "m-2", "m-3"])) == []


def test_a_late_event_takes_its_seat_and_what_it_reaches_is_already_past() -> None:
    seats = account(3)
    seats.late = 2 * HOUR
    late = seats.activate("eve")
    seats.late = 0
    assert (fired(late), past(late), seats.used) == ([], ["too_old_to_fire"], 4)
    assert seats.activate("eve", SECOND) == []


def test_backfill_takes_its_seat_and_fires_nothing() -> None:
    seats = account(3)
    found = seats.backfilled("seat.activated", member="eve")
    assert (fired(found), past(found), seats.used) == ([], ["backfill"], 4)


def test_backfill_of_long_ago_is_backfill() -> None:
    seats = account(3)
    seats.late = 5 * DAY
    assert past(seats.backfilled("seat.activated", member="eve")) == ["backfill"]


def test_what_is_past_has_the_keys_of_its_thresholds() -> None:
    late, in_time = account(0), account(0)
    late.late = 2 * HOUR
    members = profile(members=["a", "b", "c", "d", "e"])
    (told,), (fires,) = late.updated(members), in_time.updated(members)
    assert (told.keys, told.id != fires.id) == (fires.keys, True)


def test_an_event_of_exactly_the_firing_age_fires() -> None:
    seats = account(3)
    seats.late = HOUR
    assert len(seats.activate("eve")) == 1


def test_a_rule_that_is_added_above_the_line_fires_nothing_unless_it_says_so() -> None:
    found = []
    for asked in (False, True):
        seats = account(4)
        seats.rules = [replace(APPROACHED, id="added", fire_when_added=asked)]
        found += seats.remove("nobody")
    assert [signal.data.get("past") for signal in found] == ["rule_added", None]


def test_a_rule_over_seats_that_nothing_looked_at_before_was_added() -> None:
    seats = account(None)
    seats.profile = profile(members=["a", "b", "c", "d"])
    found = seats.remove("nobody")
    assert (past(found), crossed(found)) == (["rule_added"], [("seat_limit.approached", ["80"])])


def test_a_profile_over_seats_that_nothing_looked_at_before_fires_for_what_it_adds_alone() -> None:
    seats = account(None)
    seats.profile = profile(1, members=["a", "b", "c", "d"])
    same = seats.updated(profile(2, members=["a", "b", "c", "d"]))
    assert (past(same), fired(same), crossed(seats.updated(profile(3, members=["a", "b", "c", "d", "e"])))) == (
        ["rule_added"],
        [],
        [("seat_limit.approached", ["100"])],
    )


def test_unlimited_seats_have_no_percentages() -> None:
    seats = account(4)
    seats.updated(profile(plan="enterprise"))
    assert seats.activate("eve") == []


def test_a_plan_that_nobody_sells_has_no_seats() -> None:
    seats = account(3)
    seats.updated(profile(plan="custom"))
    assert seats.activate("eve") == []


def test_an_allowance_of_zero_is_reached_by_the_first_member() -> None:
    seats = account(0)
    seats.updated(profile(limits={"seats": "0"}))
    (signal,) = seats.activate("eve")
    assert (crossed([signal])[0][1], signal.data["utilization"]) == (["100"], None)


def test_a_shadow_rule_says_so() -> None:
    assert [signal.shadow for signal in account(3, shadow=True).activate("eve")] == [True]


def test_what_is_reached_before_a_condition_on_seats_is_true_waits_until_it_is() -> None:
    seats = account(3, when=read_condition("seats_used >= 5"))
    found = [crossed(seats.activate(name)) for name in ("eve", "flo")]
    assert found == [[], [("seat_limit.approached", ["80", "100"])]]


def test_a_condition_on_utilization_is_one_on_seats_used_of_the_allowance() -> None:
    seats = account(3, when=read_condition("utilization > 80%"))
    assert [len(seats.activate(name)) for name in ("eve", "flo")] == [0, 1]
