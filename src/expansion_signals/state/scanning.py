"""Walking over the keys of a deployment, some at each step, again and again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, cast

from redis.asyncio import RedisCluster

from expansion_signals.state.scripts import redis_failures

if TYPE_CHECKING:
    from collections.abc import Sequence

    from expansion_signals.state.connection import Connection


class FoundKey(NamedTuple):
    """A key of a shard: the letter of its kind, and what stands behind it."""

    shard: int
    kind: str
    rest: str


class Scan:
    """One walk over all keys, then the next; in a Cluster over the primaries, one after the other.

    What stands for the whole of a walk is met in it at least once; perhaps more than once, which does no harm.
    """

    def __init__(self, client: Connection, *, prefix: str, count: int) -> None:
        self._client = client
        self._start = f"{prefix}es:{{"
        self._count = count
        self._nodes: list[Any] = []
        self._cursor = 0

    @property
    def between_walks(self) -> bool:
        """Whether the next step begins a walk: none has begun, or the last one is over."""
        return not self._nodes

    async def step(self) -> Sequence[FoundKey]:
        """Return the keys of shards among the next ones.

        Raises:
            StateUnavailable: Redis does not answer; the walk begins anew, over the nodes there are by then.
        """
        nodes, cursor = self._nodes, self._cursor
        self._nodes, self._cursor = [], 0
        with redis_failures("a scan"):
            nodes = nodes or await self._all_nodes()
            cursor, keys = await self._scan(nodes[0], cursor)
        self._nodes, self._cursor = (nodes, cursor) if cursor else (nodes[1:], 0)
        return [found for found in map(self._found, keys) if found]

    async def _all_nodes(self) -> list[Any]:
        if not isinstance(self._client, RedisCluster):
            return [None]
        await self._client.initialize()
        return list(self._client.get_primaries())

    async def _scan(self, node: Any, cursor: int) -> tuple[int, Sequence[bytes]]:  # noqa: ANN401 -- redis-py's own
        target = {} if node is None else {"target_nodes": node}
        command = ("SCAN", cursor, "MATCH", f"{self._start}*", "COUNT", self._count)
        following, keys = await cast("Any", self._client).execute_command(*command, **target)
        return (following if node is None else following[node.name]), keys

    def _found(self, key: bytes) -> FoundKey | None:
        """Return the key of a shard; None for one of the deployment."""
        shard, _, name = key.decode().removeprefix(self._start).partition("}:")
        kind, _, rest = name.partition(":")
        return FoundKey(int(shard), kind, rest) if shard.isdecimal() else None
