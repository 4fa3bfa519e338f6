"""One person taken out of what is kept of an account: the profile, notes, what deciding remembers. Values to values.

ada, of the seats of an account

members ada, bob; ada invited eve                        members bob; eve's invite stays
sightings: ada shared 3 times on 1 Nov, bob once         somebody shared 3 times on 1 Nov, bob once
what fired for ada                                       it fired, for nobody
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from xxhash import xxh3_64_intdigest

from expansion_signals.decide.signal_text import signal_in
from expansion_signals.detect.dimensions import short
from expansion_signals.detect.gates import Gate
from expansion_signals.detect.samples import key_of
from expansion_signals.detect.seat_limits import SeatNote
from expansion_signals.detect.seats import kept_name
from expansion_signals.detect.sightings import Sightings
from expansion_signals.rules.built_in import SEATS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expansion_signals.decide.remembered import Fired, Held, Prompted, Remembered
    from expansion_signals.model.accounts import Profile

_GATE = "gate:"
_SOMEBODY = "somebody"


class Person(NamedTuple):
    """A user, and every form in which the id may be kept: whole, shortened, or hashed."""

    user: str

    @property
    def names(self) -> frozenset[str]:
        """The texts that stand for the person."""
        return frozenset({self.user, kept_name(self.user), short(self.user), key_of(self.user)})

    @property
    def number(self) -> int:
        """The number that stands for the person among the members of a `unique` meter."""
        number = xxh3_64_intdigest(self.user.encode())
        return number - (1 << 64) if number >> 63 else number


def profile_without(profile: Profile, person: Person) -> Profile:
    """Return the profile with the person in none of its lists."""
    account = profile.account
    members = None if account.members is None else [each for each in account.members if each != person.user]
    opted_out = [each for each in account.opted_out if each != person.user]
    if (members, opted_out) == (account.members, account.opted_out):
        return profile
    return profile.model_copy(
        update={"account": account.model_copy(update={"members": members, "opted_out": opted_out})}
    )


def note_without(subject: str, text: str, person: Person) -> str:
    """Return a note's text without the person; what was counted of them is counted still, of nobody."""
    if not text:
        return text
    if subject == SEATS:
        return _seats_without(text, person)
    if subject.startswith(_GATE):
        return _gate_without(text, person)
    kept = json.loads(text)
    changed = _without(kept, person.names)
    if changed == kept:
        return text
    written = json.dumps(changed, separators=(",", ":"), ensure_ascii=False)
    return _added_up(kept, written)


def _seats_without(text: str, person: Person) -> str:
    note, names = SeatNote.read(text), person.names
    before = note.written()
    seats = note.seats
    seats.members = {each: None for each in seats.members if each not in names}
    seats.roles = {each: role for each, role in seats.roles.items() if each not in names}
    seats.guests = [each for each in seats.guests if each not in names]
    # The invite holds its seat still, as one that does not say whom it invites.
    seats.invites = {
        name: invite._replace(invitee=None) if invite.invitee in names else invite
        for name, invite in seats.invites.items()
    }
    note.bursts = {
        rule: {user: burst for user, burst in people.items() if user not in names}
        for rule, people in note.bursts.items()
    }
    return text if note.written() == before else note.written()


def _gate_without(text: str, person: Person) -> str:
    gate, names = Gate.read(text), person.names
    before = gate.written()
    for attempts in gate.attempts.values():
        attempts.tries = [(time, "" if user in names else user) for time, user in attempts.tries]
        last: dict[str, int] = {}
        # Nobody's, and not gone: the time of the last attempt of all is told by it.
        for user, time in attempts.last.items():
            kept = "" if user in names else user
            last[kept] = max(time, last.get(kept, time))
        attempts.last = last
    gate.known = [user for user in gate.known if user not in names]
    return text if gate.written() == before else gate.written()


def _added_up(kept: Mapping[str, Any], written: str) -> str:
    """Return a note of sightings with those of nobody added up: one place may have had several people."""
    if "seen" not in kept:
        return written
    parts = json.loads(written)
    sums: dict[tuple[Any, ...], int] = {}
    for *place, times in parts["seen"]:
        sums[tuple(place)] = sums.get(tuple(place), 0) + times
    parts["seen"] = [[*place, times] for place, times in sums.items()]
    return Sightings.read(json.dumps(parts)).written()


def _without(value: Any, names: frozenset[str]) -> Any:  # noqa: ANN401 -- any JSON
    """Return any JSON without these names: out of mappings and lists of names they go, in a record they are empty."""
    if isinstance(value, dict):
        return {key: _without(each, names) for key, each in value.items() if key not in names}
    if isinstance(value, list):
        if all(isinstance(each, str) for each in value):
            return [each for each in value if each not in names]
        return [_without(each, names) for each in value]
    return "" if isinstance(value, str) and value in names else value


def remembered_without(remembered: Remembered, person: Person) -> Remembered:
    """Return what deciding remembers without the person: what they did is gone, what fired for them is of nobody."""
    return replace(
        remembered,
        profile=_profile_document(remembered.profile, person),
        fired=tuple(_fired_without(each, person) for each in remembered.fired),
        prompted=tuple(each for each in remembered.prompted if not _is_of(each, person)),
        held=tuple(_held_without(each, person) for each in remembered.held),
    )


def _is_of(prompted: Prompted, person: Person) -> bool:
    return prompted.user == person.user


def _fired_without(fired: Fired, person: Person) -> Fired:
    return fired._replace(user=None) if fired.user == person.user else fired


def _held_without(held: Held, person: Person) -> Held:
    signal = signal_in(held.signal)
    evidence = signal.evidence
    is_theirs = evidence.user == person.user
    data = {name: _told_without(name, each, person) for name, each in signal.data.items()}
    if not is_theirs and data == signal.data:
        return held
    told = evidence._replace(user=None) if is_theirs else evidence
    return held._replace(signal={**held.signal, "data": data, "evidence": list(told)})


def _told_without(name: str, value: Any, person: Person) -> Any:  # noqa: ANN401 -- any JSON
    if name == "account":
        return _profile_document(value, person)
    if name == "why" and isinstance(value, str):
        return value.replace(person.user, _SOMEBODY)
    return None if value == person.user else value


def _profile_document(profile: Mapping[str, Any] | None, person: Person) -> Mapping[str, Any] | None:
    if profile is None:
        return None
    return {
        name: [each for each in value if each != person.user] if name in ("members", "opted_out") and value else value
        for name, value in profile.items()
    }
