"""The customers of the simulated product: who they are, what they pay for, and how fast they use it up."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from expansion_signals.model.instants import DAY
from expansion_signals.rules.built_in import SEATS

if TYPE_CHECKING:
    import random
    from decimal import Decimal

    from expansion_signals.model.catalog import Catalog, Entitlement, Meter
    from expansion_signals.model.instants import Instant

SHARE_IN_A_RUSH = 0.06
"""Of all habits, this share uses up its limit within seconds instead of within an hour."""

_RUSH = (3.0, 90.0)
_LEISURE = (600.0, 6_000.0)
_FASTEST_COUNT = 5.0
"""Events a second of one customer for a meter that counts events: people do not click faster."""

_UNHURRIED_COUNT = 0.02
_MOST_USERS = 8
_STEPS_TO_A_LIMIT = 10
"""No limit is reached in a single leap."""

_NAMES = (
    "acorn",
    "birch",
    "cedar",
    "delta",
    "ember",
    "fjord",
    "grove",
    "harbor",
    "indigo",
    "juniper",
    "karst",
    "lumen",
    "meadow",
    "nimbus",
    "orchid",
    "pebble",
    "quartz",
    "raven",
    "summit",
    "tundra",
    "umber",
    "vertex",
    "willow",
    "zephyr",
)


@dataclass
class Customer:
    """One account of the product.

    `used` is the product's own count, by which it refuses what goes past hard limits. `upgrade` is the plan bought
    and the instant from which it holds.
    """

    account: str
    plan: str
    anchor: Instant
    users: tuple[str, ...]
    binary: bool
    version: int = 1
    upgrade: tuple[Instant, str] | None = None
    has_considered: bool = False
    used: dict[str, Decimal] = field(default_factory=dict)

    def settle(self, now: Instant) -> None:
        """Move to the plan that was bought, once it holds."""
        if self.upgrade is not None and now >= self.upgrade[0]:
            self.plan, self.upgrade = self.upgrade[1], None


@dataclass
class Habit:
    """How one customer uses one meter: `pace` units a second, in so many events."""

    customer: Customer
    meter: Meter
    events_per_second: float
    pace: float

    @property
    def amount(self) -> float:
        """Units of one event, on average."""
        return self.pace / self.events_per_second


def found_customers(catalog: Catalog, count: int, started: Instant, chance: random.Random) -> list[Customer]:
    """Return customers spread over the plans; the cheaper the plan, the more of them."""
    plans = list(catalog.plans)
    weights = [2.0**-place for place in range(len(plans))]
    return [
        _customer(number, chance.choices(plans, weights)[0], catalog, started, chance) for number in range(1, count + 1)
    ]


def _customer(number: int, plan: str, catalog: Catalog, started: Instant, chance: random.Random) -> Customer:
    return Customer(
        account=f"{_NAMES[number % len(_NAMES)]}-{number:03d}",
        plan=plan,
        # Between two and fourteen days ago: no period begins while the demo runs, nor just before.
        anchor=started // DAY * DAY - chance.randint(2, 14) * DAY,
        users=tuple(f"u-{number:03d}-{user}" for user in range(chance.randint(1, _most_users(catalog, plan)))),
        binary=chance.random() < 0.3,  # noqa: PLR2004 -- some apps use the binary form of CloudEvents
    )


def _most_users(catalog: Catalog, plan: str) -> int:
    """Return how many people a customer begins with at the most: as many as the plan has seats for."""
    seats = next((key for key, feature in catalog.features.items() if feature.meter == SEATS), None)
    right = catalog.plans[plan].includes.get(seats or "")
    return _MOST_USERS if right is None or right.limit is None else min(_MOST_USERS, max(1, int(right.limit)))


def habits_of(catalog: Catalog, customers: list[Customer], rate: float, chance: random.Random) -> list[Habit]:
    """Return what all customers do; together about `rate` events a second."""
    habits = [
        _habit(customer, meter, entitlement_to(catalog, customer.plan, meter), place, chance)
        for customer in customers
        for place, meter in enumerate(_sold(catalog))
    ]
    counted = sum(habit.events_per_second for habit in habits if habit.meter.aggregation == "count")
    summed = sum(habit.events_per_second for habit in habits if habit.meter.aggregation == "sum")
    # Meters that sum can spread the same usage over more or fewer events; those that count cannot.
    factor = max(rate - counted, rate / 2) / summed if summed else 1.0
    for habit in habits:
        if habit.meter.aggregation == "sum":
            habit.events_per_second *= factor
    return habits


def entitlement_to(catalog: Catalog, plan: str, meter: Meter) -> Entitlement | None:
    """Return the plan's right to the feature that this meter measures, or None where it has none."""
    features = {feature.key for feature in catalog.features.values() if feature.meter == meter.key}
    return next((right for key, right in catalog.plans[plan].includes.items() if key in features), None)


def _sold(catalog: Catalog) -> list[Meter]:
    measured = {feature.meter for feature in catalog.features.values()}
    return [
        meter for meter in catalog.meters.values() if meter.key in measured and meter.aggregation in ("sum", "count")
    ]


def _habit(customer: Customer, meter: Meter, right: Entitlement | None, place: int, chance: random.Random) -> Habit:
    limit = float(right.limit) if right is not None and right.limit is not None else None
    used_up_in = chance.uniform(*(_RUSH if chance.random() < SHARE_IN_A_RUSH else _LEISURE))
    pace = limit / used_up_in if limit is not None else chance.uniform(0.5, 50.0)
    if meter.aggregation == "count":
        pace = min(pace, _FASTEST_COUNT) if limit is not None else _UNHURRIED_COUNT
        return Habit(customer, meter, pace, pace)
    often = max(chance.lognormvariate(0, 0.5) / (1 + 4 * place), _STEPS_TO_A_LIMIT / used_up_in)
    return Habit(customer, meter, often, pace)
