"""The courier: a thread that alone waits for Kafka. It takes one delivery at a time and brings back how it went."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from kafka import errors

from expansion_signals.errors import ExpansionSignalsError, LogUnavailable, RejectedSettings
from expansion_signals.sdk.clients import close_at_once, open_producer
from expansion_signals.sdk.envelope import STRUCTURED
from expansion_signals.sdk.failures import kafka_failures

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from expansion_signals.sdk.spool import Segment
    from expansion_signals.sdk.writing import WrittenEvent

_ANSWER_MS = 5_000
_ANSWER_AGAIN_MS = 500
"""So long a topic is asked for that was not there the last time: all other events wait for the answer."""

_DELIVERY_MS = 10_000
"""So long the driver goes on by itself with what was sent and not acknowledged."""

_JOIN_SECONDS = 2.0
_HOPELESS = (errors.MessageSizeTooLargeError, errors.RecordListTooLargeError, errors.InvalidRecordError)
"""What a broker says of a record that it will never take."""


class Delivery:
    """Events on their way: from `segment` of the spool, or so far in memory alone.

    `held` are those of the segment that are not on their way, for their topics are closed. When it is back, `left` are
    those that were not acknowledged, and `failure` or `closed` say why: each topic that is missing or not for us, with
    what was said. `refused` are those that the broker will never take, each with what it said: known only of one that
    was alone. `sent` says whether a broker was there to send them to.
    """

    def __init__(
        self,
        events: Sequence[WrittenEvent],
        begun: float,
        segment: Segment | None = None,
        held: Sequence[WrittenEvent] = (),
    ) -> None:
        self.events = events
        self.begun = begun
        self.segment = segment
        self.held = held
        self.sent = False
        self.closed: dict[str, str] = {}
        self.left: Sequence[WrittenEvent] = ()
        self.refused: list[tuple[WrittenEvent, str]] = []
        self.failure: ExpansionSignalsError | None = None


class Courier:
    """Delivers to the brokers at `servers`, with these options of a connection.

    `back` is called, by the courier's thread, with each delivery that is settled; `connected` whenever a producer was
    opened.
    """

    def __init__(
        self,
        servers: str,
        options: Mapping[str, Any],
        back: Callable[[Delivery], None],
        connected: Callable[[], None],
    ) -> None:
        self._servers = servers
        self._options = {
            **options,
            "max_block_ms": _ANSWER_MS,
            "request_timeout_ms": _ANSWER_MS,
            "delivery_timeout_ms": _DELIVERY_MS,
        }
        self._back = back
        self._connected = connected
        self._handed: SimpleQueue[Delivery | None] = SimpleQueue()
        self._producer: Any = None
        self._missing: set[str] = set()
        self._thread = threading.Thread(target=self._run, name="expansion-courier", daemon=True)
        self._thread.start()

    def deliver(self, delivery: Delivery) -> None:
        """Hand a delivery over; returns at once."""
        self._handed.put(delivery)

    def end(self) -> None:
        """Have it disconnect; waits for that no longer than a moment."""
        self._handed.put(None)
        self._thread.join(_JOIN_SECONDS)

    def disown(self) -> None:
        """Keep a producer that was inherited by a fork from ending the parent's connections."""
        if self._producer is not None:
            self._producer._closed = True  # noqa: SLF001 -- else it would flush and close when it is collected

    def _run(self) -> None:
        while (delivery := self._handed.get()) is not None:
            try:
                with kafka_failures(self._servers):
                    self._carry(delivery)
            except ExpansionSignalsError as failure:
                self._fail(delivery, failure)
            except ValueError as error:  # how kafka-python says that a setting or a topic's name is none
                self._fail(delivery, RejectedSettings(f"kafka-python refuses: {error}"))
            self._back(delivery)
        self._disconnect()

    def _fail(self, delivery: Delivery, failure: ExpansionSignalsError) -> None:
        delivery.left, delivery.failure, delivery.refused = delivery.events, failure, []
        self._disconnect()

    def _carry(self, delivery: Delivery) -> None:
        producer = self._opened()
        for topic in {each.topic for each in delivery.events}:
            said = self._refusal(producer, topic)
            if said is not None:
                delivery.closed[topic] = said
        left = [each for each in delivery.events if each.topic in delivery.closed]
        unacknowledged = []
        going = [each for each in delivery.events if each.topic not in delivery.closed]
        alone, delivery.sent = len(going) == 1, True
        for event, refusal in _sent(producer, going):
            if isinstance(refusal, _HOPELESS) and alone:
                delivery.refused.append((event, str(refusal)))
                continue
            unacknowledged.append(event)
            # After a refusal the driver gives up all else too, with the same words: whom they mean must be certain.
            if isinstance(refusal, errors.TopicAuthorizationFailedError) and (alone or event.topic in refusal.args):
                delivery.closed[event.topic] = self._not_ours(refusal)
            else:
                delivery.failure = LogUnavailable(
                    f"Kafka at {self._servers} did not acknowledge: {refusal or 'not in time'}"
                )
        delivery.left = left + unacknowledged
        # It might deliver behind our back what is about to be delivered again; and one that was refused takes no more.
        if unacknowledged or delivery.refused:
            self._disconnect()

    def _refusal(self, producer: Any, topic: str) -> str | None:  # noqa: ANN401 -- kafka-python has no types
        """Return why the topic takes nothing, None if it may; asked first, for sending would wait event by event.

        Raises:
            LogUnavailable: no broker answers.
        """
        patience, asked = _ANSWER_AGAIN_MS if topic in self._missing else _ANSWER_MS, time.monotonic() * 1000
        try:
            found = producer._wait_on_metadata(topic, patience)  # noqa: SLF001 -- partitions_for has one patience alone
        except errors.TopicAuthorizationFailedError as refusal:
            return self._not_ours(refusal)
        except errors.KafkaTimeoutError:
            if producer._metadata._last_successful_refresh_ms < asked:  # noqa: SLF001 -- tells a broker that is away
                raise
            found = None
        if found:
            self._missing.discard(topic)
            return None
        self._missing.add(topic)
        return f"Kafka at {self._servers} has no topic {topic}; run `expansion-signals topics create`"

    def _not_ours(self, refusal: errors.TopicAuthorizationFailedError) -> str:
        return f"Kafka at {self._servers} refuses: {refusal}; see docs/operations.md"

    def _opened(self) -> Any:  # noqa: ANN401 -- kafka-python has no types
        if self._producer is None:
            try:
                self._producer = open_producer(**self._options)
            except RuntimeError as error:  # the interpreter is ending, and starts no thread any more
                raise LogUnavailable(f"no connection to Kafka at {self._servers}: {error}") from error
            self._connected()
        return self._producer

    def _disconnect(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            close_at_once(producer, _JOIN_SECONDS)


def _sent(producer: Any, events: Sequence[WrittenEvent]) -> Iterator[tuple[WrittenEvent, Exception | None]]:  # noqa: ANN401 -- kafka-python has no types
    """Send these, and tell of those that are not acknowledged why, if that is known."""
    futures = []
    for event in events:
        try:
            futures.append((event, producer.send(event.topic, event.value, event.key, [STRUCTURED])))
        except _HOPELESS as refusal:
            yield event, refusal
    with suppress(errors.KafkaTimeoutError):  # what is not done by then is left
        producer.flush(_DELIVERY_MS / 1000)
    for event, future in futures:
        if not future.succeeded():
            yield event, future.exception
