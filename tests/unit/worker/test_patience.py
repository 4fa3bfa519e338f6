from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

import pytest

from expansion_signals.errors import LogUnavailable, RejectedState, StateUnavailable
from expansion_signals.worker.patience import InPlace
from skipping_loop import run

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class Server:
    """Fails with these, one at each call, then answers; notes when it was asked."""

    def __init__(self, *failures: Exception) -> None:
        self._failures = list(failures)
        self.asked_at: list[float] = []

    async def ask(self, *question: str, politely: str = "no") -> tuple[object, ...]:
        self.asked_at.append(round(asyncio.get_running_loop().time(), 3))
        if self._failures:
            raise self._failures.pop(0)
        return (*question, politely)

    @property
    def waits(self) -> list[float]:
        return [round(after - before, 3) for before, after in zip(self.asked_at, self.asked_at[1:], strict=False)]


def away(times: int = 1) -> list[Exception]:
    return [StateUnavailable("Redis does not answer")] * times


async def asked(server: Server, told: list[str | None] | None = None) -> object:
    return await InPlace((told if told is not None else []).append)(server.ask, "why")


def test_the_answer_is_returned() -> None:
    assert run(asked(Server())) == ("why", "no")


def test_named_arguments_reach_the_step() -> None:
    async def named() -> object:
        return await InPlace([].append)(Server().ask, "why", politely="yes")

    assert run(named()) == ("why", "yes")


def test_a_step_that_answers_at_once_tells_nothing() -> None:
    told: list[str | None] = []
    run(asked(Server(), told))
    assert told == []


def test_a_failure_that_may_pass_is_waited_out() -> None:
    assert run(asked(Server(*away(20)))) == ("why", "no")


def test_each_wait_is_twice_the_last_up_to_five_seconds() -> None:
    server = Server(*away(9))
    run(asked(server))
    assert server.waits == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0, 5.0]


def test_what_is_waited_for_is_told_until_it_has_come() -> None:
    told: list[str | None] = []
    run(asked(Server(*away(), LogUnavailable("Kafka does not answer")), told))
    assert told == ["Redis does not answer", "Kafka does not answer", None]


def test_a_failure_that_repeats_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        run(asked(Server(*away(12))))
    assert caplog.messages == ["waiting: Redis does not answer"]


def test_another_failure_is_logged_too(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        run(asked(Server(*away(2), LogUnavailable("Kafka does not answer"))))
    assert caplog.messages == ["waiting: Redis does not answer", "waiting: Kafka does not answer"]


def test_its_end_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        run(asked(Server(*away())))
    assert caplog.messages[-1] == "it answers again: going on"


def test_a_failure_that_cannot_pass_is_raised_at_once() -> None:
    server = Server(RejectedState("another format"))
    with pytest.raises(RejectedState):
        run(asked(server))
    assert len(server.asked_at) == 1


def test_a_failure_that_cannot_pass_ends_a_wait() -> None:
    with pytest.raises(RejectedState):
        run(asked(Server(*away(3), RejectedState("another format"))))


def test_a_defect_is_not_retried() -> None:
    with pytest.raises(ZeroDivisionError):
        run(asked(Server(*away(), ZeroDivisionError())))


class Membership:
    """Notes when it was entered and left."""

    def __init__(self) -> None:
        self.noted: list[str] = []

    @asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        self.noted.append("entered")
        try:
            yield
        finally:
            self.noted.append("left")


async def asked_by_a_member(server: Server, membership: Membership) -> None:
    await InPlace([].append, membership.kept)(server.ask)


def test_a_reader_stays_a_member_while_it_waits() -> None:
    membership = Membership()
    run(asked_by_a_member(Server(*away(3)), membership))
    assert membership.noted == ["entered", "left"]


def test_a_step_that_answers_at_once_needs_no_pause() -> None:
    membership = Membership()
    run(asked_by_a_member(Server(), membership))
    assert membership.noted == []


def test_a_reader_that_gives_up_ends_its_pause() -> None:
    membership = Membership()
    with pytest.raises(RejectedState):
        run(asked_by_a_member(Server(*away(), RejectedState("another format")), membership))
    assert membership.noted == ["entered", "left"]


def test_a_worker_told_to_stop_while_it_waits_ends_its_pause() -> None:
    membership = Membership()

    async def stopped() -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(60):
                await asked_by_a_member(Server(*away(1000)), membership)

    run(stopped())
    assert membership.noted == ["entered", "left"]
