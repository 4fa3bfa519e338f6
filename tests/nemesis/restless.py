"""A product that sends at its pace whatever happens, with a clock that is off."""

from __future__ import annotations

import random
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Self

from outside import load
from outside.product import written

if TYPE_CHECKING:
    from outside.product import Product

ROUNDS = 400
"""Events of an account over the campaign: their sum ends near its limit."""

_CLOCK_OFF_SECONDS = 240
"""Within the five minutes that a producer's clock may be ahead (semantics 1.3), and as much behind."""

_TICK_SECONDS = 0.1


class Restless:
    """Sends so many events a second until all are sent, `seconds` later at the earliest; on leaving, all have come."""

    def __init__(self, product: Product, *, rate: int, seconds: float, seed: int) -> None:
        self._product = product
        self._rate = rate
        self._clock = random.Random(seed)  # noqa: S311 -- a load, not a secret
        accounts = max(10, round(rate * seconds / ROUNDS))
        product.profiles(*load.profiles(accounts))
        self._events = load.usage(accounts, ROUNDS, seed)
        self._sending = threading.Thread(target=self._send, name="product")
        self._given_up = threading.Event()

    def __enter__(self) -> Self:
        self._sending.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            self._given_up.set()
        self._sending.join()
        if kind is None:
            self._product.flush()

    @property
    def is_done(self) -> bool:
        """Whether all was sent."""
        return not self._sending.is_alive()

    def _send(self) -> None:
        began, sent = time.monotonic(), 0
        while sent < len(self._events) and not self._given_up.wait(_TICK_SECONDS):
            due = min(len(self._events), int((time.monotonic() - began) * self._rate))
            self._product.begin(*map(self._stamped, self._events[sent:due]))
            sent = max(sent, due)

    def _stamped(self, event: dict[str, Any]) -> dict[str, Any]:
        off = timedelta(seconds=self._clock.uniform(-_CLOCK_OFF_SECONDS, _CLOCK_OFF_SECONDS))
        return event | {"time": written(datetime.now(UTC) + off)}
