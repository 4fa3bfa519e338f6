"""The connection to Redis."""

from __future__ import annotations

from typing import TypeAlias

from redis.asyncio import Redis

Connection: TypeAlias = Redis
"""What stores are made with; who makes them need not know redis-py."""

_ANSWER_SECONDS = 5.0
"""A server that takes longer is away: the step is repeated."""


def connect(url: str) -> Connection:
    """Return a client; nothing is sent yet. Answers are bytes."""
    return Redis.from_url(url, socket_timeout=_ANSWER_SECONDS, socket_connect_timeout=_ANSWER_SECONDS)
