"""What the rules of a configuration ask of an account beside what each knows by itself: only this is remembered.

rules  {id: calls, signal: limit_reached, meter: api_calls, at: [80%], when: utilization > 90% and limit_hits >= 3}
       {id: pql, signal: pql, criteria: [{id: team, when: active_users >= 5 and plan = free, within: 7d, points: 40}]}

    utilization           `calls` knows that of its own reading; a lead wants to know the highest
    limit_hits, 14d       asked for by `calls`
    active_users, 7d      asked for by a criterion, and 30d by the health of any lead; readings tell the 7d
    plan                  of the profile: nothing is remembered for it
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from expansion_signals.rules.conditions import facts_compared
from expansion_signals.rules.fact_windows import DEFAULT_WITHIN, window_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from expansion_signals.model.instants import Duration
    from expansion_signals.rules.conditions import Comparison, Condition

Criterion = tuple["Condition", "Duration | None"]
"""A condition, and the window of the facts in it where that is not each fact's own."""

STANDING = ("utilization", "seats_used")
"""Facts that stand at a moment, beside those of the profile: a look tells one, the note of seats the other."""

_OF_SEATS = frozenset(STANDING)

KNOWN_BY: Mapping[str, frozenset[str]] = {
    "limit_reached": frozenset({"utilization"}),
    "seat_limit_approached": _OF_SEATS,
    "seat_limit_invited": _OF_SEATS,
    "seat_limit_last_taken": _OF_SEATS,
}
"""By signal, the facts that its rules know by themselves, of the limit or the seats they look at."""

_OF_HEALTH = ("usage_growth", "active_users", "features_used")
"""Facts in their own windows that the health of an account hangs on, whatever the criteria of a lead ask."""


class AskedFacts(NamedTuple):
    """Facts that are asked for, each fact with its windows; `standing` are those without one.

    `told` are the facts and windows that criteria name, in the order of their names: readings tell of these. A window
    is None where the fact has none. `tells`: there are criteria, or health is asked for, so readings are told.
    """

    windows: Mapping[str, frozenset[Duration]]
    standing: frozenset[str]
    told: Sequence[tuple[str, Duration | None]] = ()
    tells: bool = False

    @property
    def counts(self) -> bool:
        """Whether a fact is asked for that is counted from events, or that only the look of a day tells."""
        return self.tells or bool(self.windows) or "utilization" in self.standing

    @property
    def tells_utilization(self) -> bool:
        """Whether a criterion names utilization, so that a level that turns it is told at once."""
        return ("utilization", None) in self.told

    @property
    def looks(self) -> bool:
        """Whether a fact is asked for that only the look of a day tells."""
        return self.tells or "usage_growth" in self.windows or "utilization" in self.standing

    @property
    def seats(self) -> bool:
        """Whether seats are to be counted, even without a rule of seats."""
        return self.tells or "seats_used" in self.standing


def comparisons_of(criteria: Iterable[Criterion]) -> Iterable[tuple[Comparison, Duration | None]]:
    """Yield every comparison of these criteria with the window of its fact."""
    for condition, within in criteria:
        for comparison in facts_compared(condition):
            yield comparison, window_of(comparison.fact, within)


def facts_beside(signal: str, when: Condition | None) -> frozenset[str]:
    """Return the facts of a rule's condition that neither its profile tells nor what the rule looks at."""
    if when is None:
        return frozenset()
    named = {comparison.fact for comparison in facts_compared(when)}
    return frozenset(named & {*DEFAULT_WITHIN, *STANDING, "health"} - KNOWN_BY.get(signal, frozenset()))


def asked_facts(conditions: Iterable[tuple[str, Condition | None]], criteria: Collection[Criterion]) -> AskedFacts:
    """Return what conditions of rules, each with the rule's signal, and criteria of leads ask for together."""
    windows: defaultdict[str, set[Duration]] = defaultdict(set)
    beside = {fact for signal, when in conditions for fact in facts_beside(signal, when)}
    told = {
        (comparison.fact, window)
        for comparison, window in comparisons_of(criteria)
        if comparison.fact in DEFAULT_WITHIN or comparison.fact in STANDING
    }
    for fact, window in [*((fact, window_of(fact, None)) for fact in beside), *told]:
        if window is not None:
            windows[fact].add(window)
    tells = bool(criteria) or "health" in beside
    for fact in _OF_HEALTH if tells else ():
        windows[fact].add(DEFAULT_WITHIN[fact])
    return AskedFacts(
        {fact: frozenset(each) for fact, each in windows.items()},
        frozenset(STANDING) if tells else frozenset(beside & set(STANDING)),
        sorted(told, key=lambda each: (each[0], each[1] or 0)),
        tells,
    )
