"""Another machine's clock beside ours, as told within one question and answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from expansion_signals.checks.findings import error, fine, warning
from expansion_signals.model.instants import MILLISECOND, MINUTE, SECOND

if TYPE_CHECKING:
    from expansion_signals.checks.findings import Finding
    from expansion_signals.model.instants import Duration, Instant

_NOTICEABLE: Duration = 2 * SECOND
_HARMFUL: Duration = MINUTE
"""By so much the worker takes its clock to be ahead of the broker's at most (`worker.stage`)."""


class ClockReading(NamedTuple):
    """What another clock said between two looks at ours."""

    before: Instant
    told: Instant
    after: Instant

    @property
    def ahead(self) -> Duration:
        """How far our clock is ahead at least, negative if it is behind; 0 where the time of the answer explains it."""
        if self.told < self.before:
            return self.before - self.told
        return min(0, self.after - self.told)


def judge_clock(where: str, reading: ClockReading) -> Finding:
    """Return what is found about our clock beside that of `where`."""
    ahead = reading.ahead
    told = f"this machine's clock is {_seconds(abs(ahead))} {'ahead of' if ahead > 0 else 'behind'} this server's"
    do = "synchronise the clocks of both machines: chronyc tracking"
    if abs(ahead) > _HARMFUL:
        harm = "identities and old counters go too early" if ahead > 0 else "what is held or muted ends too late"
        return error(where, f"{told}: {harm}", do)
    if abs(ahead) > _NOTICEABLE:
        return warning(where, told, do)
    within = max(abs(ahead), reading.after - reading.before, MILLISECOND)
    return fine(where, f"its clock and this machine's agree within {_seconds(within)}")


def _seconds(duration: Duration) -> str:
    return f"{duration // MILLISECOND} ms" if duration < SECOND else f"{duration / SECOND:,.1f} s"
