"""Accounts as readings find them, and rules that qualify leads: only what a case is about must be named."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from expansion_signals.decide.evidence_readings import Observation
from expansion_signals.decide.health import Health
from expansion_signals.decide.health_parts import Part
from expansion_signals.decide.qualification import Qualification
from expansion_signals.decide.qualifying import Judgement, judged
from expansion_signals.decide.scoring import Case
from expansion_signals.model.accounts import Account
from expansion_signals.model.instants import DAY, parse_instant
from expansion_signals.rules.conditions import read_condition
from expansion_signals.rules.fact_windows import window_of
from expansion_signals.rules.pql import Criterion, PqlRule

BEGIN = parse_instant("2026-11-22T00:00:00Z")
"""Day 0 of every case."""


def criterion(when: str, points: int = 60, *, name: str | None = None, within: int | None = None) -> Criterion:
    return Criterion(name or when, read_condition(when), points, within)


def rule(*criteria: Criterion, **options: Any) -> PqlRule:  # noqa: ANN401 -- options of several types
    """Return a rule that qualifies at 50, by these criteria."""
    options = {"qualify_at": 50, **options}
    for name in ("when", "disqualify_when"):
        if isinstance(options.get(name), str):
            options[name] = read_condition(options[name])
    return PqlRule(id="pql", version="3f2a", criteria=criteria or (criterion("limit_hits >= 3"),), **options)


def health(score: int) -> Health:
    return Health(score, (Part("engagement", score, 30, {}, ()),))


def case(  # noqa: PLR0913 -- each of a case's sides may be what it is about
    facts: dict[str, str] | None = None,
    *,
    day: int = 0,
    micros: int = 0,
    within: int | None = None,
    well: int | None = 80,
    profile: dict[str, Any] | None = None,
    seen: int | None = None,
    evidence: tuple[str, ...] = (),
    cancel_pending: bool = False,
) -> Case:
    """Return a case on this day, with facts in the window that they have by default, or in another."""
    at = BEGIN + day * DAY + micros
    last = None if seen is None else BEGIN + seen * DAY
    observations = {
        (name, window_of(name, within)): Observation(Decimal(value), last, last, evidence)
        for name, value in (facts or {}).items()
    }
    account = Account.model_validate({"version": 1, "plan": "free", **(profile or {})})
    return Case(at, account, "USD", observations, None if well is None else health(well), cancel_pending)


class Lead:
    """One account and one rule, one reading after the other."""

    def __init__(self, judge: PqlRule | None = None) -> None:
        self.rule = judge or rule()
        self.state = Qualification()

    def take(self, reading: Case) -> Judgement:
        judgement = judged(self.rule, self.state, reading)
        self.state = judgement.state
        return judgement

    def told(self, reading: Case) -> str | None:
        """Return what a reading publishes: `qualified B`, `score_changed B`, `disqualified score`."""
        publication = self.take(reading).publication
        if publication is None:
            return None
        return f"{publication.type.removeprefix('pql.')} {publication.disqualified_by or publication.tier}"


def scored(score: int, **options: Any) -> Case:  # noqa: ANN401 -- options of several types
    """Return a case in which `by_points` comes to this score."""
    return case({"invites": str(score)}, **options)


def by_points(**options: Any) -> PqlRule:  # noqa: ANN401 -- options of several types
    """Return a rule whose score is the number of invites, up to 99: each of its criteria asks for one binary digit."""
    criteria = [criterion(_digit(power), 1 << power, name=f"d{power}") for power in range(7)]
    return rule(*criteria, half_life=1, **options)


def _digit(power: int) -> str:
    step = 1 << power
    ranges = [f"(invites >= {low} and invites < {low + step})" for low in range(step, 100, 2 * step)]
    return " or ".join(ranges)
