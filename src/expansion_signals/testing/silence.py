"""Who would be heard of: a poll is refused, before anything of it is written, if something would be published of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from expansion_signals.errors import Retryable
from expansion_signals.model.batches import Overflow
from expansion_signals.state.memory import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from expansion_signals.model.batches import Answer, ShardBatch


class WouldBeHeard(Retryable):
    """Something would be published of these `accounts`, of somebody where none is named: smaller polls may pass.

    Nothing is written.
    """

    def __init__(self, accounts: Collection[str]) -> None:
        super().__init__(f"something would be published of {len(accounts) or 'some'} accounts")
        self.accounts = accounts


class ListeningStore(MemoryStore):
    """A store that, while it `listens`, refuses what facts follow from."""

    listens = False

    async def apply(self, batches: Sequence[ShardBatch]) -> Sequence[Answer]:
        """Apply each batch to its shard whole, or say what is wrong with it; answers in the order of the batches.

        Raises:
            WouldBeHeard: it listens, and there would be facts, or a counter that is full.
        """
        if not self.listens:
            return await super().apply(batches)
        each_move = [replace(batch, accounts=[asked.apart() for asked in batch.accounts]) for batch in batches]
        heard = {account for batch in each_move for account in self._heard_of(batch)}
        if heard:
            raise WouldBeHeard(heard)
        answers = await super().apply(each_move)
        full = {full.account for each in answers if isinstance(each, Overflow) for full in each.full}
        if full:
            raise WouldBeHeard(full)
        return answers

    def _heard_of(self, batch: ShardBatch) -> Iterator[str]:
        shard = self.shards[batch.shard]
        for asked in batch.accounts:
            if shard.account(asked.account).would_report(asked, batch.epoch):
                yield asked.account
