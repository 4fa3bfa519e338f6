from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expansion_signals.decide.remembered import (
    KEPT,
    MOST_FIRED,
    MOST_PROMPTED,
    PROMPTS_KEPT,
    Fired,
    Held,
    Prompted,
    Remembered,
)
from expansion_signals.model.events import Evidence
from expansion_signals.model.instants import DAY, HOUR
from expansion_signals.model.outcomes import Outcome, OutcomeKind
from sample_signals import NOW

if TYPE_CHECKING:
    from expansion_signals.model.instants import Instant
    from expansion_signals.model.prompts import Deed

texts = st.text(max_size=8)
instants = st.integers(1, 4_000_000_000_000_000)
documents = st.dictionaries(texts, st.none() | texts | st.integers() | st.booleans(), min_size=1, max_size=3)
fired = st.builds(
    Fired,
    trigger=texts,
    type=texts,
    rule=st.fixed_dictionaries({"id": texts, "version": texts}),
    time=instants,
    expires=instants,
    user=st.none() | texts,
    prompt=st.none() | texts,
    subject=texts,
    level=st.none() | st.decimals(allow_nan=False, allow_infinity=False).map(str),
    need=st.just({}) | documents,
    route=st.none() | texts,
    owner=st.none() | texts,
    offered=st.tuples(st.none() | texts, st.none() | texts),
    withdrawn=st.booleans(),
)
prompted = st.builds(
    Prompted,
    deed=texts,
    time=instants,
    user=texts,
    trigger=texts,
    session=st.none() | texts,
    until=st.none() | instants,
    prompt=st.none() | texts,
    subject=texts,
    level=st.none() | texts,
)
held = st.builds(Held, signal=documents, record=texts, rest=st.lists(st.integers(0, 9), max_size=3), until=instants)


def lists(of: st.SearchStrategy[object]) -> st.SearchStrategy[tuple[object, ...]]:
    return st.lists(of, max_size=3).map(tuple)


memories = st.builds(
    Remembered,
    through=st.dictionaries(texts, st.integers(0), max_size=2),
    profile=st.none() | documents,
    fired=lists(fired),
    prompted=lists(prompted),
    held=lists(held),
    cancelled=st.none() | instants,
    upgrades=lists(instants),
    contractions=lists(instants),
    leads=st.dictionaries(texts, st.fixed_dictionaries({"state": documents, "kept_until": instants}), max_size=2),
    health=st.none() | st.fixed_dictionaries({"score": st.integers(0, 100), "band": texts, "at": instants}),
)


def trigger(name: str = "t-1", time: Instant = NOW, lasts: int = 7 * DAY) -> Fired:
    return Fired(name, "limit.reached", {"id": "api-quota"}, time, time + lasts, need={"family": "limit"})


def shown(name: str = "t-1", time: Instant = NOW, deed: Deed = "shown") -> Prompted:
    return Prompted(deed, time, "u-42", name)


# ------------------------------------------------------------------------------------------------- text


@given(memories)
def test_what_is_written_is_read_again(remembered: Remembered) -> None:
    assert Remembered.read(remembered.written()) == remembered


def test_an_account_of_which_nothing_is_remembered_is_an_empty_text_or_an_empty_object() -> None:
    assert Remembered.read("") == Remembered.read(Remembered().written()) == Remembered()


def test_what_is_empty_takes_no_room() -> None:
    assert Remembered(prompted=(shown(),)).written() == (
        f'{{"prompted":[["shown",{NOW},"u-42","t-1",null,null,null,"",null]]}}'
    )


# ---------------------------------------------------------------------------------------------- records


def test_a_record_that_was_taken_in_is_known_by_its_partition_and_offset() -> None:
    remembered = Remembered().past("signals/3", 17)
    asked = [("signals/3", 16), ("signals/3", 17), ("signals/3", 18), ("signals/4", 17)]
    assert [remembered.taken_in(*each) for each in asked] == [True, True, False, False]


def test_how_far_a_partition_was_taken_in_never_falls() -> None:
    assert Remembered().past("signals/3", 17).past("signals/3", 4).taken_in("signals/3", 17)


# ------------------------------------------------------------------------------------------- what fired


def test_a_repetition_of_a_trigger_takes_the_place_of_the_first() -> None:
    remembered = Remembered().with_fired(trigger(), NOW).with_fired(trigger(time=NOW + 1), NOW)
    assert [each.time for each in remembered.fired] == [NOW + 1]


def test_of_too_many_triggers_the_newest_are_remembered() -> None:
    remembered = Remembered()
    for place in range(MOST_FIRED + 2):
        remembered = remembered.with_fired(trigger(f"t-{place}"), NOW)
    assert [remembered.fired[0].trigger, len(remembered.fired)] == ["t-2", MOST_FIRED]


@pytest.mark.parametrize(
    ("before", "is_kept"),
    [
        (trigger("old", NOW - KEPT), False),
        (trigger("old", NOW - KEPT + 1), True),
        (trigger("old", NOW - KEPT, lasts=KEPT + 1), True),
    ],
    ids=["62 days ago", "62 days ago less a moment", "62 days ago, and not expired yet"],
)
def test_a_trigger_is_remembered_for_62_days_and_until_it_expires(before: Fired, *, is_kept: bool) -> None:
    remembered = Remembered(fired=(before,)).with_fired(trigger(), NOW)
    assert (remembered.trigger("old") is not None) is is_kept


def test_of_what_has_expired_only_that_it_fired_is_remembered() -> None:
    expired, lasts = trigger("expired", NOW - 7 * DAY), trigger("lasts", NOW - 7 * DAY + 1)
    remembered = Remembered(fired=(expired, lasts)).with_fired(trigger(), NOW)
    assert [each.need for each in remembered.fired] == [{}, {"family": "limit"}, {"family": "limit"}]


# -------------------------------------------------------------------------------------------- prompts


def test_the_same_report_again_changes_nothing() -> None:
    remembered = Remembered().with_prompted(shown())
    assert remembered.with_prompted(shown()._replace(session="s-9")) == remembered


@pytest.mark.parametrize(
    "other",
    [shown(time=NOW + 1), shown(deed="clicked"), shown("t-2"), shown()._replace(user="u-7")],
    ids=["at another time", "another deed", "of another trigger", "of another user"],
)
def test_any_other_report_is_another(other: Prompted) -> None:
    assert len(Remembered().with_prompted(shown()).with_prompted(other).prompted) == 2


@pytest.mark.parametrize(("ago", "is_kept"), [(PROMPTS_KEPT, False), (PROMPTS_KEPT - 1, True)])
def test_reports_are_remembered_for_400_days(ago: int, *, is_kept: bool) -> None:
    remembered = Remembered().with_prompted(shown("old", NOW - ago)).with_prompted(shown())
    assert ([each.trigger for each in remembered.prompted] == ["old", "t-1"]) is is_kept


def test_of_too_many_reports_the_newest_are_remembered() -> None:
    remembered = Remembered()
    for place in range(MOST_PROMPTED + 2):
        remembered = remembered.with_prompted(shown(f"t-{place}"))
    assert [remembered.prompted[0].trigger, len(remembered.prompted)] == ["t-2", MOST_PROMPTED]


@pytest.mark.parametrize("deed", ["dismissed", "snoozed"])
def test_what_somebody_dismissed_is_not_forgotten_because_others_are_shown_much(deed: Deed) -> None:
    remembered = Remembered().with_prompted(shown("said", deed=deed))
    for place in range(MOST_PROMPTED + 2):
        remembered = remembered.with_prompted(shown(f"t-{place}"))
    assert [remembered.prompted[0].trigger, len(remembered.prompted)] == ["said", MOST_PROMPTED]


def test_of_too_many_dismissals_the_newest_are_remembered() -> None:
    remembered = Remembered()
    for place in range(MOST_PROMPTED + 2):
        remembered = remembered.with_prompted(shown(f"t-{place}", deed="dismissed"))
    assert [remembered.prompted[0].trigger, len(remembered.prompted)] == ["t-2", MOST_PROMPTED]


# ---------------------------------------------------------------------------------------------- holds


def waiting(name: str, until: Instant = NOW) -> Held:
    return Held({"id": name}, "0:1", [0], until)


def test_of_one_signal_the_last_hold_is_remembered() -> None:
    remembered = Remembered().with_held(waiting("a")).with_held(waiting("b")).with_held(waiting("a", NOW + 1))
    assert [(each.signal["id"], each.until) for each in remembered.held] == [("b", NOW), ("a", NOW + 1)]


def test_the_next_look_is_when_the_first_hold_ends() -> None:
    remembered = Remembered().with_held(waiting("a", NOW + HOUR)).with_held(waiting("b", NOW))
    assert (remembered.next_look, Remembered().next_look) == (NOW, None)


def test_a_hold_that_has_ended_is_forgotten() -> None:
    assert Remembered().with_held(waiting("a")).without_held("a").is_empty


# --------------------------------------------------------------------------------------- what is known


def test_the_latest_request_to_cancel_counts() -> None:
    assert Remembered().with_cancelled(NOW).with_cancelled(NOW - DAY).cancelled == NOW


def test_of_a_profile_the_parts_that_grow_with_the_account_are_not_remembered() -> None:
    profile = {"version": 7, "plan": "free", "members": ["u-1"], "usage": {"api_calls": {"value": "1"}}}
    assert Remembered().with_profile(profile).profile == {"version": 7, "plan": "free"}


def outcome(kind: OutcomeKind, time: Instant = NOW) -> Outcome:
    return Outcome(kind, "acct-1", Evidence("e-1", "/crm", time), {"kind": kind})


def test_all_that_one_update_brought_is_one_time_told_again_too() -> None:
    brought = [outcome("upgrade"), outcome("seats"), outcome("contraction")]
    remembered = Remembered().with_outcomes(brought).with_outcomes(brought)
    assert (remembered.upgrades, remembered.contractions) == ((NOW,), (NOW,))


def test_each_update_that_brought_something_is_remembered() -> None:
    remembered = Remembered().with_outcomes([outcome("add_on")]).with_outcomes([outcome("upgrade", NOW + 1)])
    assert remembered.upgrades == (NOW, NOW + 1)


# ----------------------------------------------------------------------------------------- kept until

SOMETHING = {
    "a trigger": (Remembered(fired=(trigger(),)), KEPT),
    "a trigger that lasts longer": (Remembered(fired=(trigger(lasts=90 * DAY),)), 90 * DAY),
    "a report": (Remembered(prompted=(shown(),)), PROMPTS_KEPT),
    "a hold": (Remembered(held=(waiting("a"),)), KEPT),
    "a request to cancel": (Remembered(cancelled=NOW), KEPT),
    "an upgrade": (Remembered(upgrades=(NOW,)), PROMPTS_KEPT),
    "a contraction": (Remembered(contractions=(NOW,)), PROMPTS_KEPT),
    "a lead": (Remembered(leads={"pql": {"state": {}, "kept_until": NOW + 5 * HOUR}}), 5 * HOUR),
    "health": (Remembered(health={"score": 30, "band": "at_risk", "at": NOW}), KEPT),
}


@pytest.mark.parametrize(("remembered", "lasts"), SOMETHING.values(), ids=SOMETHING.keys())
def test_each_thing_is_kept_as_long_as_it_can_be_asked_for(remembered: Remembered, lasts: int) -> None:
    assert (remembered.kept_until(), remembered.is_empty) == (NOW + lasts, False)


@pytest.mark.parametrize("alone", [Remembered(), Remembered(through={"signals/3": 1}, profile={"version": 7})])
def test_what_was_read_and_the_profile_alone_are_nothing_to_keep(alone: Remembered) -> None:
    assert (alone.kept_until(), alone.is_empty) == (0, True)


def test_an_account_is_kept_until_the_last_of_all_can_be_asked_for() -> None:
    both = replace(SOMETHING["a report"][0], fired=(trigger(),))
    assert both.kept_until() == NOW + PROMPTS_KEPT
