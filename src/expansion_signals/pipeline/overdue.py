"""Facts that wait too long: the worker that wrote them has crashed, or lost its partitions, before it marked them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.model.instants import SECOND, Duration, Instant

if TYPE_CHECKING:
    from collections.abc import Mapping

PATIENCE: Duration = 5 * SECOND
"""How long a fact may wait: longer than a healthy worker takes from apply to mark."""


class Overdue:
    """Watches which facts wait. What waits when a worker begins is overdue at once: it has nothing under way itself."""

    def __init__(self) -> None:
        self._since: dict[tuple[str, str], Instant] | None = None

    def among(self, waiting: Mapping[str, str], now: Instant) -> list[str]:
        """Return the accounts whose oldest fact has waited for too long; `waiting` maps account to that fact."""
        before = self._since
        if before is None:
            self._since = {}
            return list(waiting)
        self._since = {fact: before.get(fact, now) for fact in waiting.items()}
        return [account for (account, _), since in self._since.items() if now - since >= PATIENCE]
