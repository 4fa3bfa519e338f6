"""Which watches look at what: events by their type, changes of profiles, and rules whose condition is not true."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from expansion_signals.detect.watches import Noticed
from expansion_signals.model.accounts import Account, succeed
from expansion_signals.model.batches import AccountBatch, ProfileChange
from expansion_signals.model.events import Evidence, UsageEvent
from expansion_signals.model.notes import Note, NoteChange
from expansion_signals.model.records import Partition, Record
from expansion_signals.pipeline.noting import Watched, noted, revised, watched, with_notes
from expansion_signals.pipeline.work import Item
from expansion_signals.rules.loading import load
from seated_account import START
from watched_account import CATALOG

if TYPE_CHECKING:
    from collections.abc import Sequence

    from expansion_signals.model.signals import Signal
    from expansion_signals.rules.configuration import Configuration

PLACE = ("acct-1", "seats")
FOUR = ["ada", "bob", "cyd", "dan"]


def configured(rule: str = "{id: seats, signal: seat_limit_approached, at: [80%, 100%]}") -> Configuration:
    return load({"catalog.yaml": CATALOG, "rules.yaml": f"rules: [{rule}]"})


def updated(*, version: int = 1, members: Sequence[str] = FOUR) -> AccountBatch:
    profile = succeed(None, Account(version=version, plan="free", members=list(members)), START)
    return AccountBatch("acct-1", None, change=ProfileChange(profile, Evidence("u-1", "/billing", START), START))


def activated(number: int, noun: str = "seat.activated") -> Item:
    data = {"member": f"new-{number}"}
    event = UsageEvent("/apps/web", f"e-{number}", f"expansion.{noun}.v1", "acct-1", START, data)
    record = Record("usage-events", 0, number, None, b"", (), START)
    return Item(record, Partition("usage-events", 0), "counted", event)


def found(looked_at: Sequence[Watched]) -> Sequence[Signal]:
    return noted(looked_at, {PLACE: Note()})["acct-1"][1]


def test_a_new_profile_is_looked_at_and_what_is_found_goes_with_its_change() -> None:
    batch = updated()
    looked_at = revised([batch], configured())
    (asked,) = with_notes([batch], noted(looked_at, {PLACE: Note()}), {"acct-1": None})
    assert (asked.change, [signal.type for signal in asked.found]) == (batch.change, ["seat_limit.approached"])


def test_an_update_that_changes_nothing_is_not_looked_at() -> None:
    assert revised([AccountBatch("acct-1", None)], configured()) == []


def test_a_profile_is_not_looked_at_without_a_rule() -> None:
    assert revised([updated()], configured("{id: gates, signal: feature_gated, feature: sso}")) == []


def test_events_of_a_part_are_noted_one_after_the_other() -> None:
    profile = succeed(None, Account(version=1, plan="free", members=FOUR[:2]), START)
    looked_at = watched([activated(1), activated(2)], {"acct-1": profile}, configured())
    changes, _ = noted(looked_at, {PLACE: Note(7, "")})["acct-1"]
    assert [(change.subject, change.revision) for change in changes] == [("seats", 7)]


@pytest.mark.parametrize(("noun", "outcome"), [("feature.used", "counted"), ("seat.activated", "duplicate")])
def test_neither_other_events_nor_duplicates_are_looked_at(noun: str, outcome: str) -> None:
    item = activated(1, noun)
    item.outcome = outcome  # type: ignore[assignment]
    assert watched([item], {"acct-1": None}, configured()) == []


def test_what_is_reached_while_a_condition_is_not_true_waits_until_it_is() -> None:
    rule = "{id: seats, signal: seat_limit_approached, at: [80%], when: annual_value > 1000}"
    poor, rich = (
        succeed(None, Account.model_validate({"version": version, "plan": "free", "annual_value": value}), START)
        for version, value in ((1, None), (2, {"amount": "2000", "currency": "USD"}))
    )
    items = [activated(number) for number in range(4)]
    first = noted(watched(items, {"acct-1": poor}, configured(rule)), {PLACE: Note()})["acct-1"]
    change = ProfileChange(rich, Evidence("u-2", "/billing", START), START)
    looked_at = revised([AccountBatch("acct-1", poor, change=change)], configured(rule))
    _, then = noted(looked_at, {PLACE: Note(1, first[0][0].text)})["acct-1"]
    assert (first[1], [signal.type for signal in then]) == ([], ["seat_limit.approached"])


def noted_change(text: str, *letters: str) -> NoteChange:
    """Return what becomes of a note of revision 4 with this text, to which each event adds a letter."""
    looked_at = [Watched(PLACE, lambda before, letter=letter: Noticed(before + letter)) for letter in letters]
    (change,) = noted(looked_at, {PLACE: Note(4, text)})["acct-1"][0]
    return change


def test_a_note_is_written_once_for_all_events_of_a_part() -> None:
    assert noted_change("a", "b", "c") == NoteChange("seats", 4, "abc")


@pytest.mark.parametrize("text", ["a", ""], ids=["something noted", "nothing noted"])
def test_a_note_that_says_the_same_is_named_without_a_text(text: str) -> None:
    assert noted_change(text, "", "") == NoteChange("seats", 4, None)


def active(number: int) -> Item:
    event = UsageEvent("/apps/web", f"e-{number}", "expansion.user.active.v1", "acct-1", START, {"user": "ada"})
    return Item(Record("usage-events", 0, number, None, b"", (), START), Partition("usage-events", 0), "counted", event)


@pytest.mark.parametrize(
    ("when", "looked_at"), [("plan = free", 0), ("limit_hits > 3", 0), ("seats_used > 3", 0), ("active_users > 3", 1)]
)
def test_an_event_is_looked_at_where_a_condition_asks_for_what_it_tells(when: str, looked_at: int) -> None:
    rule = f"{{id: a, signal: cancel_requested, when: {when}}}"
    assert len(watched([active(1)], {"acct-1": None}, configured(rule))) == looked_at


def test_seats_are_counted_where_a_condition_asks_for_them() -> None:
    rule = "{id: a, signal: cancel_requested, when: seats_used > 3}"
    assert [each.place for each in watched([activated(1)], {"acct-1": None}, configured(rule))] == [PLACE]


def test_a_note_that_a_condition_was_asked_of_must_stand_when_what_was_found_is_written() -> None:
    looked_at = [Watched(PLACE, lambda text, beside: Noticed(text + beside["activity"]), ("activity",))]
    notes = {PLACE: Note(4, "a"), ("acct-1", "activity"): Note(7, "b")}
    changes, _ = noted(looked_at, notes)["acct-1"]
    assert sorted(changes) == [NoteChange("activity", 7, None), NoteChange("seats", 4, "ab")]
