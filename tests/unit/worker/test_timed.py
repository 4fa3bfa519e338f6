from __future__ import annotations

import pytest

from expansion_signals.errors import RejectedState
from expansion_signals.worker.patience import InPlace
from expansion_signals.worker.timed import Timed


class Store:
    async def apply(self, shard: int) -> int:
        if shard < 0:
            raise RejectedState("no such shard")
        return shard


class Took:
    """The steps that were timed; none took less than no time."""

    def __init__(self) -> None:
        self.steps: list[str] = []
        self.patience = Timed(InPlace([].append), self._note)

    def _note(self, step: str, seconds: float) -> None:
        assert seconds >= 0
        self.steps.append(step)


async def test_a_step_is_timed_under_its_name() -> None:
    took = Took()
    assert await took.patience(Store().apply, 7) == 7
    assert took.steps == ["apply"]


async def test_a_step_that_is_refused_took_its_time_as_well() -> None:
    took = Took()
    with pytest.raises(RejectedState):
        await took.patience(Store().apply, -1)
    assert took.steps == ["apply"]
