from __future__ import annotations

import logging
from typing import TYPE_CHECKING, get_args

from expansion_signals.errors import DeadLetterCode
from expansion_signals.model.decisions import Decision
from expansion_signals.model.records import DeadLetter, Outgoing, Record
from expansion_signals.wire import dead_letters, decisions
from expansion_signals.worker.counting import CountingPublisher
from expansion_signals.worker.metrics import Metrics
from expansion_signals.worker.status import Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pytest

    from expansion_signals.model.decisions import Reason, Verdict


class Broker:
    """Acknowledges all but these places."""

    def __init__(self, *refused: int) -> None:
        self._refused = refused

    async def publish(self, records: Sequence[Outgoing]) -> Sequence[int]:  # noqa: ARG002 -- the port's signature
        return self._refused


class Counted:
    """A metrics page, and what was published before it was asked for."""

    def __init__(self, *refused: int) -> None:
        self._metrics = Metrics()
        self._publisher = CountingPublisher(Broker(*refused), self._metrics)

    async def publish(self, *records: Outgoing) -> Sequence[int]:
        return await self._publisher.publish(records)

    def lines(self, metric: str) -> list[str]:
        """Return the lines of a metric that are not 0."""
        name = f"expansion_signals_{metric}_total"
        lines = [line.removeprefix(name) for line in self._metrics.page(Status(), None).decode().splitlines()]
        return [line for line in lines if line.startswith("{") and not line.endswith(" 0.0")]


def decision(verdict: Verdict, reason: Reason | None = None) -> Outgoing:
    made = Decision("d-1", "s-1", None, verdict, reason, (reason,) if reason else (), None, None, "acct-1", 0)
    return decisions.write(made, 0)


def dead_letter(code: DeadLetterCode) -> Outgoing:
    return dead_letters.write(DeadLetter(Record("usage-events", 0, 7, b"acct-1", b"{", (), 0), code, "wrong"), 0)


async def test_what_is_acknowledged_is_counted_by_topic() -> None:
    counted = Counted()
    await counted.publish(Outgoing("a", None, b""), Outgoing("a", None, b""), Outgoing("b", None, b""))
    assert counted.lines("published") == ['{topic="a"} 2.0', '{topic="b"} 1.0']


async def test_what_the_broker_refuses_is_not_counted() -> None:
    counted = Counted(1)
    assert await counted.publish(Outgoing("a", None, b""), Outgoing("b", None, b"")) == (1,)
    assert counted.lines("published") == ['{topic="a"} 1.0']


async def test_decisions_are_counted_with_their_first_reason() -> None:
    counted = Counted()
    await counted.publish(decision("fired"), decision("suppressed", "muted"), decision("suppressed", "muted"))
    assert counted.lines("decisions") == [
        '{decision="fired",reason="none"} 1.0',
        '{decision="suppressed",reason="muted"} 2.0',
    ]


async def test_dead_letters_are_counted_by_their_code() -> None:
    counted = Counted()
    await counted.publish(dead_letter("overflow"), dead_letter("unparsable"), dead_letter("overflow"))
    assert counted.lines("dead_letters") == ['{code="unparsable"} 1.0', '{code="overflow"} 2.0']


def test_a_code_that_has_not_come_yet_stands_at_0() -> None:
    page = Metrics().page(Status(), None).decode()
    codes = [f'expansion_signals_dead_letters_total{{code="{code}"}} 0.0' for code in get_args(DeadLetterCode)]
    assert [line for line in codes if line not in page] == []


async def test_dead_letters_are_told_in_the_log_with_their_codes(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        await Counted().publish(dead_letter("overflow"), dead_letter("overflow"))
    [said] = caplog.records
    assert said.getMessage().startswith("2 records are dead letters")
    assert vars(said)["codes"] == {"overflow": 2}
