"""The dispatch: a thread that decides what is sent now, and what waits on disk.

It never waits for Kafka, which the courier does. Events and what the courier brings back come into one mailbox:

    events ──▶ mailbox ──▶ in hand ──▶ courier ──▶ Kafka      while the broker answers
                              └──▶ spool ──▶ courier          while it does not, or there is too much in hand

One delivery is on its way at a time. One that is overdue is copied to the spool, so that a process killed meanwhile
loses nothing, and forgotten there once it was acknowledged after all. Events for a topic that takes nothing wait on
disk, where what goes to others passes them by; those of one topic never pass each other.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections import Counter
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

from expansion_signals.sdk.closed_topics import ClosedTopics
from expansion_signals.sdk.courier import Courier, Delivery
from expansion_signals.sdk.writing import WrittenEvent

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from expansion_signals.sdk.spool import Segment, Spool

Tally: TypeAlias = Literal["taken", "sent", "spooled", "refused", "dropped"]
"""What became of events: `taken` from the app; `sent`, which Kafka acknowledged; `spooled`, which had to wait on disk;
`refused`, by the checks here or by the broker, and never sent; `dropped`, for which there was no room anywhere."""

_TOGETHER_SECONDS = 0.005
"""What comes within this time goes together; nobody who emits has to wake this thread meanwhile."""

_OVERDUE_SECONDS = 1.0
_TURN_SECONDS = 0.1
_IDLE_SECONDS = 30.0
"""So often an idle one looks for what processes that are gone left behind."""

_FIRST_WAIT, _LONGEST_WAIT = 0.1, 5.0
_AT_ONCE = 1_000
_MOST_IN_HAND = 4_000
_END = object()

log = logging.getLogger(__name__)


class Dispatch:
    """Sends what it is given, from a thread of its own. `room` is how many events may be in memory."""

    def __init__(
        self,
        servers: str,
        options: Mapping[str, Any],
        spool: Spool | None,
        room: int,
        connected: Callable[[], None],
    ) -> None:
        self._room = room
        self._spool = spool
        self._mailbox: SimpleQueue[WrittenEvent | Delivery | threading.Event | object] = SimpleQueue()
        self._in_hand: list[WrittenEvent] = []
        self._delivery: Delivery | None = None
        self._closed_topics = ClosedTopics()
        self._waiting: list[threading.Event] = []
        self._wait = self._not_before = 0.0
        self._portion = _MOST_IN_HAND
        self._told = ""
        self._disk_told = False
        self._closed = self._ending = False
        # With every key from the start: it is read by threads that emit while this one counts.
        self.tallies: Counter[Tally] = Counter(dict.fromkeys(get_args(Tally), 0))
        self._courier = Courier(servers, options, self._mailbox.put, connected)
        self._thread = threading.Thread(target=self._run, name="expansion-dispatch", daemon=True)
        self._thread.start()

    def take(self, event: WrittenEvent) -> bool:
        """Take an event; False where there is no room for it."""
        if self._closed or self._mailbox.qsize() + len(self._in_hand) >= self._room:
            return False
        self._mailbox.put(event)
        return True

    def flush(self, seconds: float) -> bool:
        """Wait until everything was sent, or for so long; says whether it was."""
        sent = threading.Event()
        self._mailbox.put(sent)
        return sent.wait(seconds)

    def end(self, seconds: float) -> None:
        """End; what is not sent is in the spool then. Waits for the disk so long at most."""
        self._closed = True
        self._mailbox.put(_END)
        self._thread.join(seconds)

    def disown(self) -> None:
        """Let go of what a fork inherited: threads, connections and files are the parent's."""
        self._courier.disown()
        if self._spool is not None:
            self._spool.disown()

    def _run(self) -> None:
        self._take_over()
        while not self._ending:
            self._empty_mailbox()
            self._keep_what_must_wait()
            self._send()
            self._answer_who_waits()
        self._leave()

    def _empty_mailbox(self) -> None:
        busy = self._delivery is not None or self._spool or self._in_hand
        try:
            self._open(self._mailbox.get(timeout=_TURN_SECONDS if busy else _IDLE_SECONDS))
        except Empty:
            if not busy:
                self._take_over()
            return
        if not self._waiting and not self._ending:
            time.sleep(_TOGETHER_SECONDS)
        self._open_all()

    def _open_all(self) -> None:
        with suppress(Empty):
            while True:
                self._open(self._mailbox.get_nowait())

    def _open(self, letter: object) -> None:
        if isinstance(letter, WrittenEvent):
            self.tallies["taken"] += 1
            self._in_hand.append(letter)
        elif isinstance(letter, Delivery):
            self._settle(letter)
        elif isinstance(letter, threading.Event):
            self._waiting.append(letter)
        else:
            self._ending = True

    def _settle(self, delivery: Delivery) -> None:
        self._delivery = None
        self.tallies["sent"] += len(delivery.events) - len(delivery.left) - len(delivery.refused)
        self._tell(delivery)
        self._portion_out(delivery)
        segment, rest = delivery.segment, [*delivery.left, *delivery.held]
        if segment is not None and self._spool is not None and rest and not segment.path.exists():
            self._spool.forget(segment)  # somebody removed it: what is left is in memory alone
            segment = None
        if segment is None or self._spool is None:
            if rest and self._kept(rest, apart=True) is None:
                self._in_hand[:0] = rest
        elif not rest:
            self._spool.forget(segment)
        elif len(rest) < len(delivery.events) + len(delivery.held):
            self._spool.shorten(segment, rest)

    def _portion_out(self, delivery: Delivery) -> None:
        """Send less at once after a failure: an event that no broker takes is known once it is alone."""
        if delivery.failure is None:
            self._portion = min(2 * self._portion, _MOST_IN_HAND)
        elif delivery.sent:
            self._portion = max(min(self._portion, len(delivery.events)) // 2, 1)

    def _tell(self, delivery: Delivery) -> None:
        for event, said in delivery.refused:
            self.tallies["refused"] += 1
            log.error("Kafka refuses an event for ever, and it is dropped: %s: %.200r", said, event.value)
        self._closed_topics.close(delivery.closed)
        self._closed_topics.open({each.topic for each in delivery.events} - {each.topic for each in delivery.left})
        if delivery.failure is None:
            if self._told:
                log.info("Kafka answers again: what waited is being sent")
            self._told, self._wait = "", 0.0
            return
        if str(delivery.failure) != self._told:
            self._told = str(delivery.failure)
            log.warning("events wait %s: %s", "on disk" if self._spool is not None else "in memory", self._told)
        self._wait = min(max(2 * self._wait, _FIRST_WAIT), _LONGEST_WAIT)
        self._not_before = time.monotonic() + self._wait

    def _keep_what_must_wait(self) -> None:
        if self._spool is None:
            return
        closed, now = self._closed_topics.now(), time.monotonic()
        overdue = self._delivery is not None and now - self._delivery.begun > _OVERDUE_SECONDS
        away = overdue or now < self._not_before
        wait = away or self._spool.waits_beside(closed) or len(self._in_hand) > _MOST_IN_HAND
        # Nothing is put before what is on its way, and not yet on disk: of its topics all else is newer.
        if wait and (overdue or self._in_hand) and not self._delivery_is_kept():
            wait = False
        others, waiting = ((), self._in_hand) if wait else _parted(self._in_hand, closed)
        self._in_hand = [*others, *self._not_kept(waiting)]

    def _delivery_is_kept(self) -> bool:
        delivery = self._delivery
        if delivery is not None and delivery.segment is None:
            delivery.segment = self._kept(delivery.events, apart=True)
        return delivery is None or delivery.segment is not None

    def _not_kept(self, events: Sequence[WrittenEvent]) -> Sequence[WrittenEvent]:
        """Keep events on disk; returns those that it does not take."""
        for first in range(0, len(events), _AT_ONCE):
            if self._kept(events[first : first + _AT_ONCE]) is None:
                return events[first:]
        return ()

    def _send(self) -> None:
        if self._delivery is not None or self._ending or time.monotonic() < self._not_before:
            return
        closed = self._closed_topics.now()
        segment = self._spool.oldest(closed) if self._spool is not None else None
        if segment is not None and self._spool is not None:
            try:
                events = segment.events()
            except OSError as error:
                log.exception("a part of the spool cannot be read and is left there: %s", error.strerror)
                self._spool.leave(segment)
                return
            going, held = _parted(events, closed, self._portion)
            self._delivery = Delivery(going, time.monotonic(), segment, held)
        else:
            going, held = _parted(self._in_hand, closed, min(self._portion, _AT_ONCE))
            if not going:
                return
            self._delivery, self._in_hand = Delivery(going, time.monotonic()), [*held]
        self._courier.deliver(self._delivery)

    def _kept(self, events: Sequence[WrittenEvent], *, apart: bool = False) -> Segment | None:
        """Keep events on disk; None where that cannot be: they stay in memory then."""
        if self._spool is None:
            return None
        try:
            segment = self._spool.keep_apart(events) if apart else self._spool.keep(events)
        except OSError as error:
            if not self._disk_told:
                log.warning("events wait in memory, for the spool takes no more: %s", error)
            self._disk_told = True
            return None
        self._disk_told = False
        self.tallies["spooled"] += len(events)
        return segment

    def _answer_who_waits(self) -> None:
        if self._waiting and not (self._in_hand or self._delivery or self._spool):
            for sent in self._waiting:
                sent.set()
            self._waiting.clear()

    def _take_over(self) -> None:
        if self._spool is None:
            return
        try:
            found = self._spool.take_over()
        except OSError as error:
            log.warning("what may wait in the spool from before is not seen: %s", error)
            return
        if found:
            log.info("taking over %d segments of events that a process before this one left in the spool", found)

    def _leave(self) -> None:
        self._open_all()  # what came while it was told to end
        left = [] if self._delivery is None or self._delivery.segment is not None else [*self._delivery.events]
        left += self._in_hand
        if left and self._kept(left) is None:
            self.tallies["dropped"] += len(left)
            log.error("%d events were neither sent nor kept, and are lost", len(left))
        if self._spool is not None:
            self._spool.close()
        self._courier.end()


def _parted(
    events: Sequence[WrittenEvent], closed: Collection[str], most: int = sys.maxsize
) -> tuple[Sequence[WrittenEvent], Sequence[WrittenEvent]]:
    """Return those that go now, at most so many and none to a topic that is closed, and those that wait."""
    if not closed:
        return events[:most], events[most:]
    going = [each for each in events if each.topic not in closed]
    return going[:most], [*going[most:], *(each for each in events if each.topic in closed)]
