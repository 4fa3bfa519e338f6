"""A small product's catalog and rules as files, and a pipeline in memory under them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.testing import Pipeline

if TYPE_CHECKING:
    from datetime import timedelta
    from pathlib import Path

CATALOG = """
currency: USD
meters:
  api_calls:
    {event: expansion.usage.recorded.v1, where: {meter: api_calls}, aggregation: sum, value: value, unit: call,
     precision: 1}
  projects: {event: com.acme.project.created, aggregation: count, per: never, unit: project}
features: {api_calls: {meter: api_calls}, seats: {meter: seats}, sso: {}}
plans:
  - {key: free, price: "0", includes: {api_calls: {limit: 1000}, seats: {limit: 3}}}
  - {key: pro, price: "49", includes: {api_calls: {limit: 20000}, seats: {limit: 10}, sso: true}}
  - {key: enterprise, contact_sales: true, includes: {api_calls: unlimited, seats: unlimited, sso: true}}
"""
RULES = """
rules:
  - {id: api-quota, signal: limit_reached, meter: api_calls, at: [80%, 100%, every 500 after 100%]}
  - {id: few-left, signal: limit_reached, meter: api_calls, at: [50 remaining, 1200], shadow: true}
  - {id: gates, signal: feature_gated, feature: "*", attempts: 3, users: 2, within: 14d}
  - {id: seat-invite, signal: seat_limit_invited}
  - {id: first-projects, signal: milestone, meter: projects, at: [2, 5]}
  - {id: growing, signal: usage_accelerated, meter: api_calls}
  - {id: off, signal: cancel_requested, enabled: false}
"""


def configured(directory: Path, rules: str = RULES) -> Path:
    """Return a directory with the product's catalog and these rules."""
    (directory / "catalog.yaml").write_text(CATALOG)
    (directory / "rules.yaml").write_text(rules)
    return directory


def pipeline_in(directory: Path, rules: str = RULES, **options: timedelta) -> Pipeline:
    """Return a pipeline under the product's catalog and these rules."""
    return Pipeline(configured(directory, rules), **options)
