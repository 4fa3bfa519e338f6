"""What a store holds, read past its port: levels, buckets, marks and tallies, from memory and from Redis alike."""

from __future__ import annotations

from collections import Counter as Tally
from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

from expansion_signals.state.keys import counter_of, shard_keys
from expansion_signals.state.packing import read_marks

if TYPE_CHECKING:
    from collections.abc import Mapping

    from redis.asyncio import Redis

    from expansion_signals.model.batches import Marks
    from expansion_signals.model.readings import Counter
    from expansion_signals.state.memory import MemoryStore

_OUTCOMES = {"c": "counted", "d": "duplicate", "u": "unmatched", "x": "dead_lettered"}
_FIRST_OF_MONTH = "%Y-%m"


class Inspected(NamedTuple):
    """`hours` and `days` are by account, meter and number of the hour or day; hours are quiet and firing sums."""

    levels: Mapping[tuple[str, Counter], int]
    marks: Mapping[tuple[str, Counter], Marks]
    guards: Mapping[tuple[str, Counter], str]
    hours: Mapping[tuple[str, str, int], tuple[int, int]]
    days: Mapping[tuple[str, str, int], int]
    tallies: Mapping[str, Tally[str]]


def of_memory(store: MemoryStore) -> Inspected:
    accounts = [(name, account) for shard in store.shards for name, account in shard.accounts.items()]
    tallies: defaultdict[str, Tally[str]] = defaultdict(Tally)
    for shard in store.shards:
        for name, partition in shard.partitions.items():
            tallies[name] += partition.tallies
    return Inspected(
        levels={(name, counter): level for name, kept in accounts for counter, level in kept.levels.items()},
        marks={(name, counter): marks for name, kept in accounts for counter, marks in kept.marks.items()},
        guards={
            (name, counter): f"{epoch}:{_end(guard.low)}:{_end(guard.high)}"
            for name, kept in accounts
            for counter, (epoch, guard) in kept.guards.items()
        },
        hours={(name, *place): sums for name, kept in accounts for place, sums in kept.hours.items()},
        days={(name, *place): total for name, kept in accounts for place, total in kept.days.items()},
        tallies=tallies,
    )


async def of_redis(client: Redis, prefix: str, shards: int) -> Inspected:
    found = Inspected({}, {}, {}, {}, {}, defaultdict(Tally))
    for shard in range(shards):
        await _of_shard(client, shard_keys(prefix, shard).tag, found)
    return found


async def _of_shard(client: Any, tag: str, found: Any) -> None:
    names = {number: name.decode() for name, number in (await _hash(client, f"{tag}:n")).items()}
    for field, amount in (await _hash(client, f"{tag}:wm")).items():
        partition, _, letter = field.decode().partition("|")
        if letter in _OUTCOMES:
            found.tallies[partition][_OUTCOMES[letter]] += int(amount)
    async for key in client.scan_iter(match=f"{_escaped(tag)}:*", count=1000):
        kind, _, rest = key.decode().removeprefix(f"{tag}:").partition(":")
        if kind == "a":
            _read_account(rest, await _hash(client, key), names, found)
        elif kind in ("b", "h"):
            account, _, place = rest.rpartition(":")
            for field, amount in (await _hash(client, key)).items():
                _read_bucket(kind, account, place, field, int(amount), names, found)


def _read_account(account: str, fields: Mapping[bytes, bytes], names: Mapping[bytes, str], found: Any) -> None:
    chunks: defaultdict[tuple[str, Counter], dict[int, str]] = defaultdict(dict)
    for field, value in fields.items():
        text = field.decode()
        kind = text[0] if text[0] in "gk" else ""
        number, colon, suffix = text.removeprefix(kind).partition(":")
        if not colon:
            continue
        suffix, _, chunk = suffix.partition("~") if kind == "k" else (suffix, "", "")
        place = (account, counter_of(names[number.encode()], suffix))
        if kind == "g":
            found.guards[place] = value.decode()
        elif kind == "k":
            chunks[place][int(chunk or 0)] = value.decode()
        else:
            found.levels[place] = int(value)
    for place, texts in chunks.items():
        found.marks[place] = read_marks("".join(text for _, text in sorted(texts.items())))


def _read_bucket(
    kind: str, account: str, place: str, field: bytes, amount: int, names: Mapping[bytes, str], found: Any
) -> None:
    number, _, inside = field.partition(b".")
    if kind == "b":
        found.days[account, names[number], _day(place, int(inside))] = amount
        return
    hour, firing = divmod(int(inside), 2)
    where = (account, names[number], int(place) * 24 + hour)
    sums = found.hours.get(where, (0, 0))
    found.hours[where] = (sums[0], amount) if firing else (amount, sums[1])


def _day(month: str, day: int) -> int:
    from datetime import date  # noqa: PLC0415 -- only this line knows how months are written

    return (date.fromisoformat(f"{month}-{day:02d}") - date(1970, 1, 1)).days


async def _hash(client: Any, key: str | bytes) -> Mapping[bytes, bytes]:
    return await client.hgetall(key)


def _escaped(tag: str) -> str:
    return tag.replace("[", "\\[")


def _end(level: int | None) -> str:
    return "" if level is None else str(level)
