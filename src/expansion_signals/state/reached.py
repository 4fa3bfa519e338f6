"""How far a shard's partitions are, in append time: what is old is judged by it, never by the clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from expansion_signals.model.instants import Instant

_REACHED = b"|t"


def reached_everywhere(watermarks: Mapping[bytes, bytes], topics: Sequence[str]) -> Instant:
    """Return the append time that every partition of these topics has reached; one that has told none holds all back.

    `lua/reached.lua` asks the same again before anything is dropped.
    """
    starts = tuple(f"{topic}/".encode() for topic in topics)
    partitions = [name for name in watermarks if name.startswith(starts) and b"|" not in name]
    return min((int(watermarks.get(name + _REACHED, 0)) for name in partitions), default=0)


def reached_anywhere(watermarks: Mapping[bytes, bytes]) -> Instant:
    """Return the furthest append time that any partition has reached."""
    return max((int(time) for name, time in watermarks.items() if name.endswith(_REACHED)), default=0)


def reached_by_partition(watermarks: Mapping[bytes, bytes]) -> Mapping[str, Instant]:
    """Return the append time that each partition has told."""
    return {name.removesuffix(_REACHED).decode(): int(at) for name, at in watermarks.items() if name.endswith(_REACHED)}
