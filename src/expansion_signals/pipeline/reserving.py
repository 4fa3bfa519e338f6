"""Step 4 of deciding: decide in the order of each account, and remember it under the keys before anything is published.

A shard remembers decisions only where its watermarks stand as this worker believes. Standing lower, it has lost what
was decided since; standing higher, another worker has decided and published part of the same records.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from expansion_signals.decide.decided import Reserved, ShardReservation, key_of, reserve
from expansion_signals.decide.decisions import decide
from expansion_signals.model.batches import Behind, Gap, Lost

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from expansion_signals.decide.candidates import Candidate
    from expansion_signals.decide.decided import Decided, Reservation
    from expansion_signals.decide.decisions import Outcome
    from expansion_signals.model.instants import Instant
    from expansion_signals.model.records import Partition
    from expansion_signals.pipeline.watermarks import Watermarks
    from expansion_signals.pipeline.work import Work
    from expansion_signals.ports import Patience, PolicyStore


class Reserving:
    """Decides and remembers; `clock` tells what is past its expiry, `nonce` gives a text that no other call has."""

    def __init__(
        self,
        policy: PolicyStore,
        watermarks: Watermarks,
        patience: Patience,
        *,
        clock: Callable[[], Instant],
        nonce: Callable[[], str],
    ) -> None:
        self._policy = policy
        self._watermarks = watermarks
        self._patience = patience
        self._clock = clock
        self._nonce = nonce

    async def all_of(self, works: Sequence[Work]) -> tuple[list[Outcome], set[Partition]]:
        """Decide all of this work; return what to publish, and the partitions to read again after a loss.

        What another worker has passed, or is to be read again, is taken out of the work, and all work of a lost shard.
        """
        shards = [_Shard(work, self._nonce()) for work in works]
        rewind: set[Partition] = set()
        while waiting := [shard for shard in shards if shard.undecided]:
            now = self._clock()
            accounts = [account for shard in waiting for account in shard.undecided]
            decided = await self._patience(self._policy.decided, accounts)
            asked = [shard.decide(decided, now, self._stand(shard.work)) for shard in waiting]
            answers = await self._patience(self._policy.reserve, asked)
            for shard, answer in zip(waiting, answers, strict=True):
                self._heed(shard, answer, rewind)
        return [outcome for shard in shards for outcome in shard.outcomes()], rewind

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
    """The candidates of one shard's work, by account, and how they were decided."""

    def __init__(self, work: Work, token: str) -> None:
        self.work = work
        self.token = token
        self.begin()

    def begin(self) -> None:
        """Take up what the work holds now, with nothing decided."""
        self.undecided: Mapping[str, list[Candidate]] = _by_account(
            item.candidate for item in self.work.items() if item.candidate
        )
        self._outcomes: dict[str, list[Outcome]] = {}

    def decide(self, decided: Mapping[str, Decided], now: Instant, stand: Mapping[str, int | None]) -> ShardReservation:
        """Decide what is undecided; return what to remember of it."""
        reservations: list[Reservation] = []
        for account, candidates in self.undecided.items():
            self._outcomes[account], reservation = _decide(account, candidates, decided[account], now)
            reservations.append(reservation)
        return ShardReservation(self.work.shard, stand, reservations, self.token, self.work.reserved)

    def outcomes(self) -> list[Outcome]:
        """Return what was decided, in the order of each account."""
        return [outcome for outcomes in self._outcomes.values() for outcome in outcomes]


def _by_account(candidates: Iterable[Candidate]) -> Mapping[str, list[Candidate]]:
    found: defaultdict[str, list[Candidate]] = defaultdict(list)
    for candidate in candidates:
        found[candidate.signal.account].append(candidate)
    return dict(found)


def _decide(
    account: str, candidates: Sequence[Candidate], before: Decided, now: Instant
) -> tuple[list[Outcome], Reservation]:
    """Decide an account's candidates in their order, each knowing those before it."""
    after, outcomes = before, []
    for candidate in candidates:
        outcome = decide(candidate, after, now)
        after = after.with_entries(outcome.entries)
        outcomes.append(outcome)
    asked = {key_of(key) for candidate in candidates for key in candidate.signal.keys}
    return outcomes, reserve(account, before, after, asked, now)
