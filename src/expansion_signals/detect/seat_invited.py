"""The seat-limit invite: somebody is invited, and no seat is free (semantics 4.2).

5 seats, all used; the invites are of ada, but for the last

10:00:00  i1, blocked       fires, the first of a burst
10:00:20  i2                fires, the second of the burst: `burst_of` names the first, and deciding supersedes it
10:00:59  i2 again          nothing: once for each invite
10:01:00  i3                fires, the first of a new burst
10:01:10  i4, of bob        fires, the first of his
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from expansion_signals.detect.lateness import told_past
from expansion_signals.detect.seats import kept_name
from expansion_signals.detect.watches import MOST_REMEMBERED, signal_id_of, signal_of
from expansion_signals.model.instants import SECOND

if TYPE_CHECKING:
    from collections.abc import Iterator

    from expansion_signals.detect.seats import Occupancy
    from expansion_signals.detect.watches import Seen
    from expansion_signals.model.instants import Duration, Instant
    from expansion_signals.model.signals import Signal

BURST: Duration = 60 * SECOND
"""Invites of a person closer than this to the first of a burst belong to it, by event time."""

KIND = "seat_limit.invited"


class Burst(NamedTuple):
    """The last burst of a person under a rule: when it began, the id of its first signal, and how many it has."""

    began: Instant
    first: str
    invites: int


Bursts = dict[str, dict[str, Burst]]
"""By rule and user."""


def invited(bursts: Bursts, occupancy: Occupancy, seen: Seen) -> Iterator[Signal]:
    """Fire for an invite that is new, needs a seat and does not fit: blocked, or more seats used than there are."""
    blocked = bool(seen.event.data.get("blocked"))
    if not blocked and (occupancy.allowance is None or occupancy.used <= occupancy.allowance):
        return
    invite, user, time = seen.event.data["invite"], seen.event.data["user"], seen.event.time
    for rule in seen.of("seat_limit_invited"):
        if not seen.may_fire(rule):
            content = {**_content(occupancy, seen, blocked=blocked), "invites": 1}
            signal = signal_of(KIND, seen, rule=rule, subject=(invite,), ordinal="1", content=content)
            yield from told_past(signal, seen.past())
            continue
        people = bursts.setdefault(rule.id, {})
        burst = people.pop(kept_name(user), None)
        if burst is None or abs(time - burst.began) >= BURST:
            burst = Burst(time, signal_id_of(KIND, seen.account, rule=rule, subject=(invite,), ordinal="1"), 0)
        burst = people[kept_name(user)] = burst._replace(invites=burst.invites + 1)
        for longest_ago in list(people)[:-MOST_REMEMBERED]:
            del people[longest_ago]
        content = {
            **_content(occupancy, seen, blocked=blocked),
            "invites": burst.invites,
            **({"burst_of": burst.first} if burst.invites > 1 else {}),
        }
        yield signal_of(KIND, seen, rule=rule, subject=(invite,), ordinal="1", content=content)


def _content(occupancy: Occupancy, seen: Seen, *, blocked: bool) -> dict[str, Any]:
    told = seen.event.data
    return {
        **occupancy.amounts,
        "invite": told["invite"],
        "blocked": blocked,
        "why": f"{told['user']} invited somebody and no seat is free: {occupancy.sentence}",
    }
