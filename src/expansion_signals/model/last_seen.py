"""Who was seen of a `unique` meter, and on which UTC day last: what its windows of days are counted from.

A window of days is the union of the sets of its days (semantics 2.5). For a window that ends today, that is everybody
whose last day lies in it, so one day a member is enough. Beyond `EXACT_MEMBERS` each day has a sketch of its own, and a
window is the union of its sketches. The store in memory counts with this; `state/lua/last_seen.lua` does the same.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from expansion_signals.model.changes import EXACT_MEMBERS
from expansion_signals.model.windows import DAYS_KEPT

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping


class Active(NamedTuple):
    """How many members were seen within some days; `estimated`: sketches say so, off by 0.8 % on average."""

    members: int
    estimated: bool


@dataclass(frozen=True, slots=True)
class LastSeen:
    """Each member's last UTC day; or, once there were too many, the members of each day (here exact)."""

    days: Mapping[int, int] = field(default_factory=dict)
    sketches: Mapping[int, frozenset[int]] | None = None

    def within(self, days: range) -> Active:
        """Return how many members were seen within these UTC days, by number; the last of them is today's.

        A member whose clock is ahead was seen tomorrow, and may have been today: it counts.
        """
        if self.sketches is None:
            return Active(sum(day >= days.start for day in self.days.values()), estimated=False)
        return Active(len(frozenset().union(*(self.sketches.get(day, ()) for day in days))), estimated=True)

    def days_seen(self) -> Collection[int]:
        """Return days on which members were seen: the last one of each, or all that have a sketch."""
        return self.days.values() if self.sketches is None else self.sketches.keys()

    def since(self, first: int) -> LastSeen:
        """Return what is left once all days before `first` are forgotten; without sketches, it counts members again."""
        if self.sketches is None:
            return LastSeen({member: day for member, day in self.days.items() if day >= first})
        left = {day: members for day, members in self.sketches.items() if day >= first}
        return LastSeen(sketches=left) if left else LastSeen()

    def after(self, seen: Mapping[int, Collection[int]]) -> LastSeen:
        """Return what is known after these members were seen on these days, too.

        One more than can be kept, and those go first who were not seen on the last `DAYS_KEPT` days.
        """
        if self.sketches is not None:
            return LastSeen(sketches=_with(self.sketches, seen))
        last = dict(self.days)
        for day, members in seen.items():
            last.update({member: max(day, last.get(member, day)) for member in members})
        if len(last) > EXACT_MEMBERS:
            newest = max(last.values())
            last = {member: day for member, day in last.items() if day > newest - DAYS_KEPT}
        if len(last) <= EXACT_MEMBERS:
            return LastSeen(last)
        by_day: defaultdict[int, set[int]] = defaultdict(set)
        for member, day in last.items():
            by_day[day].add(member)
        return LastSeen(sketches=_with({}, by_day))


def _with(sketches: Mapping[int, frozenset[int]], seen: Mapping[int, Collection[int]]) -> Mapping[int, frozenset[int]]:
    return {**sketches, **{day: sketches.get(day, frozenset()).union(members) for day, members in seen.items()}}
