"""Whose turn it is: one account's triggers in order, accounts beside each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from expansion_signals.sdk.lanes import Lanes

if TYPE_CHECKING:
    from random import Random

MANY = 100


def lanes(*waiting: str) -> Lanes[str]:
    """Return lanes in which these wait; the first letter is the account."""
    made: Lanes[str] = Lanes()
    for each in waiting:
        made.add(each[0], each)
    return made


def begun(lanes: Lanes[str], most: int = MANY, now: float = 0) -> list[str]:
    first = lanes.first(most, now)
    lanes.begin(len(first))
    return [each for _, each in first]


def test_accounts_go_beside_each_other() -> None:
    assert begun(lanes("a1", "a2", "b1")) == ["a1", "b1"]


def test_no_more_than_asked_for_begin() -> None:
    waiting = lanes("a1", "b1", "c1")
    assert (begun(waiting, most=2), begun(waiting)) == (["a1", "b1"], ["c1"])


def test_what_is_only_looked_at_stays() -> None:
    waiting = lanes("a1")
    waiting.first(MANY, 0)
    assert begun(waiting) == ["a1"]


def test_the_next_of_an_account_waits_for_the_one_before() -> None:
    waiting = lanes("a1", "a2")
    begun(waiting)
    assert begun(waiting) == []
    waiting.go_on("a")
    assert begun(waiting) == ["a2"]


def test_what_comes_while_the_account_is_busy_waits() -> None:
    waiting = lanes("a1")
    begun(waiting)
    waiting.add("a", "a2")
    assert begun(waiting) == []


def test_what_is_put_off_comes_again_in_its_time_and_before_what_stood_behind_it() -> None:
    waiting = lanes("a1", "a2")
    begun(waiting)
    waiting.put_off("a", "a1", until=5)
    assert (waiting.next_turn(), begun(waiting, now=4.9), begun(waiting, now=5)) == (5, [], ["a1"])


def test_what_is_put_off_holds_back_no_other_account() -> None:
    waiting = lanes("a1", "b1", "b2")
    begun(waiting)
    waiting.put_off("a", "a1", until=5)
    waiting.go_on("b")
    assert begun(waiting) == ["b2"]


def test_what_is_cleared_does_not_come_and_what_is_acted_on_keeps_its_account_busy() -> None:
    waiting = lanes("a1", "a2", "b1", "c1")
    begun(waiting, most=2)
    waiting.put_off("b", "b1", until=5)
    waiting.clear()
    waiting.add("a", "a1")
    assert (len(waiting), begun(waiting, now=9)) == (1, [])
    waiting.go_on("a")
    assert begun(waiting) == ["a1"]


@given(st.lists(st.sampled_from("abc"), max_size=20), st.randoms(use_true_random=False))
def test_whatever_fails_and_however_often_the_order_of_an_account_stays(accounts: list[str], random: Random) -> None:
    waiting = lanes(*(f"{account}{number}" for number, account in enumerate(accounts)))
    ended: list[str] = []
    now = 0.0
    while len(ended) < len(accounts):
        now += 1
        for each in begun(waiting, most=2, now=now):
            if random.random() < 0.4:
                waiting.put_off(each[0], each, now + random.randrange(3))
            else:
                ended.append(each)
                waiting.go_on(each[0])
    for account in "abc":
        of_it = [int(each[1:]) for each in ended if each[0] == account]
        assert of_it == sorted(of_it)
