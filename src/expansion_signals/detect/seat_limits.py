"""The watch of seats: one note of each account, from its seat events and its account updates (semantics 4)."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

from expansion_signals.detect.bare_reading import invite_ended
from expansion_signals.detect.limits import judge
from expansion_signals.detect.seat_approached import METER, arms_kept, arms_read, writer
from expansion_signals.detect.seat_invited import Burst, Bursts, invited
from expansion_signals.detect.seat_last_taken import Allowance, Taken, last_taken
from expansion_signals.detect.seats import OPEN_FOR, Invite, Occupancy, Seats, kept_name
from expansion_signals.detect.watches import MOST_REMEMBERED, Noticed, Seen, Updated
from expansion_signals.model.entitlements import limit_in_force
from expansion_signals.model.instants import parse_instant
from expansion_signals.model.readings import Reading
from expansion_signals.rules.built_in import SEATS
from expansion_signals.rules.truth import Known, applies

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from expansion_signals.model.accounts import Account
    from expansion_signals.model.catalog import Catalog
    from expansion_signals.model.events import UsageEvent
    from expansion_signals.model.instants import Duration, Instant
    from expansion_signals.model.readings import Cause
    from expansion_signals.model.signals import Signal
    from expansion_signals.model.thresholds import Arm, ArmKey
    from expansion_signals.rules.configuration import WatchRule

INVITED = "expansion.seat.invited.v1"
ACTIVATED = "expansion.seat.activated.v1"
REMOVED = "expansion.seat.removed.v1"
ENDED = frozenset({"expansion.invite.expired.v1", "expansion.invite.revoked.v1"})


_LookT = TypeVar("_LookT", Seen, Updated)


@dataclass(slots=True)
class SeatNote:
    """What is remembered of an account's seats, and of what was told of them.

    `used` is the level after the last look, `judged` whether a rule has looked at it. `version` is that of the profile
    that was taken over last, `listed` the append time of the last list of members: what was appended before it is in
    it, even where it is read later, as in a shard that is made anew. `unseated` are the invites for which no seat was
    free and that are open.
    """

    seats: Seats = field(default_factory=Seats)
    used: int = 0
    judged: bool = False
    version: int | None = None
    listed: Instant = 0
    allowance: Allowance = field(default_factory=Allowance)
    arms: Mapping[ArmKey, Arm] = field(default_factory=dict)
    taken: Taken = field(default_factory=Taken)
    bursts: Bursts = field(default_factory=dict)
    unseated: list[str] = field(default_factory=list)

    @classmethod
    def read(cls, text: str) -> SeatNote:
        """Read what `written` wrote."""
        kept: Mapping[str, Any] = json.loads(text) if text else {}
        return cls(
            Seats.read(kept.get("seats", {})),
            kept.get("used", 0),
            kept.get("judged", False),
            kept.get("version"),
            kept.get("listed", 0),
            Allowance(*kept.get("allowance", ())),
            arms_read(kept.get("arms", ())),
            Taken(dict(kept.get("taken", {})), dict(kept.get("taken_past", {}))),
            {
                rule: {user: Burst(*burst) for user, burst in people.items()}
                for rule, people in kept.get("bursts", {}).items()
            },
            list(kept.get("unseated", ())),
        )

    def written(self) -> str:
        """Return it as a note's text."""
        parts = {
            "seats": self.seats.parts(),
            "used": self.used,
            "judged": self.judged,
            "version": self.version,
            "listed": self.listed,
            "allowance": self.allowance,
            "arms": arms_kept(self.arms),
            "taken": self.taken.fired,
            "taken_past": self.taken.past,
            "bursts": self.bursts,
            "unseated": self.unseated,
        }
        return json.dumps(parts, separators=(",", ":"), ensure_ascii=False)

    def occupancy(self, profile: Account | None, catalog: Catalog) -> Occupancy:
        """Return how many seats are used under this profile, and how many there are."""
        limit = limit_in_force(catalog, profile, SEATS)
        return self.seats.occupancy(profile.roles_exempt if profile else (), limit.amount if limit else None)

    def take_members(self, profile: Account, appended: Instant) -> None:
        """Take over the members that a profile lists; one that lists none leaves them as they are (semantics 2.8)."""
        self.version = profile.version
        if profile.members is not None:
            self.listed = appended
            self.seats.replace(profile.members)


class SeatLimits:
    """The watch of seats used against the allowance."""

    events = frozenset({INVITED, ACTIVATED, REMOVED, *ENDED})
    signals = frozenset({"seat_limit_approached", "seat_limit_invited", "seat_limit_last_taken"})
    note = SEATS

    def subject(self, _event: UsageEvent) -> str:
        """Return the one note of an account's seats."""
        return SEATS

    def notice(self, text: str, seen: Seen) -> Noticed:
        """Take an event of seats, and tell what it brings."""
        note = SeatNote.read(text)
        _catch_up(note, seen.profile, seen)
        note.seats.expire(seen.event.time)
        before = note.occupancy(seen.profile, seen.catalog)
        invite = _new_invite(note.seats, seen, overtaken=seen.appended < note.listed)
        after = note.occupancy(seen.profile, seen.catalog)
        seen, found = _knowing(seen, after), []
        if seen.profile is not None:
            found += _judged(note, after, seen, _cause(note))
            if invite is not None and invite.needs_seat(seen.profile.roles_exempt):
                unseated = list(invited(note.bursts, after, seen))
                found += unseated
                if any("past" not in each.data for each in unseated):
                    note.unseated = [*note.unseated, kept_name(seen.event.data["invite"])][-MOST_REMEMBERED:]
            found += _ended(note, after, seen)
            found += last_taken(note.taken, note.allowance.version, before.used, after, seen)
        note.used = after.used
        return Noticed(note.written(), found)

    def updated(self, text: str, change: Updated) -> Noticed:
        """Take over what a profile says of members and seats; a tombstone leaves all as it is, and tells nothing."""
        if change.profile is None:
            return Noticed(text)
        note = SeatNote.read(text)
        _catch_up(note, change.before, change)
        used, cause = note.used, "profile_arrived" if change.before is None else _cause(note)
        note.take_members(change.profile, change.appended)
        note.seats.expire(change.evidence.time)
        after = note.occupancy(change.profile, change.catalog)
        change = _knowing(change, after)
        found = _judged(note, after, change, cause)
        if change.before is not None:
            # Seats of a first profile were taken long ago.
            found += last_taken(note.taken, note.allowance.version, used, after, change)
        note.used = after.used
        return Noticed(note.written(), found)


def occupancy_at(text: str, profile: Account | None, catalog: Catalog, at: Instant) -> Occupancy | None:
    """Return how many seats are used at an instant by this note, None where nothing is known of them."""
    if not text and (profile is None or profile.members is None):
        return None
    standing = _standing(text)
    is_other = profile is not None and profile.version != standing.version
    if not is_other and not standing.seats.invites:
        return standing.occupancy(profile, catalog)
    note = SeatNote.read(text)
    if profile is not None and is_other:
        note.take_members(profile, note.listed)
    note.seats.expire(at)
    return note.occupancy(profile, catalog)


@lru_cache(maxsize=10_000)
def _standing(text: str) -> SeatNote:
    """Return a note to look at only: nobody may change it, for whoever asks for this text gets the same one."""
    return SeatNote.read(text)


def _ended(note: SeatNote, occupancy: Occupancy, seen: Seen) -> Iterator[Signal]:
    """Tell that nobody waits any more for an invite that was told as unseated: accepted, expired or taken back."""
    invite = seen.event.data.get("invite")
    if seen.event.type != INVITED and isinstance(invite, str) and kept_name(invite) in note.unseated:
        note.unseated.remove(kept_name(invite))
        yield invite_ended(invite, occupancy, seen)


def _new_invite(seats: Seats, seen: Seen, *, overtaken: bool) -> Invite | None:
    """Let the event change the seats; return the invite that it reports for the first time."""
    event, told = seen.event, seen.event.data
    if event.type in ENDED:
        seats.end(told["invite"])
    elif event.type == ACTIVATED:
        seats.activate(told["member"], told.get("invite"), overtaken=overtaken)
    elif event.type == REMOVED:
        seats.remove(told["member"], told.get("invite"), overtaken=overtaken)
    else:
        expires = told.get("expires_at")
        offered = Invite(
            told.get("invitee"),
            event.time + OPEN_FOR if expires is None else parse_instant(expires),
            told.get("role"),
            bool(told.get("guest")),
        )
        if seats.invite(told["invite"], offered, blocked=bool(told.get("blocked"))):
            return offered
    return None


def _knowing(seen: _LookT, occupancy: Occupancy) -> _LookT:
    """Return what is looked at, with conditions on seats used and on their utilization told apart."""
    used, allowance = occupancy.used, occupancy.allowance
    known = seen.known or Known(seen.profile, seen.catalog.currency, seen.evidence.time)
    known = known._replace(utilization=Fraction(used, allowance) if allowance else None, seats_used=used)
    return seen._replace(waiting=[rule.id for rule in seen.rules if not applies(rule.when, known)])


def _catch_up(note: SeatNote, profile: Account | None, seen: Seen | Updated) -> None:
    """Take over a profile that came while no rule looked at seats: what it lists is where they stand."""
    if profile is not None and profile.version != note.version:
        note.take_members(profile, seen.appended)
        note.used = note.occupancy(profile, seen.catalog).used


def _cause(note: SeatNote) -> Cause:
    """Say why a threshold below the level fires: seats that were never judged have only now got a rule."""
    return "rule_added" if not note.judged and note.used else "usage"


def _judged(note: SeatNote, occupancy: Occupancy, seen: Seen | Updated, cause: Cause) -> list[Signal]:
    """Judge seats used as a limit is judged, and take note of the allowance."""
    rules = [rule for rule in seen.rules if rule.signal == "seat_limit_approached"]
    oldest = max(rules, key=_firing_age, default=None)
    fires = oldest is not None and seen.may_fire(oldest)
    moved = occupancy.used - note.used
    reading = Reading(
        account=seen.account,
        profile=seen.profile,
        meter=METER,
        dimension="",
        period=None,
        before=note.used,
        quiet=0 if fires else moved,
        firing=moved if fires else 0,
        evidence=seen.evidence,
        cause=cause,
        limit=limit_in_force(seen.catalog, seen.profile, SEATS),
        last_limit=note.allowance.seats,
        judged=note.judged,
        appended=seen.appended,
        firing_age=oldest.max_firing_age if oldest else 0,
    )
    note.allowance = note.allowance.becomes(occupancy.allowance)
    if not rules:
        return []
    judgement = judge(reading, rules, note.arms, waiting=seen.waiting, writer=writer(occupancy, seen))
    note.arms, note.judged = judgement.arms, True
    return list(judgement.signals)


def _firing_age(rule: WatchRule) -> Duration:
    return rule.max_firing_age
