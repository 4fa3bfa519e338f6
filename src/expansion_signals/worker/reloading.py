"""Reloading: a changed configuration directory takes effect between two polls; a wrong one leaves the last good one."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from expansion_signals.configuration_files import read_directory, revision_of
from expansion_signals.errors import RejectedConfiguration
from expansion_signals.rules.differences import differences
from expansion_signals.rules.loading import load
from expansion_signals.state.deployment import Origin
from expansion_signals.worker.parts import clock

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from expansion_signals.pipeline.epochs import Epochs
    from expansion_signals.ports import Patience
    from expansion_signals.rules.configuration import Configuration
    from expansion_signals.state.deployment import Deployment
    from expansion_signals.worker.status import Status

_LOOK_SECONDS = 2.0

log = logging.getLogger(__name__)


class Reloading:
    """Watches the files of `directory`. Whoever loads a newer set first makes it an epoch; other workers follow.

    `last` is what this worker has loaded. A set that a later one has replaced is not taken: two workers with different
    files would fight, each undoing the other (architecture, Configuration epochs).
    """

    def __init__(  # noqa: PLR0913 -- the parts of a reload
        self,
        directory: Path,
        last: Configuration,
        deployment: Deployment,
        epochs: Epochs,
        *,
        patience: Patience,
        status: Status,
    ) -> None:
        self._directory = directory
        self._last = last
        self._read: Mapping[str, str] | None = last.texts
        self._deployment = deployment
        self._epochs = epochs
        self._patience = patience
        self._status = status
        self._stopping = False
        self._asked = asyncio.Event()

    def stop(self) -> None:
        """Ask to end."""
        self._stopping = True
        self._asked.set()

    def now(self) -> None:
        """Look at once (SIGHUP), also at files that stand as they stood: they may have been refused for another's."""
        self._read = None
        self._asked.set()

    async def run(self) -> None:
        """Look until stopped."""
        while not self._stopping:
            self._asked.clear()
            await self._look()
            try:
                async with asyncio.timeout(_LOOK_SECONDS):
                    await self._asked.wait()
            except TimeoutError:
                continue

    async def _look(self) -> None:
        try:
            texts = read_directory(self._directory)
            if texts == self._read:
                return
            self._read = texts
            configuration = load(texts)
        except RejectedConfiguration as rejected:
            self._refuse([str(problem) for problem in rejected.problems])
            return
        await self._take(configuration)

    def _refuse(self, problems: list[str]) -> None:
        if problems != self._status.configuration_problems:
            log.error("the changed configuration is wrong, the last good one stays:\n%s", "\n".join(problems))
        self._status.configuration_problems = problems

    async def _take(self, configuration: Configuration) -> None:
        origin = Origin(clock(), revision_of(self._directory))
        accepted = await self._patience(self._deployment.accept, configuration, origin=origin)
        if accepted.epoch != accepted.in_force:
            said = (
                f"the configuration in {self._directory} is epoch {accepted.epoch}, which epoch {accepted.in_force} "
                "has replaced; to go back to it for all workers: expansion-signals worker --accept"
            )
            self._refuse([said])
            return
        self._status.configuration_problems = []
        if configuration.fingerprint == self._last.fingerprint:
            return
        for line in differences(self._last, configuration):
            log.info("configuration: %s", line)
        for warning in configuration.warnings:
            log.warning("%s", warning)
        log.info(
            "configuration epoch %d (%s)",
            accepted.epoch,
            configuration.fingerprint[:12],
            extra={"epoch": accepted.epoch},
        )
        self._last = configuration
        self._epochs.offer(accepted.epoch, configuration)
