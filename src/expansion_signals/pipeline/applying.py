"""Step 4: a poll's work is applied shard by shard, and what a shard answers is heeded until nothing is left."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from expansion_signals.model.batches import (
    Applied,
    Behind,
    Bucket,
    Gap,
    Lost,
    OtherProfiles,
    Overflow,
    Seen,
    ShardBatch,
    StaleEpoch,
    Values,
)
from expansion_signals.model.records import DeadLetter
from expansion_signals.pipeline.asking import usage_asked
from expansion_signals.pipeline.decoding import ACCOUNT_UPDATES
from expansion_signals.pipeline.just_applied import JustApplied
from expansion_signals.pipeline.lanes import Lanes
from expansion_signals.pipeline.noting import noted, revised, watched, with_notes
from expansion_signals.pipeline.updates import updates_asked

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from expansion_signals.model.accounts import Profile
    from expansion_signals.model.batches import AccountBatch, Answer, Full, Identity
    from expansion_signals.model.facts import AccountFacts
    from expansion_signals.model.instants import Duration
    from expansion_signals.model.readings import Counter
    from expansion_signals.model.records import Partition
    from expansion_signals.pipeline.burial import Burial
    from expansion_signals.pipeline.decoding import Decoding
    from expansion_signals.pipeline.epochs import Epochs
    from expansion_signals.pipeline.noting import Notes
    from expansion_signals.pipeline.passing import Passing
    from expansion_signals.pipeline.profiles import Profiles
    from expansion_signals.pipeline.watermarks import Watermarks
    from expansion_signals.pipeline.work import Item, Work
    from expansion_signals.ports import Patience, Store


class Asked(NamedTuple):
    """What one call asked of one shard."""

    work: Work
    part: Sequence[Item]
    identities: Sequence[Identity]
    ends: Mapping[Partition, int]
    profiles: Mapping[str, Profile | None]


class Applying:
    """Applies work through the store. `nonce` gives a text that no other call has; `acceptance` as in `Metering`."""

    def __init__(  # noqa: PLR0913 -- the parts of step 4, each used
        self,
        store: Store,
        *,
        decoding: Decoding,
        burial: Burial,
        profiles: Profiles,
        notes: Notes,
        watermarks: Watermarks,
        epochs: Epochs,
        patience: Patience,
        passing: Passing,
        nonce: Callable[[], str],
        acceptance: Duration,
    ) -> None:
        self._store = store
        self._decoding = decoding
        self._burial = burial
        self._profiles = profiles
        self._notes = notes
        self._watermarks = watermarks
        self._epochs = epochs
        self._patience = patience
        self._passing = passing
        self._nonce = nonce
        self._lanes = Lanes(epochs.configuration, acceptance)
        self._just_applied: defaultdict[int, JustApplied] = defaultdict(JustApplied)
        self._breaks = 0
        self._unfit: set[tuple[str, Counter]] = set()
        self.facts: dict[str, AccountFacts] = {}
        self.rewind: set[Partition] = set()

    async def apply(self, works: Sequence[Work]) -> None:
        """Apply all of this work; `facts` and `rewind` gather what the answers brought.

        Raises:
            RejectedState: the state does not fit this worker.
        """
        waiting = [work for work in works if work and self._watermarks.serves(work.shard)]
        while waiting:
            self._heed_breaks()
            asked = [await self._ask(work) for work in waiting]
            batches = [self._batch(one, await self._accounts(one)) for one in asked]
            answers = await self._patience(self._store.apply, batches)
            for one, batch, answer in zip(asked, batches, answers, strict=True):
                if isinstance(answer, Applied):
                    self._notes.written(batch.accounts)
                    self._lanes.applied(batch.accounts, answer.facts)
                await self._heed(one, answer)
            waiting = [work for work in waiting if work]

    def _heed_breaks(self) -> None:
        """Where a shard may stand otherwise than this worker left it, what it holds is no longer known."""
        if self._breaks != self._watermarks.breaks:
            self._breaks = self._watermarks.breaks
            self._lanes.forget()
            self._just_applied.clear()

    # ------------------------------------------------------------------------------------------- ask

    async def _ask(self, work: Work) -> Asked:
        if work.epoch != self._epochs.current:
            await self._burial.bury(self._decoding.again(work.items()))
            work.epoch = self._epochs.current
        part, identities = work.part(self._just_applied[work.shard])
        return Asked(work, part, identities, work.ends(part), await self._profiles.of(work.accounts()))

    async def _accounts(self, asked: Asked) -> Sequence[AccountBatch]:
        configuration = self._epochs.configuration
        if asked.part[0].partition.topic == ACCOUNT_UPDATES:
            hours = await self._profiles.hours(item.update.account for item in asked.part if item.update)
            batches = updates_asked(asked.part, asked.profiles, hours, configuration, self._unfit)
            looked_at = revised(batches, configuration)
        else:
            if self._lanes.configuration is not configuration:
                self._lanes = Lanes(configuration, self._lanes.acceptance)
            batches = usage_asked(asked.part, asked.profiles, self._lanes)
            looked_at = watched(asked.part, asked.profiles, configuration)
        notes = await self._notes.of(place for each in looked_at for place in each.places) if looked_at else {}
        return with_notes(batches, noted(looked_at, notes), asked.profiles)

    def _batch(self, asked: Asked, accounts: Sequence[AccountBatch]) -> ShardBatch:
        shard = asked.work.shard
        passed = self._passing.ranges(shard, asked.part, asked.ends)
        roomy = asked.part[0].update is None and len(asked.part) > 1
        return ShardBatch(shard, self._epochs.current, self._nonce(), passed, asked.identities, accounts, roomy)

    # ------------------------------------------------------------------------------------------ heed

    async def _heed(self, asked: Asked, answer: Answer) -> None:
        """Do what the answer asks for (architecture, The apply script); what is not applied stays in the work."""
        match answer:
            case Applied():
                self._take(asked, answer)
            case Behind():
                self._report(answer.facts)
                asked.work.drop_below(self._watermarks.learn(asked.work.shard, answer.watermarks))
                await self._burial.bury(self._decoding.again(asked.work.items()))
            case Gap():
                # All of the work is let go, so every partition in it is read again, not only those of this part.
                self.rewind.update(item.partition for item in asked.work.items())
                asked.work.applied(asked.work.items())
            case OtherProfiles():
                self._notes.forget(answer.accounts)
                await self._profiles.refresh(answer.accounts)
                await self._burial.bury(self._decoding.again(asked.part))
            case Seen():
                await self._burial.bury(_take_out_seen(asked, answer))
            case Overflow():
                await self._burial.bury(self._take_out_unfit(asked, answer.full))
            case StaleEpoch():
                await self._patience(self._epochs.advance, answer.epoch)
            case Lost():
                self._watermarks.lost(answer.shard)
                asked.work.applied(asked.work.items())

    def _take(self, asked: Asked, answer: Applied) -> None:
        self._watermarks.acknowledge(asked.work.shard, asked.ends)
        self._just_applied[asked.work.shard].add(asked.identities)
        self._report(answer.facts)
        for item in asked.part:
            if item.update is not None:
                self._profiles.forget(item.update.account)
        asked.work.applied(asked.part)

    def _report(self, facts: Sequence[AccountFacts]) -> None:
        # A later answer holds all that is unmarked, so it stands for the earlier one.
        self.facts.update({account.account: account for account in facts})

    def _take_out_unfit(self, asked: Asked, full: Sequence[Full]) -> list[DeadLetter]:
        """Return the dead letter of an event that does not fit; of several, none yet: each is to be applied alone.

        Hour buckets that do not fit together into a period are left out of it: the account is hostile or broken.
        """
        if asked.part[0].update is not None:
            self._unfit.update((target.account, _counter_of(target)) for target in full)
            return []
        if len(asked.part) > 1:
            asked.work.apply_alone({target.account for target in full})
            return []
        (item,), target = asked.part, full[0]
        item.outcome = "dead_lettered"
        message = f"meter `{target.meter}` stands at {target.level}; what this adds passes what a counter holds"
        return [DeadLetter(item.record, "overflow", message)]


def _counter_of(target: Full) -> Counter:
    """Return the counter that an account update would overfill; it moves no bucket by itself."""
    assert not isinstance(target.place, Bucket)  # noqa: S101 -- the caller looks at account updates only
    return target.place.counter if isinstance(target.place, Values) else target.place


def _take_out_seen(asked: Asked, seen: Seen) -> list[DeadLetter]:
    """Count duplicates as such; return conflicts, to be out before the apply that passes them (semantics 1.4)."""
    # By payload: the part may hold another one of the same identity, whose outcome is settled.
    verdicts = {asked.identities[index][:2]: conflict for index, conflict in seen.conflicts.items()}
    letters = []
    for item in asked.part:
        conflict = verdicts.get(item.identity[:2]) if item.identity and item.outcome != "dead_lettered" else None
        if conflict is None:
            continue
        item.outcome = "dead_lettered" if conflict else "duplicate"
        if conflict:
            message = "source and id were used before with another payload; the first one stands"
            letters.append(DeadLetter(item.record, "identity_conflict", message))
    return letters
