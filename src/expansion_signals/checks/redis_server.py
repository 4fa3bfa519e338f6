"""What one Redis server says of itself in `INFO`: does it keep what it is given, and take what is to come?"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from expansion_signals.checks.findings import error, fine, warning

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from expansion_signals.checks.findings import Finding

_OLDEST = (6, 2)
_NEARLY_FULL = 0.80
_FULL = 0.95
_KEEPS_ALL = "noeviction"


def judge_server(name: str, said: Mapping[str, object]) -> Iterator[Finding]:
    """Yield what is found about the server `name`; `said` are the fields of its `INFO`.

    A field that a managed offering hides is not judged.
    """
    yield from _version(name, said)
    yield from judge_eviction(name, said) or [fine(name, f"maxmemory-policy {_KEEPS_ALL}: nothing is dropped")]
    yield from _memory(name, said)
    yield from _durability(name, said)
    yield from _role(name, said)


def judge_eviction(name: str, said: Mapping[str, object]) -> list[Finding]:
    """Return why this server may drop counters by itself; nothing if it keeps all it is given.

    Without `maxmemory` it drops none yet; it may be set on any day, and the worker would not hear of it.
    """
    policy = said.get("maxmemory_policy", _KEEPS_ALL)
    if policy == _KEEPS_ALL:
        return []
    return [
        error(
            name,
            f"Redis has maxmemory-policy {policy}: it would drop counters when memory is short",
            "set it to noeviction: redis-cli CONFIG SET maxmemory-policy noeviction, and in its redis.conf",
            stops=True,
        )
    ]


def judge_half_a_cluster(name: str, said: Mapping[str, object]) -> list[Finding]:
    """Return why a server that was named alone does not hold all keys."""
    if not said.get("cluster_enabled"):
        return []
    return [
        error(
            name,
            "this Redis is a node of a Cluster and holds only a part of the keys",
            "name the Cluster: EXPANSION_SIGNALS_REDIS=redis+cluster://host:port",
            stops=True,
        )
    ]


def _version(name: str, said: Mapping[str, object]) -> Iterator[Finding]:
    version = str(said.get("redis_version", ""))
    numbers = tuple(int(number) for number in re.findall(r"\d+", version)[:2])
    program = "Valkey" if "valkey_version" in said else "Redis"
    told = str(said.get("valkey_version", version))
    if numbers and numbers < _OLDEST:
        yield error(name, f"{program} {told} is too old: scripts and commands of 6.2 are missing", "run 6.2 or newer")
    elif numbers:
        yield fine(name, f"{program} {told}")


def _memory(name: str, said: Mapping[str, object]) -> Iterator[Finding]:
    used, bound = _number(said, "used_memory"), _number(said, "maxmemory")
    limit, limit_name = (
        (bound, "maxmemory") if bound else (_number(said, "total_system_memory"), "its machine's memory")
    )
    if used is None or not limit:
        return
    part = used / limit
    told = f"{_size(used)} used, {part:.0%} of {limit_name} ({_size(limit)})"
    do = "give it more memory, or spread the shards over a Cluster; docs/capacity.md says how much an account takes"
    if part >= _FULL:
        then = "it refuses writes soon, and workers wait" if bound else "the machine will end it"
        yield error(name, f"{told}: {then}", do)
    elif part >= _NEARLY_FULL:
        yield warning(name, told, do)
    else:
        yield fine(name, told)


def _durability(name: str, said: Mapping[str, object]) -> Iterator[Finding]:
    appends = said.get("aof_enabled")
    if appends is not None and not int(str(appends)):
        yield warning(
            name,
            "the append-only file is off: whatever ends this Redis ends all counters, and workers must read the whole "
            "log again",
            "redis-cli CONFIG SET appendonly yes, and appendonly yes in its redis.conf",
        )
    elif appends is not None:
        yield fine(name, "the append-only file is on")
    failed = [
        words
        for field, words in (("aof_last_write_status", "append-only file"), ("rdb_last_bgsave_status", "snapshot"))
        if said.get(field, "ok") != "ok"
    ]
    if failed:
        yield error(
            name,
            f"the last write of the {' and of the '.join(failed)} failed: it refuses writes until one succeeds",
            "look at its disk and its log",
        )


def _role(name: str, said: Mapping[str, object]) -> Iterator[Finding]:
    if said.get("role") != "slave":
        replicas = _number(said, "connected_slaves") or 0
        yield fine(name, f"primary, replicas: {replicas:.0f}")
    elif not said.get("cluster_enabled"):
        yield error(
            name,
            f"this Redis is a replica of {said.get('master_host')}:{said.get('master_port')} and takes no writes",
            "name the primary in EXPANSION_SIGNALS_REDIS",
        )
    elif said.get("master_link_status") != "up":
        yield warning(name, "this replica has lost its primary: a fail-over to it would lose writes", "see its log")
    else:
        yield fine(name, "replica, with its primary")


def _number(said: Mapping[str, object], field: str) -> float | None:
    value = said.get(field)
    return float(value) if isinstance(value, int | float) else None


def _size(number: float) -> str:
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if number < 1024:  # noqa: PLR2004 -- of the next unit
            return f"{number:.0f} {unit}"
        number /= 1024
    return f"{number:.1f} TiB"
