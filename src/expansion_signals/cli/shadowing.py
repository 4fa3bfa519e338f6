"""Reading what rules that are tried out have left on their topic, as the report of a backtest tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Console

from expansion_signals.cli.backtest_document import came_of
from expansion_signals.cli.played import Played
from expansion_signals.cli.reading_past import reading
from expansion_signals.model.records import Outgoing
from expansion_signals.wire.shadow import TOPIC

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expansion_signals.model.instants import Instant
    from expansion_signals.settings import Settings


async def tried_out(settings: Settings, since: Instant, now: Instant) -> Mapping[str, Any]:
    """Return the report of what was appended there since then.

    Raises:
        LogUnavailable: Kafka does not answer.
        RejectedState: the topic is missing.
    """
    played, unreadable = Played(since=since, until=now), 0
    async with reading(settings, (TOPIC,), since) as batches:
        async for records in batches:
            for topic, partition, offset, key, value, headers, _ in records:
                try:
                    played.take(Outgoing(topic, key, value, headers), f"{topic}/{partition}@{offset}")
                except (KeyError, TypeError, ValueError):  # anyone with the rights may write there
                    unreadable += 1
                else:
                    played.records["read"] += 1
    if unreadable:
        Console(stderr=True).print(f"{unreadable:,} records could not be read and are in no figure", style="yellow")
    return came_of(settings.prefix + TOPIC, played)
