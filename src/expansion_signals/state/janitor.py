"""Expiry of what no write will touch again: a scan finds keys, each kind is judged in its own way, scripts drop.

Writing drops what is old where it is cheap (counters, when the next of their meter is made); this finds the rest, of
accounts that went quiet. What is judged is what was read; the script that drops checks that it still stands.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import chain
from typing import TYPE_CHECKING

from expansion_signals.pipeline.retention import Retention
from expansion_signals.state.expiration import AgingShard, Reached
from expansion_signals.state.keys import shard_keys
from expansion_signals.state.old_accounts import old_accounts
from expansion_signals.state.old_decisions import old_decisions
from expansion_signals.state.old_members import old_days_seen, old_sketches, orphans
from expansion_signals.state.old_months import old_months, old_totals
from expansion_signals.state.reached import reached_anywhere, reached_everywhere
from expansion_signals.state.scanning import Scan
from expansion_signals.state.scripts import Scripts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from expansion_signals.model.catalog import Catalog
    from expansion_signals.model.instants import Duration
    from expansion_signals.state.connection import Connection
    from expansion_signals.state.expiration import Expiration, Fold
    from expansion_signals.state.keys import ShardKeys
    from expansion_signals.state.scanning import FoundKey

KEYS_A_SWEEP = 200
"""Few, because the worker counts nothing meanwhile; what they cost is in docs/operations.md."""


class Janitor:
    """Looks at some keys of the deployment at a time. `metered` and `decided` are the topics of the two stages.

    Topics stand as the state names them. `acceptance` is how old an event may be at its append time.
    """

    def __init__(  # noqa: PLR0913 -- where it looks, and what it judges by
        self,
        client: Connection,
        *,
        prefix: str,
        acceptance: Duration,
        metered: Sequence[str],
        decided: Sequence[str],
        count: int = KEYS_A_SWEEP,
    ) -> None:
        self._scripts = Scripts(client)
        self._scan = Scan(client, prefix=prefix, count=count)
        self._prefix = prefix
        self._acceptance = acceptance
        self._metered = metered
        self._decided = decided

    async def sweep(self, catalog: Catalog) -> int:
        """Drop what is old among the next keys; return how many calls found it unchanged.

        Raises:
            StateUnavailable: Redis does not answer; asking again is safe, and goes on with other keys.
        """
        found = await self._scan.step()
        shards = await self._shards({key.shard for key in found}, catalog)
        by_kind: defaultdict[str, list[tuple[AgingShard, FoundKey]]] = defaultdict(list)
        for key in found:
            # Where a partition has not told how far it is, nothing is old; decisions have their own partitions.
            if key.kind == "d" or shards[key.shard].metered.lowest:
                by_kind[key.kind].append((shards[key.shard], key))
        rests = {kind: [(shard, key.rest) for shard, key in keys] for kind, keys in by_kind.items()}
        expirations: Iterable[Expiration | Fold] = chain(
            await old_accounts(self._scripts, rests.get("a", ())),
            old_months(rests.get("b", ())),
            await old_totals(self._scripts, rests.get("t", ())),
            await orphans(self._scripts, [each for kind in "uyx" for each in by_kind[kind]]),
            await old_days_seen(self._scripts, rests.get("s", ())),
            old_sketches(rests.get("z", ())),
            await old_decisions(self._scripts, rests.get("d", ())),
        )
        return await self._expire(expirations)

    async def _expire(self, expirations: Iterable[Expiration | Fold]) -> int:
        calls: defaultdict[str, list[tuple[list[str], bytes]]] = defaultdict(list)
        for each in expirations:
            calls[each.script].append(each.call())
        return sum([sum(await self._scripts.call(script, asked)) for script, asked in calls.items()])

    async def _shards(self, numbers: Iterable[int], catalog: Catalog) -> Mapping[int, AgingShard]:
        """Return how far these shards are."""
        keys = {number: shard_keys(self._prefix, number) for number in numbers}
        commands = [("HGETALL", key) for each in keys.values() for key in (each.watermarks, each.names)]
        read = await self._scripts.commands(commands, "what is reached")
        return {
            number: self._shard(keys[number], watermarks, names, catalog)
            for number, watermarks, names in zip(keys, read[::2], read[1::2], strict=True)
        }

    def _shard(
        self, keys: ShardKeys, watermarks: Mapping[bytes, bytes], names: Mapping[bytes, bytes], catalog: Catalog
    ) -> AgingShard:
        metered = Reached(self._metered, reached_everywhere(watermarks, self._metered))
        return AgingShard(
            keys=keys,
            meters={number.decode(): name.decode() for name, number in names.items()},
            retention=Retention(catalog, self._acceptance, metered.lowest),
            metered=metered,
            decided=Reached(self._decided, reached_everywhere(watermarks, self._decided)),
            newest=reached_anywhere(watermarks),
        )
