"""Which keys of a shard are an account's: found by a scan, because notes may be of anything.

Names stand in keys as they are, and may hold the separator: `o:a:b:c` may be of the account `a` and its subject `b:c`,
or of `a:b` and its subject `c`. A key that may be of two accounts is left where another one that stands may own it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from redis.asyncio import RedisCluster

from expansion_signals.state.scripts import redis_failures

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from expansion_signals.state.connection import Connection
    from expansion_signals.state.keys import ShardKeys
    from expansion_signals.state.scripts import Scripts

_KEYS_A_STEP = 2_000
_GLOB = re.compile(r"([\\*?\[\]])")
_ALONE = frozenset("apdt")
_BEFORE_ONE = frozenset("bhs")
_OF_COUNTERS = frozenset("uyx")
_SUFFIX = re.compile(r"(\d+(u\d+)?)?(:.*)?|h\d+\.\d", re.ASCII | re.DOTALL)


class AccountKeys(NamedTuple):
    """The keys of an account by the letter of their kind, and those that another account may own."""

    by_kind: Mapping[str, Sequence[str]]
    doubtful: Sequence[str]

    @property
    def all(self) -> Sequence[str]:
        """Every key that is the account's."""
        return [key for keys in self.by_kind.values() for key in keys]


async def account_keys(client: Connection, scripts: Scripts, keys: ShardKeys, account: str) -> AccountKeys:
    """Return the keys of an account; the keyspace of the shard's node is walked over once.

    Raises:
        StateUnavailable: Redis does not answer.
    """
    [names] = await scripts.commands([("HGETALL", keys.names)], "names of meters")
    meters = {name.decode() for name in names}
    by_kind: dict[str, list[str]] = {}
    doubtful: dict[str, list[str]] = {}
    for key in await _scanned(client, keys, account):
        kind, _, rest = key.removeprefix(f"{keys.tag}:").partition(":")
        owners = set(owners_of(kind, rest, meters))
        if account in owners:
            by_kind.setdefault(kind, []).append(key)
            if len(owners) > 1:
                doubtful[key] = sorted(owners - {account})
    others = await _owned_by_others(scripts, keys, doubtful)
    return AccountKeys(
        {kind: sorted(set(found) - others) for kind, found in by_kind.items()},
        sorted(others),
    )


def owners_of(kind: str, rest: str, meters: Collection[str]) -> Iterator[str]:
    """Yield the accounts that a key of this kind may be of; `rest` stands behind the letter."""
    if kind in _ALONE:
        yield rest
    elif kind in _BEFORE_ONE:
        yield rest.rpartition(":")[0]
    elif kind == "z":
        yield rest.rsplit(":", 2)[0]
    elif kind in _OF_COUNTERS:
        parts = rest.split(":")
        for place in range(1, len(parts) - 1):
            if parts[place] in meters and _SUFFIX.fullmatch(":".join(parts[place + 1 :])):
                yield ":".join(parts[:place])
    elif kind == "o":
        parts = rest.split(":")
        yield from (":".join(parts[:place]) for place in range(1, len(parts)))


async def _scanned(client: Connection, keys: ShardKeys, account: str) -> set[str]:
    pattern = f"{_literal(keys.tag)}:?:{_literal(account)}*"
    where: dict[str, Any] = {}
    with redis_failures("a scan"):
        if isinstance(client, RedisCluster):
            await client.initialize()
            where = {"target_nodes": client.get_node_from_key(keys.state)}
        found = client.scan_iter(match=pattern, count=_KEYS_A_STEP, **where)
        return {key.decode() async for key in found}


async def _owned_by_others(scripts: Scripts, keys: ShardKeys, doubtful: Mapping[str, Sequence[str]]) -> set[str]:
    named = list(dict.fromkeys(owner for owners in doubtful.values() for owner in owners))
    commands = [("EXISTS", keys.account(owner), keys.profile(owner)) for owner in named]
    stands = dict(zip(named, await scripts.commands(commands, "accounts") if commands else (), strict=True))
    return {key for key, owners in doubtful.items() if any(stands[owner] for owner in owners)}


def _literal(text: str) -> str:
    """Return a text as a pattern that matches nothing else."""
    return _GLOB.sub(r"\\\1", text)
