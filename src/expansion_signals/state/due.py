"""When accounts are to be looked at, and what a look reads of them (port `Due`).

`due` of a shard is a sorted set: `<reason>|<account>` by the instant in µs; reasons hold no `|`. Entries are made by
`apply.lua`, with what makes them necessary, and moved by `look.lua`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.model.instants import DAY
from expansion_signals.model.looks import DAILY, History, Look
from expansion_signals.model.months import month_of, read_month
from expansion_signals.model.windows import DAYS_KEPT
from expansion_signals.state.change_texts import read_bucket
from expansion_signals.state.keys import counter_of, due_member, read_bucket_field, shard_keys
from expansion_signals.state.packing import read_note
from expansion_signals.state.profile_texts import read_profile
from expansion_signals.state.scripts import Scripts
from expansion_signals.state.summing_up import REMEMBERED, SummingUp, read_used, used_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from expansion_signals.model.day_used import DayUsed
    from expansion_signals.model.instants import Instant
    from expansion_signals.model.months import Month
    from expansion_signals.model.readings import Counter
    from expansion_signals.state.connection import Connection
    from expansion_signals.state.keys import ShardKeys

LEASE = "daily"
_LEASE_MILLISECONDS = 15_000
_DAY_WITHIN = "9"
"""The number of the day ends before this place of what was used."""


def months_read(day: int) -> list[Month]:
    """Return the months that hold the longest window up to the day after `day`, oldest first."""
    first, last = month_of(day + 1 - DAYS_KEPT), month_of(day + 1)
    months = [first]
    while months[-1] < last:
        months.append(months[-1].later(1))
    return months


class RedisDue:
    """Looks of one deployment. Summing up a shard, it remembers about so many accounts that it has met."""

    def __init__(self, client: Connection, *, prefix: str, shards: int, remembered: int = REMEMBERED) -> None:
        self._scripts = Scripts(client)
        self._prefix = prefix
        self._shards = shards
        self._remembered = remembered
        self._summing_up: dict[int, SummingUp] = {}

    async def due(self, until: Mapping[int, Instant], most: int) -> Mapping[int, Sequence[Look]]:
        """Return by shard the looks due at its instant, the longest overdue first, at most so many of each shard."""
        commands = [
            ("ZRANGE", self._keys(shard).due, "-inf", str(at), "BYSCORE", "LIMIT", "0", str(most), "WITHSCORES")
            for shard, at in until.items()
        ]
        found = await self._scripts.commands(commands, "looks that are due")
        looks = {shard: [_look(each) for each in _scored(flat)] for shard, flat in zip(until, found, strict=True)}
        return {shard: due for shard, due in looks.items() if due}

    async def lease(self, shard: int, holder: str) -> bool:
        """Take the lease of looking at a shard's accounts, or keep it; False while another has it."""
        [has] = await self._scripts.call("lease", [([self._keys(shard).lease(LEASE)], holder, _LEASE_MILLISECONDS)])
        return bool(has)

    async def histories(self, shard: int, accounts: Sequence[str], day: int) -> Sequence[History]:
        """Return what is kept of these accounts up to the day after this UTC day, all read in one round trip."""
        keys, months = self._keys(shard), months_read(day)
        of_each = [_commands(keys, account, months) for account in accounts]
        commands = [("HGETALL", keys.names), *(command for commands in of_each for command in commands)]
        names, *found = await self._scripts.commands(commands, "histories")
        meters = {number.decode(): name.decode() for name, number in names.items()}
        size = len(months) + 4
        return [
            _history(account, found[place * size : (place + 1) * size], meters, months)
            for place, account in enumerate(accounts)
        ]

    async def move(self, shard: int, looks: Sequence[tuple[Look, Instant | None]]) -> None:
        """Move each look to when it is due next, None: away; one that was put elsewhere meanwhile stays there."""
        arguments = [
            part
            for look, then in looks
            for part in (due_member(look.account, look.reason), str(look.at), "" if then is None else str(then))
        ]
        await self._scripts.call("look", [([self._keys(shard).due], *arguments)])

    async def sum_up(self, shard: int, day: int) -> bool:
        """Sum up what some more of the shard's accounts used on this UTC day.

        Return whether there are no more: then it is kept, in place of an earlier day.
        """
        keys, going_on = self._keys(shard), self._summing_up.get(shard)
        if going_on is None or going_on.day != day:
            going_on = self._summing_up[shard] = SummingUp(self._scripts, keys, day, self._remembered)
        if going_on.used is None:
            await going_on.step()
        if going_on.used is None:
            return False
        await self._scripts.call("used", [([keys.used], str(day), used_text(going_on.used))])
        del self._summing_up[shard]
        return True

    async def summed_up(self) -> Sequence[int | None]:
        """Return which UTC day every shard has summed up last, None where it never has."""
        commands = [("GETRANGE", self._keys(shard).used, "0", _DAY_WITHIN) for shard in range(self._shards)]
        found = await self._scripts.commands(commands, "what is summed up")
        return [int(text.partition(b"|")[0]) if text else None for text in found]

    async def used(self, shard: int) -> DayUsed | None:
        """Return what the shard's accounts used on the day that it has summed up last, None where it never has."""
        [text] = await self._scripts.commands([("GET", self._keys(shard).used)], "what was used")
        return read_used(text)

    def _keys(self, shard: int) -> ShardKeys:
        return shard_keys(self._prefix, shard)


def _commands(keys: ShardKeys, account: str, months: Sequence[Month]) -> list[tuple[str, ...]]:
    return [
        ("GET", keys.profile(account)),
        ("GET", keys.note(account, DAILY)),
        ("HGETALL", keys.account(account)),
        ("HKEYS", keys.totals(account)),
        *(("HGETALL", keys.month(account, _first_day(month))) for month in months),
    ]


def _history(account: str, found: Sequence, meters: Mapping[str, str], months: Sequence[Month]) -> History:  # type: ignore[type-arg]
    profile, note, kept, totals, *buckets = found
    days = {
        (meters[number], _first_day(month) + day - 1): read_bucket(value.decode())
        for month, fields in zip(months, buckets, strict=True)
        for field, value in fields.items()
        for number, day in [read_bucket_field(field.decode())]
    }
    total_months = {read_month(field.decode().partition(".")[2]) for field in totals}
    first = min([day for _, day in days] + [_first_day(month) for month in total_months], default=None)
    return History(account, read_profile(profile), read_note(note), days, dict(_levels(kept, meters)), first)


def _levels(kept: Mapping[bytes, bytes], meters: Mapping[str, str]) -> Iterator[tuple[Counter, int]]:
    """Yield the levels among the fields of an account's hash: those that begin with the number of a meter."""
    for field, value in kept.items():
        number, colon, suffix = field.decode().partition(":")
        if colon and number in meters:
            yield counter_of(meters[number], suffix), int(value)


def _first_day(month: Month) -> int:
    return month.later(-1).end // DAY


def _scored(flat: Sequence) -> Iterable[tuple[bytes, float]]:  # type: ignore[type-arg]
    """Return members with their scores, which redis-py hands out as a flat list, or as pairs."""
    if flat and isinstance(flat[0], list | tuple):
        return [(member, float(score)) for member, score in flat]
    return [(member, float(score)) for member, score in zip(flat[::2], flat[1::2], strict=True)]


def _look(scored: tuple[bytes, float]) -> Look:
    member, score = scored
    reason, _, account = member.decode().partition("|")
    return Look(account, reason, int(score))
