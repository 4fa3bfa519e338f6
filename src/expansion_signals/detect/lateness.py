"""What is too old for one rule of a counter, though not for all of them, and why the rest is past (semantics 3.8)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from expansion_signals.model.instants import Duration
    from expansion_signals.model.readings import Reading
    from expansion_signals.model.signals import Signal

Past: TypeAlias = Literal["backfill", "rule_added", "too_old_to_fire"]
"""Why what was reached is past: deciding says so of it, and nothing is sent (semantics 7.2)."""


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


def past_because(reading: Reading, place: int, max_firing_age: Duration) -> Past:
    """Return why a threshold that the reading has reached does not fire: by its evidence, the last event of the poll.

    Below the level before, a rule was added; of what came since, nothing may fire that is too old, or a backfill. A
    baseline, and what came before the profile, are that, too.
    """
    if place <= reading.before:
        return "backfill" if reading.cause == "profile_arrived" else "rule_added"
    is_old = reading.appended - reading.evidence.time > max_firing_age
    return "too_old_to_fire" if is_old and reading.cause != "profile_arrived" else "backfill"


def told_past(signal: Signal, why: Past) -> Signal:
    """Return a signal that says so of itself; it turns no arm that would have to be restored."""
    return replace(signal, data={**signal.data, "past": why}, arms=())
