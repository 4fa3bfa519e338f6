"""A shard as a whole."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expansion_signals.model.instants import Instant


class ShardStanding(NamedTuple):
    """A shard that stands: partition → next offset, and the stages in which it is late.

    `since`: it was rebuilt from a log that holds nothing older, so counters that reach back further are incomplete.
    `reached`: partition → the append time reached there, as far as it was told.
    """

    watermarks: Mapping[str, int]
    late: frozenset[str] = frozenset()
    since: Instant | None = None
    reached: Mapping[str, Instant] = MappingProxyType({})
