"""What is to expire in a shard, judged from what was read: one call of `expire.lua` or `fold.lua`."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from expansion_signals.state.packing import pack

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from expansion_signals.model.instants import Instant
    from expansion_signals.pipeline.retention import Retention
    from expansion_signals.state.keys import ShardKeys


class Reached(NamedTuple):
    """The append time that every partition of some topics has reached in a shard."""

    topics: Sequence[str]
    lowest: Instant


class AgingShard(NamedTuple):
    """A shard as a sweep finds it; `meters` has the name of each number.

    `metered` is what is reached where usage and updates come from, `decided` where signals do; `newest` the furthest
    that any partition is.
    """

    keys: ShardKeys
    meters: Mapping[str, str]
    retention: Retention
    metered: Reached
    decided: Reached
    newest: Instant


class Expiration:
    """Collects what goes together, and what must stand unchanged for it to go."""

    script = "expire"

    def __init__(self, keys: ShardKeys, reached: Reached) -> None:
        self._keys = [keys.watermarks]
        self._reached = reached
        self._same: list[object] = []
        self._absent: list[int] = []
        self._fields: list[object] = []
        self._sets: list[object] = []
        self._gone: list[int] = []

    def same(self, key: str, fields: Mapping[str, bytes | str | None]) -> None:
        """Ask that these fields of a hash are as they were read; None: absent."""
        place = self._place(key)
        self._same += [part for field, value in fields.items() for part in (place, field, value or "")]

    def absent(self, keys: Iterable[str]) -> None:
        """Ask that these keys do not exist."""
        self._absent += map(self._place, keys)

    def drop(self, key: str, fields: Sequence[str]) -> None:
        """Drop these fields of a hash; with the last one it goes itself."""
        self._fields += [self._place(key), fields]

    def put(self, key: str, field: str, value: str) -> None:
        """Set this field of a hash."""
        self._sets += [self._place(key), field, value]

    def drop_whole(self, keys: Iterable[str]) -> None:
        """Drop these keys."""
        self._gone += map(self._place, keys)

    def call(self) -> tuple[list[str], bytes]:
        """Return keys and argument."""
        asked = (*self._reached, self._same, self._absent, self._fields, self._sets, self._gone)
        return self._keys, pack(asked)

    def _place(self, key: str) -> int:
        if key not in self._keys:
            self._keys.append(key)
        return self._keys.index(key) + 1


class Fold(NamedTuple):
    """A month's day buckets become its totals. `operations` has the operation of each meter's number."""

    keys: ShardKeys
    reached: Reached
    buckets: str
    totals: str
    month: str
    operations: Sequence[str]

    @property
    def script(self) -> str:
        """The script that folds."""
        return "fold"

    def call(self) -> tuple[list[str], bytes]:
        """Return keys and argument."""
        return [self.keys.watermarks, self.buckets, self.totals], pack((*self.reached, self.month, self.operations))
