"""Why an account is a lead, or no more, in a sentence that a seller can read aloud.

Usage grew 62 % in 30 days, a limit was hit 4 times in 14 days and 5 people were active in 30 days. Score 75, tier B.
Health is 42, at risk: no lead any more. Score 75.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from expansion_signals.decide.rounding import half_up
from expansion_signals.model.amounts import plain
from expansion_signals.model.instants import DAY, HOUR, MINUTE, SECOND
from expansion_signals.rules.conditions import Comparison
from expansion_signals.rules.fact_windows import window_of
from expansion_signals.rules.truth import truth

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from expansion_signals.decide.qualification import Qualification
    from expansion_signals.model.instants import Duration
    from expansion_signals.rules.conditions import Condition
    from expansion_signals.rules.pql import PqlRule, Tier

_COUNTED: Mapping[str, tuple[str, str]] = {
    "limit_hits": ("a limit was hit once", "a limit was hit {} times"),
    "active_users": ("1 person was active", "{} people were active"),
    "features_used": ("1 feature was used", "{} features were used"),
    "next_plan_features": ("1 feature of the next plan was used", "{} features of the next plan were used"),
    "gated_attempts": ("a locked feature was tried once", "locked features were tried {} times"),
    "gated_users": ("1 person tried a locked feature", "{} people tried locked features"),
    "invites": ("1 invite was sent", "{} invites were sent"),
    "seats_used": ("1 seat is taken", "{} seats are taken"),
    "account_age": ("the account is 1 day old", "the account is {} days old"),
    "days_to_renewal": ("the renewal is 1 day away", "the renewal is {} days away"),
    "health": ("health is {}", "health is {}"),
    "annual_value": ("the contract is worth {} a year", "the contract is worth {} a year"),
}
"""What is said of a fact that is 1, and of another; the numbers of ages and distances are whole."""

_WHOLE = frozenset({"account_age", "days_to_renewal"})


class _Observed(NamedTuple):
    """Facts as they were observed, from their texts."""

    texts: Mapping[str, str]

    def fact(self, name: str) -> Fraction | str | None:
        text = self.texts.get(name)
        return text if text is None or name == "plan" else Fraction(text)


def why_qualified(rule: PqlRule, state: Qualification, score: int, tier: Tier) -> str:
    """Return the criteria that are met in words, with the score and its tier."""
    return f"{_reasons(rule, state)}. Score {score}, tier {tier}."


def why_changed(rule: PqlRule, state: Qualification, score: int, tier: Tier) -> str:
    """Return the criteria that are met in words, with the score, its tier, and the score that was told last."""
    return f"{_reasons(rule, state)}. Score {score}, tier {tier}; it was {state.score}."


def why_disqualified(reason: str, score: int) -> str:
    """Return what speaks against the account, with its score."""
    return f"{_capital(reason)}: no lead any more. Score {score}."


def _reasons(rule: PqlRule, state: Qualification) -> str:
    clauses = list(dict.fromkeys(_clauses(rule, state)))
    if not clauses:
        return "Nothing new; what was seen before still counts"
    *others, last = clauses
    return _capital(f"{', '.join(others)} and {last}" if others else last)


def _clauses(rule: PqlRule, state: Qualification) -> Iterator[str]:
    for criterion in rule.criteria:
        standing = state.criteria[criterion.id]
        if standing.met:
            for name in _supporting(criterion.when, _Observed(standing.observed)):
                yield f"{_said(name, standing.observed[name])}{_lately(window_of(name, criterion.within))}"


def _supporting(condition: Condition, observed: _Observed, *, wanted: bool = True) -> Iterator[str]:
    """Yield the facts that make a condition what it is: of an `or`, those of its true parts alone."""
    if isinstance(condition, Comparison):
        yield condition.fact
        return
    wanted = wanted is not (condition.word == "not")
    for part in condition.parts:
        if truth(part, observed) is wanted:
            yield from _supporting(part, observed, wanted=wanted)


def _said(name: str, text: str) -> str:
    if name == "plan":
        return f"the plan is {text}"
    number = Decimal(text)
    if name == "usage_growth":
        return f"usage {'fell' if number < 0 else 'grew'} {_percent(abs(number))}"
    if name == "utilization":
        return f"{_percent(number)} of a limit is used"
    shown = plain(Decimal(int(number))) if name in _WHOLE else plain(number)
    one, several = _COUNTED[name]
    return (one if shown == "1" else several).format(format(Decimal(shown), ",f"))


def _percent(fraction: Decimal) -> str:
    return f"{half_up(Fraction(fraction) * 100):,} %"


def _lately(within: Duration | None) -> str:
    if within is None:
        return ""
    unit, name = next((unit, name) for unit, name in _UNITS if within % unit == 0)
    count = within // unit
    return f" in {count} {name}{'' if count == 1 else 's'}"


_UNITS: Sequence[tuple[Duration, str]] = ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute"), (SECOND, "second"))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
