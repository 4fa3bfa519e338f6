"""Counters of periods long closed go, hour buckets that no profile came for, and accounts that nobody ever knew.

What belongs to a counter goes with it, in one call: guard, marks, order, members, shares. An account with facts that
are not marked is left alone until they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from expansion_signals.state.expiration import Expiration
from expansion_signals.state.keys import counter_of
from expansion_signals.state.profile_texts import read_profile
from expansion_signals.state.use_seen import is_used

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from expansion_signals.model.accounts import Profile
    from expansion_signals.model.readings import Counter
    from expansion_signals.state.expiration import AgingShard
    from expansion_signals.state.scripts import Scripts

_HOURS_A_DAY = 24
_MEMBERS = "s"


class _Hours(NamedTuple):
    """What `H` says: the call that changed hour buckets last, and the UTC days that may have some."""

    revision: str
    first: int
    last: int


class _Kept(NamedTuple):
    """An account as it was read: the fields of its hash, the level field of each counter, its profile."""

    shard: AgingShard
    account: str
    fields: Mapping[str, bytes]
    levels: Mapping[Counter, str]
    profile: Profile | None

    @property
    def waits(self) -> bool:
        """Whether facts are not marked yet."""
        return int(self.fields.get("q", 0)) != int(self.fields.get("j", 0))

    @property
    def never_known(self) -> bool:
        """Whether no profile ever came: each one has left a fact."""
        return "v" not in self.fields and "q" not in self.fields

    @property
    def hours(self) -> _Hours | None:
        """The hour buckets, None where there are none."""
        if "H" not in self.fields:
            return None
        revision, first, last = self.fields["H"].decode().split("|")
        return _Hours(revision, int(first), int(last))

    @property
    def has_old_hours(self) -> bool:
        """Whether there may be hour buckets of days that are not kept."""
        return self.hours is not None and self.hours.first < self.shard.retention.hours_from

    def gone(self) -> set[Counter]:
        """Return the counters that no record to come can ask for."""
        return self.shard.retention.counters_gone(self.levels, self.profile)

    def stocks(self) -> set[Counter]:
        """Return the stocks that would be left of an account never known, once everything old is gone; else none.

        Nothing but days of use tells how old they are.
        """
        alive = self.hours is not None and self.hours.last >= self.shard.retention.hours_from
        left = self.levels.keys() - self.gone()
        return left if self.never_known and not alive and self.shard.retention.are_stocks(left) else set()


async def old_accounts(scripts: Scripts, found: Sequence[tuple[AgingShard, str]]) -> Sequence[Expiration]:
    """Return what is old of these accounts."""
    commands = [
        command
        for shard, account in found
        for command in (("HGETALL", shard.keys.account(account)), ("GET", shard.keys.profile(account)))
    ]
    read = await scripts.commands(commands, "accounts")
    expirations = []
    for (shard, account), fields, profile in zip(found, read[::2], read[1::2], strict=True):
        kept = _kept(shard, account, {field.decode(): value for field, value in fields.items()}, profile)
        if not kept.waits:
            expiration = await _expiration(scripts, kept)
            if expiration:
                expirations.append(expiration)
    return expirations


def _kept(shard: AgingShard, account: str, fields: Mapping[str, bytes], profile: bytes | None) -> _Kept:
    levels = {}
    for field in fields:
        number, colon, suffix = field.partition(":")
        if colon and number in shard.meters:
            levels[counter_of(shard.meters[number], suffix)] = field
    return _Kept(shard, account, fields, levels, read_profile(profile))


async def _expiration(scripts: Scripts, kept: _Kept) -> Expiration | None:
    """Return what is old of one account; most have nothing, and cost no further call."""
    gone, stocks = kept.gone(), kept.stocks()
    if stocks and not await is_used(scripts, kept.shard, kept.account, {counter.meter for counter in stocks}):
        gone |= stocks
    if not gone and not kept.has_old_hours:
        return None
    keys = kept.shard.keys
    key = keys.account(kept.account)
    expiration = Expiration(keys, kept.shard.metered)
    expiration.same(key, {field: kept.fields.get(field) for field in ("q", "j", "v", "H")})
    numbers = {name: number for number, name in kept.shard.meters.items()}
    expiration.same(keys.names, {counter.meter: numbers[counter.meter] for counter in gone})
    expiration.same(key, {kept.levels[counter]: kept.fields[kept.levels[counter]] for counter in gone})
    fields = list(_fields_of({kept.levels[counter] for counter in gone}, kept.fields))
    for counter in gone:
        expiration.drop_whole(of(kept.account, counter) for of in (keys.members, keys.sketch, keys.shares))
    if kept.hours and kept.has_old_hours:
        fields += await _drop_hours(scripts, kept, kept.hours, expiration)
    expiration.drop(key, fields)
    return expiration


def _fields_of(levels: set[str], fields: Mapping[str, bytes]) -> Iterator[str]:
    """Yield all fields of counters: their levels, guards, orders, and chunks of marks."""
    for field in fields:
        kind = field[0] if field[0] in "gko" else ""
        whole = field.removeprefix(kind)
        if whole in levels or (kind == "k" and whole.rpartition("~")[0] in levels):
            yield field


async def _drop_hours(scripts: Scripts, kept: _Kept, hours: _Hours, expiration: Expiration) -> list[str]:
    """Drop the hour buckets of old days; return `H` with the last of them, else it says where they begin now."""
    keys = kept.shard.keys
    days = range(hours.first, hours.last + 1)
    found = await scripts.commands([("HGETALL", keys.hours(kept.account, day)) for day in days], "hour buckets")
    left = []
    for day, buckets in zip(days, found, strict=True):
        if day >= kept.shard.retention.hours_from:
            left += [day] if buckets else []
            continue
        expiration.drop_whole([keys.hours(kept.account, day)])
        expiration.drop_whole(
            keys.hour_members(kept.account, kept.shard.meters[number], day * _HOURS_A_DAY + hour, part)
            for number, hour, part in map(_hour_of_members, buckets)
            if number
        )
    if not left:
        return ["H"]
    expiration.put(keys.account(kept.account), "H", f"{hours.revision}|{left[0]}|{hours.last}")
    return []


def _hour_of_members(field: bytes) -> tuple[str, int, int]:
    """Read the field of an hour bucket: number of the meter, hour of the day, part; no number where it is a level."""
    number, _, place = field.decode().partition(".")
    return (number, *divmod(int(place[:-1]), 2)) if place.endswith(_MEMBERS) else ("", 0, 0)
