"""The portfolio: what all accounts were told, and what came of it. Records in, figures out."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from fractions import Fraction
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

from expansion_signals.cli.expansion_kinds import KIND_OF
from expansion_signals.cli.net_revenue import Movement, NetRevenues, net_revenues
from expansion_signals.cli.revenue import Revenue, revenue_of
from expansion_signals.cli.rule_figures import EXPANDING, RuleFigures
from expansion_signals.decide.cases import snapshot
from expansion_signals.decide.monthly_prices import seats_granted
from expansion_signals.decide.suppression import SOLD_TO
from expansion_signals.model.decisions import Decision
from expansion_signals.model.instants import DAY
from expansion_signals.model.kinds import KINDS
from expansion_signals.model.outcomes import Outcome, Withdrawal
from expansion_signals.model.prompts import Prompt
from expansion_signals.model.signals import Signal
from expansion_signals.model.triggers import Trigger

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expansion_signals.model.accounts import Account
    from expansion_signals.model.catalog import Catalog
    from expansion_signals.model.happenings import Happening
    from expansion_signals.model.instants import Instant

_GONE = "cancelled"


class Known(NamedTuple):
    """What the figures need of an account's profile."""

    revenue: Revenue | None
    sold_to: bool
    may_move_up: bool
    seats: int | None
    first_purchase: Instant | None


class Sent(NamedTuple):
    """What the figures need of a trigger."""

    rule: str
    type: str
    route: str | None


class Bought(NamedTuple):
    """One outcome: `change` is what it did to revenue, None where nobody says; `route` None: no trigger before it."""

    account: str
    time: Instant
    kind: str
    before: str | None
    after: str | None
    change: Revenue | None
    route: str | None


class Portfolio:
    """Takes in what was told since `since`, record by record; what a crash put on a topic twice counts once."""

    def __init__(self, catalog: Catalog, since: Instant) -> None:
        self._catalog = catalog
        self.since = since
        self.signals: Counter[str] = Counter()
        self.rules: defaultdict[str, RuleFigures] = defaultdict(RuleFigures)
        self.triggers: dict[str, Sent] = {}
        self.outcomes: list[Bought] = []
        self.earlier: set[str] = set()
        self._changes: list[tuple[Instant, Signal]] = []
        self._deeds: defaultdict[str, set[str]] = defaultdict(set)
        self._withdrawn: dict[str, str] = {}
        self._seen: set[str] = set()

    def take(self, happening: Happening) -> None:
        """Take in one happening of the time that is looked at; outcomes of before say who had expanded already."""
        what = happening.what
        if isinstance(what, Prompt):
            self._deeds[what.trigger].add(what.deed)
            return
        # One id is used once of each kind, but a trigger has that of its signal.
        name = f"{type(what).__name__[0]}{what.id}"
        if name in self._seen:
            return
        self._seen.add(name)
        match what:
            case Signal():
                self._signal(what)
            case Trigger():
                route = what.data.get("route")
                self.triggers[what.id] = Sent(what.data["rule"]["id"], what.type, route["to"] if route else None)
            case Decision() if what.rule is not None:
                self.rules[what.rule["id"]].decide(what)
            case Withdrawal():
                self._withdrawn[what.trigger] = what.rule["id"]
            case Outcome():
                self._outcome(what)

    def _signal(self, signal: Signal) -> None:
        if signal.type == "account.changed":
            self._changes.append((signal.evidence.time, signal))
        elif signal.type in KINDS:
            self.signals[signal.type] += 1

    def _outcome(self, outcome: Outcome) -> None:
        data, time = outcome.data, outcome.evidence.time
        if time < self.since:
            if data["kind"] in EXPANDING:
                self.earlier.add(outcome.account)
            return
        change, route, rule = data.get("mrr_change"), data.get("route"), data.get("rule")
        self.outcomes.append(
            Bought(
                outcome.account,
                time,
                data["kind"],
                data.get("from"),
                data.get("to"),
                Revenue(Fraction(change["amount"]), change["currency"], "billing") if change else None,
                route["to"] if route else None,
            )
        )
        if rule is not None:
            self.rules[rule["id"]].attribute(outcome)

    def concluded(self, now: Mapping[str, Known]) -> Concluded:
        """Return the figures; `now` has every account of which a profile is kept."""
        for trigger, deeds in self._deeds.items():
            if trigger in self.triggers:
                self.rules[self.triggers[trigger].rule].deeds.update(deeds)
        for rule in self._withdrawn.values():
            self.rules[rule].withdrawn += 1
        self._deeds.clear()
        self._withdrawn.clear()
        changes = [signal for _, signal in sorted(self._changes, key=lambda change: change[0])]
        movements = [self._movement(signal) for signal in changes]
        starts = self._seats_at_start(now, changes)
        return Concluded(
            portfolio=self,
            now=now,
            revenues=net_revenues({account: known.revenue for account, known in now.items()}, movements),
            seats_at_start=sum(starts.values()),
        )

    def _movement(self, changed: Signal) -> Movement:
        before, after = (snapshot(changed.data.get(name)) for name in ("from", "to"))
        return Movement(
            changed.account,
            revenue_of(before, self._catalog),
            revenue_of(after, self._catalog),
            gone=after is None or after.status == _GONE,
        )

    def _seats_at_start(self, now: Mapping[str, Known], changes: list[Signal]) -> Mapping[str, int]:
        first: dict[str, Account | None] = {}
        for changed in changes:
            first.setdefault(changed.account, snapshot(changed.data.get("from")))
        starts = {account: known.seats for account, known in now.items() if account not in first}
        starts |= {account: seats_granted(self._catalog, each) for account, each in first.items() if each is not None}
        return {account: seats for account, seats in starts.items() if seats is not None}


@dataclass(frozen=True, slots=True)
class Concluded:
    """The figures of a portfolio; each property says how it is worked out."""

    portfolio: Portfolio
    now: Mapping[str, Known]
    revenues: NetRevenues
    seats_at_start: int

    def kinds(self) -> Mapping[str, tuple[int, int]]:
        """Return by kind of expansion how many signals and triggers there were."""
        signals, triggers = Counter[str](), Counter[str]()
        for kind, count in self.portfolio.signals.items():
            signals[KIND_OF[kind]] += count
        for sent in self.portfolio.triggers.values():
            triggers[KIND_OF[sent.type]] += 1
        return {kind: (signals[kind], triggers[kind]) for kind in dict.fromkeys(KIND_OF.values())}

    def families(self) -> Mapping[str, int]:
        """Return how many triggers there were of each family."""
        return Counter(KINDS[sent.type].family.name for sent in self.portfolio.triggers.values())

    def routes(self) -> Mapping[str, tuple[int, int]]:
        """Return by route how many triggers there were, and how much was bought after one."""
        sent = Counter(each.route for each in self.portfolio.triggers.values() if each.route)
        bought = Counter(each.route for each in self.expansions if each.route)
        return {route: (sent[route], bought[route]) for route in sorted({*sent, *bought})}

    @property
    def expansions(self) -> list[Bought]:
        """What was bought: plans, add-ons and seats."""
        return [each for each in self.portfolio.outcomes if each.kind in EXPANDING]

    def upgrades(self) -> int:
        """Return how often an account moved up to another plan."""
        return sum(each.kind == "upgrade" for each in self.portfolio.outcomes)

    def downgrades(self, plans: Mapping[str, object]) -> int:
        """Return how often an account went down to a lower plan."""
        return sum(
            each.kind == "contraction" and each.before in plans and each.after in plans
            for each in self.portfolio.outcomes
        )

    def eligible(self) -> int:
        """Return how many accounts could move up: sold to, with a higher plan; or they have."""
        moved = {each.account for each in self.portfolio.outcomes if each.kind == "upgrade"}
        return len({account for account, known in self.now.items() if known.sold_to and known.may_move_up} | moved)

    def days_to_first_expansion(self) -> int | None:
        """Return the median of the days from the first purchase to the first expansion, of those that had theirs."""
        first: dict[str, Instant] = {}
        for each in self.expansions:
            if each.account not in self.portfolio.earlier:
                first[each.account] = min(each.time, first.get(each.account, each.time))
        days = [
            (time - known.first_purchase) // DAY
            for account, time in first.items()
            if (known := self.now.get(account)) and known.first_purchase is not None
        ]
        return int(median(days)) if days else None

    def seats_added(self) -> int:
        """Return how many seats were bought more."""
        bought = (each for each in self.portfolio.outcomes if each.kind == "seats")
        return sum(int(each.after or 0) - int(each.before or 0) for each in bought)

    def bought(self) -> Mapping[str, list[Instant]]:
        """Return by account when it bought more."""
        times: defaultdict[str, list[Instant]] = defaultdict(list)
        for each in self.expansions:
            times[each.account].append(each.time)
        return times


def known_of(account: Account, catalog: Catalog) -> Known:
    """Return what the figures need of an account's profile."""
    plans = list(catalog.plans)
    return Known(
        revenue=revenue_of(account, catalog),
        sold_to=account.status in SOLD_TO,
        may_move_up=account.plan in plans[:-1],
        seats=seats_granted(catalog, account),
        first_purchase=account.first_purchase_at,
    )
