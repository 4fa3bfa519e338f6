"""The configuration this worker judges under, and those of facts written before it.

See architecture, Configuration epochs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.rules.loading import load

if TYPE_CHECKING:
    from expansion_signals.ports import Archive
    from expansion_signals.rules.configuration import Configuration


class Epochs:
    """Configurations by epoch; `archive` has the texts of all that were ever accepted."""

    def __init__(self, archive: Archive, epoch: int, configuration: Configuration) -> None:
        self._archive = archive
        self._known = {epoch: configuration}
        self.current = epoch

    @property
    def configuration(self) -> Configuration:
        """The configuration of the current epoch."""
        return self._known[self.current]

    async def at(self, epoch: int) -> Configuration:
        """Return the configuration of this epoch.

        Raises:
            StateUnavailable: the archive does not answer.
            RejectedState: the archive does not know the epoch.
            RejectedConfiguration: the texts were written by a version that knows more than this one.
        """
        if epoch not in self._known:
            self._known[epoch] = load(await self._archive.texts(epoch))
        return self._known[epoch]

    async def advance(self, epoch: int) -> None:
        """Judge under this later epoch from now on: another worker's files were accepted after ours."""
        await self.at(epoch)
        self.current = max(self.current, epoch)
