"""Seats: who holds one, and who is invited to one (semantics 4.1).

An account with the members ada, bob and cyd:

22 Nov 10:00  ada invites dan, invite i1       4 used, 1 of them pending
       10:01  bob invites dan, invite i2       4 used: one person
       10:02  ada invites eve, blocked         4 used: a blocked invite holds no seat
       10:03  ada invites flo, a guest         4 used: guests need none, and roles that the profile exempts
       10:04  ada invites gil, invite i4       5 used, 2 pending
       10:05  dan accepts i1                   5 used, 1 pending: i2 has gone with i1
       10:06  i1 is reported as expired        5 used: the seat stays taken
       10:07  bob is removed                   4 used
 6 Dec 10:04  any event of the account's seats 3 used: i4 was open for 14 days
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from expansion_signals.detect.watches import MOST_REMEMBERED
from expansion_signals.model.identities import identity_of
from expansion_signals.model.instants import DAY
from expansion_signals.model.units import counted

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from expansion_signals.model.instants import Duration, Instant

OPEN_FOR: Duration = 14 * DAY
"""How long an invite is open that does not say when it expires."""

_LONGEST_KEPT = 40


class Invite(NamedTuple):
    """An open invite; `invitee` is None where it does not say whom it invites."""

    invitee: str | None
    expires: Instant
    role: str | None = None
    guest: bool = False

    def needs_seat(self, exempt: Collection[str]) -> bool:
        """Say whether whom it invites will need a seat."""
        return not self.guest and self.role not in exempt


class Occupancy(NamedTuple):
    """How many seats are used, how many of them by pending invites, and how many there are.

    `allowance` None: the seats are unlimited, or no limit is known.
    """

    used: int
    pending: int
    allowance: int | None

    @property
    def amounts(self) -> Mapping[str, str | None]:
        """The numbers as payloads carry them."""
        allowance = None if self.allowance is None else str(self.allowance)
        return {"used": str(self.used), "pending": str(self.pending), "allowance": allowance}

    @property
    def sentence(self) -> str:
        """Return for example `4 of 5 seats used (80 %), 1 of them by a pending invite`."""
        if self.allowance is None:
            used = f"{self.used:,} {counted('seat', one=self.used == 1)} used"
        else:
            # Rounded down: nobody reads 100 % before the last seat is taken.
            share = f" ({self.used * 100 // self.allowance} %)" if self.allowance else ""
            used = f"{self.used:,} of {self.allowance:,} {counted('seat', one=self.allowance == 1)} used{share}"
        match self.pending:
            case 0:
                return used
            case 1:
                return f"{used}, 1 of them by a pending invite"
            case _:
                return f"{used}, {self.pending:,} of them by pending invites"


@dataclass(slots=True)
class Seats:
    """Who holds a seat of one account, or may come to; instants in µs.

    `roles` are those in which members were invited, where that was said; `guests` are members without a seat.
    `past` are invites that are open no more, and whether they were accepted. `latest` is the greatest event time seen,
    by which open invites expire.
    """

    members: dict[str, None] = field(default_factory=dict)
    roles: dict[str, str] = field(default_factory=dict)
    guests: list[str] = field(default_factory=list)
    invites: dict[str, Invite] = field(default_factory=dict)
    past: dict[str, bool] = field(default_factory=dict)
    latest: Instant = 0

    @classmethod
    def read(cls, kept: Mapping[str, Any]) -> Seats:
        """Read what `parts` returned."""
        return cls(
            dict.fromkeys(kept.get("members", ())),
            dict(kept.get("roles", {})),
            list(kept.get("guests", ())),
            {invite: Invite(*parts) for invite, parts in kept.get("invites", {}).items()},
            dict(kept.get("past", {})),
            kept.get("latest", 0),
        )

    def parts(self) -> Mapping[str, Any]:
        """Return it as parts of a note."""
        return {
            "members": list(self.members),
            "roles": self.roles,
            "guests": self.guests,
            "invites": self.invites,
            "past": self.past,
            "latest": self.latest,
        }

    # ------------------------------------------------------------------------------------------------ counted

    def occupancy(self, exempt: Collection[str], allowance: int | None) -> Occupancy:
        """Return how many seats are used where these roles need none: a person counts once, however often invited."""
        needed = [invite.invitee for invite in self.invites.values() if invite.needs_seat(exempt)]
        people = {invitee for invitee in needed if invitee is not None} - self.members.keys()
        pending = len(people) + needed.count(None)
        spared = sum(role in exempt for role in self.roles.values())
        return Occupancy(len(self.members) - spared + pending, pending, allowance)

    # ------------------------------------------------------------------------------------------------ changed

    def invite(self, invite: str, offered: Invite, *, blocked: bool) -> bool:
        """Take an invite; say whether it is reported for the first time. One that was accepted stays so."""
        invite = kept_name(invite)
        is_new = invite not in self.invites and invite not in self.past
        if self.past.get(invite):
            return False
        if blocked or offered.expires <= self.latest:
            self._close(invite, accepted=False)
        else:
            self.past.pop(invite, None)
            invitee = None if offered.invitee is None else kept_name(offered.invitee)
            self.invites[invite] = offered._replace(invitee=invitee)
        return is_new

    def activate(self, member: str, invite: str | None, *, overtaken: bool = False) -> None:
        """Take a member, who may have accepted an invite: all others of the same person go with it.

        Reported with the same invite again, they stay what they are, guest or in a role; without one, they take a seat.
        `overtaken`: a list of members that came after the event is taken over already; it says who is one.
        """
        member, name = kept_name(member), None if invite is None else kept_name(invite)
        accepted = None if name is None else self.invites.get(name)
        again = name is not None and accepted is None
        is_guest = accepted.guest if accepted else again and member in self.guests
        role = accepted.role if accepted else self.roles.get(member) if again else None
        for closed in self._of_person({member, accepted.invitee if accepted else None}) | ({name} if name else set()):
            self._close(closed, accepted=True)
        if overtaken and not is_guest and member not in self.members:
            return
        self._forget(member)
        if is_guest:
            self.guests = [*self.guests, member][-MOST_REMEMBERED:]
            return
        self.members[member] = None
        if role is not None:
            self.roles[member] = role

    def remove(self, member: str, invite: str | None, *, overtaken: bool = False) -> None:
        """Free a member's seat, and end the invite that is named with it; `overtaken` as in `activate`."""
        if not overtaken:
            self._forget(kept_name(member))
        if invite is not None:
            self.end(invite)

    def end(self, invite: str) -> None:
        """End an invite that expired or was revoked; one that was accepted has given its seat to a member."""
        if kept_name(invite) in self.invites:
            self._close(kept_name(invite), accepted=False)

    def expire(self, now: Instant) -> None:
        """End the invites that no event has ended by now, of event time; it never goes back."""
        self.latest = max(self.latest, now)
        for name in [name for name, invite in self.invites.items() if invite.expires <= self.latest]:
            self._close(name, accepted=False)

    def replace(self, members: Iterable[str]) -> None:
        """Take these as the active members, and no others; pending invites stay, and guests are told apart."""
        guests = set(self.guests)
        self.members = dict.fromkeys(name for name in map(kept_name, members) if name not in guests)
        self.roles = {member: role for member, role in self.roles.items() if member in self.members}

    def _of_person(self, names: Collection[str | None]) -> set[str]:
        return {name for name, invite in self.invites.items() if invite.invitee is not None and invite.invitee in names}

    def _forget(self, member: str) -> None:
        self.members.pop(member, None)
        self.roles.pop(member, None)
        self.guests = [each for each in self.guests if each != member]

    def _close(self, invite: str, *, accepted: bool) -> None:
        self.invites.pop(invite, None)
        was_accepted = self.past.pop(invite, False)
        self.past[invite] = accepted or was_accepted
        for oldest in list(self.past)[:-MOST_REMEMBERED]:
            del self.past[oldest]


def kept_name(name: str) -> str:
    """Return what is kept of an id: a long one is hashed, so that a note of many stays small."""
    return name if len(name) <= _LONGEST_KEPT else f"#{identity_of(name)}"
