"""A handler that acts on several triggers at once, one account's in order, each until it is done or parked."""

from __future__ import annotations

import logging
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from expansion_signals.errors import Retryable
from expansion_signals.sdk.lanes import Lanes
from expansion_signals.sdk.parking import Failure
from expansion_signals.sdk.patience import in_place
from expansion_signals.sdk.transactions import OvertakenError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from expansion_signals.model.instants import Instant
    from expansion_signals.sdk.attempts import Attempts
    from expansion_signals.sdk.handing_out import Batch, HandingOut, Open

IN_HAND = 1_000
"""So many triggers are taken and not done yet, at most."""

_IDLE_SECONDS = 1.0
_BUSY_SECONDS = 0.02
"""How long what ended, or came, may wait for the other."""

log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class Acting:
    """A trigger that waits to be acted on, or is; `error` is how the last attempt ended."""

    trigger: Open
    failed: int = 0
    first_failed: Instant = 0
    error: BaseException | None = None


class Handling:
    """Has `act` act on what is handed out, in `workers` threads; parks what it gives up.

    `stopped` says when to begin nothing more. The thread that calls `run` does all the rest; while a transaction is on
    its way, handlers go on.
    """

    def __init__(  # noqa: PLR0913 -- what it stands on
        self,
        handing_out: HandingOut,
        act: Callable[[Open], object],
        workers: int,
        attempts: Attempts,
        *,
        now: Callable[[], Instant],
        stopped: Callable[[], bool],
    ) -> None:
        self._handing_out = handing_out
        self._act = act
        self._workers = workers
        self._attempts = attempts
        self._now = now
        self._stopped = stopped
        self._lanes: Lanes[Acting] = Lanes()
        self._acting: set[Acting] = set()
        self._ended: SimpleQueue[Acting | None] = SimpleQueue()
        self._done: list[Open] = []
        self._writing: tuple[Batch, Future[None]] | None = None
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="trigger")
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="done")

    def run(self) -> None:
        """Go on until it is stopped; then wait for the handlers that are acting, and commit what they did."""
        with self._writer, self._threads:
            try:
                while not self._stopped():
                    with suppress(Retryable):  # stopped while Kafka is away
                        in_place(self._turn, self._stopped)
            finally:
                self.conclude()

    def conclude(self, seconds: float | None = None) -> None:
        """Begin nothing more, wait so long for what acts, and commit what is done: others are about to take over.

        Without `seconds` it waits to the end. What cannot be committed then is handed out again.
        """
        self._lanes.clear()
        until = None if seconds is None else time.monotonic() + seconds
        try:
            while self._is_busy and (until is None or time.monotonic() < until):
                self._gather(None if until is None else max(0, until - time.monotonic()))
                with suppress(Retryable):
                    self._settle_written()
            self._write_at_once()
        except (OvertakenError, Retryable) as failure:
            log.warning("what was done last is handed out again: %s", failure or "the group has moved on")

    @property
    def _is_busy(self) -> bool:
        return bool(self._acting) or self._writing is not None

    def _turn(self) -> None:
        self._gather(_BUSY_SECONDS if self._is_busy else 0)
        self._settle_written()
        self._begin_writing()
        self._take()
        self._begin()

    def _gather(self, seconds: float | None) -> None:
        """Take what has ended, and wait so long for the first of it."""
        for ended in self._all_ended(seconds):
            self._acting.remove(ended)
            if ended.error is not None and self._handing_out.holds(ended.trigger):
                self._failed(ended, ended.error)
            else:
                self._lanes.go_on(ended.trigger.event.account)
                self._done.append(ended.trigger)

    def _all_ended(self, seconds: float | None) -> Iterator[Acting]:
        with suppress(Empty):
            ended = self._ended.get(timeout=seconds) if seconds != 0 else self._ended.get_nowait()
            while True:
                if ended is not None:
                    yield ended
                ended = self._ended.get_nowait()

    def _failed(self, acting: Acting, error: BaseException) -> None:
        trigger, account, reason = acting.trigger, acting.trigger.event.account, f"{type(error).__name__}: {error}"
        now = self._now()
        acting.failed += 1
        acting.first_failed = acting.first_failed or now
        if self._attempts.are_over(error, acting.failed):
            log.error("parked trigger %s after %d attempts: %s", trigger.event.id, acting.failed, reason)
            trigger.failure = Failure(reason, acting.failed, acting.first_failed, now)
            self._done.append(trigger)
            self._lanes.go_on(account)
        else:
            wait = self._attempts.wait_after(acting.failed)
            log.warning("trigger %s again in %g s: %s", trigger.event.id, wait, reason, exc_info=error)
            self._lanes.put_off(account, acting, time.monotonic() + wait)

    def _begin_writing(self) -> None:
        if self._writing is None and self._done:
            batch = self._handing_out.batch(self._ours_done())
            if batch is not None:
                written = self._writer.submit(self._handing_out.write, batch)
                written.add_done_callback(lambda _: self._ended.put(None))
                self._writing = batch, written

    def _write_at_once(self) -> None:
        batch = self._handing_out.batch(self._ours_done()) if self._writing is None else None
        if batch is not None:
            self._handing_out.write(batch)
            self._handing_out.settle(batch)

    def _ours_done(self) -> Sequence[Open]:
        done, self._done = self._done, []
        for each in done:
            if not self._handing_out.holds(each):
                log.warning("%s", self._handing_out.taken(each))
        return [each for each in done if self._handing_out.holds(each)]

    def _settle_written(self) -> None:
        """Take note of what is committed; what could not be is tried again, with what is done since."""
        if self._writing is None or not self._writing[1].done():
            return
        (batch, written), self._writing = self._writing, None
        try:
            written.result()
        except OvertakenError:
            self._handing_out.lose(batch)
            self._done[:0] = batch.done  # told as what is not ours any more
        except Retryable:
            self._done[:0] = batch.done
            raise
        else:
            self._handing_out.settle(batch)

    def _take(self) -> None:
        came = self._handing_out.take(self._seconds_to_wait(), max(0, IN_HAND - len(self._handing_out)))
        for each in came or ():
            self._lanes.add(each.event.account, Acting(each))
        if came is None and not self._is_busy:
            self._handing_out.rest()

    def _seconds_to_wait(self) -> float:
        if self._is_busy:
            return 0
        turn = self._lanes.next_turn()
        return _IDLE_SECONDS if turn is None else min(max(0, turn - time.monotonic()), _IDLE_SECONDS)

    def _begin(self) -> None:
        first = self._lanes.first(self._workers - len(self._acting), time.monotonic())
        admitted = {*self._handing_out.admitted([acting.trigger for _, acting in first])}
        self._lanes.begin(len(first))
        for account, acting in first:
            if acting.trigger in admitted:
                self._acting.add(acting)
                self._threads.submit(self._act_on, acting)
            else:
                self._lanes.go_on(account)

    def _act_on(self, acting: Acting) -> None:
        acting.error = None
        try:
            self._act(acting.trigger)
        except BaseException as error:  # noqa: BLE001 -- SystemExit too: nobody else would see how this thread ended
            acting.error = error
        self._ended.put(acting)
