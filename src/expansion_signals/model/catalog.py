"""The catalog: meters, features and plans, in order from the cheapest (`catalog.yaml`)."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

Aggregation = Literal["sum", "count", "max", "unique", "latest"]
Per = Literal["period", "day", "hour", "never"]
LimitKind = Literal["hard", "soft"]
Beyond = Literal["overage", "grace", "upgrade"]


@dataclass(frozen=True, slots=True)
class Meter:
    """What is counted: an event type, which of its events (`where`), and how (`aggregation` of the property `value`).

    `precision` is the number of digits after the point that are counted; `per` says what a level is counted per
    (semantics 2.3): its default is `period`, for `latest` it is `never`.
    """

    key: str
    event: str
    aggregation: Aggregation
    unit: str
    value: str | None = None
    where: Mapping[str, str] = field(default_factory=dict)
    per: Per = "period"
    precision: int = 0
    dimensions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Feature:
    """Something a plan may include: metered if it names a meter, boolean if not."""

    key: str
    meter: str | None = None


@dataclass(frozen=True, slots=True)
class Entitlement:
    """A plan's right to a feature. `limit` is None where it is unlimited or the feature is boolean."""

    limit: Decimal | None = None
    kind: LimitKind = "hard"
    beyond: Beyond | None = None
    unit_price: Decimal | None = None


@dataclass(frozen=True, slots=True)
class SeatTier:
    """Seats up to and including number `to` cost `price` each; `to` None is the last tier."""

    to: int | None
    price: Decimal


@dataclass(frozen=True, slots=True)
class SeatPrice:
    """How a plan charges seats: `tiers` (one tier without end is a flat price), or `bundle` seats for `price`."""

    tiers: tuple[SeatTier, ...] = ()
    bundle: int | None = None
    price: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Capacity:
    """Pre-purchased capacity: `amount` of a meter for `price`."""

    meter: str
    amount: Decimal
    price: Decimal


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan; `price` is None where only sales can say it (`contact_sales`)."""

    key: str
    includes: Mapping[str, Entitlement]
    price: Decimal | None = None
    price_per: Literal["month", "year"] = "month"
    contact_sales: bool = False
    seat_price: SeatPrice | None = None
    capacity: tuple[Capacity, ...] = ()


@dataclass(frozen=True, slots=True)
class AddOn:
    """An add-on: how much it adds to the limit of each metered feature, once per piece bought."""

    key: str
    adds: Mapping[str, Decimal]
    price: Decimal | None = None
    price_per: Literal["month", "year"] = "month"


@dataclass(frozen=True)
class Catalog:
    """Everything sold. `plans` stand in the order of the file: cheapest first."""

    currency: str
    meters: Mapping[str, Meter]
    features: Mapping[str, Feature]
    plans: Mapping[str, Plan]
    add_ons: Mapping[str, AddOn]

    def __hash__(self) -> int:
        """Hash the names of what it sells: what stands in it are mappings, which have no hash."""
        return self._hash

    @cached_property
    def _hash(self) -> int:
        return hash((self.currency, *self.meters, *self.plans, *self.add_ons))

    @cached_property
    def features_by_meter(self) -> Mapping[str, str]:
        """The metered feature that measures each meter; of several the first."""
        features = reversed(list(self.features.values()))
        return {feature.meter: feature.key for feature in features if feature.meter is not None}
