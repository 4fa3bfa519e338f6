"""A deployment's state as tests hold it: the stores of its workers, a look inside, a loss, a roll-back of one shard."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from expansion_signals import ports
from expansion_signals.model.instants import DAY
from expansion_signals.model.stages import STAGES
from expansion_signals.state.due import LEASE, RedisDue
from expansion_signals.state.expiry import RedisExpiry
from expansion_signals.state.janitor import KEYS_A_SWEEP, Janitor
from expansion_signals.state.keys import shard_keys
from expansion_signals.state.memory import MemoryStore
from expansion_signals.state.memory_due import MemoryDue
from expansion_signals.state.memory_expiry import MemoryExpiry
from expansion_signals.state.memory_policy import MemoryPolicy
from expansion_signals.state.memory_shards import MemoryShards
from expansion_signals.state.policy import RedisPolicy
from expansion_signals.state.redis import RedisStore
from expansion_signals.state.shards import RedisShards
from inspected import Inspected, of_memory, of_redis

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expansion_signals.model.batches import Outcome
    from expansion_signals.state.connection import Connection
    from expansion_signals.state.memory import Shard

TOPICS = {"metered": ["usage-events", "account-updates"], "decided": ["expansion-signals"]}
"""Where records come from, as the state of tests names it."""

WHOLE_WALK = 1_000_000
"""More keys than a test's server holds: one step of the scan is a walk over all of it."""


class WholeStore(ports.Store, ports.Accounts, Protocol):
    """Everything that metering keeps."""

    async def tallies(self) -> Mapping[str, Mapping[Outcome, int]]: ...


async def watermarks_of(kept: Kept) -> Mapping[int, Mapping[str, int]]:
    """Return the watermarks of every shard that stands."""
    return {shard: stands.watermarks for shard, stands in (await kept.shards.standing()).items()}


class Kept(Protocol):
    """What is kept, in memory or in Redis."""

    store: WholeStore
    shards: ports.Shards
    policy: ports.PolicyStore
    due: ports.Due

    def another(self, *, conflicts: bool = True) -> WholeStore:
        """Return the store of another worker, which knows nothing yet."""

    def expiry(self, *, count: int = KEYS_A_SWEEP) -> ports.Expiry:
        """Return what forgets what is old, for another worker; a step of it looks at so many keys."""

    async def inside(self) -> Inspected:
        """Return everything that is kept."""

    async def lose(self, shard: int) -> None:
        """Lose a shard whole."""

    async def lose_standing(self, shard: int) -> None:
        """Lose what says that a shard stands; the rest of it is left."""

    async def end_leases(self) -> None:
        """Let so much time pass that every lease ends."""

    async def back_up(self, shard: int) -> None:
        """Keep a copy of a shard; a later one replaces it."""

    async def roll_back(self, shard: int) -> bool:
        """Put the copy back in place of the shard; say whether there was one."""


class KeptInMemory:
    """One memory store is all workers' store: it remembers nothing of who asks."""

    def __init__(self, shards: int, store: type[MemoryStore] = MemoryStore) -> None:
        self.store = store(shards=shards, window=DAY)
        self.policy = MemoryPolicy(self.store, shards=shards)
        self.shards = MemoryShards(self.store, self.policy)
        self.due = MemoryDue(self.store)
        self._copies: dict[int, Shard] = {}

    def another(self, *, conflicts: bool = True) -> MemoryStore:
        for shard in self.store.shards:
            shard.conflicts = conflicts
        return self.store

    def expiry(self, *, count: int = KEYS_A_SWEEP) -> MemoryExpiry:  # noqa: ARG002 -- it looks at all accounts
        return MemoryExpiry(self.store, self.policy, **TOPICS, acceptance=DAY)

    async def inside(self) -> Inspected:
        return of_memory(self.store)

    async def lose(self, shard: int) -> None:
        self.store.lose(shard)
        self.policy.shards[shard] = {}

    async def lose_standing(self, shard: int) -> None:
        self.store.shards[shard].stands = False

    async def end_leases(self) -> None:
        # Leases are known to whoever takes them; those who took one before go on beside those who come now.
        self.shards = MemoryShards(self.store, self.policy)
        self.due = MemoryDue(self.store)

    async def back_up(self, shard: int) -> None:
        self._copies[shard] = self.store.snapshot(shard)

    async def roll_back(self, shard: int) -> bool:
        if shard not in self._copies:
            return False
        self.store.restore(shard, self._copies[shard])
        return True


class KeptInRedis:
    """The shards of an open deployment under a prefix."""

    def __init__(self, client: Connection, prefix: str, shards: int) -> None:
        self._client = client
        self._prefix = prefix
        self._shards = shards
        self._copies: dict[int, dict[bytes, bytes]] = {}
        self.store = self.another()
        self.shards = RedisShards(client, prefix=prefix, shards=shards)
        self.policy = RedisPolicy(client, prefix=prefix, shards=shards)
        self.due = RedisDue(client, prefix=prefix, shards=shards)

    def another(self, *, conflicts: bool = True) -> RedisStore:
        return RedisStore(self._client, prefix=self._prefix, shards=self._shards, window=DAY, conflicts=conflicts)

    def expiry(self, *, count: int = KEYS_A_SWEEP) -> RedisExpiry:
        janitor = Janitor(self._client, prefix=self._prefix, **TOPICS, acceptance=DAY, count=count)
        return RedisExpiry(self._client, prefix=self._prefix, shards=self._shards, window=DAY, janitor=janitor)

    async def inside(self) -> Inspected:
        return await of_redis(self._client, self._prefix, self._shards)

    async def lose(self, shard: int) -> None:
        for key in await self._keys(shard):
            await self._client.delete(key)

    async def lose_standing(self, shard: int) -> None:
        await self._client.delete(shard_keys(self._prefix, shard).state)

    async def end_leases(self) -> None:
        for shard in range(self._shards):
            for stage in (*STAGES, "rebuild", LEASE):
                await self._client.delete(shard_keys(self._prefix, shard).lease(stage))

    async def back_up(self, shard: int) -> None:
        self._copies[shard] = {key: await self._client.dump(key) for key in await self._keys(shard)}

    async def roll_back(self, shard: int) -> bool:
        if shard not in self._copies:
            return False
        await self.lose(shard)
        for key, dumped in self._copies[shard].items():
            await self._client.restore(key, 0, dumped)
        return True

    async def _keys(self, shard: int) -> list[bytes]:
        return [
            key async for key in self._client.scan_iter(match=f"{shard_keys(self._prefix, shard).tag}:*", count=1000)
        ]
