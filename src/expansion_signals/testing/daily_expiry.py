"""Expiry once a day: what a worker forgets bit by bit all day long."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.state.memory_expiry import MemoryExpiry

if TYPE_CHECKING:
    from expansion_signals.model.catalog import Catalog

_SWEEPS = 24
"""A rehearsal sweeps once an hour. To look at all that is kept each time took half of the time of a long one."""


class DailyExpiry(MemoryExpiry):
    """Forgets in one sweep of a day. Nobody asks for what is old, so nothing hangs on when it goes."""

    _sweeps = 0

    async def next_shard(self, topic: str) -> int:
        """Forget identities that no record to come can ask for."""
        self._sweeps += 1
        return await super().next_shard(topic) if self._sweeps % _SWEEPS == 0 else 0

    async def next_accounts(self, catalog: Catalog) -> int:
        """Forget what is old of all accounts."""
        return await super().next_accounts(catalog) if self._sweeps % _SWEEPS == 0 else 0
