from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from expansion_signals.decide.decided import STEPS_KEPT, Decided, Entry, Key, Reservation, key_of, reserve
from expansion_signals.decide.remembered import Held, Remembered
from expansion_signals.model.instants import DAY, HOUR
from sample_signals import NOW, key

PLAIN, OTHER = Key("a" * 16), Key("b" * 16)
ENTRY = Entry("fired", "01234567", "0:1", NOW + DAY)
LATER = Entry("fired", "89abcdef", "0:9", NOW + DAY)


def step(value: int, series: str = "c" * 16) -> Key:
    return Key(series, Decimal(value))


def reserved(before: Decided, added: dict[Key, Entry], *asked: Key, now: int = NOW) -> Reservation:
    return reserve("acct-1", before, before.with_entries(added), {*asked, *added}, now)


# --------------------------------------------------------------------------------------------------- keys


def test_a_plain_key_is_the_beginning_of_its_hash() -> None:
    assert key_of(key("80")) == Key(key("80")[:16])


def test_the_key_of_a_step_names_its_series_and_its_usage() -> None:
    assert key_of(key("+1200.5")) == Key(key("+1200.5")[:16], Decimal("1200.5"))


@pytest.mark.parametrize(
    ("decided", "asked", "covered"),
    [
        (PLAIN, PLAIN, True),
        (PLAIN, OTHER, False),
        (step(1000), step(1000), True),
        (step(1000), step(999), True),
        (step(1000), step(1001), False),
        (step(1000), step(999, "d" * 16), False),
        (step(1000), Key("c" * 16), False),
        (Key("c" * 16), step(1000), False),
    ],
)
def test_a_key_covers_itself_and_a_step_every_lower_one_of_its_series(decided: Key, asked: Key, covered: bool) -> None:  # noqa: FBT001 -- a column of the table
    assert decided.covers(asked) is covered


# ------------------------------------------------------------------------------------------------ entries


def test_a_key_that_is_not_decided_has_no_entry() -> None:
    assert Decided().entry(key("80")) is None


def test_a_step_without_an_entry_is_decided_by_the_highest_of_its_series() -> None:
    decided = Decided(1, {key_of(key("+1200")): ENTRY, key_of(key("+1300")): LATER})
    assert decided.entry(key("+1100")) == LATER


def test_a_step_with_an_entry_is_decided_by_it_though_a_higher_one_covers_it() -> None:
    decided = Decided(1, {key_of(key("+1200")): ENTRY, key_of(key("+1300")): LATER})
    assert decided.entry(key("+1200")) == ENTRY


def test_an_entry_answers_the_record_it_was_made_for() -> None:
    decided = Decided(1, {key_of(key("+1200")): ENTRY, key_of(key("+1300")): LATER})
    assert decided.made_for(key("+1200"), "0:1") == ENTRY


def test_an_entry_is_no_answer_to_another_record() -> None:
    assert Decided(1, {key_of(key("80")): ENTRY}).made_for(key("80"), "0:2") is None


# ------------------------------------------------------------------------------------------- reservations


def test_decisions_that_add_nothing_still_name_the_revision_that_answered_them() -> None:
    assert reserved(Decided(3, {PLAIN: ENTRY}), {}) == Reservation("acct-1", 3, {})


def test_a_reservation_is_made_on_the_revision_that_was_read() -> None:
    assert reserved(Decided(3, {PLAIN: ENTRY}), {OTHER: LATER}) == Reservation("acct-1", 3, {OTHER: LATER})


def test_what_is_past_its_time_is_forgotten_with_the_next_reservation() -> None:
    past = ENTRY._replace(kept_until=NOW)
    reservation = reserved(Decided(3, {PLAIN: past, step(7): ENTRY}), {OTHER: LATER})
    assert reservation.forgotten == (PLAIN,)


def test_what_is_kept_until_later_is_not_forgotten() -> None:
    reservation = reserved(Decided(3, {PLAIN: ENTRY._replace(kept_until=NOW + HOUR)}), {OTHER: LATER})
    assert reservation.forgotten == ()


LADDER = [step(place * 1000) for place in range(1, STEPS_KEPT + 3)]


def test_of_the_steps_below_an_added_one_the_last_few_are_kept() -> None:
    before = Decided(3, dict.fromkeys(LADDER, ENTRY))
    assert reserved(before, {step(90_000): LATER}).forgotten == tuple(LADDER[:2])


def test_an_added_step_forgets_none_of_another_series() -> None:
    before = Decided(3, dict.fromkeys(LADDER, ENTRY) | {PLAIN: ENTRY})
    assert reserved(before, {step(90_000, "d" * 16): LATER}).forgotten == ()


def test_a_plain_key_is_no_step_of_a_series_of_its_name() -> None:
    before = Decided(3, {Key("c" * 16): ENTRY, step(1000): ENTRY})
    assert reserved(before, {step(2000): LATER}).forgotten == ()


def test_a_tiny_step_does_not_fill_an_account() -> None:
    decided = Decided()
    for place in range(1, 100):
        asked = {step(place): LATER}
        forgotten = reserved(decided, asked).forgotten
        kept = {each: entry for each, entry in decided.entries.items() if each not in forgotten}
        decided = Decided(place, kept | asked)
    assert len(decided.entries) == STEPS_KEPT + 1


def test_a_step_that_is_asked_now_is_not_forgotten_because_it_may_be_asked_again() -> None:
    before = Decided(3, dict.fromkeys(LADDER, ENTRY))
    assert reserved(before, {step(90_000): LATER}, LADDER[0]).forgotten == (LADDER[1],)


def test_what_is_past_its_time_but_asked_now_is_not_forgotten() -> None:
    past = ENTRY._replace(kept_until=NOW)
    reservation = reserved(Decided(3, {PLAIN: past}), {OTHER: LATER}, PLAIN)
    assert reservation.forgotten == ()


# ------------------------------------------------------------------------------------------- looks at holds


def held(until: int, name: str = "a") -> Held:
    return Held({"id": name}, "0:1", [0], until)


def look(before: tuple[Held, ...], after: tuple[Held, ...], looked: int | None = None) -> int | None:
    """Return when an account is to be looked at, of which this is held before and after."""
    stood, stands = (Decided(3, remembered=Remembered(held=each)) for each in (before, after))
    return reserve("acct-1", stood, stands, (), NOW, looked).look


def test_what_is_held_is_looked_at_when_the_first_of_it_ends() -> None:
    assert look((), (held(NOW + 2), held(NOW + 1, "b"))) == NOW + 1


def test_where_nothing_changes_in_what_is_held_the_look_stays() -> None:
    assert look((held(NOW + 2),), (held(NOW + 2),)) is None


def test_where_nothing_is_held_any_more_there_is_nothing_to_look_at() -> None:
    assert look((held(NOW + 2),), (), looked=NOW + 2) is None


def test_what_is_held_still_after_a_look_is_looked_at_once_more() -> None:
    """The worker's clock is behind the one that found the hold ended."""
    assert look((held(NOW + 2),), (held(NOW + 2),), looked=NOW + 2) == NOW + 3


def test_what_is_held_anew_after_a_look_is_looked_at_when_that_ends() -> None:
    assert look((held(NOW + 2),), (held(NOW + 9),), looked=NOW + 2) == NOW + 9


def test_of_what_is_empty_nothing_is_remembered() -> None:
    kept = replace(Decided(3), remembered=Remembered(through={"p": 1}, profile={"version": 1}))
    assert reserve("acct-1", Decided(3), kept, (), NOW).is_empty
