"""An event loop in which waiting takes no time: its clock jumps to whatever is due next."""

from __future__ import annotations

import asyncio
import selectors
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Coroutine


class SkippingLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._skipping = _SkippingSelector()
        super().__init__(self._skipping)

    def time(self) -> float:
        return self._skipping.skipped


class _SkippingSelector(selectors.DefaultSelector):
    """Looks whether anything has come, and takes the time it was given to wait for passed."""

    skipped = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise AssertionError("nothing is due: the test would wait for ever")
        found = super().select(0)
        self.skipped += 0 if found else max(0.0, timeout)
        return found


def run(steps: Coroutine[Any, Any, Any]) -> Any:  # noqa: ANN401 -- whatever the steps return
    """Run the steps to their end in no time."""
    with asyncio.Runner(loop_factory=SkippingLoop) as runner:
        return runner.run(steps)
