"""The store in Redis: scripts that apply, mark and read, and pipelines of a few shards each.

Boundaries: knows the state protocol (`model/batches.py`) and how it stands in keys; knows neither rules nor Kafka.
"""

from __future__ import annotations

import asyncio
from itertools import islice
from typing import TYPE_CHECKING, Any

from expansion_signals.model.batches import (
    Answer,
    Applied,
    Behind,
    Bucket,
    Full,
    Gap,
    Lost,
    OtherProfiles,
    Overflow,
    Seen,
    StaleEpoch,
    Values,
)
from expansion_signals.model.changes import See
from expansion_signals.model.facts import HourTotals
from expansion_signals.state.active_members import active_members
from expansion_signals.state.books import RedisBooks
from expansion_signals.state.change_texts import read_change
from expansion_signals.state.identity_slices import IdentitySlices, read_layout
from expansion_signals.state.keys import ShardKeys, counter_of, shard_keys, shard_of, suffix_of
from expansion_signals.state.packing import guard_text, marks_chunks, pack, read_facts, read_note, read_watermarks
from expansion_signals.state.profile_texts import read_profile
from expansion_signals.state.requests import ApplyRequest
from expansion_signals.state.scripts import Scripts

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from expansion_signals.model.accounts import Profile
    from expansion_signals.model.batches import AccountBatch, Outcome, ShardBatch
    from expansion_signals.model.changes import Change
    from expansion_signals.model.facts import AccountFacts, AccountMark
    from expansion_signals.model.instants import Duration
    from expansion_signals.model.last_seen import Active
    from expansion_signals.model.notes import Note
    from expansion_signals.model.readings import Counter
    from expansion_signals.state.connection import Connection


_ASKED_AT_ONCE = 8
"""Shards asked in one pipeline, or more: fewer let Redis begin sooner, and cost a pipeline more."""

_MOST_PIPELINES = 8
"""Each takes a connection, and redis-py's pool refuses the hundred and first."""


class RedisStore:
    """Counters, watermarks, marks and identities of one deployment (port `Store`).

    One instance belongs to one task: it remembers the layout of identity slices of each shard.
    """

    def __init__(
        self, client: Connection, *, prefix: str, shards: int, window: Duration, conflicts: bool = True
    ) -> None:
        self._scripts = Scripts(client)
        self._books = RedisBooks(client, prefix=prefix, shards=shards)
        self._prefix = prefix
        self._shards = shards
        self._conflicts = conflicts
        self._slices = {shard: IdentitySlices(window) for shard in range(shards)}

    async def apply(self, batches: Sequence[ShardBatch]) -> Sequence[Answer]:
        """Apply each batch to its shard; answers stand in the order of the batches.

        Redis applies the first of them while the requests of the others are still written.

        Raises:
            StateUnavailable: some may be applied, some not; asking again is safe, the watermarks tell.
        """
        answers: dict[int, Answer] = {}
        waiting = dict(enumerate(batches))
        crowded: dict[tuple[str, str], int] = {}
        while waiting:
            requests, raw = await self._asked(waiting, crowded)
            for place, answer in zip(requests, raw, strict=True):
                batch = waiting[place]
                if answer[0] == b"layout":
                    self._slices[batch.shard].learn(_layouts(answer[1]))
                elif answer[0] == b"crowded":
                    crowded.update(_crowded(answer[1]))
                else:
                    answers[place] = await self._read(batch, requests[place], answer)
                    if isinstance(answers[place], Applied):
                        self._slices[batch.shard].learn(requests[place].layouts)
                    del waiting[place]
        return [answers[place] for place in range(len(batches))]

    async def _asked(
        self, waiting: Mapping[int, ShardBatch], crowded: Mapping[tuple[str, str], int]
    ) -> tuple[Mapping[int, ApplyRequest], Sequence[Any]]:
        """Return the request of each batch by its place, and what Redis answered in their order."""
        requests: dict[int, ApplyRequest] = {}
        calls: list[asyncio.Task[list[Any]]] = []
        places = iter(waiting)
        at_once = max(_ASKED_AT_ONCE, -(-len(waiting) // _MOST_PIPELINES))
        while some := [*islice(places, at_once)]:
            requests |= {place: self._request(waiting[place], crowded) for place in some}
            asked = [(each.keys, each.argument, each.evidences) for each in map(requests.__getitem__, some)]
            calls.append(asyncio.create_task(self._scripts.call("apply", asked)))
            await asyncio.sleep(0)  # so that it is sent
        answers: list[Any] = []
        # All are waited for before one that failed is told: none may still write when the step is repeated.
        for answered in await asyncio.gather(*calls, return_exceptions=True):
            if isinstance(answered, BaseException):
                raise answered
            answers += answered
        return requests, answers

    async def mark(self, marks: Sequence[AccountMark]) -> Sequence[AccountFacts]:
        """Mark what was judged and acknowledged; return the facts of accounts where something is left to judge."""
        by_shard: dict[int, list[AccountMark]] = {}
        for mark in marks:
            by_shard.setdefault(shard_of(mark.account, self._shards), []).append(mark)
        calls = [
            (
                self._fact_keys(shard, [mark.account for mark in marked]),
                pack([_mark_argument(mark) for mark in marked]),
            )
            for shard, marked in by_shard.items()
        ]
        return [_facts_with_profile(left) for answer in await self._scripts.call("mark", calls) for left in answer]

    async def facts(self, accounts: Sequence[str]) -> Sequence[AccountFacts]:
        """Return the unmarked facts of those of these accounts that have any."""
        by_shard: dict[int, list[str]] = {}
        for account in accounts:
            by_shard.setdefault(shard_of(account, self._shards), []).append(account)
        calls = [(self._fact_keys(shard, members), *members) for shard, members in by_shard.items()]
        return [_facts_with_profile(found) for answer in await self._scripts.call("facts", calls) for found in answer]

    async def waiting(self) -> Mapping[str, str]:
        """Return accounts with unmarked facts, each with a text that changes when they are marked."""
        fields = await self._scripts.commands(
            [("HKEYS", self._keys(shard).pending) for shard in range(self._shards)], "pending facts"
        )
        waiting: dict[str, str] = {}
        for field in (field.decode() for shard_fields in fields for field in shard_fields):
            number, _, account = field.partition(":")
            waiting[account] = min(waiting.get(account, number), number, key=int)
        return waiting

    async def profiles(self, accounts: Sequence[str]) -> Mapping[str, Profile | None]:
        """Return the profile of each account, None where it has none."""
        commands = [("GET", self._account_keys(account).profile(account)) for account in accounts]
        found = await self._scripts.commands(commands, "profiles")
        return {account: read_profile(text) for account, text in zip(accounts, found, strict=True)}

    async def notes(self, asked: Collection[tuple[str, str]]) -> Mapping[tuple[str, str], Note]:
        """Return the note of each account and subject asked for."""
        places = list(asked)
        commands = [("GET", self._account_keys(account).note(account, subject)) for account, subject in places]
        found = await self._scripts.commands(commands, "notes") if commands else ()
        return {place: read_note(text) for place, text in zip(places, found, strict=True)}

    async def hours(self, account: str) -> HourTotals | None:
        """Return the hour buckets of an account not yet known, None where there are none."""
        keys = self._account_keys(account)
        (kept,), (names,) = (
            await self._scripts.commands([("HGET", keys.account(account), "H")], "hour buckets"),
            await self._scripts.commands([("HGETALL", keys.names)], "names"),
        )
        if not kept:
            return None
        revision, first, last = kept.decode().split("|")
        days = range(int(first), int(last) + 1)
        found = await self._scripts.commands([("HGETALL", keys.hours(account, day)) for day in days], "hour buckets")
        meters = {number: name.decode() for name, number in _pairs(names)}
        totals: dict[tuple[str, int], list[Change | None]] = {}
        for day, buckets in zip(days, found, strict=True):
            for field, value in _pairs(buckets):
                number, _, where = field.decode().partition(".")
                hour, part = divmod(int(where[:-1]), 2)
                meter, operation = meters[number.encode()], where[-1]
                parts = totals.setdefault((meter, day * 24 + hour), [None, None])
                if operation == "s":
                    key = keys.hour_members(account, meter, day * 24 + hour, part)
                    [members] = await self._scripts.commands([("SMEMBERS", key)], "members")
                    parts[part] = See(tuple(sorted(map(int, members))))
                else:
                    parts[part] = read_change(operation, value.decode())
        return HourTotals(revision, days, {place: (quiet, firing) for place, (quiet, firing) in totals.items()})

    async def active(self, account: str, meter: str, days: range) -> Active:
        """Return how many members of a `unique` meter were seen within these UTC days; the last of them is today's."""
        [found] = await active_members(self._scripts, self._account_keys(account), account, meter, [days])
        return found

    async def tallies(self) -> Mapping[str, Mapping[Outcome, int]]:
        """Return what became of the records of each partition, over all shards (semantics 1.5)."""
        return (await self._books.read()).tallies

    # ------------------------------------------------------------------------------------------ inside

    def _keys(self, shard: int) -> ShardKeys:
        return shard_keys(self._prefix, shard)

    def _account_keys(self, account: str) -> ShardKeys:
        return self._keys(shard_of(account, self._shards))

    def _fact_keys(self, shard: int, accounts: Sequence[str]) -> list[str]:
        keys = self._keys(shard)
        each = [key for account in accounts for key in (keys.account(account), keys.profile(account))]
        return [keys.state, keys.names, keys.pending, *each]

    def _request(self, batch: ShardBatch, crowded: Mapping[tuple[str, str], int]) -> ApplyRequest:
        plan = self._slices[batch.shard].plan(batch.identities)
        return ApplyRequest(self._keys(batch.shard), batch, plan, conflicts=self._conflicts, crowded=crowded)

    async def _read(self, batch: ShardBatch, request: ApplyRequest, answer: Sequence[Any]) -> Answer:
        """Read one answer of `apply.lua`; see the list at its top."""
        finding = answer[0].decode()
        if finding == "seen":
            return _seen(request, answer[1])
        if finding == "ok":
            return self._applied(batch, answer)
        if finding == "behind":
            facts = await self.facts([account.account for account in batch.accounts])
            return Behind(read_watermarks(answer[1]), facts)
        return Lost(batch.shard) if finding == "lost" else _FINDINGS[finding](answer[1])

    def _applied(self, batch: ShardBatch, answer: Sequence[Any]) -> Applied:
        profiles = {account.account: _profile_after(account) for account in batch.accounts}
        for key in answer[2]:
            self._slices[batch.shard].fill(key.decode().rsplit(":", 3)[1])
        return Applied([read_facts(facts, profiles[facts[0].decode()]) for facts in answer[1]])


def _pairs(flat: Any) -> Iterable[tuple[Any, Any]]:  # noqa: ANN401 -- what redis-py hands out: a list, or a dict already
    return flat.items() if isinstance(flat, dict) else zip(flat[::2], flat[1::2], strict=True)


def _profile_after(account: AccountBatch) -> Profile | None:
    return account.change.profile if account.change else account.profile


def _facts_with_profile(answer: Sequence[Any]) -> AccountFacts:
    return read_facts(answer, read_profile(answer[4]))


def _layouts(flat: Sequence[bytes]) -> dict[str, tuple[int, ...]]:
    return {name.decode(): read_layout(layout) for name, layout in _pairs(flat)}


def _seen(request: ApplyRequest, flat: Sequence[int]) -> Seen:
    """Read which identities were seen; copies stand in two slices: one that knows the payload is enough."""
    conflicts: dict[int, bool] = {}
    for bunch, place, conflict in zip(flat[::3], flat[1::3], flat[2::3], strict=True):
        index = request.bunches[bunch - 1][place - 1]
        conflicts[index] = conflicts.get(index, True) and conflict == 1
    return Seen(conflicts)


def _crowded(flat: Sequence[Any]) -> dict[tuple[str, str], int]:
    """Read whose members need sketches: account and meter, and their newest day."""
    return {
        (account.decode(), meter.decode()): newest
        for account, meter, newest in zip(flat[::3], flat[1::3], flat[2::3], strict=True)
    }


def _full(flat: Sequence[Any]) -> list[Full]:
    found = []
    for account, meter, place, level in zip(flat[::4], flat[1::4], flat[2::4], flat[3::4], strict=True):
        found.append(Full(account.decode(), meter.decode(), _place(meter.decode(), place), int(level)))
    return found


def _place(meter: str, place: bytes | list[bytes]) -> Counter | Bucket | Values:
    if isinstance(place, list):
        suffix, dimension, *values = (part.decode() for part in place)
        return Values(counter_of(meter, suffix), dimension, tuple(values))
    text = place.decode()
    kind, where = text[0], text[1:]
    if kind == "c":
        return counter_of(meter, where)
    if kind == "d":
        return Bucket("day", int(where))
    hour, firing = divmod(int(where), 2)
    return Bucket("firing hour" if firing else "quiet hour", hour)


def _mark_argument(mark: AccountMark) -> tuple[object, ...]:
    return (
        mark.account,
        mark.marked,
        mark.number,
        mark.nonce,
        [
            part
            for counter, marks in mark.marks.items()
            for part in (counter.meter, suffix_of(counter), marks_chunks(marks))
        ],
        [
            part
            for counter, (epoch, guard) in mark.guards.items()
            for part in (counter.meter, suffix_of(counter), guard_text(epoch, guard))
        ],
    )


_FINDINGS: Mapping[str, Callable[[Any], Answer]] = {
    "gap": lambda watermarks: Gap(read_watermarks(watermarks)),
    "epoch": lambda epoch: StaleEpoch(int(epoch)),
    "profile": lambda accounts: OtherProfiles([account.decode() for account in accounts]),
    "overflow": lambda full: Overflow(_full(full)),
}
