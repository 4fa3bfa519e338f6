"""One poll's records of one shard on their way to be applied: what is known of each, and the batch they ask for."""

from __future__ import annotations

from collections import Counter as Tally
from dataclasses import dataclass
from typing import TYPE_CHECKING

from expansion_signals.model.batches import Range

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from expansion_signals.decide.heard import Heard
    from expansion_signals.detect.metering import Contribution
    from expansion_signals.detect.own_attempts import OwnAttempt
    from expansion_signals.model.accounts import AccountUpdate
    from expansion_signals.model.batches import Identity, Outcome
    from expansion_signals.model.events import UsageEvent
    from expansion_signals.model.instants import Instant
    from expansion_signals.model.records import Partition, Record
    from expansion_signals.pipeline.just_applied import JustApplied


@dataclass(slots=True, eq=False)
class Item:
    """One record and what has become of it so far. `alone`: it is applied by itself, because a counter may be full.

    `attempts` is what a product's own event is an attempt on.
    """

    record: Record
    partition: Partition
    outcome: Outcome
    event: UsageEvent | None = None
    identity: Identity | None = None
    contributions: Sequence[Contribution] = ()
    attempts: Sequence[OwnAttempt] = ()
    update: AccountUpdate | None = None
    heard: Heard | None = None
    alone: bool = False


class Work:
    """The records of one shard that wait, in the order they were read.

    They are applied part by part. A part never holds two payloads of one identity (which of them stands is for the
    shard to say, one after the other), nor two updates of one account, nor anything beside an event that is applied
    alone: so whether it fits does not depend on what it was read with. `epoch` is the one its events were read under;
    `reserved` names what was reserved for its signals.
    """

    def __init__(self, shard: int, epoch: int, items: list[Item], positions: Mapping[Partition, int]) -> None:
        self.shard = shard
        self.epoch = epoch
        self.reserved = ""
        self._items = items
        self._positions = positions

    def __bool__(self) -> bool:
        """Say whether anything is left."""
        return bool(self._items)

    def accounts(self) -> Iterator[str]:
        """Return the accounts of what is left."""
        for item in self._items:
            if item.event:
                yield item.event.account
            elif item.update:
                yield item.update.account

    def items(self) -> Sequence[Item]:
        """Return what is left."""
        return self._items

    def apply_alone(self, accounts: Collection[str]) -> None:
        """Have what is left of these accounts applied one event at a time."""
        for item in self._items:
            item.alone = item.alone or (item.event is not None and item.event.account in accounts)

    def part(self, just_applied: JustApplied) -> tuple[Sequence[Item], Sequence[Identity]]:
        """Return the longest beginning that can be applied at once, and the identities that it claims, each once.

        A second event of the same payload is a duplicate from here on. Which of the two stands does not matter: their
        payloads are one. So is an event that the shard has just been told.
        """
        claimed: dict[int, Identity] = {}
        updated: set[str] = set()
        for place, item in enumerate(self._items):
            identity = item.identity
            if identity is not None and item.outcome == "counted":
                if just_applied.has(identity):
                    item.outcome = "duplicate"
                elif item.alone:
                    if place == 0:
                        return self._items[:1], [identity]
                    return self._items[:place], [*claimed.values()]
                elif (claim := claimed.setdefault(identity.number, identity)) is not identity:
                    if claim.check != identity.check:
                        return self._items[:place], [*claimed.values()]
                    item.outcome = "duplicate"
            elif item.update is not None:
                if item.update.account in updated:
                    return self._items[:place], [*claimed.values()]
                updated.add(item.update.account)
        return self._items, [*claimed.values()]

    def ends(self, part: Sequence[Item]) -> Mapping[Partition, int]:
        """Return how far each partition is passed: to its next record that waits, or to the poll's position."""
        ends = {item.partition: self._positions[item.partition] for item in part}
        for item in reversed(self._items[len(part) :]):
            if item.partition in ends:
                ends[item.partition] = item.record.offset
        return ends

    def applied(self, part: Sequence[Item]) -> None:
        """Take out what has been applied."""
        del self._items[: len(part)]

    def drop_below(self, offsets: Mapping[Partition, int]) -> None:
        """Take out what is applied already."""
        self._items = [item for item in self._items if item.record.offset >= offsets.get(item.partition, 0)]


def ranges(
    part: Sequence[Item],
    starts: Mapping[Partition, int | None],
    ends: Mapping[Partition, int],
    names: Mapping[Partition, str],
    idle: Mapping[Partition, Instant] | None = None,
) -> list[Range]:
    """Return what the part passes, with its tallies; `names` are the partitions as the state knows them.

    `idle` has the append time reached in partitions that are read to their end: nothing older can come.
    """
    outcomes: dict[Partition, list[Outcome]] = {partition: [] for partition in ends}
    appended: dict[Partition, list[Instant]] = {partition: [(idle or {}).get(partition, 0)] for partition in ends}
    for item in part:
        partition = item.partition
        outcomes[partition].append(item.outcome)
        appended[partition].append(item.record.appended)
    tallies = {partition: Tally(of) for partition, of in outcomes.items()}
    reached = {partition: max(of) for partition, of in appended.items()}
    return [
        Range(
            names[partition],
            starts[partition],
            end,
            reached[partition],
            tallies[partition]["counted"],
            tallies[partition]["duplicate"],
            tallies[partition]["unmatched"],
            tallies[partition]["dead_lettered"],
        )
        for partition, end in ends.items()
    ]
