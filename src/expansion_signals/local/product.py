"""A simulated product: what its apps would put on the log, in the order in which they would.

Same seed, same start: the same records. It behaves like the real thing: days (of 20 seconds) with their rhythm,
retries that send an event twice, some with another time on it, events that come late, some that are broken. It refuses
what goes past a hard limit, and some customers who meet one upgrade.
"""

from __future__ import annotations

import heapq
import math
import random
from decimal import Decimal
from itertools import accumulate, count
from typing import TYPE_CHECKING, NamedTuple

from expansion_signals.local.customers import Customer, Habit, entitlement_to, found_customers, habits_of
from expansion_signals.local.deeds import Deeds
from expansion_signals.local.envelopes import Emission, binary, spoiled, structured, uuid7
from expansion_signals.local.history import days_before
from expansion_signals.model.events import ACCOUNT_UPDATED, BUILT_IN_PREFIX, LIMIT_HIT, USAGE_RECORDED
from expansion_signals.model.instants import MINUTE, SECOND, format_instant
from expansion_signals.sdk.envelope import ACCOUNT_UPDATES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from expansion_signals.model.catalog import Catalog
    from expansion_signals.model.instants import Instant
    from expansion_signals.model.records import Outgoing

SOURCE = "/apps/web"
BILLING = "/billing"

DAY_LENGTH = 20.0
"""Seconds of a compressed day."""

_RHYTHM = 0.6
_RETRIED = 0.02
_RESTAMPED = 0.5
_LATE = 0.015
_SPOILED = 0.006
_WITHOUT_KEY = 0.01
_UPGRADES = 0.3
_OVERAGE = 0.03
"""Past a soft limit, where each unit costs, customers go on this much slower."""

_OF_PEOPLE = 0.06
"""Of all events, the share that is no metered usage but something else that people do."""

_TEAM, _REFUSALS = 5, 3
"""Of the account that becomes a lead: its people, and how often they are refused."""

_COMPLAINS = 0.2
"""Of all refused actions, the share that the app reports."""


class Sending(NamedTuple):
    """A record and the instant it is sent at; `event` is the id inside, even where the record is broken."""

    due: Instant
    event: str
    record: Outgoing


class Product:
    """The product and its customers as of now: `days_before` is what they used until yesterday.

    `rate` is events a second, on average over a day. Meters that sum or count are used, those that take a maximum,
    distinct values or a last value are not.
    """

    def __init__(self, catalog: Catalog, *, seed: int, now: Instant, rate: float = 300.0, accounts: int = 240) -> None:
        self._catalog = catalog
        self._chance = random.Random(seed)  # noqa: S311 -- a simulation wants the same numbers again
        self._founded = now
        self._customers = found_customers(catalog, accounts, now, self._chance)
        self._habits = habits_of(catalog, self._customers, rate, self._chance)
        self.days_before = days_before(catalog, self._habits, now, self._chance)
        self._deeds = Deeds(catalog, self._chance)
        self._binary = {customer.account for customer in self._customers if customer.binary}
        self._rate = sum(habit.events_per_second for habit in self._habits)
        self._later: list[tuple[Instant, int, Sending]] = []
        self._order = count()

    def profiles(self) -> Sequence[Sending]:
        """Return what tells of each account, due at once."""
        return [self._account_update(customer, customer.plan, self._founded) for customer in self._customers]

    def sendings(self, started: Instant) -> Iterator[Sending]:
        """Yield for ever what the product emits from then on, in the order of `due`."""
        weights = list(accumulate(habit.events_per_second for habit in self._habits))
        seconds = 0.0
        self._let_one_ripen(started)
        while True:
            daylight = 1 + _RHYTHM * math.sin(2 * math.pi * seconds / DAY_LENGTH)
            seconds += self._chance.expovariate(self._rate * daylight)
            now = started + int(seconds * SECOND)
            while self._later and self._later[0][0] <= now:
                yield heapq.heappop(self._later)[2]
            habit = self._chance.choices(self._habits, cum_weights=weights)[0]
            event = self._deed(habit, now) if self._chance.random() < _OF_PEOPLE else self._event(habit, now)
            if event is not None:
                yield from self._sent(event, now)

    def _let_one_ripen(self, started: Instant) -> None:
        """Have a team of five come to the cheapest plan in the first seconds, and be refused at its limit: a lead."""
        customer = next(each for each in self._customers if each.plan == next(iter(self._catalog.plans)))
        meter = next(iter(self._catalog.meters.values()))
        team = [f"{customer.account}-{number}" for number in range(_TEAM)]
        came = [(f"{BUILT_IN_PREFIX}user.active.v1", {"user": user}) for user in team]
        refused = [(LIMIT_HIT, {"meter": meter.key, "user": user}) for user in team[:_REFUSALS]]
        for number, (kind, data) in enumerate([*came, *refused], start=1):
            event = self._emission(customer, kind, started + number * SECOND, data)
            self._postpone(Sending(event.time, event.id, structured(event)))

    def _deed(self, habit: Habit, now: Instant) -> Emission:
        habit.customer.settle(now)
        deed = self._deeds.draw(habit.customer)
        return self._emission(habit.customer, deed.type, now, deed.data)

    def _event(self, habit: Habit, now: Instant) -> Emission | None:
        """Return what this use of the product emits: usage, a refusal at a hard limit, or nothing."""
        customer, meter = habit.customer, habit.meter
        customer.settle(now)
        used = customer.used.get(meter.key, Decimal())
        right = entitlement_to(self._catalog, customer.plan, meter)
        limit = right.limit if right is not None else None
        amount = self._amount(habit, haste=_OVERAGE if limit is not None and used >= limit else 1.0)
        if right is not None and limit is not None and right.kind == "hard" and used + amount >= limit:
            self._consider_upgrade(customer, now)
            # The last use is cut to what is left, so that usage stands at exactly 100 % and goes no further.
            amount = limit - used
            if amount <= 0:
                return self._refusal(customer, meter.where.get("meter", meter.key), now)
        customer.used[meter.key] = used + amount
        user = self._chance.choice(customer.users)
        if meter.event == USAGE_RECORDED:
            return self._emission(customer, USAGE_RECORDED, now, {**meter.where, "value": str(amount), "user": user})
        own = {**meter.where, "user": user}
        if meter.value is not None and meter.aggregation == "sum":
            own[meter.value] = str(amount)
        return self._emission(customer, meter.event, now, own)

    def _amount(self, habit: Habit, haste: float) -> Decimal:
        if habit.meter.aggregation == "count":
            return Decimal(1)
        smallest = Decimal(1).scaleb(-habit.meter.precision)
        return max(Decimal(habit.amount * haste * self._chance.uniform(0.5, 1.5)).quantize(smallest), smallest)

    def _refusal(self, customer: Customer, meter: str, now: Instant) -> Emission | None:
        if self._chance.random() >= _COMPLAINS:
            return None
        return self._emission(customer, LIMIT_HIT, now, {"meter": meter, "user": self._chance.choice(customer.users)})

    def _consider_upgrade(self, customer: Customer, now: Instant) -> None:
        plans = list(self._catalog.plans)
        higher = plans[plans.index(customer.plan) + 1 :]
        if customer.has_considered or not higher:
            return
        customer.has_considered = True
        if self._chance.random() < _UPGRADES:
            paid = now + self._chance.randint(2, 6) * SECOND
            customer.version, customer.upgrade = customer.version + 1, (paid, higher[0])
            self._postpone(self._account_update(customer, higher[0], paid))

    def _account_update(self, customer: Customer, plan: str, due: Instant) -> Sending:
        snapshot = {
            "version": customer.version,
            "plan": plan,
            "period": {"unit": "month", "anchor": format_instant(customer.anchor)},
            "members": list(customer.users),
        }
        event = self._emission(customer, ACCOUNT_UPDATED, due, snapshot)._replace(source=BILLING)
        return Sending(due, event.id, structured(event, ACCOUNT_UPDATES))

    def _emission(self, customer: Customer, kind: str, now: Instant, data: Mapping[str, object]) -> Emission:
        return Emission(uuid7(now, self._chance), SOURCE, kind, customer.account, now, data)

    def _sent(self, event: Emission, now: Instant) -> Iterator[Sending]:
        """Yield the event as it goes out now; what a lossy world makes of it later is kept for then."""
        if self._chance.random() < _LATE:
            event = event._replace(time=now - self._chance.randint(2 * MINUTE, 40 * MINUTE))
        write = binary if event.account in self._binary else structured
        record = write(event)
        if self._chance.random() < _WITHOUT_KEY:
            record = record._replace(key=None)
        yield Sending(now, event.id, record)
        if self._chance.random() < _RETRIED:
            again = now + self._chance.randint(SECOND // 5, 4 * SECOND)
            restamped = event._replace(time=again) if self._chance.random() < _RESTAMPED else event
            self._postpone(Sending(again, event.id, write(restamped)))
        if self._chance.random() < _SPOILED:
            broken = event._replace(id=uuid7(now, self._chance))
            yield Sending(now, broken.id, spoiled(broken, self._chance))

    def _postpone(self, sending: Sending) -> None:
        heapq.heappush(self._later, (sending.due, next(self._order), sending))
