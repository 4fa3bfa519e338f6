"""Whether an account is ready for more: four questions, each with its reading (domain: Readiness).

utilization    84 % of api_calls      high       talk about expansion
trajectory     12 % less in 30 days   falling    retention first
breadth        2 of 8 features        narrow     adoption first
coverage       8 of 10 seats          high       a plan or an add-on
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Literal, NamedTuple

from expansion_signals.cli.words_of_numbers import change_text, percent

if TYPE_CHECKING:
    from collections.abc import Sequence

HALF, FULL = Fraction(1, 2), Fraction(4, 5)
"""The bands of domain.md: below 50 %, up to 80 %, from 80 % on."""

STEADY = Fraction(1, 10)
"""Usage that changed by less than this in 30 days is steady."""

Question = Literal["utilization", "trajectory", "breadth", "coverage"]


class Answer(NamedTuple):
    """One question with its `reading`; `answer` None: it is not known."""

    question: Question
    asks: str
    reading: str
    answer: str | None
    means: str


class Readings(NamedTuple):
    """What the questions are answered from; None is not known.

    `utilization` is the highest of all limits, `of` what it is of. `growth` is that of usage in 30 days.
    """

    utilization: Fraction | None = None
    of: str = ""
    growth: Fraction | None = None
    features: tuple[int, int] | None = None
    seats: tuple[int, int] | None = None


def readiness(readings: Readings) -> Sequence[Answer]:
    """Return the four questions, answered."""
    return [_utilization(readings), _trajectory(readings), _breadth(readings), _coverage(readings)]


def _utilization(told: Readings) -> Answer:
    asks, value = "How much of what it bought is used?", told.utilization
    if value is None:
        return Answer("utilization", asks, "no limit is known", None, "Nothing limits this account.")
    reading = f"{percent(value)} of {told.of}"
    if value < HALF:
        return Answer("utilization", asks, reading, "low", "Work on adoption first.")
    if value < FULL:
        return Answer("utilization", asks, reading, "fair", "Watch it.")
    return Answer("utilization", asks, reading, "high", "Talk about expansion.")


def _trajectory(told: Readings) -> Answer:
    asks, growth = "Where is usage going?", told.growth
    if growth is None:
        return Answer("trajectory", asks, "not enough days to compare", None, "Look again in a month.")
    reading = f"{change_text(growth)} in 30 days"
    if growth <= -STEADY:
        return Answer("trajectory", asks, reading, "falling", "Retention first: ask why.")
    if growth < STEADY:
        return Answer("trajectory", asks, reading, "steady", "Nothing pushes; find the next use.")
    return Answer("trajectory", asks, reading, "rising", "It will need more: be early.")


def _breadth(told: Readings) -> Answer:
    asks = "How many of its features are in use?"
    if told.features is None or not told.features[1]:
        return Answer("breadth", asks, "not known", None, "No rule looks at the use of features.")
    used, included = told.features
    reading = f"{used:,} of {included:,} features"
    if Fraction(used, included) < HALF:
        return Answer("breadth", asks, reading, "narrow", "Adoption first: show what is there.")
    return Answer("breadth", asks, reading, "broad", "A higher plan has something to add.")


def _coverage(told: Readings) -> Answer:
    asks = "How much of the team is in?"
    if told.seats is None or not told.seats[1]:
        return Answer("coverage", asks, "no number of seats is known", None, "Ask how large the team is.")
    active, bought = told.seats
    reading = f"{active:,} of {bought:,} seats"
    covered = Fraction(active, bought)
    if covered < HALF:
        return Answer("coverage", asks, reading, "low", "Bring in more teams.")
    if covered < FULL:
        return Answer("coverage", asks, reading, "fair", "There is room for those still outside.")
    return Answer("coverage", asks, reading, "high", "More seats, a plan or an add-on.")
