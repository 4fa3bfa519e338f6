"""`worker --accept-log`: watermarks are moved to where the log fits them, once, before anything is read."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from expansion_signals.pipeline.accepted_log import moves
from expansion_signals.pipeline.decoding import USAGE_EVENTS
from expansion_signals.worker.parts import READ_BY

if TYPE_CHECKING:
    from expansion_signals.ports import Patience
    from expansion_signals.worker.parts import Parts
    from expansion_signals.worker.rebuilding import Rebuilding

READ = (*READ_BY["metering"], *READ_BY["deciding"])

log = logging.getLogger(__name__)


async def accept_log(parts: Parts, rebuilding: Rebuilding, patience: Patience) -> None:
    """Move every watermark that the log does not fit; counters with a hole are incomplete from then on."""
    reader = parts.second_reader(READ)
    try:
        extent = await patience(reader.extent)
    finally:
        await reader.stop()
    names = {each: f"{parts.topic_names[each.topic]}/{each.partition}" for each in extent.start}
    standing = await patience(parts.shards.standing)
    found = list(moves(standing, names, extent.start, extent.end, ids=parts.topics_have_ids))
    holed = any(move.hole and move.partition.topic == USAGE_EVENTS for move in found)
    since = await rebuilding.since() if holed else None
    for move in found:
        whole_since = since if move.hole and move.partition.topic == USAGE_EVENTS else None
        await patience(parts.shards.move, move.shard, names[move.partition], move.start, move.end, whole_since)
    for partition in sorted({move.partition for move in found}):
        log.warning("accepted %s/%d from offset %d to %d", *partition, extent.start[partition], extent.end[partition])
