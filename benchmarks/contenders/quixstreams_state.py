"""Quix Streams: everything an account needs is in its own state store (RocksDB, with a changelog topic)."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any

from pydantic import ValidationError
from quixstreams import Application, State
from usage import DEAD_LETTERS, EVENTS, KAFKA, PREFIX, TRIGGERS, Usage, crossed, trigger

REMEMBERED = timedelta(hours=24)

app = Application(
    broker_address=KAFKA,
    consumer_group=f"{PREFIX}quixstreams",
    auto_offset_reset="earliest",
    commit_interval=1.0,
    state_dir=os.environ["BENCH_STATE"],
    loglevel="WARNING",
)
events = app.topic(EVENTS, key_deserializer="str", value_deserializer="bytes")
triggers = app.topic(TRIGGERS, key_serializer="str", value_serializer="bytes")
dead_letters = app.topic(DEAD_LETTERS, key_serializer="str", value_serializer="bytes")


def read(value: bytes) -> Usage | bytes:
    """Return the event, or the bytes themselves if they are none."""
    try:
        return Usage.model_validate_json(value)
    except ValidationError:
        return value


def count(usage: Usage, state: State) -> list[bytes]:
    """Count what is not counted yet, and return a trigger for each threshold that it passes for the first time."""
    identity = f"seen:{usage.source}:{usage.id}"
    if state.exists(identity):
        return []
    state.set(identity, 1, ttl=REMEMBERED)
    meter, value, month = usage.data.meter, usage.data.value, usage.month
    level = add(state, f"month:{month}:{meter}", value)
    add(state, f"day:{usage.day}:{meter}", value)
    user = f"user:{month}:{usage.data.user}"
    if not state.exists(user):
        state.set(user, 1)
        add(state, f"users:{month}", 1)
    return [
        trigger(usage, threshold, level)
        for threshold in crossed(usage, level - value, level)
        if first_time(state, f"fired:{month}:{meter}:{threshold}")
    ]


def add(state: State, counter: str, value: int) -> int:
    """Add to a counter, and return its level."""
    level: int = state.get(counter, 0) + value
    state.set(counter, level)
    return level


def first_time(state: State, mark: str) -> bool:
    """Leave a mark; say whether there was none."""
    if state.exists(mark):
        return False
    state.set(mark, 1)
    return True


def is_usage(read_as: Any) -> bool:  # noqa: ANN401 -- one of two, as `read` says
    """Tell an event from bytes that are none."""
    return isinstance(read_as, Usage)


def main() -> None:
    """Read until SIGTERM."""
    records = app.dataframe(events).apply(read)
    records.filter(lambda read_as: not is_usage(read_as)).to_topic(dead_letters)
    records.filter(is_usage).apply(count, stateful=True, expand=True).to_topic(triggers)
    app.run()


if __name__ == "__main__":
    main()
