"""What is too old for one rule of a counter, though not for all of them (semantics 3.8)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from expansion_signals.model.instants import Duration
    from expansion_signals.model.readings import Reading


def is_late(reading: Reading, max_firing_age: Duration) -> bool:
    """Say whether what may fire is too old for a rule with this age, though not for the one with the longest.

    That one's age has split the reading. Its evidence stands for all of its firing part; a profile's arrival is none.
    """
    if max_firing_age >= reading.firing_age or reading.cause == "profile_arrived":
        return False
    return reading.appended - reading.evidence.time > max_firing_age


def quieted(reading: Reading) -> Reading:
    """Return the reading as it is to a rule for which it is too old."""
    return replace(reading, quiet=reading.quiet + reading.firing, firing=0)
