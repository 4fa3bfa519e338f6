"""An account with five seats on the plan `free`, ten on `pro`, as the watch of seats sees it, event by event."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from expansion_signals.detect.seat_limits import SeatLimits, SeatNote
from expansion_signals.detect.watches import Updated
from expansion_signals.model.accounts import Account
from expansion_signals.model.events import Evidence, UsageEvent
from expansion_signals.model.instants import format_instant, parse_instant
from expansion_signals.rules.configuration import WatchRule
from expansion_signals.rules.thresholds import read_threshold
from watched_account import WatchedAccount

if TYPE_CHECKING:
    from expansion_signals.detect.seats import Occupancy
    from expansion_signals.model.signals import Signal

START = parse_instant("2026-11-22T10:00:00Z")
INVITED = WatchRule("seat-invite", "v1", "seat_limit_invited")
LAST_TAKEN = WatchRule("last-seat", "v1", "seat_limit_last_taken")
APPROACHED = WatchRule("seats", "v1", "seat_limit_approached", at=(read_threshold("80%"), read_threshold("100%")))


class SeatedAccount(WatchedAccount):
    """Known from the start, unless it is made with no members; times are instants after `START`, in µs."""

    def __init__(self, *rules: WatchRule, members: int | None = 4) -> None:
        super().__init__(SeatLimits(), rules or (APPROACHED, INVITED, LAST_TAKEN))
        self.profile: Account | None = None
        self._numbers = count(1)
        if members is not None:
            self.updated(Account(version=1, plan="free", members=[f"m-{place}" for place in range(members)]))

    def event(self, noun: str, after: int = 0, **told: object) -> list[Signal]:
        number = next(self._numbers)
        event = UsageEvent("/apps/web", f"e-{number}", f"expansion.{noun}.v1", "acct-1", START + after, told)
        return self.sees(event)

    def backfilled(self, noun: str, after: int = 0, **told: object) -> list[Signal]:
        event = UsageEvent("/apps/web", "e-0", f"expansion.{noun}.v1", "acct-1", START + after, told)
        return self.sees(event._replace(backfill=True))

    def invite(self, invite: str, user: str = "ada", after: int = 0, **told: object) -> list[Signal]:
        expires = told.pop("expires", None)
        if isinstance(expires, int):
            told["expires_at"] = format_instant(START + expires)
        return self.event("seat.invited", after, invite=invite, user=user, **told)

    def activate(self, member: str, after: int = 0, **told: object) -> list[Signal]:
        return self.event("seat.activated", after, member=member, **told)

    def remove(self, member: str, after: int = 0, **told: object) -> list[Signal]:
        return self.event("seat.removed", after, member=member, **told)

    def end(self, invite: str, after: int = 0, noun: str = "invite.revoked") -> list[Signal]:
        return self.event(noun, after, invite=invite)

    def updated(self, profile: Account | None, after: int = 0) -> list[Signal]:
        evidence = Evidence(f"u-{next(self._numbers)}", "/billing", START + after)
        change = Updated("acct-1", self.profile, profile, evidence, START + after + self.late, self.catalog, self.rules)
        self.texts["seats"], found = SeatLimits().updated(self.texts.get("seats", ""), change)
        self.profile = profile
        return list(found)

    @property
    def kept(self) -> SeatNote:
        return SeatNote.read(self.texts["seats"])

    @property
    def occupancy(self) -> Occupancy:
        return self.kept.occupancy(self.profile, self.catalog)

    @property
    def used(self) -> int:
        return self.occupancy.used

    @property
    def pending(self) -> int:
        return self.occupancy.pending
