"""Health: how an account does, 0 to 100, from five weighted parts (semantics 8.4).

parts                                                                                  score
all five 80                                                                            80
engagement 80, growth 50, the rest not known     (30 * 80 + 25 * 50) ÷ 55 = 66.4       66, moderate
engagement 20 alone, after 40 days               20                                    20, at risk
engagement 20 alone, after 3 days                never at risk before 7 days           50, moderate
utilization 10 alone                             little used, and nothing else known   50, moderate
nothing                                          no health
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from expansion_signals.decide.health_parts import parts_of
from expansion_signals.decide.rounding import half_up

if TYPE_CHECKING:
    from expansion_signals.decide.health_parts import HealthInputs, OfferHistory, Part
    from expansion_signals.model.accounts import Account

Band = Literal["champion", "healthy", "moderate", "at_risk"]

AT_RISK_BELOW = 50
HISTORY_NEEDED = 7
"""Days of history from which an account can be at risk."""

_BANDS: tuple[tuple[int, Band], ...] = ((90, "champion"), (70, "healthy"), (AT_RISK_BELOW, "moderate"))


class Health(NamedTuple):
    """The score of an account, and the parts of which there was evidence.

    `score` is the mean of the parts' whole scores by their weights, so whoever reads them comes to it too; but of an
    account with less than 7 days of history at least 50.
    """

    score: int
    parts: tuple[Part, ...]

    @property
    def band(self) -> Band:
        """What the score means."""
        return next((band for least, band in _BANDS if self.score >= least), "at_risk")

    def document(self) -> dict[str, Any]:
        """Return `health` as payloads carry it."""
        weights = sum(part.weight for part in self.parts)
        return {"score": self.score, "band": self.band, "parts": [part.document(weights) for part in self.parts]}


def health_of(inputs: HealthInputs, account: Account, offers: OfferHistory) -> Health | None:
    """Return the health of an account; None where there is no evidence of any part.

    The weights of parts that are left out go to the others. An account whose history is not known is a young one. That
    little of its limits is used alone puts none at risk: it asks for adoption, and says nothing of how it does.
    """
    parts = tuple(parts_of(inputs, account, offers))
    if not parts:
        return None
    weights = sum(part.weight for part in parts)
    score = half_up(Fraction(sum(part.score * part.weight for part in parts), weights))
    young = inputs.history_days is None or inputs.history_days < HISTORY_NEEDED
    spared = young or [part.name for part in parts] == ["utilization"]
    return Health(max(score, AT_RISK_BELOW) if spared else score, parts)
