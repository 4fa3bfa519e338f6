"""Day buckets of months past become totals, and totals past their time go (semantics 2.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.model.months import read_month
from expansion_signals.state.expiration import Expiration, Fold

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from expansion_signals.model.catalog import Aggregation
    from expansion_signals.state.expiration import AgingShard
    from expansion_signals.state.scripts import Scripts

_OPERATIONS: Mapping[Aggregation, str] = {"sum": "a", "count": "a", "max": "m", "latest": "l"}


def old_months(found: Sequence[tuple[AgingShard, str]]) -> Iterator[Fold]:
    """Yield the months of accounts that are over; each is found by what stands behind `b:`."""
    for shard, rest in found:
        account, _, month = rest.rpartition(":")
        if shard.retention.is_over(read_month(month)):
            buckets, totals = f"{shard.keys.tag}:b:{rest}", shard.keys.totals(account)
            yield Fold(shard.keys, shard.metered, buckets, totals, month, list(_operations(shard)))


def _operations(shard: AgingShard) -> Iterator[str]:
    for number, name in shard.meters.items():
        meter = shard.retention.catalog.meters.get(name)
        if meter and meter.aggregation in _OPERATIONS:
            yield from (number, _OPERATIONS[meter.aggregation])


async def old_totals(scripts: Scripts, found: Sequence[tuple[AgingShard, str]]) -> Sequence[Expiration]:
    """Return the totals of accounts that are kept no more."""
    keys = [shard.keys.totals(account) for shard, account in found]
    expirations = []
    for (shard, _), key, fields in zip(
        found, keys, await scripts.commands([("HKEYS", key) for key in keys], "totals"), strict=True
    ):
        # Months stand in order as texts do, too.
        first, texts = str(shard.retention.totals_from), [field.decode() for field in fields]
        old = [text for text in texts if text.partition(".")[2] < first]
        if old:
            expirations.append(Expiration(shard.keys, shard.metered))
            expirations[-1].drop(key, old)
    return expirations
