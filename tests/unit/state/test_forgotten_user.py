from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expansion_signals.decide.remembered import Fired, Held, Prompted, Remembered
from expansion_signals.decide.signal_text import document_of
from expansion_signals.detect.activity import Activity
from expansion_signals.detect.gates import Attempts, Gate
from expansion_signals.detect.samples import Sample, key_of
from expansion_signals.detect.seat_invited import Burst
from expansion_signals.detect.seat_limits import SeatNote
from expansion_signals.detect.seats import Invite, Seats, kept_name
from expansion_signals.detect.sightings import Sighting, Sightings
from expansion_signals.model.accounts import Account, succeed
from expansion_signals.model.instants import DAY
from expansion_signals.state.forgotten_user import Person, note_without, profile_without, remembered_without
from sample_signals import NOW, signal

ADA = Person("ada")
LONG = "u-" + "a" * 60


def _profile(**lists: list[str]) -> Any:  # noqa: ANN401 -- a Profile
    return succeed(None, Account.model_validate({"version": 1, "plan": "free", **lists}), NOW)


def _seats(person: str = "ada") -> SeatNote:
    name = kept_name(person)
    seats = Seats(
        members={name: None, "bob": None},
        roles={name: "admin"},
        guests=[name, "eve"],
        invites={"i-1": Invite(name, NOW + DAY), "i-2": Invite("flo", NOW + DAY)},
        latest=NOW,
    )
    return SeatNote(seats=seats, bursts={"rule": {name: Burst(NOW, "f", 1), "bob": Burst(NOW, "g", 2)}})


def _fired(user: str) -> Fired:
    return Fired("t-1", "limit.reached", {"id": "r", "version": "v"}, NOW, NOW + DAY, user)


@pytest.mark.parametrize("name", ["members", "opted_out"])
def test_a_profile_has_them_in_no_list(name: str) -> None:
    after = profile_without(_profile(**{name: ["ada", "bob"]}), ADA)
    assert getattr(after.account, name) == ["bob"]


def test_a_profile_without_them_stays_as_it_is() -> None:
    profile = _profile(members=["bob"])
    assert profile_without(profile, ADA) is profile


def test_a_profile_that_lists_no_members_goes_on_listing_none() -> None:
    assert profile_without(_profile(opted_out=["ada"]), ADA).account.members is None


@pytest.mark.parametrize("user", ["ada", LONG])
def test_seats_have_them_neither_as_member_nor_as_guest_nor_in_a_burst(user: str) -> None:
    after = SeatNote.read(note_without("seats", _seats(user).written(), Person(user)))
    assert (list(after.seats.members), after.seats.roles, after.seats.guests) == (["bob"], {}, ["eve"])
    assert list(after.bursts["rule"]) == ["bob"]


def test_their_invite_goes_on_holding_a_seat_for_somebody() -> None:
    after = SeatNote.read(note_without("seats", _seats().written(), ADA))
    assert {name: invite.invitee for name, invite in after.seats.invites.items()} == {"i-1": None, "i-2": "flo"}


def test_what_they_did_is_counted_still_of_nobody() -> None:
    seen = {Sighting(NOW, "ada", ""): 3, Sighting(NOW, "bob", ""): 1, Sighting(NOW, "", ""): 2}
    after = Sightings.read(note_without("sharing", Sightings(seen).written(), ADA))
    assert after.times == {Sighting(NOW, "", ""): 5, Sighting(NOW, "bob", ""): 1}


def test_attempts_on_a_gate_are_counted_still_of_nobody() -> None:
    tried = Attempts([(NOW, "ada"), (NOW + 1, "bob")], {"ada": NOW, "bob": NOW + 1})
    after = Gate.read(note_without("gate:sso", Gate({"": tried}, ["ada", "bob"]).written(), ADA))
    left = Attempts([(NOW, ""), (NOW + 1, "bob")], {"": NOW, "bob": NOW + 1})
    assert (after.attempts, after.known) == ({"": left}, ["bob"])


def test_a_gate_that_only_they_tried_goes_on_as_a_gate() -> None:
    gate = Gate({"own": Attempts([(NOW, "ada")], {"ada": NOW})}, ["ada"])
    after = Gate.read(note_without("gate:sso", gate.written(), ADA))
    assert after.told_in(None, NOW) == Attempts()


def test_people_that_were_active_are_counted_without_them() -> None:
    sample = Sample(7, {key_of("ada"): 1, key_of("bob"): 3})
    text = Activity(samples={"active_users": {DAY: sample}}).written()
    after = Activity.read(note_without("activity", text, ADA))
    assert after.samples["active_users"][DAY].seen == {key_of("bob"): 3}


@pytest.mark.parametrize(
    ("subject", "text"), [("seats", SeatNote().written()), ("sharing", ""), ("daily", '{"a":[1]}')]
)
def test_a_note_without_them_stays_as_it_is(subject: str, text: str) -> None:
    assert note_without(subject, text, ADA) == text


@given(
    st.recursive(
        st.sampled_from(["ada", "bob", "", 7, None]),
        lambda each: st.lists(each) | st.dictionaries(st.sampled_from(["ada", "bob", "x"]), each),
    )
)
def test_whatever_a_note_holds_it_names_them_no_more(value: Any) -> None:  # noqa: ANN401 -- any JSON
    text = json.dumps({"part": value}, separators=(",", ":"))
    assert '"ada"' not in note_without("other", text, ADA)


def test_what_fired_for_them_fired_for_nobody() -> None:
    after = remembered_without(Remembered(fired=(_fired("ada"), _fired("bob"))), ADA)
    assert [each.user for each in after.fired] == [None, "bob"]


def test_what_they_did_with_prompts_is_gone() -> None:
    prompted = tuple(Prompted("shown", NOW, user, "t-1") for user in ("ada", "bob"))
    assert [each.user for each in remembered_without(Remembered(prompted=prompted), ADA).prompted] == ["bob"]


def test_what_waits_because_of_them_waits_for_nobody() -> None:
    found = signal("80")
    data = {**found.data, "user": "ada", "why": "ada tried sso", "account": {"members": ["ada"], "opted_out": ["ada"]}}
    theirs = replace(found, data=data, evidence=found.evidence._replace(user="ada"))
    remembered = Remembered(held=(Held(document_of(theirs), "0:1", [0], NOW),))
    assert "ada" not in remembered_without(remembered, ADA).written()


def test_the_profile_that_deciding_remembers_names_them_no_more() -> None:
    remembered = Remembered(profile={"version": 1, "plan": "free", "opted_out": ["ada", "bob"]})
    profile = remembered_without(remembered, ADA).profile
    assert profile is not None
    assert profile["opted_out"] == ["bob"]


def test_what_is_remembered_of_others_stays() -> None:
    remembered = Remembered(fired=(_fired("bob"),), held=(Held(document_of(signal("80")), "0:1", [0], NOW),))
    assert remembered_without(remembered, ADA) == remembered
