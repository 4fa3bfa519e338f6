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
        self._offered = epoch
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

    def offer(self, epoch: int, configuration: Configuration) -> None:
        """Have this configuration ready, which was accepted as this epoch; it holds from the next `take` on."""
        self._known[epoch] = configuration
        self._offered = max(self._offered, epoch)

    def take(self) -> None:
        """Judge under what was offered from now on: called between two polls, never in the middle of one."""
        self.current = max(self.current, self._offered)

    def beside(self) -> Epochs:
        """Return what another reader begins with, which polls on its own."""
        return Epochs(self._archive, self.current, self.configuration)

    async def advance(self, epoch: int) -> None:
        """Judge under this later epoch from now on: another worker's files were accepted after ours."""
        await self.at(epoch)
        self.current = max(self.current, epoch)
