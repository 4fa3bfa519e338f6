"""What is too old for one rule of a counter, if not for all of them, and how what is past is told (semantics 3.8)."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias, TypeVar

from expansion_signals.model.identities import identity_of
from expansion_signals.model.kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from expansion_signals.detect.watches import Seen, Updated
    from expansion_signals.model.instants import Duration
    from expansion_signals.model.readings import Reading
    from expansion_signals.model.signals import Signal
    from expansion_signals.rules.configuration import WatchRule

Past: TypeAlias = Literal["backfill", "rule_added", "too_old_to_fire"]
"""Why what was reached is past: deciding says so of it, and nothing is sent (semantics 7.2)."""


class _Reached(Protocol):
    """A threshold that stands at a scaled amount."""

    @property
    def at(self) -> int: ...


_ReachedT = TypeVar("_ReachedT", bound=_Reached)


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
    """Return why a threshold that the reading has reached does not fire.

    stood there before, and a profile has arrived      nobody knows what led there: backfill
    stood there before                                 its rule was added
    reached by backfill, as its evidence says          backfill
    reached by what is too old, as its evidence says   too old to fire
    reached by a baseline, or before the profile came  backfill
    reached in a poll whose evidence may fire          backfill: the evidence hides what else was in the poll
    """
    if place <= reading.before:
        return "backfill" if reading.cause == "profile_arrived" else "rule_added"
    if reading.evidence.backfill or reading.cause == "profile_arrived":
        return "backfill"
    return "too_old_to_fire" if reading.appended - reading.evidence.time > max_firing_age else "backfill"


def by_reason(
    reading: Reading, max_firing_age: Duration, past: Iterable[_ReachedT]
) -> Mapping[Past, Sequence[_ReachedT]]:
    """Return what is past, ascending, by why it is."""
    found: defaultdict[Past, list[_ReachedT]] = defaultdict(list)
    for each in sorted(past, key=lambda each: each.at):
        found[past_because(reading, each.at, max_firing_age)].append(each)
    return found


def told(signal: Signal, rule: WatchRule, seen: Seen | Updated) -> Iterator[Signal]:
    """Yield a signal, as past where what was seen may not fire its rule."""
    if seen.may_fire(rule):
        yield signal
    else:
        yield from told_past(signal, seen.past())


def told_past(signal: Signal, why: Past) -> Iterator[Signal]:
    """Yield a signal that says of itself that it is past, and why.

    It turns no arm that would have to be restored. Its id is its own: the one it would have had is left to what may
    fire yet, and so are the keys of thresholds, because no `already_past` decision takes them. Of a rule that is tried
    out nothing is told: it would have published nothing.
    """
    if signal.shadow:
        return
    crosses, evidence = KINDS[signal.type].crosses, signal.evidence
    # A threshold is past once in a generation, however its shard is made anew; one thing may be past event by event.
    own = identity_of("past", signal.id, *(() if crosses else (evidence.source, evidence.id)))
    keys = signal.keys if crosses else (own,)
    yield replace(signal, id=own, data={**signal.data, "past": why}, keys=keys, arms=())
