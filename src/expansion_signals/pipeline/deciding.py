"""Deciding: from signals, and reports of prompts, to decisions, triggers and outcomes, in numbered steps.

    1. poll a batch                        the reader's
    2. decode and group                    by shard of the account
    3. dead letters out, acknowledged
    4. reserve                             decide, remember under the keys (see reserving)
    5. publish what follows, acknowledged; then the decisions
    6. pass                                watermarks, by the apply script with nothing but ranges
    7. forget what was published           nobody asks for these records again
    8. commit the offset                   the reader's

A crash after 4: the same records are read again, and what was remembered for them is published. After 5: the same ids
are published once more, with the same content. After 6: a few records are read again, and passed over; what was
published stays remembered until the account's decisions are forgotten.

Decisions come last because a shard that is lost is made anew from them: one that is told proves that everything else
is out.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from expansion_signals.decide.candidates import candidate_in
from expansion_signals.decide.heard import Heard
from expansion_signals.errors import RejectedRecord, RejectedState
from expansion_signals.model.records import DeadLetter, Partition
from expansion_signals.pipeline.burial import Burial
from expansion_signals.pipeline.passing import Passing
from expansion_signals.pipeline.reserving import Reserving
from expansion_signals.pipeline.work import Item, Work

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from expansion_signals.model.instants import Instant
    from expansion_signals.model.records import Outgoing, Poll, Record
    from expansion_signals.pipeline.epochs import Epochs
    from expansion_signals.pipeline.watermarks import Watermarks
    from expansion_signals.ports import DecidingCodec, Patience, PolicyStore, Publisher, Silences, Store

PROMPT_EVENTS, DECISIONS = "prompt-events", "expansion-decisions"


class DecidingOutside(NamedTuple):
    """What deciding needs from outside; `clock` tells the time, `nonce` a text that no other call has."""

    store: Store
    policy: PolicyStore
    silences: Silences
    codec: DecidingCodec
    publisher: Publisher
    epochs: Epochs
    patience: Patience
    clock: Callable[[], Instant]
    nonce: Callable[[], str]
    shard_of: Callable[[str], int]


class Deciding:
    """One worker's deciding: each signal its reader brings ends in one decision."""

    def __init__(self, outside: DecidingOutside, watermarks: Watermarks) -> None:
        self._outside = outside
        self._watermarks = watermarks
        self._patience = outside.patience
        self._burial = Burial(outside.codec, outside.publisher, outside.patience, outside.clock)
        self._reserving = Reserving(outside, watermarks)
        self._passing = Passing(outside.store, watermarks, outside.epochs, outside.patience, outside.nonce)

    async def absorb(self, poll: Poll) -> Mapping[Partition, int]:
        """Do steps 2 to 7 for a poll; return where to read again from, where a shard lost what it had acknowledged.

        Raises:
            RejectedState: the state does not fit this worker; nothing further is acknowledged.
        """
        # 2. Decode and group.
        works, letters = self._grouped(poll)
        # 3. Dead letters out.
        await self._burial.bury(letters)
        # 4. Reserve.
        records, places, rewind = await self._reserving.all_of(works)
        # 5. Publish.
        await self._publish(records)
        # 6. Pass.
        rewind |= await self._passing.all_of(works)
        # 7. Forget what was published.
        await self._forget(places)
        return await self._patience(self._watermarks.again, rewind) if rewind else {}

    async def rolled_back(self) -> Mapping[Partition, int]:
        """Return where to read again from, where a shard that no poll touches lost what it had acknowledged."""
        return await self._patience(self._watermarks.rolled_back)

    async def sweep(self, positions: Mapping[Partition, int], reached: Mapping[Partition, Instant]) -> bool:
        """Move idle shards up to these positions; nothing else ever waits."""
        await self._passing.idle(positions, reached)
        return True

    # -------------------------------------------------------------------------------- 2. decode and group

    def _grouped(self, poll: Poll) -> tuple[list[Work], list[DeadLetter]]:
        items: defaultdict[int, list[Item]] = defaultdict(list)
        letters: list[DeadLetter] = []
        for record in poll.records:
            account, item, letter = self._decoded(record)
            shard = self._outside.shard_of(account)
            if self._watermarks.serves(shard) and record.offset >= self._watermarks.at(shard, item.partition):
                items[shard].append(item)
                letters += letter
        epoch = self._outside.epochs.current
        return [Work(shard, epoch, waiting, poll.positions) for shard, waiting in items.items()], letters

    def _decoded(self, record: Record) -> tuple[str, Item, Sequence[DeadLetter]]:
        """Return whose the record is, without an account that of its key, or of its bytes (semantics 10.1)."""
        item = Item(record, Partition(record.topic, record.partition), "counted")
        account = (record.key or record.value or b"").decode("utf-8", "replace")
        try:
            item.heard = self._heard(record, item.partition)
            account = item.heard.what.account
        except RejectedRecord as rejected:
            item.outcome = "dead_lettered"
            return account, item, (DeadLetter(record, rejected.code, rejected.message),)
        return account, item, ()

    def _heard(self, record: Record, partition: Partition) -> Heard:
        name = self._watermarks.names[partition]
        if record.topic == PROMPT_EVENTS:
            return Heard(name, record.offset, self._outside.codec.prompt(record))
        signal = self._outside.codec.read_signal(record)
        return Heard(name, record.offset, signal, candidate_in(signal, f"{record.partition}:{record.offset}"))

    # ------------------------------------------------------------------------- 5. publish, 7. forget what was

    async def _publish(self, records: Sequence[Outgoing]) -> None:
        """Publish, decisions behind everything else.

        Raises:
            RejectedState: the broker refuses one for its size.
        """
        decisions = [record for record in records if record.topic == DECISIONS]
        for part in ([record for record in records if record.topic != DECISIONS], decisions):
            refused = await self._patience(self._outside.publisher.publish, part) if part else ()
            if refused:
                raise RejectedState(
                    f"{part[refused[0]].topic} refuses a record for its size; its max.message.bytes is too small: "
                    "run `expansion-signals topics check`"
                )

    async def _forget(self, places: Mapping[str, Sequence[Heard]]) -> None:
        """Forget what was published because of records that are passed; others may be asked again."""
        partitions = {name: partition for partition, name in self._watermarks.names.items()}

        def is_passed(heard: Heard) -> bool:
            shard = self._outside.shard_of(heard.what.account)
            at = self._watermarks.at
            return self._watermarks.serves(shard) and heard.offset < at(shard, partitions[heard.partition])

        passed = {account: [each.place for each in heard if is_passed(each)] for account, heard in places.items()}
        gone = {account: found for account, found in passed.items() if found}
        if gone:
            await self._patience(self._outside.policy.passed, gone)
