"""Notes: read with a revision, written only where it still stands, together with what was found from them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from expansion_signals.model.batches import Applied, OtherProfiles
from expansion_signals.model.facts import Changed, Found, Moved
from expansion_signals.model.notes import Note, NoteChange
from expansion_signals.model.signals import Told
from sample_batches import ACCOUNT, NEIGHBOUR, apply, asked, change, facts_of, mark, move, poll, profile
from sample_signals import signal

if TYPE_CHECKING:
    from expansion_signals.model.batches import AccountBatch
    from expansion_signals.model.signals import Signal
    from kept_state import Kept, WholeStore

SEATS = "seats"


def noted(text: str | None, *found: Signal, revision: int = 0, subject: str = SEATS) -> AccountBatch:
    return replace(asked(), notes=[NoteChange(subject, revision, text)], found=found)


async def note(store: WholeStore, subject: str = SEATS, account: str = ACCOUNT) -> Note:
    return (await store.notes([(account, subject)]))[account, subject]


async def test_a_note_never_written_is_empty_and_of_revision_0(store: WholeStore) -> None:
    assert await note(store) == Note(0, "")


async def test_a_note_stands_as_it_was_written_with_its_revision(store: WholeStore) -> None:
    await apply(store, poll(noted('{"members":["ü|1"]}')))
    assert await note(store) == Note(1, '{"members":["ü|1"]}')


async def test_notes_of_subjects_and_accounts_stand_apart(store: WholeStore) -> None:
    await apply(store, poll(noted("a"), noted("b", subject="gate:sso")))
    assert (await note(store), await note(store, "gate:sso"), await note(store, account=NEIGHBOUR)) == (
        Note(1, "a"),
        Note(1, "b"),
        Note(),
    )


async def test_a_note_of_another_revision_is_refused_and_nothing_is_written(kept: Kept, store: WholeStore) -> None:
    await apply(store, poll(noted("first")))
    before = await kept.inside()
    assert await apply(store, poll(noted("late", signal("80")), start=10)) == OtherProfiles([ACCOUNT])
    assert (await note(store), await kept.inside()) == (Note(1, "first"), before)


async def test_a_note_that_a_roll_back_took_is_refused(kept: Kept, store: WholeStore) -> None:
    batch = poll(noted("first"))
    await kept.back_up(batch.shard)
    await apply(store, batch)
    await kept.roll_back(batch.shard)
    again = poll(noted("second", revision=1))
    assert await apply(store, again) == OtherProfiles([ACCOUNT])


async def test_what_was_found_is_a_fact_behind_those_of_the_moves(store: WholeStore) -> None:
    found = replace(signal("80", "100"), arms=(Told("80%", 2, 5),), shadow=True)
    batch = replace(noted("x", found), moves=asked(move(1)).moves)
    facts = await facts_of(store, poll(batch))
    assert [type(fact) for fact in facts.facts] == [Moved, Found]
    assert facts.facts[1] == Found(2, facts.facts[0].nonce, 1, found)


async def test_what_a_new_profile_brings_is_a_fact_behind_its_change_and_its_moves(store: WholeStore) -> None:
    arrived = replace(noted("x", signal("80")), moves=asked(move(1)).moves, change=change(profile(1)))
    facts = await facts_of(store, poll(arrived))
    assert ([type(fact) for fact in facts.facts], await note(store)) == ([Changed, Moved, Found], Note(1, "x"))


async def test_a_new_profile_is_refused_with_a_note_of_another_revision(store: WholeStore) -> None:
    await apply(store, poll(noted("first")))
    late = replace(noted("late"), change=change(profile(1)))
    assert await apply(store, poll(late, start=10)) == OtherProfiles([ACCOUNT])


async def test_what_was_found_waits_until_it_is_marked(store: WholeStore) -> None:
    facts = await facts_of(store, poll(noted("x", signal("80"))))
    assert await store.facts([ACCOUNT]) == [facts]
    assert (await store.mark([mark(facts)]), await store.facts([ACCOUNT])) == ([], [])


async def test_a_note_that_stays_as_it_is_keeps_its_revision(store: WholeStore) -> None:
    await apply(store, poll(noted("first")))
    assert isinstance(await apply(store, poll(noted(None, revision=1), start=10)), Applied)
    assert await note(store) == Note(1, "first")


async def test_a_note_that_stays_as_it_is_is_checked_all_the_same(store: WholeStore) -> None:
    await apply(store, poll(noted("first")))
    assert await apply(store, poll(noted(None), start=10)) == OtherProfiles([ACCOUNT])


async def test_of_nothing_noted_nothing_stands(store: WholeStore) -> None:
    await apply(store, poll(noted(None)))
    assert await note(store) == Note()
