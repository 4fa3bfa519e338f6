"""An account on the plan `free`, as judges see it when a UTC day has closed, without a state or a log."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from expansion_signals.detect.days import Day
from expansion_signals.model.accounts import Account, Anchor, Profile
from expansion_signals.model.instants import DAY, HOUR, day_of, parse_instant
from expansion_signals.model.readings import Counter
from expansion_signals.rules.configuration import WatchRule
from expansion_signals.rules.loading import load

if TYPE_CHECKING:
    from collections.abc import Iterable

    from expansion_signals.detect.days import Judge, Told
    from expansion_signals.detect.power_users import PlanUse
    from expansion_signals.model.instants import Instant
    from expansion_signals.model.signals import Signal

CATALOG = """
currency: USD
meters:
  calls: {event: com.acme.called, aggregation: count, unit: call}
  storage: {event: com.acme.stored, aggregation: sum, value: value, unit: GB, precision: 2, per: never}
  users: {event: com.acme.seen, aggregation: unique, value: user, unit: user}
features:
  calls: {meter: calls}
  storage: {meter: storage}
plans:
  - {key: free, price: "0", includes: {calls: {limit: 1000}, storage: {limit: 50}}}
  - {key: open, price: "9", includes: {calls: unlimited}}
"""
NOVEMBER = parse_instant("2026-11-01T00:00:00Z")
TODAY = day_of(parse_instant("2026-11-22T00:00:00Z"))
"""The day that runs; the one before it has closed."""


def rule(signal: str, **options: Any) -> WatchRule:  # noqa: ANN401 -- any option of a rule
    return WatchRule("r", "v", signal, **options)


@dataclass
class ClosedDays:
    """What one rule finds of an account day after day, looked at three hours past midnight; what it told is remembered.

    `calls` are counted by UTC day, `level` is the calls of the period that runs, `stored` the GB that exist.
    """

    judge: Judge
    rule: WatchRule
    account: Account = field(default_factory=lambda: Account(version=1, plan="free"))
    calls: dict[int, int] = field(default_factory=dict)
    stored: dict[int, int] = field(default_factory=dict)
    level: int = 0
    first: int | None = TODAY - 62
    used: dict[tuple[str, str], PlanUse] = field(default_factory=dict)
    told: Told = field(default_factory=dict)

    def uses(self, each: int, days: Iterable[int]) -> ClosedDays:
        """Let it make so many calls on each of these days, counted back from today."""
        self.calls |= {TODAY - back: each for back in days}
        return self

    def looked_at(self, today: int = TODAY, now: Instant | None = None) -> list[Signal]:
        """Return what the rule finds when the day before `today` has closed."""
        day = Day(
            account="acct-1",
            number=today - 1,
            now=today * DAY + 3 * HOUR if now is None else now,
            profile=Profile(account=self.account, anchors=(Anchor(valid_from=0, anchor=NOVEMBER, unit="month"),)),
            catalog=load({"catalog.yaml": CATALOG, "rules.yaml": "rules: []"}).catalog,
            amounts={("calls", day): each for day, each in self.calls.items()}
            | {("storage", day): each for day, each in self.stored.items()},
            levels={
                Counter("calls", "", NOVEMBER): self.level,
                Counter("storage", "", None): sum(self.stored.values()),
            },
            first=self.first,
            used=self.used,
        )
        return list(self.judge(self.rule, day, self.told))
