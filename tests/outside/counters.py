"""Counters as they stand in Redis: the one look behind the door, to compare them with what was sent."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from redis import Redis, RedisCluster

from expansion_signals.state.keys import shard_keys, shard_of

if TYPE_CHECKING:
    from collections.abc import Iterable

SHARDS = 64


def counters(url: str, prefix: str, accounts: Iterable[str], meter: str = "api_calls") -> dict[str, int]:
    """Return the meter's level of each account, summed over its periods; accounts without one are left out."""
    levels: dict[str, int] = {}
    with _reading(url) as client:
        shards: dict[int, list[str]] = defaultdict(list)
        for account in accounts:
            shards[shard_of(account, SHARDS)].append(account)
        for shard, members in shards.items():
            keys = shard_keys(prefix, shard)
            number = client.hget(keys.names, meter)
            pipeline = client.pipeline(transaction=False)
            for account in members:
                pipeline.hgetall(keys.account(account))
            for account, fields in zip(members, pipeline.execute(), strict=True):
                periods = [int(level) for field, level in fields.items() if field.startswith(f"{number}:")]
                if periods:
                    levels[account] = sum(periods)
    return levels


def tallies(url: str, prefix: str) -> dict[str, dict[str, int]]:
    """Return for each partition (topic id or name, and number) how many records became what, and the next offset."""
    letters = {"c": "counted", "d": "duplicate", "u": "unmatched", "x": "dead_lettered"}
    found: dict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(letters.values(), 0))
    with _reading(url) as client:
        for shard in range(SHARDS):
            for field, value in client.hgetall(shard_keys(prefix, shard).watermarks).items():
                partition, _, letter = field.rpartition("|")
                if letter in letters:
                    found[partition][letters[letter]] += int(value)
    return found


def _reading(url: str) -> Redis | RedisCluster:
    scheme, _, servers = url.partition("://")
    if not scheme.endswith("+cluster"):
        return Redis.from_url(url, decode_responses=True)
    host, _, port = servers.split(",")[0].partition(":")
    return RedisCluster(host=host, port=int(port), decode_responses=True)
