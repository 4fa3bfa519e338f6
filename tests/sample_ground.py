"""What decisions stand on in tests: a catalog in which every need has a step, and rules that nothing restrains."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from expansion_signals.decide.cases import Ground, Mutes
from expansion_signals.rules.loading import load
from sample_signals import NOW

if TYPE_CHECKING:
    from expansion_signals.rules.configuration import Configuration

CATALOG = """\
currency: USD
meters:
  api_calls: {event: expansion.usage.recorded.v1, where: {meter: api_calls}, aggregation: sum, value: value, unit: call}
  projects: {event: com.acme.project.created, aggregation: count, per: never, unit: project}
features:
  api_calls: {meter: api_calls}
  projects: {meter: projects}
  seats: {meter: seats}
  sso: {}
  audit_log: {}
plans:
  - {key: free, price: "0", includes: {api_calls: {limit: 1000}, projects: {limit: 10}, seats: {limit: 5}}}
  - {key: pro, price: "50", includes: {api_calls: {limit: 100000}, projects: {limit: 100}, seats: {limit: 10},
     sso: true}}
  - {key: enterprise, contact_sales: true, includes: {api_calls: unlimited, projects: unlimited, seats: unlimited,
     sso: true, audit_log: true}}
add_ons:
  - {key: extra-api, price: "20", adds: {api_calls: 50000}}
"""
RULES = """\
rules:
  - {id: api-quota, signal: limit_reached, meter: api_calls, at: [80%, 100%]}
  - {id: gates, signal: feature_gated, feature: "*"}
"""
UNRESTRAINED = "policy: {account_cap: 300 per 1h}\n"


@cache
def configuration(policy: str = UNRESTRAINED, rules: str = RULES, catalog: str = CATALOG) -> Configuration:
    """Return the configuration of these texts."""
    return load({"catalog.yaml": catalog, "rules.yaml": rules + policy})


def ground(now: int = NOW, *, policy: str = UNRESTRAINED, rules: str = RULES, mutes: Mutes | None = None) -> Ground:
    """Return what decisions stand on at an instant."""
    return Ground(configuration(policy, rules), mutes or Mutes({}), now)
