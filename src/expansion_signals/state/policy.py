"""What is decided, in Redis: `d:<account>`, a hash with a revision (port `PolicyStore`).

An entry stands under its key, `<series>` or `<series>:<step>`, as `verdict|signal|record|kept until`: the verdict's
letter, the first eight digits of the signal's id, the record's coordinates, hours since the epoch. Both stay below 64
bytes. Beside them stand `memory`, what is remembered besides (`kept until|text`), and `o<place>`, what was published
because of a record that may be asked again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.decide.decided import Decided, Entry, Reserved, key_of
from expansion_signals.decide.remembered import Remembered
from expansion_signals.model.amounts import plain
from expansion_signals.model.batches import Behind, Gap, Lost
from expansion_signals.model.instants import HOUR
from expansion_signals.model.looks import HOLD
from expansion_signals.model.notes import HEALTH
from expansion_signals.state.keys import due_member, shard_keys, shard_of
from expansion_signals.state.packing import pack, read_watermarks
from expansion_signals.state.scripts import Scripts

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from typing import Any

    from expansion_signals.decide.decided import Key, Reservation, ShardReservation
    from expansion_signals.model.decisions import Verdict
    from expansion_signals.model.instants import Instant
    from expansion_signals.state.connection import Connection

MEMORY = "memory"
_UNPASSED = "o"

_LETTERS: dict[Verdict, str] = {"fired": "f", "suppressed": "s", "held": "h", "superseded": "r", "already_past": "p"}
_VERDICTS = {letters: verdict for verdict, letters in _LETTERS.items()}


class RedisPolicy:
    """Decisions by key, for each account of one deployment."""

    def __init__(self, client: Connection, *, prefix: str, shards: int) -> None:
        self._scripts = Scripts(client)
        self._prefix = prefix
        self._shards = shards

    async def decided(self, accounts: Sequence[str]) -> Mapping[str, Decided]:
        """Return what is decided for each of these accounts."""
        found = await self._scripts.commands([("HGETALL", self._key(account)) for account in accounts], "decisions")
        return {account: read_decided(fields) for account, fields in zip(accounts, found, strict=True)}

    async def reserve(self, shards: Sequence[ShardReservation]) -> Sequence[Reserved | Behind | Gap | Lost]:
        """Remember each shard's decisions, or say that its watermarks stand elsewhere; answers in the order asked."""
        answers = await self._scripts.call("reserve", [self._call(asked) for asked in shards])
        return [_answer(asked.shard, answer) for asked, answer in zip(shards, answers, strict=True)]

    def _call(self, asked: ShardReservation) -> tuple[list[str], bytes]:
        keys = shard_keys(self._prefix, asked.shard)
        stand = [
            (partition, "" if offset is None else str(offset), asked.earlier)
            for partition, offset in asked.stand.items()
        ]
        accounts = [_argument(reservation) for reservation in asked.reservations]
        policies = [keys.policy(reservation.account) for reservation in asked.reservations]
        healths = [keys.note(reservation.account, HEALTH) for reservation in asked.reservations]
        return [keys.state, keys.watermarks, keys.due, *policies, *healths], pack((stand, accounts, asked.token))

    async def passed(self, places: Mapping[str, Collection[str]]) -> None:
        """Forget what was published because of these records, by account: they will not be asked again."""
        commands = [
            ("HDEL", self._key(account), *(f"{_UNPASSED}{place}" for place in gone))
            for account, gone in places.items()
            if gone
        ]
        await self._scripts.commands(commands, "what was published")

    def _key(self, account: str) -> str:
        return shard_keys(self._prefix, shard_of(account, self._shards)).policy(account)


def read_decided(fields: Mapping[bytes, bytes]) -> Decided:
    """Read what `reserve.lua` keeps of one account."""
    revision = int(fields.get(b"rev", 0))
    entries = {
        key_of(name.decode()[1:]): read_entry(value.decode()) for name, value in fields.items() if name.startswith(b"k")
    }
    unpassed = {name.decode()[1:]: text.decode() for name, text in fields.items() if name.startswith(b"o")}
    remembered = Remembered.read(fields.get(MEMORY.encode(), b"").decode().partition("|")[2])
    return Decided(revision, entries, remembered, unpassed)


def read_kept_until(text: str) -> Instant:
    """Read until when what is remembered of an account is of use."""
    return int(text.partition("|")[0]) * HOUR


def decided_fields(decided: Decided) -> list[str]:
    """Return the fields of a hash that holds this, each followed by its value."""
    return [
        "rev",
        str(decided.revision),
        *_entry_fields(decided.entries),
        *memory_fields(decided.remembered),
        *_unpassed_fields(decided.unpassed),
    ]


def _entry_fields(entries: Mapping[Key, Entry]) -> list[str]:
    return [part for key, entry in entries.items() for part in (_field(key), _text(entry))]


def memory_fields(remembered: Remembered) -> list[str]:
    """Return the field that holds what is remembered besides, followed by its value; nothing where there is nothing."""
    if remembered.is_empty:
        return []
    return [MEMORY, f"{remembered.kept_until() // HOUR}|{remembered.written()}"]


def _unpassed_fields(published: Mapping[str, str]) -> list[str]:
    return [part for place, text in published.items() for part in (f"{_UNPASSED}{place}", text)]


def _argument(reservation: Reservation) -> tuple[object, ...]:
    remembered = reservation.remembered
    return (
        reservation.account,
        reservation.revision,
        [*map(_field, reservation.forgotten), *([MEMORY] if remembered is not None and remembered.is_empty else ())],
        [
            *_entry_fields(reservation.added),
            *(() if remembered is None else memory_fields(remembered)),
            *_unpassed_fields(reservation.published),
        ],
        due_member(reservation.account, HOLD),
        "" if reservation.look is None else str(reservation.look),
        "" if reservation.health is None else str(reservation.health),
    )


def _answer(shard: int, answer: Sequence[Any]) -> Reserved | Behind | Gap | Lost:
    finding = answer[0]
    if finding == b"ok":
        return Reserved([account.decode() for account in answer[1]])
    if finding == b"lost":
        return Lost(shard)
    watermarks = read_watermarks(answer[1])
    return Gap(watermarks) if finding == b"gap" else Behind(watermarks)


def _field(key: Key) -> str:
    return f"k{key.series}" if key.step is None else f"k{key.series}:{plain(key.step)}"


def _text(entry: Entry) -> str:
    return f"{_LETTERS[entry.verdict]}|{entry.signal}|{entry.record}|{entry.kept_until // HOUR}"


def read_entry(text: str) -> Entry:
    """Read what stands of one decided key."""
    letters, signal, record, hours = text.split("|")
    return Entry(_VERDICTS[letters], signal, record, int(hours) * HOUR)
