"""Which dead letters were replayed: so that none is replayed twice unless somebody asks for it (decision 0032).

A sorted set of the deployment: a digest of the letter, by when it was replayed (s). It is kept in Redis alone: where
Redis has lost it, what is replayed once more is a duplicate.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

from expansion_signals.model.instants import DAY, SECOND
from expansion_signals.state.keys import replayed_key
from expansion_signals.state.scripts import Scripts

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from expansion_signals.model.instants import Instant
    from expansion_signals.state.connection import Connection

KEPT = 60 * DAY
"""Twice as long as dead letters are: what is on the topic is remembered here."""

_DIGEST_BYTES = 12


def digest(place: str, key: bytes | None, value: bytes | None) -> str:
    """Return what stands for a dead letter: where its record stood, and what it held.

    The bytes are in it because a topic that is made anew gives the same places to other records.
    """
    hashed = blake2b(digest_size=_DIGEST_BYTES)
    for part in (place.encode(), key, value):
        hashed.update(b"-" if part is None else b"%d:" % len(part) + part)
    return hashed.hexdigest()


class RedisReplayed:
    """What was replayed in one deployment."""

    def __init__(self, client: Connection, *, prefix: str) -> None:
        self._scripts = Scripts(client)
        self._key = replayed_key(prefix)

    async def among(self, digests: Sequence[str]) -> Collection[str]:
        """Return those of these letters that were replayed."""
        asked = [("ZSCORE", self._key, each) for each in digests]
        scores = await self._scripts.commands(asked, "what was replayed") if asked else []
        return {each for each, score in zip(digests, scores, strict=True) if score is not None}

    async def note(self, digests: Sequence[str], now: Instant) -> None:
        """Note that these letters are replayed; forget what is older than any dead letter."""
        if not digests:
            return
        scores = [part for each in digests for part in (str(now // SECOND), each)]
        oldest = f"({(now - KEPT) // SECOND}"
        noted = [("ZADD", self._key, *scores), ("ZREMRANGEBYSCORE", self._key, "-inf", oldest)]
        await self._scripts.commands(noted, "what was replayed")
