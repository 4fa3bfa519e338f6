"""A catalog with every way of charging, and signals of accounts on its plans: only what a case is about is named."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from expansion_signals.decide.recommendation import recommendation_for
from expansion_signals.model.accounts import Account
from expansion_signals.model.events import Evidence
from expansion_signals.model.instants import parse_instant
from expansion_signals.model.signals import Signal
from expansion_signals.rules.loading import load

if TYPE_CHECKING:
    from expansion_signals.decide.recommendation import Recommendation
    from expansion_signals.model.catalog import Catalog

MIDDLE = "2026-11-16T00:00:00Z"
"""15 of the 30 days of the period are left."""

PERIOD = {"start": "2026-11-01T00:00:00Z", "end": "2026-12-01T00:00:00Z"}

CATALOG = """
currency: USD
meters:
  api_calls: {event: expansion.usage.recorded.v1, aggregation: sum, value: value, unit: call}
  storage: {event: com.acme.stored, aggregation: sum, value: value, unit: GB, per: never, precision: 2}
  bursts: {event: com.acme.burst, aggregation: count, unit: burst, per: day}
  peak: {event: com.acme.peak, aggregation: max, value: value, unit: session}
features:
  api_calls: {meter: api_calls}
  storage: {meter: storage}
  bursts: {meter: bursts}
  peak: {meter: peak}
  seats: {meter: seats}
  sso: {}
  audit_log: {}
  analytics: {}
plans:
  - key: free
    price: "0"
    includes: {api_calls: {limit: 1000}, storage: {limit: 1}, bursts: {limit: 10}, seats: {limit: 3}}
  - key: team
    price: "50"
    seat_price: "12"
    includes:
      {api_calls: {limit: 5000}, storage: {limit: 10}, bursts: {limit: 100}, seats: {limit: 10}, analytics: true}
  - key: business
    price: "100"
    seat_price: {tiers: [{to: 52, price: "8"}, {to: 60, price: "5"}]}
    capacity: [{meter: api_calls, amount: 10000, price: "30"}]
    includes:
      api_calls: {limit: 20000, kind: soft, beyond: overage, unit_price: "0.005"}
      storage: {limit: 100, kind: soft, beyond: overage, unit_price: "0.5"}
      bursts: {limit: 1000}
      peak: {limit: 10}
      seats: {limit: 50}
      sso: true
      analytics: true
  - key: enterprise
    contact_sales: true
    includes:
      api_calls: unlimited
      storage: {limit: 5000}
      bursts: unlimited
      peak: {limit: 100}
      seats: unlimited
      sso: true
      audit_log: true
      analytics: true
add_ons:
  - {key: extra-api, price: "20", adds: {api_calls: 2000}}
"""


def sold(text: str = CATALOG) -> Catalog:
    """Return the catalog that this text means."""
    return load({"catalog.yaml": text, "rules.yaml": "rules: []"}).catalog


def account(plan: str = "free", **settings: object) -> Account:
    """Return an account whose periods are the months of the calendar, unless it says otherwise."""
    anchored = {"period": {"unit": "month", "anchor": "2026-11-01T00:00:00Z"}}
    return Account.model_validate({"version": 1, "plan": plan, **anchored, **settings})


def signal(kind: str, time: str = MIDDLE, **data: Any) -> Signal:  # noqa: ANN401 -- any JSON
    """Return a signal of this kind with this data."""
    evidence = Evidence("e-1", "/apps/web", parse_instant(time))
    return Signal("0" * 32, kind, "acct-1", evidence, {"rule": {"id": "r", "version": "v"}, **data})


def limit_reached(usage: str, meter: str = "api_calls", time: str = MIDDLE) -> Signal:
    """Return the signal that a limit was reached, of a meter that is counted per period or of a stock."""
    period = None if meter == "storage" else PERIOD
    return signal("limit.reached", time, meter=meter, usage=usage, period=period)


def offered(told: Signal, holder: Account | None, catalog: str = CATALOG, *, by_day: bool = False) -> Recommendation:
    """Return what is recommended on a signal to an account."""
    return recommendation_for(told, holder, sold(catalog), by_day=by_day)


def step(recommendation: Recommendation) -> tuple[str, str | None, int | None]:
    """Return kind, aim and quantity of a recommendation."""
    return recommendation.kind, recommendation.to, recommendation.quantity
