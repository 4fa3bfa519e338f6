"""The subscriber: hands out triggers, one by one or several at once, and never again once they are done."""

from __future__ import annotations

import asyncio
from collections import deque
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Self

from expansion_signals.errors import Rejected, RejectedSettings, Retryable
from expansion_signals.sdk import parking, recollection
from expansion_signals.sdk.attempts import Attempts
from expansion_signals.sdk.handing_out import HandingOut
from expansion_signals.sdk.handling import Handling
from expansion_signals.sdk.membership import Membership
from expansion_signals.sdk.memory import Memory
from expansion_signals.sdk.own_thread import OwnThread, answer_of
from expansion_signals.sdk.patience import in_place
from expansion_signals.sdk.transactions import Transactions
from expansion_signals.sdk.triggers import Trigger, handed_out
from expansion_signals.security import PLAINTEXT

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Awaitable, Callable, Collection, Mapping
    from concurrent.futures import Future
    from types import TracebackType

    from expansion_signals.model.instants import Instant
    from expansion_signals.sdk.handing_out import DropReason, Open
    from expansion_signals.security import KafkaSecurity

_POLL_SECONDS = 1.0
_POLL_SECONDS_OF_A_LOOP = 0.1
"""`adone()` of another task waits until the poll for the next trigger has ended."""

_REBALANCE_SHARE = 1 / 3
"""Of the session's time: so long the group waits for handlers that are acting. Longer, and it would expel us."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Subscriber:
    """Follows topics of triggers as a member of `group`; an iterator that never ends by itself.

    `servers` is `host:port`, several separated by commas; `prefix` is the deployment's, put before `group`, `topics`
    and the topics of the memory and of what is parked. A group that is new begins with the oldest trigger that has not
    expired.

    Going on to the next trigger does not say that the last one is done: it stays open, the offset does not pass it, and
    it is handed out again after a restart or a rebalance. While Kafka is away, iterating and `done()` wait. Who does
    not ask for the next trigger within 5 minutes is expelled from the group; others take over. `run` says `done()` by
    itself, and polls while its handlers act.

    What is not handed out is counted in `dropped`, by reason, and what is no trigger is logged as well. `clock` tells
    the time by which triggers expire. `security` is how it connects: TLS, a login. `connection` are further settings of
    the connection, as kafka-python names them. Fencing needs Kafka 2.5 or newer.

    All calls come from one thread, but for `stop`; or, with `async for`, `arun` and `adone`, from one event loop.

    Raises:
        RejectedSettings: a name is empty or has a control character in it, or there is no topic.
    """

    def __init__(  # noqa: PLR0913 -- each is a setting of the deployment
        self,
        servers: str,
        group: str,
        topics: Collection[str],
        *,
        prefix: str = "",
        withdrawals: bool = False,
        clock: Callable[[], datetime] = _utc_now,
        session_timeout_seconds: float = 10,
        security: KafkaSecurity = PLAINTEXT,
        connection: Mapping[str, Any] | None = None,
    ) -> None:
        names = () if isinstance(topics, str) or not topics else (group, *topics)
        if not names or not all(name and (prefix + name).isprintable() for name in names):
            raise RejectedSettings(
                f"Subscriber: expected a group and a list of topics, got group={group!r}, topics={topics!r}"
            )
        group_here = prefix + group
        self._topics = {prefix + topic: topic for topic in topics}
        self._parking = prefix + parking.TOPIC
        self._clock = clock
        self._session_seconds = session_timeout_seconds
        options = {
            "bootstrap_servers": servers.split(","),
            "client_id": group_here,
            "security": security,
            **(connection or {}),
        }
        self._membership = Membership(servers, self._topics, group_here, options, session_timeout_seconds)
        self._handing_out = HandingOut(
            self._membership,
            Memory(servers, prefix + recollection.TOPIC, group_here, options),
            Transactions(servers, group_here, options),
            group_here,
            prefix=prefix,
            withdrawals=withdrawals,
            now=self._now,
        )
        self._taken: deque[Open] = deque()
        self._stopped = False
        self._thread = OwnThread()
        self._next: Future[Trigger | None] | None = None

    @property
    def dropped(self) -> Counter[DropReason]:
        """How many records were not handed out, by reason."""
        return self._handing_out.dropped

    def __enter__(self) -> Self:
        """Return this subscriber; it connects when it is first asked for a trigger."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Close."""
        self.close()

    def __iter__(self) -> Self:
        """Return this subscriber."""
        return self

    def __next__(self) -> Trigger:
        """Return the next trigger, however long it takes; ends only where the subscriber is stopped, or closed.

        Raises:
            RejectedState: a topic is missing, or the broker refuses us, or does not let us in.
        """
        while not self._stopped:
            trigger = self._step()
            if trigger is not None:
                return trigger
        raise StopIteration

    def run(
        self,
        handler: Callable[[Trigger], object],
        *,
        workers: int = 8,
        attempts: int = 5,
        first_wait_seconds: float = 1,
        longest_wait_seconds: float = 60,
    ) -> None:
        """Have `handler` act on triggers until the subscriber is stopped, on several at once, in `workers` threads.

        Those of one account come one after the other, in their order. A trigger is done when its handler returns. If it
        raises, it is asked again, after 1, 2, 4, … seconds, and what failed `attempts` times is parked: it is done,
        and lies on `expansion-parked` with the reason. What the handler raises as `Rejected` is parked at once, what it
        raises as `Retryable` is tried until the trigger expires. Meanwhile others go on.

        Raises:
            RejectedSettings: no workers, no attempts, or a wait below zero.
            RejectedState: a topic is missing, or the broker refuses us, or does not let us in.
        """
        if min(workers, attempts) < 1 or min(first_wait_seconds, longest_wait_seconds) < 0:
            raise RejectedSettings(
                "Subscriber.run: expected at least one worker and one attempt, and waits of 0 seconds or more, got "
                f"{workers=}, {attempts=}, {first_wait_seconds=}, {longest_wait_seconds=}"
            )
        handling = Handling(
            self._handing_out,
            lambda taken: handler(handed_out(taken.event, self._topics[taken.place[0][0]], _refuse)),
            workers,
            Attempts(attempts, first_wait_seconds, longest_wait_seconds),
            now=self._now,
            stopped=lambda: self._stopped,
        )
        self._membership.require(self._parking)
        self._membership.before_revocation = lambda: handling.conclude(self._session_seconds * _REBALANCE_SHARE)
        handling.run()

    def stop(self) -> None:
        """Hand out nothing more: iteration ends, and `run` once its handlers have. From any thread, or on a signal."""
        self._stopped = True

    def close(self) -> None:
        """Leave the group, so that others take over at once what is open; a second call does nothing."""
        self._stopped = True
        self._handing_out.close()

    async def __aenter__(self) -> Self:
        """Return this subscriber."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        """Close."""
        self._stopped = True
        await self._thread.call(self.close)

    def __aiter__(self) -> Self:
        """Return this subscriber."""
        return self

    async def __anext__(self) -> Trigger:
        """Return the next trigger, as `__next__` does; one that came while the caller was cancelled comes next time."""
        while not self._stopped:
            self._next = self._next or self._thread.begin(lambda: self._step(_POLL_SECONDS_OF_A_LOOP))
            trigger = await answer_of(self._next)
            self._next = None
            if trigger is not None:
                return trigger
        raise StopAsyncIteration

    async def arun(self, handler: Callable[[Trigger], Awaitable[object]], **options: Any) -> None:  # noqa: ANN401 -- those of `run`
        """Have a coroutine act on triggers, as `run` does with a function and takes its options; `workers` at once.

        Cancelled, it stops, and waits for those that are acting.
        """
        loop = asyncio.get_running_loop()

        async def acting(trigger: Trigger) -> None:
            await handler(trigger)

        running = self._thread.begin(
            lambda: self.run(
                lambda trigger: asyncio.run_coroutine_threadsafe(acting(trigger), loop).result(), **options
            )
        )
        try:
            await answer_of(running)
        except asyncio.CancelledError:
            self.stop()
            await answer_of(running)
            raise

    def _step(self, seconds: float = _POLL_SECONDS) -> Trigger | None:
        try:
            return in_place(lambda: self._handed_out(seconds), lambda: self._stopped)
        except Retryable:
            return None  # stopped while Kafka was away

    def _handed_out(self, seconds: float) -> Trigger | None:
        if not self._taken:
            came = self._handing_out.take(seconds, most=1)
            if came is None:
                self._handing_out.rest()
            self._taken.extend(came or ())
        # Kept until it is judged: if Kafka fails in between, it would not come again.
        admitted = self._handing_out.admitted(self._taken)
        self._taken.clear()
        return self._trigger(admitted[0]) if admitted else None

    def _trigger(self, taken: Open) -> Trigger:
        def finish() -> None:
            if not taken.done:
                in_place(lambda: self._handing_out.commit([taken]), lambda: self._stopped)

        return handed_out(taken.event, self._topics[taken.place[0][0]], finish, lambda: self._thread.call(finish))

    def _now(self) -> Instant:
        return (self._clock() - _EPOCH) // _MICROSECOND


def _refuse() -> None:
    raise Rejected("run() says done() by itself once its handler returns: do not say it there")
