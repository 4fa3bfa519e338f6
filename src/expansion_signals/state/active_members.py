"""How many members of a `unique` meter were seen within some days, as `lua/last_seen.lua` keeps them in Redis."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.model.last_seen import Active

if TYPE_CHECKING:
    from collections.abc import Sequence

    from expansion_signals.state.keys import ShardKeys
    from expansion_signals.state.scripts import Scripts

SKETCHED = b"sketched"
"""The only field of the hash once sketches of days have taken over; members are numbers."""


async def active_members(
    scripts: Scripts, keys: ShardKeys, account: str, meter: str, windows: Sequence[range]
) -> list[Active]:
    """Return how many members were seen within each of these windows of UTC days; the last of each is today's.

    Raises:
        StateUnavailable: Redis does not answer.
    """
    [last] = await scripts.commands([("HGETALL", keys.last_seen(account, meter))], "members by day")
    if SKETCHED not in last:
        days = [int(day) for day in last.values()]
        return [Active(sum(day >= window.start for day in days), estimated=False) for window in windows]
    unions = [("PFCOUNT", *(keys.seen_on(account, meter, day) for day in window)) for window in windows]
    return [Active(int(members), estimated=True) for members in await scripts.commands(unions, "members by day")]
