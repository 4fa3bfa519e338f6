"""Sets of members and shares whose counter is gone go with it; days on which members were seen go by their date.

A set and the level it counts for are always written by one script, so a set without a level is asked for by nobody.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from expansion_signals.model.instants import day_of
from expansion_signals.model.windows import DAYS_KEPT, last_days
from expansion_signals.state.active_members import SKETCHED
from expansion_signals.state.expiration import Expiration

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from expansion_signals.state.expiration import AgingShard
    from expansion_signals.state.scanning import FoundKey
    from expansion_signals.state.scripts import Scripts

_OF_AN_HOUR = re.compile(r"h(\d+)\.([01])", re.ASCII)


class _Owner(NamedTuple):
    """The field without which a set is asked for by nobody."""

    key: str
    field: str


async def orphans(scripts: Scripts, found: Sequence[tuple[AgingShard, FoundKey]]) -> Sequence[Expiration]:
    """Return those of these sets, sketches and shares that no counter and no hour bucket stands for."""
    owners = [list(_owners(shard, key)) for shard, key in found]
    stands = iter(
        await scripts.commands([("HEXISTS", *owner) for each in owners for owner in each], "owners of members")
    )
    expirations = []
    for (shard, key), each in zip(found, owners, strict=True):
        held = [next(stands) for _ in each]
        if each and not any(held):
            expiration = Expiration(shard.keys, shard.metered)
            for owner in each:
                expiration.same(owner.key, {owner.field: None})
            expiration.drop_whole([f"{shard.keys.tag}:{key.kind}:{key.rest}"])
            expirations.append(expiration)
    return expirations


def _owners(shard: AgingShard, key: FoundKey) -> Iterator[_Owner]:
    """Yield all whose set it may be: an account may have colons in its name, and so may the value of a dimension."""
    numbers = {name: number for number, name in shard.meters.items()}
    parts = key.rest.split(":")
    for place in range(1, len(parts) - 1):
        account, meter, suffix = ":".join(parts[:place]), parts[place], ":".join(parts[place + 1 :])
        if meter in numbers:
            of_hour = _OF_AN_HOUR.fullmatch(suffix)
            if of_hour:
                day, hour = divmod(int(of_hour[1]), 24)
                yield _Owner(shard.keys.hours(account, day), f"{numbers[meter]}.{2 * hour + int(of_hour[2])}s")
            else:
                yield _Owner(shard.keys.account(account), f"{numbers[meter]}:{suffix}")


async def old_days_seen(scripts: Scripts, found: Sequence[tuple[AgingShard, str]]) -> Sequence[Expiration]:
    """Return the members last seen before every window, by what stands behind `s:`."""
    keys = [f"{shard.keys.tag}:s:{rest}" for shard, rest in found]
    expirations = []
    for (shard, rest), key, fields in zip(
        found, keys, await scripts.commands([("HGETALL", key) for key in keys], "members by day"), strict=True
    ):
        first = last_days(shard.metered.lowest, DAYS_KEPT).start
        expiration = Expiration(shard.keys, shard.metered)
        if SKETCHED in fields:
            # With the last of its sketches: until then it says that they are to be asked.
            expiration.absent(f"{shard.keys.tag}:z:{rest}:{day}" for day in range(first, day_of(shard.newest) + 2))
            expiration.drop_whole([key])
            expirations.append(expiration)
            continue
        old = {field.decode(): day for field, day in fields.items() if int(day) < first}
        if old:
            expiration.same(key, old)
            expiration.drop(key, list(old))
            expirations.append(expiration)
    return expirations


def old_sketches(found: Sequence[tuple[AgingShard, str]]) -> Iterator[Expiration]:
    """Yield the sketches of days before every window, by what stands behind `z:`."""
    for shard, rest in found:
        if int(rest.rpartition(":")[2]) < last_days(shard.metered.lowest, DAYS_KEPT).start:
            expiration = Expiration(shard.keys, shard.metered)
            expiration.drop_whole([f"{shard.keys.tag}:z:{rest}"])
            yield expiration
