"""The books of a deployment: what became of the records of each partition, how far shards are, how many are not there.

All of it is read at once, for a page that is asked for every few seconds while a worker works: 64 shards of 48
partitions are some 25,000 fields.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from expansion_signals.model.stages import STAGES
from expansion_signals.state.keys import shard_keys
from expansion_signals.state.scripts import Scripts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expansion_signals.model.batches import Outcome
    from expansion_signals.model.instants import Instant
    from expansion_signals.state.connection import Connection

_OUTCOMES: Mapping[str, Outcome] = {"c": "counted", "d": "duplicate", "u": "unmatched", "x": "dead_lettered"}
_REACHED = "t"


class Books(NamedTuple):
    """What became of records (semantics 1.5), and how far shards are; by partition, as the state names it.

    `reached` is the append time that the furthest shard has applied, for partitions that have told one. `late` is how
    many shards a second reader brings up in each stage, `lost` how many Redis does not hold.
    """

    tallies: Mapping[str, Mapping[Outcome, int]]
    reached: Mapping[str, Instant]
    late: Mapping[str, int]
    lost: int


class RedisBooks:
    """Reads the books of one deployment."""

    def __init__(self, client: Connection, *, prefix: str, shards: int) -> None:
        self._scripts = Scripts(client)
        self._keys = [shard_keys(prefix, shard) for shard in range(shards)]

    async def read(self) -> Books:
        """Return the books as they stand.

        Raises:
            StateUnavailable: Redis does not answer.
        """
        fields = ("format", *(f"late:{stage}" for stage in STAGES))
        watermarks = [("HGETALL", each.watermarks) for each in self._keys]
        standing = [("HMGET", each.state, *fields) for each in self._keys]
        found = await self._scripts.commands([*watermarks, *standing], "books")
        shards, states = found[: len(self._keys)], found[len(self._keys) :]
        tallies: dict[str, dict[Outcome, int]] = {}
        reached: dict[str, Instant] = {}
        for shard in shards:
            for field, value in shard.items():
                partition, letter = _parted(field)
                if letter in _OUTCOMES:
                    of = tallies.setdefault(partition, dict.fromkeys(_OUTCOMES.values(), 0))
                    of[_OUTCOMES[letter]] += int(value)
                elif letter == _REACHED and (at := int(value)):
                    reached[partition] = max(at, reached.get(partition, 0))
        late = {stage: sum(state[place] is not None for state in states) for place, stage in enumerate(STAGES, start=1)}
        return Books(tallies, reached, late, sum(state[0] is None for state in states))


@lru_cache(maxsize=65_536)
def _parted(field: bytes) -> tuple[str, str]:
    """Return partition and letter; cached because every shard has the same ones."""
    partition, _, letter = field.decode().rpartition("|")
    return partition, letter
