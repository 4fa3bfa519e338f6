"""Summing up what a shard's accounts used on a day, some accounts at a time (port `DaySums`, semantics 6.4).

The accounts are those of `due`. A walk over a sorted set meets each at least once, and may meet one again, so accounts
that were met are remembered. For that not to be all of a large shard, it is walked over several times, each time for
another part of the accounts, in longer strides.
"""

from __future__ import annotations

import json
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

from expansion_signals.model.day_used import DayUsed, together, used_by
from expansion_signals.model.looks import DAILY
from expansion_signals.state.change_texts import read_bucket
from expansion_signals.state.keys import bucket_field
from expansion_signals.state.profile_texts import read_profile

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from expansion_signals.state.keys import ShardKeys
    from expansion_signals.state.scripts import Scripts

ACCOUNTS_A_STEP = 1_000
"""About so many accounts are read by a step, in one round trip."""

REMEMBERED = 50_000
"""About so many accounts are remembered to have been met: some 5 MB."""

_REASON = f"{DAILY}|".encode()


class SummingUp:
    """One shard and one UTC day. A step that failed may be taken again; `used` is set once no account is left."""

    used: DayUsed | None = None

    def __init__(self, scripts: Scripts, keys: ShardKeys, day: int, remembered: int) -> None:
        self.day = day
        self._scripts = scripts
        self._keys = keys
        self._remembered = remembered
        self._walks = 0
        self._walk = 0
        self._cursor = 0
        self._met: set[bytes] = set()
        self._so_far = DayUsed(day, {}, {})

    async def step(self) -> None:
        """Read some more accounts.

        Raises:
            StateUnavailable: Redis does not answer.
        """
        if not self._walks:
            [looks] = await self._scripts.commands([("ZCARD", self._keys.due)], "accounts")
            self._walks = max(1, -(-looks // self._remembered))
        stride = str(ACCOUNTS_A_STEP * self._walks)
        (cursor, members), names = await self._scripts.commands(
            [("ZSCAN", self._keys.due, str(self._cursor), "COUNT", stride), ("HGETALL", self._keys.names)], "accounts"
        )
        # A hash of this process is enough: nobody goes on with the walk of another.
        mine = {member for member, _ in members if hash(member) % self._walks == self._walk} - self._met
        accounts = [member.removeprefix(_REASON).decode() for member in mine if member.startswith(_REASON)]
        meters = {bucket_field(number.decode(), self.day): name.decode() for name, number in names.items()}
        self._so_far = together(self.day, [self._so_far, used_by(self.day, await self._read(accounts, meters))])
        self._met |= mine
        self._cursor = int(cursor)
        if not self._cursor:
            self._met.clear()
            self._walk += 1
        if self._walk == self._walks:
            self.used = self._so_far

    async def _read(self, accounts: Sequence[str], meters: Mapping[str, str]) -> Iterator[tuple[str, dict[str, int]]]:
        """Return plan and amounts by meter of each of these accounts that is known."""
        commands: list[tuple[str, ...]] = [("GET", self._keys.profile(account)) for account in accounts]
        if meters:
            commands += [("HMGET", self._keys.month(account, self.day), *meters) for account in accounts]
        found = await self._scripts.commands(commands, "what was used")
        profiles = (read_profile(text) for text in found[: len(accounts)])
        buckets = found[len(accounts) :] or [()] * len(accounts)
        return (
            (profile.account.plan, _amounts(meters.values(), values))
            for profile, values in zip(profiles, buckets, strict=True)
            if profile is not None
        )


def _amounts(meters: Iterable[str], buckets: Sequence[bytes | None]) -> dict[str, int]:
    return {meter: read_bucket(each.decode()) for meter, each in zip(meters, buckets, strict=True) if each is not None}


def used_text(used: DayUsed) -> str:
    """Return what stands behind the day: accounts by plan; by plan and meter the steps between amounts, and counts."""
    amounts = []
    for place, counts in used.amounts.items():
        ascending = sorted(counts)
        steps = [after - before for before, after in pairwise([0, *ascending])]
        amounts.append([*place, steps, [counts[amount] for amount in ascending]])
    return json.dumps([used.accounts, amounts], separators=(",", ":"))


def read_used(text: bytes | None) -> DayUsed | None:
    """Read what `used.lua` keeps: the day, and behind it what `used_text` wrote."""
    if text is None:
        return None
    day, _, used = text.decode().partition("|")
    accounts, amounts = json.loads(used)
    return DayUsed(
        int(day),
        accounts,
        {(plan, meter): dict(zip(accumulate(steps), counts, strict=True)) for plan, meter, steps, counts in amounts},
    )
