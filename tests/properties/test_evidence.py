"""Signals from events do not depend on how the events are divided into polls, nor on duplicates among them."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from expansion_signals.detect.cancel_requests import CANCEL_REQUESTED
from expansion_signals.detect.evidence_watches import EVIDENCE_WATCHES
from expansion_signals.model.accounts import Account, succeed
from expansion_signals.model.events import UsageEvent
from expansion_signals.model.instants import HOUR, parse_instant
from expansion_signals.model.notes import Note
from expansion_signals.model.records import Record
from expansion_signals.pipeline.noting import noted, watched
from expansion_signals.pipeline.work import Item
from expansion_signals.rules.loading import load
from watched_account import CATALOG

if TYPE_CHECKING:
    from collections.abc import Sequence

START = parse_instant("2026-11-22T10:00:00Z")
ACCOUNTS = ("acct-1", "acct-1", "acct-2")
SIGNALS = {signal for watch in EVIDENCE_WATCHES for signal in watch.signals}
RULES = "\n".join(f"  - {{id: {signal}, signal: {signal}}}" for signal in sorted(SIGNALS))
RULES += """
  - {id: asked, signal: cancel_requested, when: limit_hits > 1 and active_users > 1 or seats_used > 2}
  - {id: pql, signal: pql, qualify_at: 5, criteria: [{id: a, when: gated_attempts > 1 or invites > 1, points: 5},
     {id: b, when: active_users > 1 and next_plan_features > 0 and features_used > 1, within: 36h, points: 5}]}
"""
CONFIGURATION = load({"catalog.yaml": CATALOG, "rules.yaml": f"rules:\n{RULES}\n"})
PROFILES = {"acct-1": succeed(None, Account(version=1, plan="free"), START), "acct-2": None}

people = st.sampled_from(["ada", "bob", "eve"])
features = st.sampled_from(["sso", "audit_log", "dashboards", "exports"])
places = st.sampled_from(["a", "b", "c", None])


def events_of(kind: str, /, **data: st.SearchStrategy[object]) -> st.SearchStrategy[tuple[str, dict[str, object]]]:
    """Return events of a type with data that may fire."""
    return st.tuples(st.just(f"expansion.{kind}.v1"), st.fixed_dictionaries(data))


HAPPENINGS = (
    events_of("limit.hit", meter=st.just("seats"), user=people),
    events_of("feature.attempted", feature=features, user=people),
    events_of("feature.used", feature=features),
    events_of("seat.invited", invite=st.sampled_from("abcdefgh"), user=people),
    events_of("user.active", user=people, network=places, region=places, department=places),
    events_of("content.shared", user=people, external=st.booleans()),
    events_of("integration.connected", integration=st.sampled_from(["slack", "jira"])),
    events_of("data.exported", user=people, destination=places),
    events_of("interest.shown", product=st.sampled_from(["analytics", "billing"]), user=people),
    events_of("support.ticket_opened", feature=features),
    events_of("feedback.given", kind=st.sampled_from(["nps", "request"]), product=places, feature=features),
    events_of("subscription.cancel_requested", user=people),
)
Step = tuple[tuple[str, dict[str, object]], int, int, str, str]


def steps(chosen: list[st.SearchStrategy[tuple[str, dict[str, object]]]]) -> st.SearchStrategy[list[Step]]:
    """Return events of few types, so that some are many."""
    step = st.tuples(
        st.one_of(chosen),
        st.one_of(st.integers(0, 4), st.integers(0, 96)),  # hours after the one before it
        st.sampled_from([0, 0, 0, 2 * HOUR]),  # how late it is appended
        st.sampled_from(ACCOUNTS),
        st.sampled_from(["counted", "counted", "counted", "duplicate"]),
    )
    return st.lists(step, min_size=10, max_size=60)


streams = st.lists(st.sampled_from(HAPPENINGS), min_size=1, max_size=2).flatmap(steps)


def items(drawn: Sequence[Step]) -> list[Item]:
    """Return the events as a poll holds them."""
    found, time = [], START
    for place, ((kind, data), hours, late, account, outcome) in enumerate(drawn):
        time += hours * HOUR
        record = Record("usage-events", 0, place, account.encode(), b"", (), time + late)
        event = UsageEvent("/apps/web", str(place), kind, account, time, data)
        found.append(Item(record, ("usage-events", 0), outcome, event))  # type: ignore[arg-type]
    return found


def found_in(parts: Sequence[Sequence[Item]]) -> tuple[set[str], dict[tuple[str, str], str]]:
    """Take the parts in, one after the other; return the ids found and what the notes say then."""
    notes: dict[tuple[str, str], Note] = {}
    ids: list[str] = []
    for part in parts:
        looked_at = watched(part, PROFILES, CONFIGURATION)
        read = {place: notes.get(place, Note()) for each in looked_at for place in each.places}
        for account, (changes, signals) in noted(looked_at, read).items():
            ids += [signal.id for signal in signals]
            notes |= {
                (account, change.subject): Note(change.revision + 1, change.text)
                for change in changes
                if change.text is not None
            }
    assert len(ids) == len(set(ids))
    return set(ids), {place: note.text for place, note in notes.items()}


@given(drawn=streams, cuts=st.sets(st.integers(1, 60)))
def test_any_division_into_polls_finds_the_same(drawn: list[Step], cuts: set[int]) -> None:
    whole = items(drawn)
    borders = [0, *sorted(cut for cut in cuts if cut < len(whole)), len(whole)]
    divided = [whole[start:end] for start, end in pairwise(borders)]
    assert found_in([whole]) == found_in(divided)


@given(drawn=streams)
def test_duplicates_find_nothing_and_leave_nothing(drawn: list[Step]) -> None:
    whole = items(drawn)
    assert found_in([whole]) == found_in([[item for item in whole if item.outcome == "counted"]])


@given(drawn=streams)
def test_an_account_not_yet_known_finds_nothing_but_that_it_may_leave(drawn: list[Step]) -> None:
    happened = [item for item in items(drawn) if item.event is not None and item.event.type != CANCEL_REQUESTED]
    unknown = [item for item in happened if item.event is not None and PROFILES[item.event.account] is None]
    assert found_in([unknown])[0] == set()
