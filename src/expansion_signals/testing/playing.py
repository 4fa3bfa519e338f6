"""Playing many arrivals: those of which nothing comes share polls, and it ends as if each had been alone.

A poll of several events is refused, before anything of it is written, if something would be published of an account
(`testing.silence`). Then the event that leads to it goes alone; where that is not told, because several have raised a
level, each event of that account until something is published. Those between them go together:

    ada 1   bob 1   cyd 1   ada 2 reaches 80 %   bob 2   cyd wants sso   ada 3     refused because of ada, and of sso
    ada 1                                                                          alone
            bob 1   cyd 1                                                          together
                            ada 2                                                  alone
                                                 bob 2                             together
                                                         cyd wants sso             alone
                                                                         ada 3     together, as far as that goes

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
from expansion_signals.testing.foresight import Foresight
from expansion_signals.testing.silence import Heard

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection, Iterable, Sequence

    from expansion_signals.detect.metering import Contribution
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
        passed = await rehearsal.pass_to(arrival.time)
        if passed or not together.takes(number, arrival):
            came = Came(number, [*passed, *await rehearsal.take(arrival)])
            together.was_alone(arrival, came)
            yield came
    async for came in together.played():
        yield came


class _Waiting(NamedTuple):
    """An arrival that waits for its poll, and when it will be appended."""

    number: int
    arrival: Arrival
    event: UsageEvent
    appended: Instant

    def is_among(self, heard: Collection[Heard]) -> bool:
        """Say whether this is heard of: the event itself, or everything of its account."""
        account = self.event.account
        return Heard(account) in heard or Heard(account, (self.event.source, self.event.id)) in heard


class _Together:
    """Arrivals that may share a poll. Twice as many the next time, half as many where most had to go alone."""

    def __init__(self, rehearsal: Rehearsal) -> None:
        self._rehearsal = rehearsal
        self._waiting: list[_Waiting] = []
        self._rising: dict[tuple[str, str], bool] = {}
        self._identities: set[tuple[str, str, str]] = set()
        self._most = _FEWEST
        self._foresight = Foresight(rehearsal.configuration, rehearsal.acceptance, rehearsal.kept)

    def takes(self, number: int, arrival: Arrival) -> bool:
        """Take an arrival, if it may share the poll of those that wait; say whether it may."""
        event = arrival.event
        now = self._waiting[-1].appended if self._waiting else self._rehearsal.now
        # Where an hour begins, time passes first, and what is due in it.
        if event is None or len(self._waiting) >= self._most or hour_of(arrival.time) > hour_of(now):
            return False
        fed = _fed(event, self._rehearsal.configuration)
        if fed is None or not self._rises_with_those(event, fed):
            return False
        # Which of two payloads of an identity stands is for the state to say, one after the other.
        identity, appended = (event.account, event.source, event.id), max(now, arrival.time)
        if identity in self._identities or self._foresight.hears(event, fed, appended):
            return False
        self._identities.add(identity)
        for meter, amount in fed:
            self._rising[event.account, meter.key] = _rises(meter, amount)
        self._waiting.append(_Waiting(number, arrival, event, appended))
        return True

    def _rises_with_those(self, event: UsageEvent, fed: Sequence[Contribution]) -> bool:
        """Say whether of each meter the event is the first of its account, or can lower no level as those before it."""
        before = self._rising
        for meter, amount in fed:
            place = (event.account, meter.key)
            if place in before and not (before[place] and _rises(meter, amount)):
                return False
        return True

    def was_alone(self, arrival: Arrival, came: Came) -> None:
        """Take note of what came of one that went alone."""
        if arrival.event is not None:
            self._foresight.was_heard(arrival.event, heard=bool(came.published))

    async def played(self) -> AsyncIterator[Came]:
        """Play those that wait."""
        waiting, self._waiting, self._rising, self._identities = self._waiting, [], {}, set()
        all_of_them, alone, heard = len(waiting), 0, set[Heard]()
        self._foresight.begin()
        while waiting:
            silent = [*takewhile(lambda each: not each.is_among(heard), waiting)] if heard else waiting
            if not silent:
                came = Came(waiting[0].number, await self._rehearsal.take(waiting[0].arrival))
                self.was_alone(waiting[0].arrival, came)
                yield came
                alone += 1
                if came.published:
                    heard.discard(Heard(waiting[0].event.account))
            elif found := await self._unheard(silent):
                heard.update(found)
                continue
            else:
                self._foresight.were_silent(each.event for each in silent)
            waiting = waiting[len(silent) or 1 :]
        if all_of_them:
            self._most = max(self._most // 2, _FEWEST) if 2 * alone > all_of_them else min(2 * self._most, _MOST)

    async def _unheard(self, waiting: Sequence[_Waiting]) -> Collection[Heard]:
        """Have these read if nothing is heard of them; return what would be, where it names none of them by account."""
        heard = await self._rehearsal.take_unheard([(each.arrival, each.appended) for each in waiting])
        events = {Heard(each.event.account, (each.event.source, each.event.id)) for each in waiting} if heard else set()
        return [each if each in events else Heard(each.account) for each in heard]


def _fed(event: UsageEvent, configuration: Configuration) -> Sequence[Contribution] | None:
    """Return what the event adds to each meter; None where it is to be alone: it is rejected, or very large."""
    try:
        fed = contributions(event, configuration) or ()
    except RejectedRecord:
        return None
    for meter, amount in fed:
        if not -ALONE_FROM < amount < ALONE_FROM and meter.aggregation in ("sum", "count"):
            return None
    return fed


def _rises(meter: Meter, amount: int) -> bool:
    # Of members and the highest nothing is taken back. Of values of a dimension, one may be one too many.
    return not meter.dimensions and meter.aggregation != "latest" and (meter.aggregation != "sum" or amount >= 0)
