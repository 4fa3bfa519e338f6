"""Who would be heard of: a poll is refused, before anything of it is written, if something would be published of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from expansion_signals.errors import Retryable
from expansion_signals.model.batches import Overflow
from expansion_signals.state.memory import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from expansion_signals.model.batches import Answer, ShardBatch


class Heard(NamedTuple):
    """An account of which something would be published; `event` is the source and the id of what leads to it.

    None where that is not told: a level is raised by all that come.
    """

    account: str
    event: tuple[str, str] | None = None


class WouldBeHeard(Retryable):
    """This would be `heard`, or of somebody where nothing is named: smaller polls may pass. Nothing is written."""

    def __init__(self, heard: Collection[Heard]) -> None:
        super().__init__(f"something would be published because of {len(heard) or 'some'} events or accounts")
        self.heard = heard


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
        heard = {each for batch in batches for each in self._heard_of(batch)}
        if heard:
            raise WouldBeHeard(heard)
        # Taken apart once, or it would be done for each look at what a batch asks.
        each_move = [replace(batch, accounts=[asked.apart() for asked in batch.accounts]) for batch in batches]
        answers = await super().apply(each_move)
        full = {Heard(full.account) for each in answers if isinstance(each, Overflow) for full in each.full}
        if full:
            raise WouldBeHeard(full)
        return answers

    def _heard_of(self, batch: ShardBatch) -> Iterator[Heard]:
        shard = self.shards[batch.shard]
        for asked in batch.accounts:
            if shard.account(asked.account).would_report(asked, batch.epoch):
                yield Heard(asked.account)
            for signal in asked.found:
                yield Heard(asked.account, (signal.evidence.source, signal.evidence.id))
