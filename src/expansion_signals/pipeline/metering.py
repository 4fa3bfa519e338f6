"""Metering: from a poll of the log to acknowledged signals, in numbered steps.

    1. poll a batch                      the reader's
    2. decode and group                  by shard of the account
    3. dead letters out, acknowledged
    4. apply                             one call a shard, all or nothing
    5. detect on facts
    6. publish signals, acknowledged
    7. mark                              fired, guards, pending cleared
    8. commit the offset                 the reader's

A crash after 3: dead letters may repeat, with the same coordinates. After 4: nothing is counted twice, and the facts
that wait are published by whoever finds them. After 6: the same ids are published once more. After 7: a few records
are read again, and passed over. Every call to the outside may be repeated, and is until it answers (`Patience`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from expansion_signals.decide.tried_out import tried_out
from expansion_signals.errors import RejectedState
from expansion_signals.pipeline.applying import Applying
from expansion_signals.pipeline.burial import Burial
from expansion_signals.pipeline.daily import Daily
from expansion_signals.pipeline.decoding import USAGE_EVENTS, Decoding
from expansion_signals.pipeline.judging import judge_facts, notes_asked
from expansion_signals.pipeline.noting import Notes
from expansion_signals.pipeline.overdue import Overdue
from expansion_signals.pipeline.passing import Passing
from expansion_signals.pipeline.profiles import Profiles

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from expansion_signals.model.facts import AccountFacts
    from expansion_signals.model.instants import Duration, Instant
    from expansion_signals.model.records import Partition, Poll
    from expansion_signals.pipeline.epochs import Epochs
    from expansion_signals.pipeline.watermarks import Watermarks
    from expansion_signals.ports import Accounts, Codec, Due, Expiry, Patience, Publisher, Store
    from expansion_signals.rules.configuration import Configuration


class Outside(NamedTuple):
    """What metering needs from outside; `clock` tells the time, `nonce` a text that no other call has."""

    store: Store
    accounts: Accounts
    expiry: Expiry
    codec: Codec
    publisher: Publisher
    epochs: Epochs
    patience: Patience
    clock: Callable[[], Instant]
    nonce: Callable[[], str]
    shard_of: Callable[[str], int]
    due: Due


class Metering:
    """One worker's metering: counts what its reader brings, and publishes what follows from it.

    `acceptance` is how old an event may be at its append time.
    """

    def __init__(self, outside: Outside, watermarks: Watermarks, *, acceptance: Duration) -> None:
        self._outside = outside
        self._watermarks = watermarks
        self._patience = outside.patience
        self._overdue = Overdue()
        self._daily = Daily(outside, watermarks, self.settle)
        self._burial = Burial(outside.codec, outside.publisher, outside.patience, outside.clock)
        self._decoding = Decoding(outside.codec, outside.epochs, watermarks, outside.shard_of)
        self._passing = Passing(outside.store, watermarks, outside.epochs, outside.patience, outside.nonce)
        self._applying = Applying(
            outside.store,
            decoding=self._decoding,
            burial=self._burial,
            profiles=Profiles(outside.accounts, outside.patience),
            notes=Notes(outside.accounts, outside.patience),
            watermarks=watermarks,
            epochs=outside.epochs,
            patience=outside.patience,
            passing=self._passing,
            nonce=outside.nonce,
            acceptance=acceptance,
        )

    async def absorb(self, poll: Poll) -> Mapping[Partition, int]:
        """Do steps 2 to 7 for a poll; return where to read again from, where a shard lost what it had acknowledged.

        Raises:
            RejectedState: the state does not fit this worker; nothing further is acknowledged.
        """
        self._outside.epochs.take()
        # 2. Decode and group.
        works, letters = self._decoding.grouped(poll)
        # 3. Dead letters out.
        await self._burial.bury(letters)
        # 4. Apply: profiles before the usage that may depend on them.
        for queue in works:
            await self._applying.apply(queue)
        facts, self._applying.facts = self._applying.facts, {}
        rewind, self._applying.rewind = self._applying.rewind, set()
        # 5. to 7.
        await self.settle(facts.values())
        return await self._patience(self._watermarks.again, rewind) if rewind else {}

    async def settle(self, facts: Iterable[AccountFacts]) -> None:
        """Judge facts, publish their signals, mark them; until no fact of these accounts is left."""
        waiting: Sequence[AccountFacts] = [account for account in facts if account.facts]
        while waiting:
            # 5. Detect.
            epochs = {fact.epoch for account in waiting for fact in account.facts}
            configurations = {epoch: await self._patience(self._outside.epochs.at, epoch) for epoch in epochs}
            notes = await self._notes(waiting, configurations)
            judged = [
                judge_facts(each, configurations, self._since(each.account), notes[each.account]) for each in waiting
            ]
            # 6. Publish.
            now = self._outside.clock()
            configuration = self._outside.epochs.configuration
            signals = [tried_out(signal, configuration, now) for account in judged for signal in account.signals]
            records = [self._outside.codec.signal(signal, now) for signal in signals]
            refused = await self._patience(self._outside.publisher.publish, records) if records else ()
            if refused:
                raise RejectedState(
                    "a signal is larger than expansion-signals takes; its max.message.bytes is too small: "
                    "run `expansion-signals topics check`"
                )
            # 7. Mark.
            marks = [account.mark for account in judged]
            waiting = await self._patience(self._outside.store.mark, marks)

    async def _notes(
        self, waiting: Iterable[AccountFacts], configurations: Mapping[int, Configuration]
    ) -> Mapping[str, Mapping[str, str]]:
        """Return by account the texts of the notes that conditions are asked of; mostly none is read."""
        asked = {each.account: notes_asked(each, configurations) for each in waiting}
        places = {(account, subject) for account, subjects in asked.items() for subject in subjects}
        found = await self._patience(self._outside.accounts.notes, places) if places else {}
        return {
            account: {subject: found[account, subject].text for subject in subjects}
            for account, subjects in asked.items()
        }

    def _since(self, account: str) -> Instant | None:
        return self._watermarks.since(self._outside.shard_of(account))

    async def look(self, reached: Mapping[Partition, Instant]) -> bool:
        """Look at some of the accounts whose day has closed; say whether any were due (`pipeline.daily`)."""
        return await self._daily.look(reached)

    async def rolled_back(self) -> Mapping[Partition, int]:
        """Return where to read again from, where a shard that no poll touches lost what it had acknowledged."""
        return await self._patience(self._watermarks.rolled_back)

    async def sweep(self, positions: Mapping[Partition, int], reached: Mapping[Partition, Instant]) -> bool:
        """Move idle shards up to these positions, forget what is old, look at days, settle facts that wait too long.

        `reached` has the append time reached in partitions that are read to their end. Says whether no fact is left.
        """
        await self._passing.idle(positions, reached)
        await self._patience(self._outside.expiry.next_shard, self._watermarks.topic_names[USAGE_EVENTS])
        await self._patience(self._outside.expiry.next_accounts, self._outside.epochs.configuration.catalog)
        await self.look(reached)
        waiting = await self._patience(self._outside.store.waiting)
        overdue = self._overdue.among(waiting, self._outside.clock())
        if overdue:
            await self.settle(await self._patience(self._outside.store.facts, overdue))
        return len(overdue) == len(waiting)
