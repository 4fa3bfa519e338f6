"""Shards as wholes: which stand, which are late, and how a lost one is made anew (port `Shards`).

In `m` of a shard: `late:<stage>` while a second reader brings it up, `since` (µs) where it was rebuilt from a log that
holds nothing older. The lease is a key of its own, because it ends by the clock: who has it is economy, not safety.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from redis.asyncio import RedisCluster

from expansion_signals.model.shards import ShardStanding
from expansion_signals.model.stages import STAGES
from expansion_signals.state.keys import STATE_FORMAT, shard_keys, suffix_of
from expansion_signals.state.packing import marks_chunks, pack
from expansion_signals.state.policy import decided_fields
from expansion_signals.state.reached import reached_by_partition
from expansion_signals.state.scripts import Scripts, redis_failures

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from expansion_signals.decide.passed import Passed
    from expansion_signals.decide.restored import RestoredShard
    from expansion_signals.decide.restored_account import RestoredAccount
    from expansion_signals.model.facts import Marks
    from expansion_signals.model.instants import Instant
    from expansion_signals.model.readings import Counter
    from expansion_signals.state.connection import Connection
    from expansion_signals.state.keys import ShardKeys


_LEASE_MILLISECONDS = 15_000
_TOGETHER = 200
"""Keys cleared, or accounts written, in one call."""


class RedisShards:
    """The shards of one deployment."""

    def __init__(self, client: Connection, *, prefix: str, shards: int) -> None:
        self._client = client
        self._scripts = Scripts(client)
        self._prefix = prefix
        self._shards = shards

    async def standing(self) -> Mapping[int, ShardStanding]:
        """Return every shard that stands; one that is lost is not in the answer."""
        keys = [shard_keys(self._prefix, shard) for shard in range(self._shards)]
        fields = ("format", "since", *(f"late:{stage}" for stage in STAGES))
        commands = [("HGETALL", each.watermarks) for each in keys] + [("HMGET", each.state, *fields) for each in keys]
        found = await self._scripts.commands(commands, "shards")
        return {
            shard: _standing(watermarks, state)
            for shard, (watermarks, state) in enumerate(zip(found[: self._shards], found[self._shards :], strict=True))
            if state[0]
        }

    async def delay(self, shards: Collection[int], stage: str) -> None:
        """Say that these shards are so far behind in this stage that a second reader must bring them up."""
        commands = [("HSET", shard_keys(self._prefix, shard).state, f"late:{stage}", "1") for shard in shards]
        await self._scripts.commands(commands, "late shards")

    async def lease(self, shard: int, stage: str, holder: str) -> bool:
        """Take the lease of bringing a shard up, or keep it; False while another has it. It ends by itself."""
        keys = [shard_keys(self._prefix, shard).lease(stage)]
        [has] = await self._scripts.call("lease", [(keys, holder, _LEASE_MILLISECONDS)])
        return bool(has)

    async def caught_up(self, shard: int, stage: str) -> None:
        """Say that a shard is with the others again, and give the lease back."""
        keys = shard_keys(self._prefix, shard)
        commands = [("HDEL", keys.state, f"late:{stage}"), ("DEL", keys.lease(stage))]
        await self._scripts.commands(commands, "late shards")

    async def rebuild(self, shards: Sequence[RestoredShard], token: str) -> None:
        """Make lost shards anew with what was restored; one that stands by now is left as it is.

        1. begin   2. clear what is left of each   3. write what was restored   4. the shard stands

        A crash before 4 leaves the shard lost, and whoever comes next begins again.
        """
        lost = {shard.shard: shard for shard in shards}
        begun = [([shard_keys(self._prefix, shard).state], "begin", token) for shard in lost]
        mine = [number for number, mine in zip(lost, await self._scripts.call("rebuild", begun), strict=True) if mine]
        left = await self._left(mine)
        for number in mine:
            for clear in _in_pieces(left[number]):
                await self._step(number, "clear", token, clear)
            await self._write(lost[number], token)

    async def move(self, shard: int, partition: str, start: int, end: int, since: Instant | None) -> None:
        """Move a watermark from `start` to `end`, if it stands there; counters before `since` are incomplete."""
        keys = shard_keys(self._prefix, shard)
        arguments = (partition, str(start), str(end), "" if since is None else str(since))
        await self._scripts.call("move", [([keys.state, keys.watermarks], *arguments)])

    async def _write(self, shard: RestoredShard, token: str) -> None:
        keys = shard_keys(self._prefix, shard.shard)
        meters = sorted({counter.meter for account in shard.accounts.values() for counter in account.marks})
        numbers = {meter: number for number, meter in enumerate(meters, start=1)}
        for accounts in _in_pieces(list(shard.accounts)):
            hashes = [pair for name in accounts for pair in _hashes(keys, name, shard.accounts[name], numbers)]
            await self._step(shard.shard, "write", token, [key for key, _ in hashes], [fields for _, fields in hashes])
        state = ["format", STATE_FORMAT, "epoch", shard.epoch]
        state += [] if shard.since is None else ["since", shard.since]
        state += [part for stage in STAGES if shard.late for part in (f"late:{stage}", "1")]
        watermarks = [
            part for partition, passed in shard.passed.items() for part in _standing_fields(partition, passed)
        ]
        names = [part for meter, number in numbers.items() for part in (meter, str(number))]
        await self._step(
            shard.shard, "end", token, [keys.watermarks, keys.names], [list(map(str, state)), watermarks, names]
        )

    async def _step(
        self, shard: int, step: str, token: str, keys: Sequence[str], hashes: Sequence[Sequence[str]] = ()
    ) -> None:
        state = shard_keys(self._prefix, shard).state
        await self._scripts.call("rebuild", [([state, *keys], step, token, pack(hashes))])

    async def _left(self, shards: Collection[int]) -> Mapping[int, list[str]]:
        """Return the keys that lost shards still have, but for `m`."""
        left: dict[str, list[str]] = {shard_keys(self._prefix, shard).tag: [] for shard in shards}
        escaped = "".join(f"\\{letter}" if letter in "*?[]\\^" else letter for letter in self._prefix)
        everywhere = {"target_nodes": RedisCluster.PRIMARIES} if isinstance(self._client, RedisCluster) else {}
        with redis_failures("what is left of lost shards"):
            async for key in self._client.scan_iter(match=f"{escaped}es:*", count=2_000, **everywhere):
                name = key.decode() if isinstance(key, bytes) else key
                tag = name[: name.find("}") + 1]
                if tag in left and name != f"{tag}:m":
                    left[tag].append(name)
        return {shard: left[shard_keys(self._prefix, shard).tag] for shard in shards}


def _standing(watermarks: Mapping[bytes, bytes], state: Sequence[bytes | None]) -> ShardStanding:
    _, since, *late = state
    return ShardStanding(
        {name.decode(): int(offset) for name, offset in watermarks.items() if b"|" not in name},
        frozenset(stage for stage, is_late in zip(STAGES, late, strict=True) if is_late),
        int(since) if since else None,
        reached_by_partition(watermarks),
    )


def _standing_fields(partition: str, passed: Passed) -> list[str]:
    tallies = (f"{partition}|c", str(passed.counted), f"{partition}|x", str(passed.dead_lettered))
    return [partition, str(passed.offset), *tallies]


def _hashes(
    keys: ShardKeys, name: str, account: RestoredAccount, numbers: Mapping[str, int]
) -> Iterator[tuple[str, list[str]]]:
    """Return the hashes of one account that are restored, each with its fields and values."""
    marks = [part for counter, of in account.marks.items() for part in _mark_fields(counter, of, numbers)]
    if marks:
        yield keys.account(name), marks
    if not account.is_empty:
        yield keys.policy(name), decided_fields(account.decided)


def _mark_fields(counter: Counter, marks: Marks, numbers: Mapping[str, int]) -> list[str]:
    field = f"k{numbers[counter.meter]}:{suffix_of(counter)}"
    chunks = marks_chunks(marks)
    return [part for place, text in enumerate(chunks) for part in (f"{field}~{place}" if place else field, text)]


def _in_pieces(names: Sequence[str]) -> Iterator[Sequence[str]]:
    for place in range(0, len(names), _TOGETHER):
        yield names[place : place + _TOGETHER]
