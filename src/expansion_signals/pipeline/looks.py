"""When an account's days are looked at: each closed UTC day once, spread so that accounts do not come all at once.

Everything is told in append time reached, never by the clock. An account whose slot is 03:30:

    22 Nov 00:10        21 Nov is closed: late records had 10 minutes
    22 Nov 03:30        its 21 Nov is looked at; the next look is at 23 Nov 03:30
    26 Nov 14:00        after an outage: 25 Nov is looked at, once; the days between are not; next 27 Nov 03:30
    26 Nov 14:05        history is imported: looked at once more as soon as no more has come for 5 s
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.model.identities import identity_of
from expansion_signals.model.instants import DAY, HOUR, MINUTE, SECOND, day_of

if TYPE_CHECKING:
    from expansion_signals.model.instants import Duration, Instant

BEHIND: Duration = MINUTE
"""How far the time that is told lies behind the records read: other clocks may be ahead by as much."""

_CLOSES_AFTER: Duration = 10 * MINUTE
_LOOKS_AFTER: Duration = 15 * MINUTE
"""By then what all accounts of a plan used is summed up (`pipeline.plan_uses`), where they are not millions."""

_SPREAD: Duration = 20 * HOUR
_QUIET: Duration = 5 * SECOND


def last_closed(reached: Instant) -> int:
    """Return the number of the last UTC day that is closed."""
    return day_of(reached - _CLOSES_AFTER) - 1


def look_at(account: str, day: int) -> Instant:
    """Return when the account is looked at for this UTC day: from 15 min after its end on, by a hash of the account."""
    share = int(identity_of("look", account)[:8], 16)
    return (day + 1) * DAY + _LOOKS_AFTER + share * _SPREAD // 2**32


def look_once_loaded(appended: Instant) -> Instant:
    """Return when to look at an account of which history came then: once no more of it has come for 5 s."""
    return appended + _QUIET - BEHIND
