"""Retrying in place, without an event loop: what may pass is waited out, with back-off (semantics 10.2)."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, TypeVar

from expansion_signals.errors import Retryable

if TYPE_CHECKING:
    from collections.abc import Callable

_FIRST_WAIT = 0.1
_LONGEST_WAIT = 5.0

log = logging.getLogger(__name__)

Answered = TypeVar("Answered")


def _never() -> bool:
    return False


def in_place(step: Callable[[], Answered], given_up: Callable[[], bool] = _never) -> Answered:
    """Return the step's answer, however long it takes; what is not `Retryable` is raised. A failure is logged once.

    Raises:
        Retryable: the last failure, once it is given up.
    """
    wait, told = _FIRST_WAIT, ""
    while True:
        try:
            answer = step()
        except Retryable as failure:
            if str(failure) != told:
                told = str(failure)
                log.warning("waiting: %s", told)
            if given_up():
                raise
        else:
            if told:
                log.info("it answers again: going on")
            return answer
        time.sleep(wait)
        wait = min(2 * wait, _LONGEST_WAIT)
