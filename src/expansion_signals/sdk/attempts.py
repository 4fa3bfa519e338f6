"""How often a handler is asked to act on one trigger, and how long is waited in between."""

from __future__ import annotations

from dataclasses import dataclass

from expansion_signals.errors import Rejected, Retryable

_MOST_DOUBLINGS = 60
"""Past any wait; further ones would leave the range of a float."""


@dataclass(frozen=True, slots=True)
class Attempts:
    """At most so many, with a wait that doubles from the first to the longest."""

    most: int
    first_wait_seconds: float
    longest_wait_seconds: float

    def wait_after(self, failed: int) -> float:
        """Return how many seconds to wait once so many have failed."""
        return min(self.first_wait_seconds * 2.0 ** min(failed - 1, _MOST_DOUBLINGS), self.longest_wait_seconds)

    def are_over(self, error: BaseException, failed: int) -> bool:
        """Say whether to give up: at once what can never succeed, and never what says of itself that it may."""
        return isinstance(error, Rejected) or (failed >= self.most and not isinstance(error, Retryable))
