"""Step 4 of deciding: take records in, in the order of each account, and remember what follows before it is published.

What is about to be published is remembered with it, until the watermark has moved: asked again, a record that was taken
in gets the same answer, byte for byte.

A shard remembers decisions only where its watermarks stand as this worker believes. Standing lower, it has lost what
was decided since; standing higher, another worker has decided and published part of the same records.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from expansion_signals.decide.cases import Ground, Mutes
from expansion_signals.decide.course import take
from expansion_signals.decide.decided import Reserved, ShardReservation, key_of, reserve
from expansion_signals.model.batches import Behind, Gap, Lost
from expansion_signals.model.decisions import Decision
from expansion_signals.model.outcomes import Outcome, Withdrawal
from expansion_signals.model.records import packed, unpacked

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from expansion_signals.decide.course import Publication
    from expansion_signals.decide.decided import Decided, Reservation
    from expansion_signals.decide.heard import Heard
    from expansion_signals.model.instants import Instant
    from expansion_signals.model.records import Outgoing, Partition
    from expansion_signals.pipeline.deciding import DecidingOutside
    from expansion_signals.pipeline.watermarks import Watermarks
    from expansion_signals.pipeline.work import Work
    from expansion_signals.ports import DecidingCodec


class Said(NamedTuple):
    """What is to be published, in order; because of which records of each account; what to read again after a loss."""

    records: Sequence[Outgoing]
    places: Mapping[str, Sequence[Heard]]
    rewind: set[Partition]


class Reserving:
    """Decides and remembers."""

    def __init__(self, outside: DecidingOutside, watermarks: Watermarks) -> None:
        self._outside = outside
        self._watermarks = watermarks
        self._patience = outside.patience

    async def all_of(self, works: Sequence[Work]) -> Said:
        """Decide all of this work.

        What another worker has passed, or is to be read again, is taken out of the work, and all work of a lost shard.
        """
        outside = self._outside
        shards = [_Shard(work, outside.nonce(), outside.codec) for work in works]
        rewind: set[Partition] = set()
        mutes = Mutes(await self._patience(outside.silences.mutes)) if shards else Mutes({})
        while waiting := [shard for shard in shards if shard.undecided]:
            ground = Ground(outside.epochs.configuration, mutes, outside.clock())
            accounts = [account for shard in waiting for account in shard.undecided]
            decided = await self._patience(outside.policy.decided, accounts)
            asked = [shard.decide(decided, ground, self._stand(shard.work)) for shard in waiting]
            answers = await self._patience(outside.policy.reserve, asked)
            for shard, answer in zip(waiting, answers, strict=True):
                self._heed(shard, answer, rewind)
        return Said(
            [record for shard in shards for record in shard.published()],
            {account: places for shard in shards for account, places in shard.places.items() if places},
            rewind,
        )

    def _stand(self, work: Work) -> Mapping[str, int | None]:
        stand = self._watermarks.of(work.shard, {item.partition for item in work.items()})
        return {self._watermarks.names[partition]: offset for partition, offset in stand.items()}

    def _heed(self, shard: _Shard, answer: Reserved | Behind | Gap | Lost, rewind: set[Partition]) -> None:
        work = shard.work
        match answer:
            case Reserved():
                work.reserved = shard.token
                shard.undecided = {account: shard.undecided[account] for account in answer.refused}
            case Behind():
                work.drop_below(self._watermarks.learn(work.shard, answer.watermarks))
                shard.begin()
            case Gap():
                rewind.update(item.partition for item in work.items())
                work.applied(work.items())
                shard.begin()
            case Lost():
                self._watermarks.lost(work.shard)
                work.applied(work.items())
                shard.begin()


class _Shard:
    """What is heard of one shard's accounts, and what is published because of it."""

    def __init__(self, work: Work, token: str, codec: DecidingCodec) -> None:
        self.work = work
        self.token = token
        self._codec = codec
        self.begin()

    def begin(self) -> None:
        """Take up what the work holds now, with nothing decided."""
        self.undecided: Mapping[str, list[Heard]] = _by_account(item.heard for item in self.work.items() if item.heard)
        self._published: dict[str, list[Outgoing]] = {}
        self.places: dict[str, list[Heard]] = {}

    def decide(
        self, decided: Mapping[str, Decided], ground: Ground, stand: Mapping[str, int | None]
    ) -> ShardReservation:
        """Decide what is undecided; return what to remember of it."""
        reservations = [
            self._decide(account, heard, decided[account], ground) for account, heard in self.undecided.items()
        ]
        return ShardReservation(self.work.shard, stand, reservations, self.token, self.work.reserved)

    def published(self) -> list[Outgoing]:
        """Return what is to be published, in the order of each account."""
        return [record for records in self._published.values() for record in records]

    def _decide(self, account: str, heard: Sequence[Heard], before: Decided, ground: Ground) -> Reservation:
        """Take an account's records in, in their order, each knowing those before it."""
        after = before
        records: list[Outgoing] = []
        places: list[Heard] = []
        for each in heard:
            if each.place in before.unpassed or after.remembered.taken_in(each.partition, each.offset):
                written = unpacked(after.unpassed.get(each.place, "[]"))
            else:
                after, publications = take(each, after, ground)
                written = [_written(self._codec, publication, ground.now) for publication in publications]
                if written:
                    after = after.publishing(each.place, packed(written))
            records += written
            places += [each] if each.place in after.unpassed else []
        self._published[account], self.places[account] = records, places
        asked = {key_of(key) for each in heard if each.candidate for key in each.candidate.signal.keys}
        looked = max((each.hold_ended for each in heard if each.hold_ended is not None), default=None)
        return reserve(account, before, after, asked, ground.now, looked)


def _written(codec: DecidingCodec, publication: Publication, now: Instant) -> Outgoing:
    match publication:
        case Decision():
            return codec.decision(publication, now)
        case Outcome():
            return codec.outcome(publication, now)
        case Withdrawal():
            return codec.withdrawal(publication, now)
        case _:
            return codec.trigger(publication, now)


def _by_account(heard: Iterable[Heard]) -> Mapping[str, list[Heard]]:
    found: defaultdict[str, list[Heard]] = defaultdict(list)
    for each in heard:
        found[each.what.account].append(each)
    return dict(found)
