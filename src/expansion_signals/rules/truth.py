"""Whether a rule's condition is true of an account: true, false, or not known (`when:`, docs/rules.md).

A comparison with a fact that is not known is neither true nor false. It stays so under `not`; `and` and `or` are what
their other parts decide:

    known true   and unknown     unknown      known true   or unknown     true
    known false  and unknown     false        known false  or unknown     unknown

A rule applies where its condition is true, and nowhere else.
"""

from __future__ import annotations

import operator
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, Protocol

from expansion_signals.model.instants import DAY
from expansion_signals.rules.conditions import Comparison, facts_compared
from expansion_signals.rules.fact_windows import DEFAULT_WITHIN

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from expansion_signals.model.accounts import Account
    from expansion_signals.model.instants import Duration, Instant
    from expansion_signals.rules.conditions import Combination, Condition

PROFILE_ALONE = frozenset({"plan", "annual_value"})
"""Facts that change with the account's profile and with nothing else."""

OF_READING = frozenset({"utilization", "seats_used", "health"})
"""Facts that the profile does not tell."""

_COMPARED: Mapping[str, Callable[[Fraction, Fraction], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
}


class Lately(Protocol):
    """What an account did lately."""

    def fact(self, name: str, within: Duration | None) -> Fraction | None:
        """Return a fact in this window, without one in its own; None where it is not known."""


class Facts(Protocol):
    """What a condition is judged with."""

    def fact(self, name: str) -> Fraction | str | None:
        """Return a fact, None where it is not known."""


class Known(NamedTuple):
    """What is known of an account at an instant: `currency` is the catalog's, `health` runs from 0 to 100.

    `utilization` is that of the reading which is judged, elsewhere the highest that the last look found. `lately` tells
    the facts that have a window, in the window `within` where that is not each fact's own. What is None is not known.
    """

    profile: Account | None
    currency: str
    at: Instant
    utilization: Fraction | None = None
    seats_used: int | None = None
    health: int | None = None
    lately: Lately | None = None
    within: Duration | None = None

    def fact(self, name: str) -> Fraction | str | None:
        """Return a fact, None where it is not known; ages and distances in days, money in the catalog's currency."""
        if name in DEFAULT_WITHIN:
            return self.lately.fact(name, self.within) if self.lately is not None else None
        known: Fraction | str | int | None = {
            "utilization": self.utilization,
            "seats_used": self.seats_used,
            "health": self.health,
        }.get(name)
        if self.profile is not None and name not in OF_READING:
            known = self._of_profile(self.profile, name)
        return Fraction(known) if isinstance(known, int) else known

    def _of_profile(self, profile: Account, name: str) -> Fraction | str | None:
        value, bought, renewal = profile.annual_value, profile.first_purchase_at, profile.renewal_at
        match name:
            case "plan":
                return profile.plan
            case "annual_value" if value is not None and value.currency == self.currency:
                return Fraction(value.amount)
            case "account_age" if bought is not None:
                return Fraction(self.at - bought, DAY)
            case "days_to_renewal" if renewal is not None:
                return Fraction(renewal - self.at, DAY)
            case _:
                return None


def applies(condition: Condition | None, facts: Facts) -> bool:
    """Say whether a rule with this condition applies; one without always does."""
    return condition is None or truth(condition, facts) is True


def truth(condition: Condition, facts: Facts) -> bool | None:
    """Return whether the condition is true, None where that is not known."""
    if isinstance(condition, Comparison):
        return _compared(condition, facts.fact(condition.fact))
    return _combined(condition, facts)


def is_settled(condition: Condition | None) -> bool:
    """Say whether nothing but a new profile can make the condition true or false."""
    return condition is None or all(comparison.fact in PROFILE_ALONE for comparison in facts_compared(condition))


def _compared(comparison: Comparison, fact: Fraction | str | None) -> bool | None:
    value = comparison.value
    if isinstance(fact, str) and isinstance(value, str):
        return (fact == value) == (comparison.operator == "==")
    if isinstance(fact, Fraction) and isinstance(value, Decimal):
        return _COMPARED[comparison.operator](fact, _fraction(value))
    return None


@lru_cache(maxsize=1_000)
def _fraction(value: Decimal) -> Fraction:
    # Cached because rules compare with few numbers, each of them at every event of low volume.
    return Fraction(value)


def _combined(combination: Combination, facts: Facts) -> bool | None:
    parts = [truth(part, facts) for part in combination.parts]
    if combination.word == "not":
        return None if parts[0] is None else not parts[0]
    deciding = combination.word == "or"
    if deciding in parts:
        return deciding
    return None if None in parts else not deciding
