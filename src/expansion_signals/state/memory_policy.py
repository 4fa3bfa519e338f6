"""What is decided, in memory: the reference that the one in Redis must equal (port `PolicyStore`).

It outlives no process: for tests, and for trying rules out.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from expansion_signals.decide.decided import Decided, Reserved
from expansion_signals.model.batches import Behind, Gap, Lost
from expansion_signals.model.looks import HOLD
from expansion_signals.model.notes import HEALTH, Note
from expansion_signals.state.keys import shard_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from expansion_signals.decide.decided import Reservation, ShardReservation
    from expansion_signals.state.memory import MemoryStore


class MemoryPolicy:
    """Decisions by key, beside the `store` whose watermarks they are made at.

    `shards` holds what each account has decided. It may be read, copied and put back together with the store's: what
    a fail-over of Redis does to one of them.
    """

    def __init__(self, store: MemoryStore, *, shards: int) -> None:
        self._store = store
        self.shards: list[dict[str, Decided]] = [{} for _ in range(shards)]

    async def decided(self, accounts: Sequence[str]) -> Mapping[str, Decided]:
        """Return what is decided for each of these accounts."""
        return {account: self._shard(account).get(account, Decided()) for account in accounts}

    async def reserve(self, shards: Sequence[ShardReservation]) -> Sequence[Reserved | Behind | Gap | Lost]:
        """Remember each shard's decisions, or say that its watermarks stand elsewhere; answers in the order asked."""
        return [self._reserve(asked) for asked in shards]

    def _reserve(self, asked: ShardReservation) -> Reserved | Behind | Gap | Lost:
        shard = self._store.shards[asked.shard]
        if not shard.stands:
            return Lost(asked.shard)
        stand = {partition: shard.watermark(partition) for partition in asked.stand}
        reserved = shard.reserved
        if asked.earlier and any(reserved.get(partition) != asked.earlier for partition in asked.stand):
            return Gap(stand)
        if any(_lies_below(stand[partition], believed) for partition, believed in asked.stand.items()):
            return Gap(stand)
        if stand != asked.stand:
            return Behind(stand)
        reserved.update(dict.fromkeys(asked.stand, asked.token))
        return Reserved([each.account for each in asked.reservations if not self._remember(each)])

    def _remember(self, reservation: Reservation) -> bool:
        shard = self._shard(reservation.account)
        before = shard.get(reservation.account, Decided())
        if before.revision != reservation.revision:
            return False
        if reservation.look is not None:
            due = self._store.shards[shard_of(reservation.account, len(self.shards))].due
            due[reservation.account, HOLD] = reservation.look
        if reservation.health is not None:
            notes = self._store.shards[shard_of(reservation.account, len(self.shards))].keep(reservation.account).notes
            notes[HEALTH] = Note(notes.get(HEALTH, Note()).revision + 1, str(reservation.health))
        if reservation.is_empty:
            return True
        kept = {key: entry for key, entry in before.entries.items() if key not in reservation.forgotten}
        shard[reservation.account] = Decided(
            before.revision + 1,
            {**kept, **reservation.added},
            before.remembered if reservation.remembered is None else reservation.remembered,
            {**before.unpassed, **reservation.published},
        )
        return True

    async def passed(self, places: Mapping[str, Collection[str]]) -> None:
        """Forget what was published because of these records, by account: they will not be asked again."""
        for account, gone in places.items():
            before = self._shard(account).get(account)
            if before is not None:
                left = {place: text for place, text in before.unpassed.items() if place not in gone}
                self._shard(account)[account] = replace(before, unpassed=left)

    def _shard(self, account: str) -> dict[str, Decided]:
        return self.shards[shard_of(account, len(self.shards))]


def _lies_below(watermark: int | None, believed: int | None) -> bool:
    """Say whether the watermark stands below what a worker believes: what was applied between is lost."""
    return believed is not None and (watermark is None or watermark < believed)
