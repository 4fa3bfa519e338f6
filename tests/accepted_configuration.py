"""A deployment with an accepted configuration in a real Redis, as a worker's start leaves it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.rules.loading import load
from expansion_signals.state.connection import connect
from expansion_signals.state.deployment import Deployment

if TYPE_CHECKING:
    from collections.abc import Mapping

SHARDS = 4
CATALOG = """
currency: USD
meters:
  api_calls:
    {event: expansion.usage.recorded.v1, where: {meter: api_calls}, aggregation: sum, value: value, unit: call}
  storage:
    {event: expansion.usage.recorded.v1, where: {meter: storage}, aggregation: sum, value: value, per: never, unit: GB}
features:
  api_calls: {meter: api_calls}
  storage: {meter: storage}
plans:
  - {key: free, price: "0", includes: {api_calls: {limit: 1000}, storage: {limit: 2}}}
  - {key: pro, price: "49", includes: {api_calls: {limit: 20000}, storage: {limit: 50}}}
"""
RULES = """
rules:
  - {id: api-quota, signal: limit_reached, meter: api_calls, at: [80%, 100%]}
  - {id: storage-full, signal: limit_reached, meter: storage, at: [80%]}
"""
TEXTS = {"catalog.yaml": CATALOG, "rules.yaml": RULES}


async def accept(redis_url: str, prefix: str, texts: Mapping[str, str] = TEXTS) -> int:
    """Open the deployment and accept these texts; return their epoch."""
    redis = connect(redis_url)
    try:
        deployment = Deployment(redis, prefix=prefix, shards=SHARDS)
        await deployment.open()
        return (await deployment.accept(load(texts))).epoch
    finally:
        await redis.aclose()
