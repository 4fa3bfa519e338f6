"""A Faust agent that takes up to 500 events at a time, and counts them in Redis in one go."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

import faust
from pydantic import ValidationError
from redis_counting import connect, count
from usage import DEAD_LETTERS, EVENTS, KAFKA, PREFIX, TRIGGERS, Usage, trigger

if TYPE_CHECKING:
    from faust import Stream

TAKEN, WITHIN_SECONDS = 500, 0.5

app = faust.App(
    f"{PREFIX}faust_take",
    broker=f"kafka://{KAFKA}",
    broker_commit_interval=1.0,
    consumer_auto_offset_reset="earliest",
    topic_disable_leader=True,
    datadir=os.environ["BENCH_STATE"],
)
events = app.topic(EVENTS, key_serializer="raw", value_serializer="raw")
triggers = app.topic(TRIGGERS, key_serializer="raw", value_serializer="raw")
dead_letters = app.topic(DEAD_LETTERS, key_serializer="raw", value_serializer="raw")
redis = connect()


@app.agent(events)
async def meter(stream: Stream[bytes]) -> None:
    """Count what was taken; what goes on to the next has acknowledged all of it."""
    async for values in stream.take(TAKEN, within=WITHIN_SECONDS):
        usages, told = [], []
        for value in values:
            try:
                usages.append(Usage.model_validate_json(value))
            except ValidationError:
                told.append(await dead_letters.send(value=value))
        for usage, threshold, level in await count(redis, usages):
            told.append(await triggers.send(key=usage.subject.encode(), value=trigger(usage, threshold, level)))
        await asyncio.gather(*told)


if __name__ == "__main__":
    app.main()
