"""What a store holds, read past its port: levels, buckets, marks and tallies, from memory and from Redis alike."""

from __future__ import annotations

from collections import Counter as Tally
from collections import defaultdict
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from expansion_signals.model.changes import See
from expansion_signals.model.months import read_month
from expansion_signals.state.change_texts import read_bucket, read_change
from expansion_signals.state.keys import ShardKeys, counter_of, read_bucket_field, shard_keys
from expansion_signals.state.packing import read_marks
from expansion_signals.state.shares import read_shares

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expansion_signals.model.changes import Change
    from expansion_signals.model.facts import Marks
    from expansion_signals.model.months import Month
    from expansion_signals.model.readings import Counter
    from expansion_signals.state.connection import Connection
    from expansion_signals.state.memory import MemoryStore

_OUTCOMES = {"c": "counted", "d": "duplicate", "u": "unmatched", "x": "dead_lettered"}
_FIRST_DAY = date(1970, 1, 1)


class Inspected(NamedTuple):
    """`hours` (quiet and firing part) and `days` are by account, meter and number of the hour or day.

    `members` are those seen; `shares` are levels by dimension and value; `totals` are of months.
    """

    levels: dict[tuple[str, Counter], int]
    marks: dict[tuple[str, Counter], Marks]
    guards: dict[tuple[str, Counter], str]
    hours: dict[tuple[str, str, int], tuple[Change | None, Change | None]]
    days: dict[tuple[str, str, int], int]
    tallies: defaultdict[str, Tally[str]]
    members: defaultdict[tuple[str, Counter], frozenset[int]]
    shares: dict[tuple[str, Counter], dict[tuple[str, str], int]]
    totals: dict[tuple[str, str, Month], int]


def of_memory(store: MemoryStore) -> Inspected:
    accounts = [(name, account) for shard in store.shards for name, account in shard.accounts.items()]
    tallies: defaultdict[str, Tally[str]] = defaultdict(Tally)
    for shard in store.shards:
        for name, partition in shard.partitions.items():
            tallies[name] += partition.tallies
    return Inspected(
        levels={(name, counter): level.amount for name, kept in accounts for counter, level in kept.levels.items()},
        marks={(name, counter): marks for name, kept in accounts for counter, marks in kept.marks.items()},
        guards={
            (name, counter): f"{epoch}:{_end(guard.low)}:{_end(guard.high)}"
            for name, kept in accounts
            for counter, (epoch, guard) in kept.guards.items()
        },
        hours={(name, *place): parts for name, kept in accounts for place, parts in kept.hours.items()},
        days={(name, *place): total.amount for name, kept in accounts for place, total in kept.days.items()},
        tallies=tallies,
        members=defaultdict(
            frozenset,
            {
                (name, counter): level.members
                for name, kept in accounts
                for counter, level in kept.levels.items()
                if level.members
            },
        ),
        shares={
            (name, counter): {
                (dimension, value): level.amount
                for dimension, values in dimensions.items()
                for value, level in values.items()
            }
            for name, kept in accounts
            for counter, dimensions in kept.shares.levels.items()
        },
        totals={(name, *place): total.amount for name, kept in accounts for place, total in kept.totals.items()},
    )


async def of_redis(client: Connection, prefix: str, shards: int) -> Inspected:
    found = Inspected({}, {}, {}, {}, {}, defaultdict(Tally), defaultdict(frozenset), {}, {})
    for shard in range(shards):
        await _Reading(client, shard_keys(prefix, shard), found).read()
    return found


class _Reading:
    """Reads one shard, key by key."""

    def __init__(self, client: Connection, keys: ShardKeys, found: Inspected) -> None:
        self._client = client
        self._keys = keys
        self._tag = keys.tag
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
                await self._buckets(kind, account, place, await self._hash(key))
            elif kind == "x":
                account, meter, suffix = rest.split(":", 2)
                self._found.shares[account, counter_of(meter, suffix)] = read_shares(await self._client.hgetall(key))
            elif kind == "t":
                for field, text in (await self._hash(key)).items():
                    number, _, month = field.partition(".")
                    self._found.totals[rest, self._names[number], read_month(month)] = read_bucket(text)
            elif kind == "u":
                await self._members(key, *rest.split(":", 2))

    def _account(self, account: str, fields: Mapping[str, str]) -> None:
        chunks: defaultdict[tuple[str, Counter], dict[int, str]] = defaultdict(dict)
        for field, value in fields.items():
            kind = field[0] if field[0] in "gko" else ""
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
                case "":
                    self._found.levels[place] = int(value)
        for place, texts in chunks.items():
            self._found.marks[place] = read_marks("".join(text for _, text in sorted(texts.items())))

    async def _members(self, key: bytes, account: str, meter: str, suffix: str) -> None:
        if not suffix.startswith("h"):
            found = frozenset(map(int, await self._client.smembers(key)))
            self._found.members[account, counter_of(meter, suffix)] = found

    async def _buckets(self, kind: str, account: str, place: str, fields: Mapping[str, str]) -> None:
        for field, text in fields.items():
            if kind == "b":
                number, day_of_month = read_bucket_field(field)
                day = (date.fromisoformat(f"{place}-{day_of_month:02d}") - _FIRST_DAY).days
                self._found.days[account, self._names[number], day] = read_bucket(text)
                continue
            number, _, inside = field.partition(".")
            hour, firing = divmod(int(inside[:-1]), 2)
            where = (account, self._names[number], int(place) * 24 + hour)
            change = await self._change(where, firing, inside[-1], text)
            quiet_part, firing_part = self._found.hours.get(where, (None, None))
            self._found.hours[where] = (quiet_part, change) if firing else (change, firing_part)

    async def _change(self, where: tuple[str, str, int], part: int, operation: str, text: str) -> Change:
        if operation != "s":
            return read_change(operation, text)
        members = await self._client.smembers(self._keys.hour_members(*where, part))
        return See(tuple(sorted(map(int, members))))

    async def _hash(self, key: str | bytes) -> Mapping[str, str]:
        return {field.decode(): value.decode() for field, value in (await self._client.hgetall(key)).items()}


def _end(level: int | None) -> str:
    return "" if level is None else str(level)
