"""The shards of a deployment: which are lost, which are behind, which were made anew from a log that had forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.checks.findings import fine, warning
from expansion_signals.model.instants import DAY, SECOND, format_instant

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from expansion_signals.checks.findings import Finding
    from expansion_signals.model.instants import Instant
    from expansion_signals.model.shards import ShardStanding

_WHERE = "shards"
_LONGEST_TOLD = 31 * DAY
"""A monthly counter that began before a loss has ended by then; of longer periods `account show` tells."""


def judge_shards(standing: Mapping[int, ShardStanding], shards: int, now: Instant) -> Iterator[Finding]:
    """Yield what is found about the shards of a deployment that has been complete."""
    lost = shards - len(standing)
    late = sum(bool(shard.late) for shard in standing.values())
    wait = (
        "their accounts wait; a worker makes it good by itself, its log and late_shards in /readyz tell how far it is"
    )
    if lost:
        yield warning(_WHERE, f"Redis has lost {lost} of {shards} shards", wait)
    if late:
        yield warning(_WHERE, f"{late} shards are late: a second reader brings them up", wait)
    since = [shard.since for shard in standing.values() if shard.since and now - shard.since < _LONGEST_TOLD]
    if since:
        # To the second: nobody asks for more of a date.
        latest = format_instant(max(since) // SECOND * SECOND)
        yield warning(
            _WHERE,
            f"{len(since)} shards were made anew from a log that begins at {latest} at the latest: counters that began "
            "before are incomplete, and fire nothing until their period ends",
            "send account updates with `usage`, or wait; keep usage-events longer than backups of Redis are apart",
        )
    if not (lost or late or since):
        yield fine(_WHERE, f"{shards} shards stand")
