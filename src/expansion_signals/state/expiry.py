"""Forgetting what no record to come can ask for (port `Expiry`): identities here, all else by the janitor.

What is old is judged by the append time reached, never by the clock: after a long outage, or a roll-back of Redis,
the records that are read again still meet the identities they had, and the counters they move.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.state.identity_slices import last_asked, layout_text, read_layout
from expansion_signals.state.keys import shard_keys
from expansion_signals.state.reached import reached_everywhere
from expansion_signals.state.scripts import Scripts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from expansion_signals.model.catalog import Catalog
    from expansion_signals.model.instants import Duration
    from expansion_signals.state.connection import Connection
    from expansion_signals.state.identity_slices import Layout
    from expansion_signals.state.janitor import Janitor
    from expansion_signals.state.keys import ShardKeys


class RedisExpiry:
    """Looks at one shard after the other, and at some keys after the others.

    `window` is how long identities are remembered; `janitor` looks at the keys.
    """

    def __init__(self, client: Connection, *, prefix: str, shards: int, window: Duration, janitor: Janitor) -> None:
        self._scripts = Scripts(client)
        self._janitor = janitor
        self._prefix = prefix
        self._shards = shards
        self._window = window
        self._next = 0

    async def next_shard(self, topic: str) -> int:
        """Forget what is old in one shard; return how many slices that were.

        `topic` is what events come from, as the state names it: a slice is old once the append time that the shard has
        reached in every one of its partitions is past what the slice may be asked for.

        Raises:
            StateUnavailable: Redis does not answer; asking again is safe.
        """
        keys = shard_keys(self._prefix, self._next)
        self._next = (self._next + 1) % self._shards
        commands = [("HGETALL", keys.state), ("HGETALL", keys.watermarks)]
        state, watermarks = await self._scripts.commands(commands, "old identities")
        reached = reached_everywhere(watermarks, [topic])
        calls = [
            ([keys.state, *_buckets(keys, name, layout)], name, layout_text(layout))
            for name, layout in _slices(state)
            if last_asked(name, self._window) < reached
        ]
        return sum(await self._scripts.call("forget", calls))

    async def next_accounts(self, catalog: Catalog) -> int:
        """Forget what is old of some more accounts; return how many calls found it unchanged.

        Raises:
            StateUnavailable: Redis does not answer; asking again is safe.
        """
        return await self._janitor.sweep(catalog)


def _slices(state: dict[bytes, bytes]) -> Iterator[tuple[str, Layout]]:
    for field, text in state.items():
        if field.startswith(b"i"):
            yield field.decode()[1:], read_layout(text)


def _buckets(keys: ShardKeys, name: str, layout: Layout) -> Iterator[str]:
    for buckets in layout:
        for bucket in range(buckets):
            yield keys.identities(name, buckets, bucket)
            yield keys.checks(name, buckets, bucket)
