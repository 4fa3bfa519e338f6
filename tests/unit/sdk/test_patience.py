"""What may pass is waited out."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from expansion_signals.errors import LogUnavailable, RejectedState
from expansion_signals.sdk.patience import in_place

if TYPE_CHECKING:
    from collections.abc import Callable


def failing(*failures: Exception) -> Callable[[], str]:
    left = list(failures)

    def step() -> str:
        if left:
            raise left.pop(0)
        return "answer"

    return step


def test_what_may_pass_is_tried_again() -> None:
    assert in_place(failing(LogUnavailable("away"), LogUnavailable("away"))) == "answer"


def test_what_cannot_pass_is_raised() -> None:
    with pytest.raises(RejectedState):
        in_place(failing(LogUnavailable("away"), RejectedState("no such topic")))


def test_one_failure_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        in_place(failing(LogUnavailable("away"), LogUnavailable("away")))
    assert caplog.messages == ["waiting: away", "it answers again: going on"]


def test_what_is_given_up_is_raised() -> None:
    with pytest.raises(LogUnavailable, match="away"):
        in_place(failing(LogUnavailable("away")), given_up=lambda: True)
