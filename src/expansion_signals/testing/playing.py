"""Playing many arrivals: those of which nothing comes share polls, and it ends as if each had been alone.

A poll of several events is refused, before anything of it is written, if something would be published of an account
(`testing.silence`). Then the events of that account go alone, and those between them together:

    ada 1   bob 1   cyd 1   ada 2 reaches 80 %   bob 2   cyd 2     refused because of ada
    ada 1                                                          alone
            bob 1   cyd 1                                          together
                            ada 2                                  alone
                                                 bob 2   cyd 2     together

What is silent in a poll is silent event by event: of each account and meter either no event can lower a level, so that
all stand at most where the last one leaves them, or there is one event only. No poll goes beyond an hour, for that is
when time passes, and each event keeps its own append time.
"""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING, NamedTuple

from expansion_signals.detect.metering import contributions
from expansion_signals.errors import RejectedRecord
from expansion_signals.model.amounts import ALONE_FROM
from expansion_signals.model.instants import hour_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence

    from expansion_signals.model.catalog import Meter
    from expansion_signals.model.events import UsageEvent
    from expansion_signals.model.instants import Instant
    from expansion_signals.model.records import Outgoing
    from expansion_signals.rules.configuration import Configuration
    from expansion_signals.testing.arrivals import Arrival
    from expansion_signals.testing.rehearsal import Rehearsal

_FEWEST, _MOST = 16, 1024


class Came(NamedTuple):
    """What was published because of one arrival, whose `number` the caller gave."""

    number: int
    published: Sequence[Outgoing]


async def play(rehearsal: Rehearsal, arrivals: Iterable[tuple[int, Arrival]]) -> AsyncIterator[Came]:
    """Play numbered arrivals in their order; yield what came of those that went alone: nothing came of the others."""
    together = _Together(rehearsal)
    for number, arrival in arrivals:
        if together.takes(number, arrival):
            continue
        async for came in together.played():
            yield came
        if not together.takes(number, arrival):
            yield Came(number, await rehearsal.take(arrival))
    async for came in together.played():
        yield came


class _Waiting(NamedTuple):
    """An arrival that waits for its poll, and when it will be appended."""

    number: int
    arrival: Arrival
    account: str
    appended: Instant


class _Together:
    """Arrivals that may share a poll. Twice as many the next time, half as many where most had to go alone."""

    def __init__(self, rehearsal: Rehearsal) -> None:
        self._rehearsal = rehearsal
        self._waiting: list[_Waiting] = []
        self._rising: dict[tuple[str, str], bool] = {}
        self._identities: set[tuple[str, str, str]] = set()
        self._most = _FEWEST

    def takes(self, number: int, arrival: Arrival) -> bool:
        """Take an arrival, if it may share the poll of those that wait; say whether it may."""
        event = arrival.event
        now = self._waiting[-1].appended if self._waiting else self._rehearsal.now
        # Where an hour begins, time passes first, and what is due in it.
        if event is None or len(self._waiting) >= self._most or hour_of(arrival.time) > hour_of(now):
            return False
        rising, account = _rising(event, self._rehearsal.configuration), event.account
        if rising is None or any(
            (account, meter) in self._rising and not (rises and self._rising[account, meter])
            for meter, rises in rising.items()
        ):
            return False
        # Which of two payloads of an identity stands is for the state to say, one after the other.
        identity = (account, event.source, event.id)
        if identity in self._identities:
            return False
        self._identities.add(identity)
        self._rising |= {(account, meter): rises for meter, rises in rising.items()}
        self._waiting.append(_Waiting(number, arrival, account, max(now, arrival.time)))
        return True

    async def played(self) -> AsyncIterator[Came]:
        """Play those that wait."""
        waiting, self._waiting, self._rising, self._identities = self._waiting, [], {}, set()
        all_of_them, alone, heard = len(waiting), 0, set[str]()
        while waiting:
            silent = [*takewhile(lambda each: each.account not in heard, waiting)]
            if not silent:
                yield Came(waiting[0].number, await self._rehearsal.take(waiting[0].arrival))
                alone += 1
            elif found := await self._unheard(silent):
                heard.update(found)
                continue
            waiting = waiting[len(silent) or 1 :]
        if all_of_them:
            self._most = max(self._most // 2, _FEWEST) if 2 * alone > all_of_them else min(2 * self._most, _MOST)

    async def _unheard(self, waiting: Sequence[_Waiting]) -> Collection[str]:
        return await self._rehearsal.take_unheard([(each.arrival, each.appended) for each in waiting])


def _rising(event: UsageEvent, configuration: Configuration) -> Mapping[str, bool] | None:
    """Say of each meter that the event feeds whether it can lower no level there.

    None where it is to be alone: it is rejected, or very large.
    """
    try:
        fed = contributions(event, configuration) or ()
    except RejectedRecord:
        return None
    if any(meter.aggregation in ("sum", "count") and not -ALONE_FROM < amount < ALONE_FROM for meter, amount in fed):
        return None
    return {meter.key: _rises(meter, amount) for meter, amount in fed}


def _rises(meter: Meter, amount: int) -> bool:
    # Of members and the highest nothing is taken back. Of values of a dimension, one may be one too many.
    return not meter.dimensions and meter.aggregation != "latest" and (meter.aggregation != "sum" or amount >= 0)
