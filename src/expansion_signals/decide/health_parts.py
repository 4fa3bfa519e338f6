"""The five parts of an account's health, each 0 to 100: what it is measured by, and on which scale (domain).

Every measure lies on a scale of straight lines between the points below, and stays at the ends beyond them. A part is
the mean of its measures that are known, rounded half up; without one, there is no such part.

    part, weight        measure                                     0      on the way          100
    engagement 30       active users a day ÷ in 30 days             0      0.2 is 70           0.5
                        active days of the last 30                  0      12 is 60            22, every working day
                        features used ÷ features included           0      0.5 is 70           0.8
    growth 25           usage, 30 days against the 30 before        -30 %  0 % is 60           20 %
                        seats, the same                             -30 %  0 % is 60           20 %
    utilization 20      the highest of the limits                   0      50 % is 50          80 %
                        seats used ÷ allowance                      0      50 % is 50          80 %
    relationship 15     NPS, -100 to 100                            -100   0 is 50             50
                        CSAT, 1 to 5; above 5 it is a percentage    1      3 is 50             5
                        tickets in 30 days                          10     3 is 70             none
                        mean sentiment of tickets, -1 to 1          -1     0 is 50             1
    history 10          upgrades less contractions in a year        -1     0 is 50, 1 is 80    2
                        (clicked - dismissed) ÷ shown prompts       -1     0 is 50             0.5

    daily 3 of 10 monthly users: 0.3 is 80; 17 active days: 80; 6 of 10 features: 80     engagement 80
    usage + 10 %: 80; seats not known                                                    growth 80
    no tickets, nothing else known: nobody spoke, which is no evidence                   no relationship
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

from expansion_signals.decide.rounding import half_up
from expansion_signals.model.amounts import plain, unscale

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from expansion_signals.model.accounts import Account

PartName = Literal["engagement", "growth", "utilization", "relationship", "history"]
Number: TypeAlias = int | Decimal
Scale: TypeAlias = tuple[tuple[Fraction, int], ...]


class HealthInputs(NamedTuple):
    """What metering measured of an account's health; None is not known.

    `daily_active` is the mean of the last 7 closed days, `monthly_active` how many differ in 30. Growths, utilizations
    and `sentiment` (-1 to 1) are fractions. `nps` runs from -100 to 100, as in profiles: of answers from 0 to 10 it is
    the percentage of 9 and 10 less that of 0 to 6. `csat` is 1 to 5, or a percentage above that.
    """

    daily_active: Number | None = None
    monthly_active: Number | None = None
    active_days: Number | None = None
    features_used: Number | None = None
    features_included: Number | None = None
    usage_growth: Number | None = None
    seats_growth: Number | None = None
    utilization: Number | None = None
    seats_utilization: Number | None = None
    tickets: Number | None = None
    sentiment: Number | None = None
    nps: Number | None = None
    csat: Number | None = None
    history_days: Number | None = None


class OfferHistory(NamedTuple):
    """What deciding remembers of a year of offers to an account."""

    upgrades: int = 0
    contractions: int = 0
    shown: int = 0
    clicked: int = 0
    dismissed: int = 0


class Part(NamedTuple):
    """One part of a health: `inputs` are what it was measured by, `missing` what was not known."""

    name: PartName
    score: int
    weight: int
    inputs: Mapping[str, Number]
    missing: tuple[str, ...]

    def document(self, weights: int) -> dict[str, Any]:
        """Return the part as payloads carry it: counts as numbers, measured amounts as decimal strings.

        Its weight is its share in percent of the `weights` of all parts of which there is evidence.
        """
        told = {name: plain(each) if isinstance(each, Decimal) else each for name, each in self.inputs.items()}
        return {
            "part": self.name,
            "score": self.score,
            "weight": unscale(half_up(Fraction(self.weight * 10_000, weights)), 2),
            "inputs": told,
            "missing": list(self.missing),
        }


def _scale(*points: tuple[str, int]) -> Scale:
    return tuple((Fraction(value), score) for value, score in points)


_STICKINESS = _scale(("0", 0), ("0.2", 70), ("0.5", 100))
_ACTIVE_DAYS = _scale(("0", 0), ("12", 60), ("22", 100))
_BREADTH = _scale(("0", 0), ("0.5", 70), ("0.8", 100))
_GROWTH = _scale(("-0.3", 0), ("0", 60), ("0.2", 100))
_UTILIZATION = _scale(("0", 0), ("0.5", 50), ("0.8", 100))
_NPS = _scale(("-100", 0), ("0", 50), ("50", 100))
_CSAT = _scale(("1", 0), ("3", 50), ("5", 100))
_CSAT_PERCENT = _scale(("0", 0), ("100", 100))
_TICKETS = _scale(("0", 100), ("3", 70), ("10", 0))
_SENTIMENT = _scale(("-1", 0), ("0", 50), ("1", 100))
_UPGRADES = _scale(("-1", 0), ("0", 50), ("1", 80), ("2", 100))
_RESPONSE = _scale(("-1", 0), ("0", 50), ("0.5", 100))
_CSAT_STARS = 5


def parts_of(inputs: HealthInputs, account: Account, offers: OfferHistory) -> Iterator[Part]:
    """Yield the parts of which there is evidence (semantics 8.4); what was asked of people, else the profile tells."""
    told = inputs._asdict()
    told["nps"] = inputs.nps if inputs.nps is not None else account.nps
    told["csat"] = inputs.csat if inputs.csat is not None else account.csat
    yield from _part(
        ("engagement", 30),
        _taken(told, "daily_active", "monthly_active", "active_days", "features_used", "features_included"),
        (
            _on(_STICKINESS, _ratio(inputs.daily_active, inputs.monthly_active)),
            _on(_ACTIVE_DAYS, inputs.active_days),
            _on(_BREADTH, _ratio(inputs.features_used, inputs.features_included)),
        ),
    )
    yield from _part(
        ("growth", 25),
        _taken(told, "usage_growth", "seats_growth"),
        (_on(_GROWTH, inputs.usage_growth), _on(_GROWTH, inputs.seats_growth)),
    )
    yield from _part(
        ("utilization", 20),
        _taken(told, "utilization", "seats_utilization"),
        (_on(_UTILIZATION, inputs.utilization), _on(_UTILIZATION, inputs.seats_utilization)),
    )
    yield from _relationship(_taken(told, "nps", "csat", "tickets", "sentiment"))
    yield from _history(offers)


def _relationship(told: Mapping[str, Number | None]) -> Iterator[Part]:
    csat, tickets = told["csat"], told["tickets"]
    percent = csat is not None and csat > _CSAT_STARS
    said = [_on(_NPS, told["nps"]), _on(_CSAT_PERCENT if percent else _CSAT, csat), _on(_SENTIMENT, told["sentiment"])]
    # That nobody opened a ticket speaks for an account that is known to be there, and of a silent one says nothing.
    if tickets or any(measure is not None for measure in said):
        yield from _part(("relationship", 15), told, (*said, _on(_TICKETS, tickets)))


def _history(offers: OfferHistory) -> Iterator[Part]:
    upgraded = offers.upgrades - offers.contractions if offers.upgrades or offers.contractions else None
    response = _ratio(offers.clicked - offers.dismissed, offers.shown)
    yield from _part(("history", 10), offers._asdict(), (_on(_UPGRADES, upgraded), _on(_RESPONSE, response)))


def _part(
    part: tuple[PartName, int], told: Mapping[str, Number | None], measures: Sequence[Fraction | None]
) -> Iterator[Part]:
    known = [measure for measure in measures if measure is not None]
    if known:
        inputs = {name: value for name, value in told.items() if value is not None}
        missing = tuple(name for name, value in told.items() if value is None)
        yield Part(part[0], half_up(sum(known, Fraction(0)) / len(known)), part[1], inputs, missing)


def _taken(told: Mapping[str, Number | None], *names: str) -> Mapping[str, Number | None]:
    return {name: told[name] for name in names}


def _ratio(part: Number | None, whole: Number | None) -> Fraction | None:
    return None if part is None or not whole else Fraction(part) / Fraction(whole)


def _on(scale: Scale, value: Number | Fraction | None) -> Fraction | None:
    """Return what a value is worth on a scale."""
    if value is None:
        return None
    measured = min(max(Fraction(value), scale[0][0]), scale[-1][0])
    (left, low), (right, high) = next(pair for pair in pairwise(scale) if measured <= pair[1][0])
    return low + (high - low) * (measured - left) / (right - left)
