"""What is decided, in Redis: `d:<account>`, a hash with a revision (port `PolicyStore`).

An entry stands as `verdict|signal|record|kept until|step`, below 64 bytes: the verdict's letter, the first eight
digits of the signal's id, the record's coordinates, hours since the epoch, and the step where there is one.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from expansion_signals.decide.decided import Decided, Entry
from expansion_signals.model.amounts import plain
from expansion_signals.model.instants import HOUR
from expansion_signals.state.keys import shard_keys, shard_of
from expansion_signals.state.packing import pack
from expansion_signals.state.scripts import Scripts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from redis.asyncio import Redis

    from expansion_signals.decide.decided import Reservation
    from expansion_signals.model.decisions import Verdict

_LETTERS: dict[Verdict, str] = {"fired": "f", "suppressed": "s", "held": "h", "superseded": "r", "already_past": "p"}
_VERDICTS = {letters: verdict for verdict, letters in _LETTERS.items()}


class RedisPolicy:
    """Decisions by key, for each account of one deployment."""

    def __init__(self, client: Redis, *, prefix: str, shards: int) -> None:
        self._scripts = Scripts(client)
        self._prefix = prefix
        self._shards = shards

    async def decided(self, accounts: Sequence[str]) -> Mapping[str, Decided]:
        """Return what is decided for each of these accounts."""
        found = await self._scripts.commands([("HGETALL", self._key(account)) for account in accounts], "decisions")
        return {account: read_decided(fields) for account, fields in zip(accounts, found, strict=True)}

    async def reserve(self, reservations: Sequence[Reservation]) -> Sequence[str]:
        """Remember decisions; return the accounts that changed since they were read: nothing is remembered of those."""
        by_shard: dict[int, list[Reservation]] = {}
        for reservation in reservations:
            by_shard.setdefault(shard_of(reservation.account, self._shards), []).append(reservation)
        calls = [
            ([self._key(reservation.account) for reservation in asked], pack([_argument(each) for each in asked]))
            for asked in by_shard.values()
        ]
        answers = await self._scripts.call("reserve", calls)
        return [account.decode() for refused in answers for account in refused]

    def _key(self, account: str) -> str:
        return shard_keys(self._prefix, shard_of(account, self._shards)).policy(account)


def _argument(reservation: Reservation) -> tuple[object, ...]:
    return (
        reservation.account,
        reservation.revision,
        [f"k{series}" for series in reservation.forgotten],
        [part for series, entry in reservation.added.items() for part in (f"k{series}", _text(entry))],
    )


def _text(entry: Entry) -> str:
    step = "" if entry.step is None else plain(entry.step)
    # Rounded up: kept an hour longer, never shorter.
    return f"{_LETTERS[entry.verdict]}|{entry.signal}|{entry.record}|{-(-entry.kept_until // HOUR)}|{step}"


def read_decided(fields: Mapping[bytes, bytes]) -> Decided:
    """Read what `reserve.lua` keeps of one account."""
    revision = int(fields.get(b"rev", 0))
    entries = {name.decode()[1:]: _entry(value.decode()) for name, value in fields.items() if name.startswith(b"k")}
    return Decided(revision, entries)


def _entry(text: str) -> Entry:
    letters, signal, record, hours, step = text.split("|")
    return Entry(_VERDICTS[letters], signal, record, int(hours) * HOUR, Decimal(step) if step else None)
