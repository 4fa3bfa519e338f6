"""A stock Faust agent: `async for`, one event after another, each counted in Redis before the next is looked at."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import faust
from pydantic import ValidationError
from redis_counting import connect, count
from usage import DEAD_LETTERS, EVENTS, KAFKA, PREFIX, TRIGGERS, Usage, trigger

if TYPE_CHECKING:
    from faust import Stream

app = faust.App(
    f"{PREFIX}faust",
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
    """Count each event; what goes on to the next has acknowledged this one."""
    async for value in stream:
        try:
            usage = Usage.model_validate_json(value)
        except ValidationError:
            await (await dead_letters.send(value=value))
            continue
        for _, threshold, level in await count(redis, [usage]):
            await (await triggers.send(key=usage.subject.encode(), value=trigger(usage, threshold, level)))


if __name__ == "__main__":
    app.main()
