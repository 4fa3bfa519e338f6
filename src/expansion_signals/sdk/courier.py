"""The courier: a thread that alone waits for Kafka. It takes one delivery at a time and brings back how it went."""

from __future__ import annotations

import threading
from contextlib import suppress
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from kafka import errors

from expansion_signals.errors import ExpansionSignalsError, LogUnavailable, RejectedSettings, RejectedState
from expansion_signals.sdk.clients import close_at_once, open_producer
from expansion_signals.sdk.envelope import STRUCTURED
from expansion_signals.sdk.failures import kafka_failures

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from expansion_signals.sdk.spool import Segment
    from expansion_signals.sdk.writing import WrittenEvent

_ANSWER_MS = 5_000
_DELIVERY_MS = 10_000
"""So long the driver goes on by itself with what was sent and not acknowledged."""

_JOIN_SECONDS = 2.0
_HOPELESS = (errors.MessageSizeTooLargeError, errors.RecordListTooLargeError, errors.InvalidRecordError)
"""What a broker says of a record that it will never take."""


class Delivery:
    """Events on their way: from `segment` of the spool, or so far in memory alone.

    When it is back, `left` are those that were not acknowledged, and `failure` says why; `refused` are those that the
    broker will never take, each with what it said.
    """

    def __init__(self, events: Sequence[WrittenEvent], begun: float, segment: Segment | None = None) -> None:
        self.events = events
        self.begun = begun
        self.segment = segment
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
        missing = [topic for topic in {each.topic for each in delivery.events} if not _is_there(producer, topic)]
        left = [each for each in delivery.events if each.topic in missing]
        if missing:
            delivery.failure = RejectedState(
                f"Kafka at {self._servers} has no topic {', '.join(missing)}; run `expansion-signals topics create`"
            )
        for event, refusal in _sent(producer, [each for each in delivery.events if each.topic not in missing]):
            if isinstance(refusal, _HOPELESS):
                delivery.refused.append((event, str(refusal)))
            else:
                left.append(event)
                delivery.failure = LogUnavailable(
                    f"Kafka at {self._servers} did not acknowledge: {refusal or 'not in time'}"
                )
        delivery.left = left
        if isinstance(delivery.failure, LogUnavailable):
            self._disconnect()  # else it might deliver behind our back what is about to be delivered again

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


def _is_there(producer: Any, topic: str) -> bool:  # noqa: ANN401 -- kafka-python has no types
    """Say whether the broker knows the topic; asked first, because sending would wait for it event by event."""
    try:
        return bool(producer.partitions_for(topic))
    except errors.KafkaTimeoutError:
        return False
