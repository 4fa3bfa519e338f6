from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from expansion_signals.errors import TooManyDeadLetters
from expansion_signals.model.records import Outgoing, Partition, Poll, Record
from expansion_signals.worker.measured import Measured
from expansion_signals.worker.metrics import Metrics
from expansion_signals.worker.origins import Origins
from expansion_signals.worker.status import Status
from expansion_signals.worker.traces import UNTRACED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expansion_signals.model.instants import Instant

USAGE = Partition("usage-events", 0)
POLL = Poll([Record(*USAGE, offset, b"acct-1", b"{}", (), 5) for offset in (7, 8)], {USAGE: 7}, {USAGE: 9}, 1)
ANY_SIGNAL = [Outgoing("expansion-signals", b"acct-1", b"{}")]


class Absorbing:
    """Takes polls in, or refuses them; says that it went back so often."""

    def __init__(self, *rewinds: Mapping[Partition, int], refused: bool = False) -> None:
        self.origins = Origins()
        self.known: list[int] = []
        self._rewinds = list(rewinds)
        self._refused = refused

    async def absorb(self, poll: Poll) -> Mapping[Partition, int]:  # noqa: ARG002 -- the protocol's signature
        self.known.append(len(self.origins.of(ANY_SIGNAL)))
        if self._refused:
            raise TooManyDeadLetters("too many")
        return self._rewinds.pop(0) if self._rewinds else {}

    async def rolled_back(self) -> Mapping[Partition, int]:
        return self._rewinds.pop(0) if self._rewinds else {}

    async def sweep(self, positions: Mapping[Partition, int], reached: Mapping[Partition, Instant]) -> bool:
        return not reached and positions == {USAGE: 7}


class Measuring:
    def __init__(self, absorber: Absorbing) -> None:
        self._metrics = Metrics()
        self.measured = Measured(absorber, "metering", absorber.origins, UNTRACED.stage("metering"), self._metrics)

    def told(self, metric: str) -> float:
        start = f'expansion_signals_{metric}{{stage="metering"}} '
        [line] = [each for each in self._metrics.page(Status(), None).decode().splitlines() if each.startswith(start)]
        return float(line.removeprefix(start))


async def test_polls_and_their_records_are_counted() -> None:
    measuring = Measuring(Absorbing())
    for _ in range(3):
        await measuring.measured.absorb(POLL)
    assert (measuring.told("poll_seconds_count"), measuring.told("read_total")) == (3, 6)


async def test_a_poll_that_is_refused_took_its_time_and_brought_nothing() -> None:
    measuring = Measuring(Absorbing(refused=True))
    with pytest.raises(TooManyDeadLetters):
        await measuring.measured.absorb(POLL)
    assert (measuring.told("poll_seconds_count"), measuring.told("read_total")) == (1, 0)


async def test_reading_again_is_counted_whoever_noticed() -> None:
    measuring = Measuring(Absorbing({USAGE: 3}, {}, {USAGE: 4}))
    await measuring.measured.absorb(POLL)
    await measuring.measured.rolled_back()
    assert await measuring.measured.rolled_back() == {USAGE: 4}
    assert measuring.told("rewinds_total") == 2


async def test_the_events_at_hand_are_known_while_they_are_taken_in_and_not_after() -> None:
    absorber = Absorbing()
    await Measuring(absorber).measured.absorb(POLL)
    assert (absorber.known, absorber.origins.of(ANY_SIGNAL)) == ([1], {})


async def test_what_is_due_is_done() -> None:
    assert await Measuring(Absorbing()).measured.sweep({USAGE: 7}, {})
