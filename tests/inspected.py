"""What a store holds, read past its port: levels, buckets, marks and tallies, from memory and from Redis alike."""

from __future__ import annotations

from collections import Counter as Tally
from collections import defaultdict
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from expansion_signals.state.keys import counter_of, shard_keys
from expansion_signals.state.packing import read_marks

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expansion_signals.model.batches import Marks
    from expansion_signals.model.readings import Counter
    from expansion_signals.state.connection import Connection
    from expansion_signals.state.memory import MemoryStore

_OUTCOMES = {"c": "counted", "d": "duplicate", "u": "unmatched", "x": "dead_lettered"}
_FIRST_DAY = date(1970, 1, 1)


class Inspected(NamedTuple):
    """`hours` and `days` are by account, meter and number of the hour or day; hours are quiet and firing sums."""

    levels: dict[tuple[str, Counter], int]
    marks: dict[tuple[str, Counter], Marks]
    guards: dict[tuple[str, Counter], str]
    hours: dict[tuple[str, str, int], tuple[int, int]]
    days: dict[tuple[str, str, int], int]
    tallies: defaultdict[str, Tally[str]]


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


async def of_redis(client: Connection, prefix: str, shards: int) -> Inspected:
    found = Inspected({}, {}, {}, {}, {}, defaultdict(Tally))
    for shard in range(shards):
        await _Reading(client, shard_keys(prefix, shard).tag, found).read()
    return found


class _Reading:
    """Reads one shard, key by key."""

    def __init__(self, client: Connection, tag: str, found: Inspected) -> None:
        self._client = client
        self._tag = tag
        self._found = found
        self._names: dict[str, str] = {}

    async def read(self) -> None:
        self._names = {number: name for name, number in (await self._hash(f"{self._tag}:n")).items()}
        for field, amount in (await self._hash(f"{self._tag}:wm")).items():
            partition, _, letter = field.partition("|")
            if letter in _OUTCOMES:
                self._found.tallies[partition][_OUTCOMES[letter]] += int(amount)
        async for key in self._client.scan_iter(match=f"{self._tag}:*", count=1000):
            kind, _, rest = key.decode().removeprefix(f"{self._tag}:").partition(":")
            if kind == "a":
                self._account(rest, await self._hash(key))
            elif kind in ("b", "h"):
                account, _, place = rest.rpartition(":")
                self._buckets(kind, account, place, await self._hash(key))

    def _account(self, account: str, fields: Mapping[str, str]) -> None:
        chunks: defaultdict[tuple[str, Counter], dict[int, str]] = defaultdict(dict)
        for field, value in fields.items():
            kind = field[0] if field[0] in "gk" else ""
            number, colon, suffix = field.removeprefix(kind).partition(":")
            if not colon:
                continue
            suffix, _, chunk = suffix.partition("~") if kind == "k" else (suffix, "", "")
            place = (account, counter_of(self._names[number], suffix))
            match kind:
                case "g":
                    self._found.guards[place] = value
                case "k":
                    chunks[place][int(chunk or 0)] = value
                case _:
                    self._found.levels[place] = int(value)
        for place, texts in chunks.items():
            self._found.marks[place] = read_marks("".join(text for _, text in sorted(texts.items())))

    def _buckets(self, kind: str, account: str, place: str, fields: Mapping[str, str]) -> None:
        for field, amount in fields.items():
            number, _, inside = field.partition(".")
            if kind == "b":
                day = (date.fromisoformat(f"{place}-{int(inside):02d}") - _FIRST_DAY).days
                self._found.days[account, self._names[number], day] = int(amount)
                continue
            hour, firing = divmod(int(inside), 2)
            where = (account, self._names[number], int(place) * 24 + hour)
            quiet_sum, firing_sum = self._found.hours.get(where, (0, 0))
            self._found.hours[where] = (quiet_sum, int(amount)) if firing else (int(amount), firing_sum)

    async def _hash(self, key: str | bytes) -> Mapping[str, str]:
        return {field.decode(): value.decode() for field, value in (await self._client.hgetall(key)).items()}


def _end(level: int | None) -> str:
    return "" if level is None else str(level)
