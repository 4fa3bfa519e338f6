"""What events leave in notes: a text where it became another, nothing where it stays, and revisions that go with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.detect.watches import Noticed
from expansion_signals.model.notes import Note, NoteChange
from expansion_signals.pipeline.noting import Watched, noted

if TYPE_CHECKING:
    from collections.abc import Callable

PLACE = ("acct-1", "networks")


def adds(letter: str) -> Callable[[str], Noticed]:
    """Look at an event that adds a letter to what stands there."""
    return lambda text: Noticed(text + letter)


def changes(text: str, *letters: str) -> list[NoteChange]:
    """Return what events with these letters leave in a note of revision 4 with this text."""
    looked_at = [Watched(PLACE, adds(letter)) for letter in letters]
    found, _ = noted(looked_at, {PLACE: Note(4, text)})["acct-1"]
    return list(found)


def test_a_note_is_written_once_for_all_events_of_a_part() -> None:
    assert changes("a", "b", "c") == [NoteChange("networks", 4, "abc")]


def test_a_note_that_says_the_same_is_named_without_a_text() -> None:
    assert changes("a", "", "") == [NoteChange("networks", 4, None)]


def test_nothing_is_noted_of_events_that_tell_nothing() -> None:
    assert changes("", "") == [NoteChange("networks", 4, None)]
