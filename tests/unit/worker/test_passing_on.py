"""What is published takes along when its event was appended, from the event over its signal to the trigger."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from expansion_signals.errors import LogUnavailable
from expansion_signals.model.instants import MILLISECOND, SECOND, Instant
from expansion_signals.model.records import Outgoing, Record
from expansion_signals.worker.metrics import Metrics
from expansion_signals.worker.origins import APPENDED, Origins
from expansion_signals.worker.passing_on import PassingOn
from expansion_signals.worker.status import Status
from expansion_signals.worker.traces import UNTRACED

if TYPE_CHECKING:
    from collections.abc import Sequence

NOW = 1_000 * SECOND
SIGNALS, TRIGGERS = "expansion-signals", "expansion-limit-reached"


class Log:
    """Notes what is published; refuses these places."""

    def __init__(self, *refused: int, away: bool = False) -> None:
        self.published: list[Outgoing] = []
        self._refused = refused
        self._away = away

    async def publish(self, records: Sequence[Outgoing]) -> Sequence[int]:
        if self._away:
            raise LogUnavailable("Kafka does not answer")
        self.published += records
        return self._refused


class Stage:
    """What a stage publishes because of the poll at hand, `after` so long."""

    def __init__(self, log: Log | None = None, after: Instant = 0) -> None:
        self.log, self.metrics, self.origins = log or Log(), Metrics(), Origins()
        self.publisher = PassingOn(
            self.log, self.origins, UNTRACED.stage("metering"), self.metrics, lambda: NOW + after
        )

    async def follows(self, poll: Sequence[Record], *published: Outgoing) -> list[dict[str, bytes | None]]:
        """Return the headers of what was published because of this poll."""
        self.origins.begin(poll)
        await self.publisher.publish(published)
        return [dict(each.headers) for each in self.log.published]

    def timed(self) -> tuple[float, float]:
        """Return how many triggers were timed, and their seconds together."""
        lines = dict(line.rsplit(" ", 1) for line in self.metrics.page(Status(), None).decode().splitlines())
        name = "expansion_signals_event_to_trigger_seconds"
        return float(lines[f"{name}_count"]), float(lines[f"{name}_sum"])


def event(key: str, appended: Instant, topic: str = "usage-events") -> Record:
    return Record(topic, 0, 7, key.encode(), b"{}", (), appended)


def signal_of(appended: bytes | None, key: str = "acct-1") -> Record:
    return Record(SIGNALS, 0, 3, key.encode(), b"{}", [(APPENDED, appended)], NOW)


def published(topic: str, key: str = "acct-1") -> Outgoing:
    return Outgoing(topic, key.encode(), b"{}", (("content-type", b"application/cloudevents+json"),))


async def test_a_signal_says_when_its_event_was_appended() -> None:
    [headers] = await Stage().follows([event("acct-1", NOW)], published(SIGNALS))
    assert headers == {"content-type": b"application/cloudevents+json", APPENDED: str(NOW).encode()}


async def test_of_several_events_of_an_account_the_first_counts() -> None:
    poll = [event("acct-2", NOW - 9), event("acct-1", NOW - 2), event("acct-1", NOW - 1)]
    [headers] = await Stage().follows(poll, published(SIGNALS))
    assert headers[APPENDED] == str(NOW - 2).encode()


async def test_in_a_backlog_the_first_event_stands_for_all() -> None:
    poll = [event(f"acct-{number}", NOW + number) for number in range(3_000)]
    [headers] = await Stage().follows(poll, published(SIGNALS, "acct-2999"))
    assert headers[APPENDED] == str(NOW).encode()


async def test_an_account_update_is_an_event_too() -> None:
    [headers] = await Stage().follows([event("acct-1", NOW, "account-updates")], published(SIGNALS))
    assert headers[APPENDED] == str(NOW).encode()


async def test_a_signal_that_comes_of_no_event_at_hand_says_nothing() -> None:
    [headers] = await Stage().follows([], published(SIGNALS))
    assert APPENDED not in headers


async def test_a_dead_letter_keeps_its_headers() -> None:
    letter = published("usage-events-dlq")
    stage = Stage()
    await stage.follows([event("acct-1", NOW)], letter)
    assert stage.log.published == [letter]


async def test_a_trigger_is_timed_from_the_append_of_its_event() -> None:
    stage = Stage(after=34 * MILLISECOND)
    await stage.follows([signal_of(str(NOW).encode())], published(TRIGGERS))
    assert stage.timed() == (1, 0.034)


async def test_a_trigger_has_no_header_of_ours() -> None:
    [headers] = await Stage().follows([signal_of(str(NOW).encode())], published(TRIGGERS))
    assert APPENDED not in headers


async def test_a_broker_whose_clock_is_ahead_makes_no_negative_time() -> None:
    stage = Stage()
    await stage.follows([signal_of(str(NOW + SECOND).encode())], published(TRIGGERS))
    assert stage.timed() == (1, 0)


@pytest.mark.parametrize("header", [None, b"", b"soon", b"-5"])
async def test_a_signal_that_does_not_say_times_nothing(header: bytes | None) -> None:
    stage = Stage()
    await stage.follows([signal_of(header)], published(TRIGGERS))
    assert stage.timed() == (0, 0)


async def test_a_decision_is_not_timed() -> None:
    stage = Stage()
    await stage.follows([signal_of(str(NOW).encode())], published("expansion-decisions"))
    assert stage.timed() == (0, 0)


async def test_a_trigger_that_the_broker_refuses_is_not_timed() -> None:
    stage = Stage(Log(0))
    await stage.follows([signal_of(str(NOW).encode())], published(TRIGGERS))
    assert stage.timed() == (0, 0)


async def test_a_trigger_that_is_not_acknowledged_is_timed_once_it_is() -> None:
    stage = Stage(Log(away=True))
    with pytest.raises(LogUnavailable):
        await stage.follows([signal_of(str(NOW).encode())], published(TRIGGERS))
    assert stage.timed() == (0, 0)
