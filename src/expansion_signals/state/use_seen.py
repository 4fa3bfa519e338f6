"""Whether an account that nobody knows is used at all: what its days say, where no period does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.model.instants import day_of
from expansion_signals.state.active_members import SKETCHED
from expansion_signals.state.keys import day_of_month, read_bucket_field

if TYPE_CHECKING:
    from collections.abc import Collection

    from expansion_signals.state.expiration import AgingShard
    from expansion_signals.state.scripts import Scripts


async def is_used(scripts: Scripts, shard: AgingShard, account: str, meters: Collection[str]) -> bool:
    """Say whether these meters of an account never known were used on a day by which it is kept (semantics 2.9)."""
    days = range(shard.retention.hours_from, day_of(shard.newest) + 2)
    return await _has_buckets(scripts, shard, account, days) or await _has_members(
        scripts, shard, account, meters, days
    )


async def _has_buckets(scripts: Scripts, shard: AgingShard, account: str, days: range) -> bool:
    months = list(dict.fromkeys(shard.keys.month(account, day) for day in days))
    found = await scripts.commands([("HKEYS", month) for month in months], "day buckets")
    used = {
        (month, read_bucket_field(field.decode())[1])
        for month, fields in zip(months, found, strict=True)
        for field in fields
    }
    return any((shard.keys.month(account, day), day_of_month(day)) in used for day in days)


async def _has_members(scripts: Scripts, shard: AgingShard, account: str, meters: Collection[str], days: range) -> bool:
    last_seen = [("HGETALL", shard.keys.last_seen(account, meter)) for meter in meters]
    sketches = [("EXISTS", *(shard.keys.seen_on(account, meter, day) for day in days)) for meter in meters]
    found = await scripts.commands([*last_seen, *sketches], "members by day")
    seen = [int(day) for fields in found[: len(meters)] if SKETCHED not in fields for day in fields.values()]
    return any(day >= days.start for day in seen) or any(found[len(meters) :])
