"""Step 2: records become items, each in the shard of its account; what can never succeed becomes a dead letter."""

from __future__ import annotations

from collections import defaultdict
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

from expansion_signals.detect.baselines import baselines
from expansion_signals.detect.metering import contributions
from expansion_signals.detect.own_attempts import own_attempts
from expansion_signals.errors import RejectedRecord
from expansion_signals.model.amounts import ALONE_FROM
from expansion_signals.model.records import DeadLetter, Partition
from expansion_signals.pipeline.identity import identity_of_event
from expansion_signals.pipeline.work import Item, Work

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from expansion_signals.model.records import Poll, Record
    from expansion_signals.pipeline.epochs import Epochs
    from expansion_signals.pipeline.watermarks import Watermarks
    from expansion_signals.ports import Codec

USAGE_EVENTS = "usage-events"
ACCOUNT_UPDATES = "account-updates"


class Decoding:
    """Reads records under the current epoch; `shard_of` names the shard of an account."""

    def __init__(self, codec: Codec, epochs: Epochs, watermarks: Watermarks, shard_of: Callable[[str], int]) -> None:
        self._codec = codec
        self._epochs = epochs
        self._watermarks = watermarks
        self._shard_of = shard_of

    def grouped(self, poll: Poll) -> tuple[Sequence[list[Work]], list[DeadLetter]]:
        """Return the poll's work, account updates before usage, and its dead letters.

        Records that their shard has applied are passed over, and those of shards not served; dead letters, too.
        """
        grouped: dict[str, defaultdict[int, list[Item]]] = {
            ACCOUNT_UPDATES: defaultdict(list),
            USAGE_EVENTS: defaultdict(list),
        }
        letters: list[DeadLetter] = []
        for partition, records in _by_partition(poll.records):
            starts, of_topic = self._watermarks.starts(partition), grouped[partition.topic]
            take = self._take_update if partition.topic == ACCOUNT_UPDATES else self._take_record
            for record in records:
                item = Item(record, partition, "counted")
                letter = self._tried(item, take)
                shard = self._shard_of(item.event.account if item.event is not None else _account_of(item))
                start = starts.get(shard)
                if start is not None and record[2] >= start:
                    of_topic[shard].append(item)
                    if letter is not None:
                        letters.append(letter)
        epoch = self._epochs.current
        works = [
            [Work(shard, epoch, items, poll.positions) for shard, items in by_shard.items()]
            for by_shard in grouped.values()
        ]
        return works, letters

    def again(self, items: Iterable[Item]) -> list[DeadLetter]:
        """Judge items anew, because an assumption was corrected; what is a dead letter already stays one."""
        letters: list[DeadLetter] = []
        for item in items:
            if item.outcome != "dead_lettered":
                item.outcome = "counted"
                letter = self._tried(item, self._take_event if item.event else self._check_levels)
                if letter is not None:
                    letters.append(letter)
        return letters

    def _tried(self, item: Item, take: Callable[[Item], None]) -> DeadLetter | None:
        try:
            take(item)
        except RejectedRecord as rejected:
            item.outcome = "dead_lettered"
            return DeadLetter(item.record, rejected.code, rejected.message)
        return None

    def _take_update(self, item: Item) -> None:
        item.update = self._codec.account_update(item.record)

        self._check_levels(item)

    def _check_levels(self, item: Item) -> None:
        """Refuse an update whose baselines its meters cannot stand at."""
        if item.update is not None and item.update.snapshot is not None:
            baselines(item.update.snapshot, None, self._epochs.configuration.catalog)

    def _take_record(self, item: Item) -> None:
        item.event = self._codec.usage_event(item.record)
        self._take_event(item)

    def _take_event(self, item: Item) -> None:
        event, configuration = item.event, self._epochs.configuration
        assert event is not None  # noqa: S101 -- taken before, or just now
        named = contributions(event, configuration)
        if configuration.own_attempts:
            item.attempts = own_attempts(event, configuration)
        if named is None and not item.attempts:
            item.outcome = "unmatched"
            return
        item.contributions = named or ()
        for meter, amount in item.contributions:
            if not -ALONE_FROM < amount < ALONE_FROM and meter.aggregation in ("sum", "count"):
                item.alone = True
        item.identity = identity_of_event(event, item.record.appended)


def _by_partition(records: Iterable[Record]) -> Iterator[tuple[Partition, Iterator[Record]]]:
    """Yield runs of records of one partition, as the reader brings them."""
    for place, run in groupby(records, key=itemgetter(0, 1)):
        yield Partition(*place), run


def _account_of(item: Item) -> str:
    """Return whose shard it is in; without an account, that of its key, or of its bytes (semantics 10.1)."""
    if item.event is not None:
        return item.event.account
    if item.update is not None:
        return item.update.account
    return (item.record.key or item.record.value or b"").decode("utf-8", "replace")
