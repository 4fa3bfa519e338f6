"""Any sequence of seat events: seats used are those of a simple model, and nothing fires twice (semantics 4)."""

from __future__ import annotations

from collections import Counter as Tally
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from expansion_signals.model.accounts import Account
from expansion_signals.model.instants import DAY, HOUR
from seated_account import SeatedAccount
from watched_account import fired

if TYPE_CHECKING:
    from expansion_signals.model.signals import Signal

INVITES, PEOPLE = ("i-1", "i-2", "i-3", "i-4"), ("ada", "bob", "cyd", "dan", "eve", "flo")


class Step(NamedTuple):
    """What happens, so long after what happened before it: an event, or a profile with so many seats."""

    what: str
    invite: str
    person: str
    after: int
    told: dict[str, bool]
    seats: int
    members: list[str] | None
    late: bool


STEPS = st.lists(
    st.builds(
        Step,
        st.sampled_from(("invite", "invite", "invite", "activate", "accept", "remove", "end", "profile", "tombstone")),
        st.sampled_from(INVITES),
        st.sampled_from(PEOPLE),
        st.sampled_from((0, 0, 1, HOUR, DAY, 14 * DAY)),
        st.fixed_dictionaries({}, optional={"blocked": st.booleans(), "guest": st.booleans()}),
        st.integers(0, 6),
        st.none() | st.lists(st.sampled_from(PEOPLE), unique=True),
        st.booleans(),
    ),
    max_size=25,
)


@dataclass
class Model:
    """The rules of semantics 4.1, by sets. An invite is a person, when it expires, and whether it is a guest's."""

    members: set[str] = field(default_factory=set)
    guests: set[str] = field(default_factory=set)
    invites: dict[str, tuple[str, int, bool]] = field(default_factory=dict)
    accepted: set[str] = field(default_factory=set)

    def at(self, now: int) -> None:
        self.invites = {name: invite for name, invite in self.invites.items() if now < invite[1]}

    def invite(self, step: Step, now: int) -> None:
        if step.invite in self.accepted:
            return
        self.invites.pop(step.invite, None)
        if not step.told.get("blocked"):
            self.invites[step.invite] = (step.person, now + 14 * DAY, step.told.get("guest", False))

    def activate(self, person: str, invite: str | None) -> None:
        accepted = self.invites.get(invite or "")
        again = invite is not None and accepted is None
        is_guest = accepted[2] if accepted else again and person in self.guests
        of = {person, accepted[0]} if accepted else {person}
        gone = {name for name, (invitee, *_) in self.invites.items() if invitee in of} | ({invite} if invite else set())
        self.accepted |= gone
        self.invites = {name: each for name, each in self.invites.items() if name not in gone}
        (self.guests if is_guest else self.members).add(person)
        (self.members if is_guest else self.guests).discard(person)

    def remove(self, person: str) -> None:
        self.members.discard(person)
        self.guests.discard(person)

    @property
    def used(self) -> int:
        invited = {person for person, _, guest in self.invites.values() if not guest}
        return len(self.members | invited)


class Played(NamedTuple):
    """The account in the end, what it and the model use after each step, and what was found under which allowance."""

    account: SeatedAccount
    used: list[tuple[int, int]]
    found: list[tuple[int, Signal]]

    def fired(self, kind: str) -> list[tuple[int, Signal]]:
        """Return what was found of a kind and is not past."""
        return [(version, each) for version, each in self.found if each.type == kind and fired([each])]


def played(steps: list[Step]) -> Played:
    account, model, now = SeatedAccount(members=0), Model(), 0
    result = Played(account, [], [])
    for place, step in enumerate(steps):
        now += step.after
        # Updates are appended as they happen: what comes after a list of members is appended after it.
        account.late = 2 * HOUR if step.late and step.what not in ("profile", "tombstone") else 0
        if step.what != "tombstone":
            model.at(now)
        signals = happens(step, account, model, now, version=place + 2)
        result.used.append((account.kept.seats.occupancy((), None).used, model.used))
        result.found.extend((account.kept.allowance.version, signal) for signal in signals)
    return result


def happens(step: Step, account: SeatedAccount, model: Model, now: int, version: int) -> list[Signal]:
    match step.what:
        case "invite":
            model.invite(step, now)
            return account.invite(step.invite, after=now, invitee=step.person, **step.told)
        case "activate" | "accept":
            invite = step.invite if step.what == "accept" else None
            model.activate(step.person, invite)
            return account.activate(step.person, now, invite=invite)
        case "remove":
            model.remove(step.person)
            return account.remove(step.person, now)
        case "end":
            model.invites.pop(step.invite, None)
            return account.end(step.invite, now)
        case "profile":
            model.members = model.members if step.members is None else set(step.members) - model.guests
            told = {"version": version, "plan": "free", "limits": {"seats": str(step.seats)}, "members": step.members}
            return account.updated(Account.model_validate(told), now)
    return account.updated(None, now)


@given(STEPS)
def test_used_is_what_the_model_says(steps: list[Step]) -> None:
    used = played(steps).used
    assert [kept for kept, _ in used] == [model for _, model in used]


@given(STEPS)
def test_the_last_seat_is_taken_once_for_an_allowance(steps: list[Step]) -> None:
    taken = Tally(version for version, _ in played(steps).fired("seat_limit.last_taken"))
    assert max(taken.values(), default=0) <= 1


@given(STEPS)
def test_an_invite_fires_once(steps: list[Step]) -> None:
    invites = Tally(signal.data["invite"] for _, signal in played(steps).fired("seat_limit.invited"))
    assert max(invites.values(), default=0) <= 1


@given(STEPS)
def test_no_id_is_found_twice(steps: list[Step]) -> None:
    ids = Tally(signal.id for _, signal in played(steps).found)
    assert max(ids.values(), default=0) <= 1


@given(STEPS)
def test_what_is_late_fires_no_event_of_seats(steps: list[Step]) -> None:
    late = [step._replace(late=True) for step in steps if step.what not in ("profile", "tombstone")]
    found = [signal for _, signal in played(late).found]
    assert {signal.type for signal in fired(found)} <= {"limit.recovered"}


@given(STEPS)
def test_what_is_past_is_told_once(steps: list[Step]) -> None:
    told = [(version, signal) for version, signal in played(steps).found if "past" in signal.data]
    taken = Tally(version for version, signal in told if signal.type == "seat_limit.last_taken")
    invites = Tally(signal.data["invite"] for _, signal in told if signal.type == "seat_limit.invited")
    assert max([*taken.values(), *invites.values()], default=0) <= 1


@given(STEPS)
def test_a_note_is_read_as_it_was_written(steps: list[Step]) -> None:
    account = played(steps).account
    assert account.kept.written() == account.texts["seats"]
