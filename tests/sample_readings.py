"""Readings of one counter, as the tables of semantics 3 tell them: only what a case is about must be named."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from expansion_signals.detect.limits import Judgement, judge
from expansion_signals.model.accounts import Account
from expansion_signals.model.catalog import Meter
from expansion_signals.model.events import Evidence
from expansion_signals.model.instants import parse_instant
from expansion_signals.model.readings import Limit, Period, Reading
from expansion_signals.model.thresholds import Arm, ArmKey, Threshold
from expansion_signals.rules.configuration import LimitRule

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from expansion_signals.model.readings import Cause
    from expansion_signals.model.signals import Signal

NOW = parse_instant("2026-11-22T00:00:00Z")
NOVEMBER = Period(parse_instant("2026-11-01T00:00:00Z"), parse_instant("2026-12-01T00:00:00Z"))
DECEMBER = Period(NOVEMBER.end, parse_instant("2027-01-01T00:00:00Z"))
CALLS = Meter("api_calls", "expansion.usage.recorded.v1", "sum", "call")


def percent(value: int | str) -> Threshold:
    return Threshold("percent", Decimal(value))


def usage(value: int | str) -> Threshold:
    return Threshold("usage", Decimal(value))


def remaining(value: int | str) -> Threshold:
    return Threshold("remaining", Decimal(value))


def every(value: int, *, after_percent: int | None = None, after_usage: int | None = None) -> Threshold:
    base = {"after_percent": after_percent, "after_usage": after_usage}
    return Threshold("step", Decimal(value), **{name: Decimal(at) for name, at in base.items() if at is not None})


def rule(*at: Threshold, fire_when_added: bool = False, rule_id: str = "quota") -> LimitRule:
    return LimitRule(rule_id, "3f2a", "api_calls", at, fire_when_added=fire_when_added)


def limit(amount: int | None) -> Limit:
    return Limit("api_calls", amount, "hard")


def reading(firing: int, **changes: object) -> Reading:
    """Return the first reading of a counter in November, under a limit of 1,000; `changes` are fields of `Reading`."""
    first = Reading(
        account="acct-1",
        profile=Account(version=7, plan="free"),
        meter=CALLS,
        dimension="",
        period=NOVEMBER,
        before=0,
        quiet=0,
        firing=firing,
        evidence=Evidence("e-1", "/apps/web", NOW, user="u-42", session="s-9"),
        cause="usage",
        limit=limit(1000),
        last_limit=None,
        judged=False,
    )
    return replace(first, **changes)


@dataclass
class Counter:
    """One counter through its life: each movement is one reading, judged with what the one before left."""

    rules: Sequence[LimitRule]
    limit: Limit | None = field(default_factory=lambda: limit(1000))
    period: Period | None = NOVEMBER
    level: int = 0
    at: int = NOW
    appended: int = 0
    backfill: bool = False
    arms: Mapping[ArmKey, Arm] = field(default_factory=dict)
    judged: bool = False
    last_limit: int | None = None
    last: Judgement | None = None

    def move(
        self, firing: int = 0, *, quiet: int = 0, cause: Cause = "usage", closed: bool = False
    ) -> tuple[Signal, ...]:
        """Judge a movement and return its signals."""
        self.last = judge(self.reading(firing, quiet=quiet, cause=cause), self.rules, self.arms, silent=closed)
        self.level += quiet + firing
        self.arms, self.judged = self.last.arms, True
        self.last_limit = self.limit.amount if self.limit else None
        return self.last.signals

    def to(self, level: int) -> tuple[Signal, ...]:
        """Judge the movement that ends at this level."""
        return self.move(level - self.level)

    def reading(self, firing: int, *, quiet: int = 0, cause: Cause = "usage") -> Reading:
        return reading(
            firing,
            before=self.level,
            quiet=quiet,
            cause=cause,
            period=self.period,
            evidence=Evidence("e-1", "/apps/web", self.at, backfill=self.backfill),
            limit=self.limit,
            last_limit=self.last_limit,
            judged=self.judged,
            appended=self.appended,
        )

    def arm(self, threshold: Threshold) -> Arm:
        return self.arms.get(ArmKey(self.rules[0].id, str(threshold)), Arm())


def fired(signals: Sequence[Signal]) -> list[str]:
    """Return the value of each trigger's threshold, such as `80` or `1000`: no recoveries, and nothing that is past."""
    return [signal.data["threshold"]["value"] for signal in _firing(signals)]


def past(signals: Sequence[Signal]) -> list[tuple[str, list[str]]]:
    """Return why each signal that is past is so, and what it crossed."""
    return [
        (signal.data["past"], [each["value"] for each in signal.data["crossed"]])
        for signal in signals
        if "past" in signal.data
    ]


def recovered(signals: Sequence[Signal]) -> list[str]:
    return [signal.data["threshold"]["value"] for signal in signals if signal.type == "limit.recovered"]


def crossed(signals: Sequence[Signal]) -> list[str]:
    """Return what the only trigger among these crossed, ascending."""
    (signal,) = _firing(signals)
    return [each["value"] for each in signal.data["crossed"]]


def _firing(signals: Sequence[Signal]) -> list[Signal]:
    return [signal for signal in signals if signal.type == "limit.reached" and "past" not in signal.data]
