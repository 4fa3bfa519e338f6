"""Texts of accepted configurations, in memory (port `Archive`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.errors import RejectedState

if TYPE_CHECKING:
    from collections.abc import Mapping


class MemoryArchive:
    """Configurations in the order they were accepted; the first has epoch 1."""

    def __init__(self) -> None:
        self._accepted: list[Mapping[str, str]] = []

    def accept(self, texts: Mapping[str, str]) -> int:
        """Accept a configuration's texts (by file name) as the newest; return its epoch."""
        self._accepted.append(texts)
        return len(self._accepted)

    async def texts(self, epoch: int) -> Mapping[str, str]:
        """Return the texts accepted under this epoch.

        Raises:
            RejectedState: no such epoch is known here.
        """
        if not 1 <= epoch <= len(self._accepted):
            raise RejectedState(f"configuration epoch {epoch} is not known here")
        return self._accepted[epoch - 1]
