"""Days: what rules find that look at an account once a day, when a UTC day has closed (semantics 6).

A judge is pure: a rule, a day and what is remembered in, signals out. It changes what is remembered together with what
it finds, and both are written together, so two workers cannot both find the same thing.
"""

from __future__ import annotations

import json
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from expansion_signals.model.events import Evidence
from expansion_signals.model.held_out import held_out
from expansion_signals.model.identities import identity_of
from expansion_signals.model.instants import DAY, format_day
from expansion_signals.model.kinds import KINDS
from expansion_signals.model.signals import Signal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from expansion_signals.detect.power_users import PlanUse
    from expansion_signals.model.accounts import Profile
    from expansion_signals.model.catalog import Catalog, Meter
    from expansion_signals.model.instants import Duration, Instant
    from expansion_signals.model.readings import Counter
    from expansion_signals.rules.configuration import WatchRule

SOURCE = "/expansion-signals"
"""The source of what no event caused."""


class Day(NamedTuple):
    """An account when the UTC day `number` has closed, at the append time reached `now`; amounts are scaled.

    `amounts` holds what was counted by meter and UTC day. Before `first` nothing is known: there was nothing, or it was
    lost. `levels` are those that stand now, of the day that runs too. `used` is what all accounts used that day,
    by plan and meter, once every shard has summed it up.
    """

    account: str
    number: int
    now: Instant
    profile: Profile
    catalog: Catalog
    amounts: Mapping[tuple[str, int], int]
    levels: Mapping[Counter, int]
    first: int | None
    used: Mapping[tuple[str, str], PlanUse] = MappingProxyType({})

    @property
    def over(self) -> Instant:
        """When the day was over."""
        return (self.number + 1) * DAY

    def last(self, days: int, before: int = 0) -> range:
        """Return the last `days` closed days, or as many that end `before` days earlier."""
        end = self.number + 1 - before
        return range(end - days, end)

    def total(self, meter: str, days: range) -> int:
        """Return what was counted of a meter within these days."""
        return sum(self.amounts.get((meter, day), 0) for day in days)

    def knows(self, days: range) -> bool:
        """Say whether all of these days are whole: they lie after the first one that anything was counted on."""
        return self.first is not None and self.first < days.start


Told = dict[str, Any]
"""What is remembered of each rule and subject, as `about` names them."""


class Judge(Protocol):
    """What a kind of rule finds."""

    def __call__(self, rule: WatchRule, day: Day, told: Told) -> Iterator[Signal]:
        """Yield what the rule finds at this day, and remember it in `told`."""


def read_told(text: str) -> Told:
    """Read what `written_told` wrote."""
    told: Told = json.loads(text) if text else {}
    return told


def written_told(told: Told, rules: Sequence[WatchRule]) -> str:
    """Return what is remembered as a note's text; what rules left that are in force no more goes."""
    ids = {rule.id for rule in rules}
    kept = {about: value for about, value in told.items() if about.partition("|")[0] in ids}
    return json.dumps(kept, separators=(",", ":"), sort_keys=True)


def about(rule: WatchRule, subject: str = "") -> str:
    """Return the name under which is remembered what a rule told of a subject; ids of rules hold no `|`."""
    return f"{rule.id}|{subject}"


def cools(rule: WatchRule, told: Told, day: Day, subject: str, default: Duration) -> bool:
    """Say whether the rule has fired for this subject less than its cooldown ago, the same day included."""
    last = told.get(about(rule, subject))
    return last is not None and (day.number - last) * DAY < (rule.cooldown or default)


def meters_of(rule: WatchRule, catalog: Catalog) -> Iterator[Meter]:
    """Yield the meter that a rule names, or every one whose days add up: `sum` and `count` (semantics 2.5)."""
    for meter in catalog.meters.values():
        if rule.meter in (None, meter.key) and meter.aggregation in ("sum", "count"):
            yield meter


def signal_of_day(  # noqa: PLR0913 -- what a signal's id and payload are made of
    kind: str, rule: WatchRule, day: Day, subject: str, content: Mapping[str, Any], *, ordinal: str = ""
) -> Signal:
    """Return a signal with its one key; its ordinal is the UTC day, where it is not said (semantics 9.1).

    Its time is when the day was over: no event caused it.
    """
    signal_id = identity_of(
        kind.replace(".", "_"), rule.id, day.account, subject, "", "", "", ordinal or format_day(day.number)
    )
    return Signal(
        id=signal_id,
        type=kind,
        account=day.account,
        evidence=Evidence(f"day:{format_day(day.number)}", SOURCE, day.over),
        data={
            "rule": {"id": rule.id, "version": rule.version},
            "family": KINDS[kind].family.name,
            "plan": day.profile.account.plan,
            "user": None,
            **content,
            "session": None,
            "account": day.profile.document(),
            **held_out(rule.id, rule.holdout, day.account),
        },
        keys=(signal_id,),
        shadow=rule.shadow,
    )
