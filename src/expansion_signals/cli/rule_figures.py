"""What became of what each rule found: decided, shown, bought; against the accounts that it holds out."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from fractions import Fraction
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from expansion_signals.model.decisions import Decision
    from expansion_signals.model.instants import Duration, Instant
    from expansion_signals.model.outcomes import Outcome

EXPANDING = frozenset({"upgrade", "add_on", "seats"})


class Compared(NamedTuple):
    """Accounts of one side of a comparison, and how many of them bought more within the time of attribution."""

    accounts: int
    bought: int

    @property
    def rate(self) -> Fraction | None:
        """Those that bought ÷ all."""
        return Fraction(self.bought, self.accounts) if self.accounts else None


@dataclass(slots=True)
class RuleFigures:
    """One rule. `silent` counts decisions that were not to fire, by their first reason; `held` those that waited.

    `shown`, `dismissed`, `snoozed` and `clicked` count triggers of which that was reported, `outcomes` what was bought
    after one. `fired_first` and `held_out_first` have by account when the rule first fired, or would have but for its
    holdout.
    """

    fired: int = 0
    held: int = 0
    withdrawn: int = 0
    silent: Counter[str] = field(default_factory=Counter)
    deeds: Counter[str] = field(default_factory=Counter)
    outcomes: int = 0
    revenue: dict[str, Fraction] = field(default_factory=dict)
    seconds: list[int] = field(default_factory=list)
    fired_first: dict[str, Instant] = field(default_factory=dict)
    held_out_first: dict[str, Instant] = field(default_factory=dict)

    def decide(self, decision: Decision) -> None:
        """Count a decision."""
        if decision.decision == "fired":
            self.fired += 1
            _first(self.fired_first, decision)
        elif decision.decision == "held":
            self.held += 1
        else:
            self.silent[decision.reason or "decided before"] += 1
            # Those that would have been silent for another reason too are not like those that it fired for.
            if decision.reasons == ("holdout",):
                _first(self.held_out_first, decision)

    def attribute(self, outcome: Outcome) -> None:
        """Count what was bought after one of its triggers."""
        if outcome.data["kind"] not in EXPANDING:
            return
        self.outcomes += 1
        change = outcome.data.get("mrr_change")
        if change is not None:
            currency = change["currency"]
            self.revenue[currency] = self.revenue.get(currency, Fraction(0)) + Fraction(change["amount"])
        if outcome.data.get("seconds_since_trigger") is not None:
            self.seconds.append(outcome.data["seconds_since_trigger"])

    @property
    def seconds_to_outcome(self) -> int | None:
        """The median of the time from a trigger to what was bought after it."""
        return int(median(self.seconds)) if self.seconds else None

    def compared(self, bought: Mapping[str, Iterable[Instant]], within: Duration) -> tuple[Compared, Compared]:
        """Return the accounts that it fired for, and those that it held out; `bought` has by account when it did."""
        return _compared(self.fired_first, bought, within), _compared(self.held_out_first, bought, within)


def lift(fired: Compared, held_out: Compared) -> Fraction | None:
    """Return by which part the rate of those that it fired for is above that of those held out; None: none bought."""
    if fired.rate is None or not held_out.rate:
        return None
    return fired.rate / held_out.rate - 1


def _first(times: dict[str, Instant], decision: Decision) -> None:
    times[decision.account] = min(decision.time, times.get(decision.account, decision.time))


def _compared(first: Mapping[str, Instant], bought: Mapping[str, Iterable[Instant]], within: Duration) -> Compared:
    hits = sum(
        any(since <= time < since + within for time in bought.get(account, ())) for account, since in first.items()
    )
    return Compared(len(first), hits)
