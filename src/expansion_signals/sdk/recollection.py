"""What a group remembers of its triggers, and how it stands on `expansion-subscriber-memory` (semantics 9.3).

A record's key is group and trigger id, joined by a character that neither has; its value is the trigger's
`expirytime`. From 7 days after that the id is forgotten: the record is deleted by one without a value.
"""

from __future__ import annotations

from heapq import heappop, heappush
from typing import TYPE_CHECKING

from expansion_signals.model.identities import SEPARATOR
from expansion_signals.model.instants import DAY, LAST, format_instant, parse_instant

if TYPE_CHECKING:
    from expansion_signals.model.instants import Instant

TOPIC = "expansion-subscriber-memory"

_KEPT_AFTER_EXPIRY = 7 * DAY


def memory_key(group: str, trigger: str) -> bytes:
    """Return the key under which this group remembers this trigger."""
    return SEPARATOR.join((group, trigger)).encode()


def memory_value(expires: Instant) -> bytes:
    """Return what is remembered of a trigger."""
    return format_instant(expires).encode()


def remembered(key: bytes | None, group: str) -> str | None:
    """Return the trigger's id; None for a key of another group."""
    prefix = f"{group}{SEPARATOR}".encode()
    return key[len(prefix) :].decode(errors="replace") if key is not None and key.startswith(prefix) else None


class Recollection:
    """The ids that are done, each until 7 days after it expired."""

    def __init__(self) -> None:
        self._forgotten_from: dict[str, Instant] = {}
        self._soonest: list[tuple[Instant, str]] = []

    def __contains__(self, trigger: object) -> bool:
        """Say whether this id is remembered."""
        return trigger in self._forgotten_from

    def __len__(self) -> int:
        """Count the ids."""
        return len(self._forgotten_from)

    def learn(self, trigger: str, value: bytes | None) -> None:
        """Take what a record says of this id; one without a value says that it is forgotten."""
        if value is None:
            self._forgotten_from.pop(trigger, None)
        else:
            self.remember(trigger, _expires(value))

    def remember(self, trigger: str, expires: Instant) -> None:
        """Remember this id."""
        until = min(expires + _KEPT_AFTER_EXPIRY, LAST)
        self._forgotten_from[trigger] = until
        heappush(self._soonest, (until, trigger))

    def forget(self, now: Instant) -> list[str]:
        """Forget what is past its time, and return it."""
        forgotten = []
        while self._soonest and self._soonest[0][0] <= now:
            until, trigger = heappop(self._soonest)
            if self._forgotten_from.get(trigger) == until:
                del self._forgotten_from[trigger]
                forgotten.append(trigger)
        return forgotten


def _expires(value: bytes) -> Instant:
    try:
        return parse_instant(value.decode())
    except ValueError:
        return LAST  # nobody writes this; but what is remembered too long does no harm
