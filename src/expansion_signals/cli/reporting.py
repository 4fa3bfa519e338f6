"""Making the report: every profile from Redis, then what the audit topics tell."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from rich.console import Console

from expansion_signals.cli.portfolio import Portfolio, known_of
from expansion_signals.cli.reading_past import reading
from expansion_signals.cli.report_document import document_of
from expansion_signals.errors import RejectedRecord
from expansion_signals.rules.loading import load
from expansion_signals.state.connection import connect
from expansion_signals.state.deployment import Deployment
from expansion_signals.state.profiles import Profiles
from expansion_signals.state.scripts import Scripts
from expansion_signals.state.standing_deployment import standing_deployment
from expansion_signals.wire import audit, outcomes

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from expansion_signals.cli.portfolio import Known
    from expansion_signals.model.instants import Instant
    from expansion_signals.rules.configuration import Configuration
    from expansion_signals.settings import Settings


async def reported(settings: Settings, since: Instant) -> Mapping[str, Any]:
    """Return the report as a document.

    Raises:
        StateUnavailable, LogUnavailable: Redis or Kafka does not answer.
        RejectedState: there is no such deployment, or topics are missing.
    """
    configuration, known = await _accounts(settings)
    portfolio = Portfolio(configuration.catalog, since)
    unreadable = 0
    # Who had expanded before is told by outcomes alone: they are few, so all that are kept are read.
    earlier, lately = (outcomes.TOPIC,), [topic for topic in audit.TOPICS if topic != outcomes.TOPIC]
    for topics, begin in ((earlier, 0), (lately, since)):
        async with reading(settings, topics, begin) as batches:
            async for records in batches:
                for record in records:
                    try:
                        portfolio.take(audit.read(record))
                    except RejectedRecord:
                        unreadable += 1
    if unreadable:
        Console(stderr=True).print(f"{unreadable:,} records could not be read and are in no figure", style="yellow")
    return document_of(portfolio.concluded(known), configuration, time.time_ns() // 1_000)


async def _accounts(settings: Settings) -> tuple[Configuration, Mapping[str, Known]]:
    redis = connect(settings.redis.get_secret_value())
    try:
        deployment = await standing_deployment(Scripts(redis), settings.prefix)
        texts = await Deployment(redis, prefix=settings.prefix, shards=deployment.shards).texts(deployment.epoch)
        configuration = load(texts)
        known: dict[str, Known] = {}
        async for profiles in Profiles(redis, prefix=settings.prefix).all():
            for account, profile in profiles.items():
                known[account] = known_of(profile.account, configuration.catalog)
    finally:
        await redis.aclose()
    return configuration, known
