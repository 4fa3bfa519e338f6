"""An operator accepts the log as it is: where watermarks go that the log does not fit (architecture, Resume).

Never by itself: what is passed over here was never counted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from expansion_signals.model.records import Partition
    from expansion_signals.model.shards import ShardStanding


class WatermarkMove(NamedTuple):
    """One shard's watermark of one partition is moved; `hole` says that events in between were never counted."""

    shard: int
    partition: Partition
    start: int
    end: int
    hole: bool


def moves(
    standing: Mapping[int, ShardStanding],
    names: Mapping[Partition, str],
    log_start: Mapping[Partition, int],
    log_end: Mapping[Partition, int],
    *,
    ids: bool,
) -> Iterator[WatermarkMove]:
    """Return the moves that make every watermark fit the log; `names` are partitions as the state knows them.

    below the log's start                        to its start: retention took what lies between
    above its end, and topics have `ids`         to its end: it is the same topic, and was cut
    above its end, and they have none            to its start: it was made anew, and identities tell what repeats
    """
    for shard, stands in standing.items():
        for partition, name in names.items():
            at, start, end = stands.watermarks.get(name), log_start[partition], log_end[partition]
            if at is not None and at < start:
                yield WatermarkMove(shard, partition, at, start, hole=True)
            elif at is not None and at > end:
                yield WatermarkMove(shard, partition, at, end if ids else start, hole=False)
