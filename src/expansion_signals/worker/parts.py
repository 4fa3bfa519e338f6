"""What the stages of a worker share, and what each of their readers has for itself."""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING

from expansion_signals.log.second_reader import SecondReader
from expansion_signals.model.instants import HOUR
from expansion_signals.pipeline.dead_letter_ratio import DeadLetterRatio
from expansion_signals.pipeline.deciding import PROMPT_EVENTS, Deciding, DecidingOutside
from expansion_signals.pipeline.decoding import ACCOUNT_UPDATES, USAGE_EVENTS
from expansion_signals.pipeline.metering import Metering, Outside
from expansion_signals.state.books import RedisBooks
from expansion_signals.state.due import RedisDue
from expansion_signals.state.expiry import RedisExpiry
from expansion_signals.state.janitor import Janitor
from expansion_signals.state.keys import shard_of
from expansion_signals.state.mutes import RedisMutes
from expansion_signals.state.policy import RedisPolicy
from expansion_signals.state.redis import RedisStore
from expansion_signals.state.shards import RedisShards
from expansion_signals.wire.pseudonyms import pseudonyms_of
from expansion_signals.worker.letter_gate import LetterGate
from expansion_signals.worker.rebuilding import SIGNALS, Rebuilding
from expansion_signals.worker.told_profiles import ProfileTellingCodec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expansion_signals.model.instants import Duration, Instant
    from expansion_signals.pipeline.epochs import Epochs
    from expansion_signals.pipeline.watermarks import Watermarks
    from expansion_signals.ports import Patience, Publisher
    from expansion_signals.settings import Settings
    from expansion_signals.state.connection import Connection
    from expansion_signals.worker.metrics import Metrics

READ_BY = {"metering": (USAGE_EVENTS, ACCOUNT_UPDATES), "deciding": (SIGNALS, PROMPT_EVENTS)}
"""The topics of each stage. Its group is `expansion-<stage>`."""


def clock() -> Instant:
    """Return the time now, in microseconds since the epoch."""
    return time.time_ns() // 1_000


def nonce() -> str:
    """Return a text that no other call has."""
    return secrets.token_hex(8)


class Parts:
    """Makes the parts of a worker, once it is connected."""

    def __init__(  # noqa: PLR0913 -- what all parts share
        self,
        settings: Settings,
        redis: Connection,
        epochs: Epochs,
        topic_names: Mapping[str, str],
        publisher: Publisher,
        *,
        metrics: Metrics,
    ) -> None:
        self._settings = settings
        self._redis = redis
        self._epochs = epochs
        self._publisher = publisher
        self._codec = ProfileTellingCodec(
            epochs,
            metrics,
            acceptance=self._settings.acceptance,
            prefix=settings.prefix,
            pseudonyms=pseudonyms_of(settings.user_key),
        )
        self.topic_names = topic_names
        self.shards = RedisShards(redis, prefix=settings.prefix, shards=settings.shards)

    @property
    def topics_have_ids(self) -> bool:
        """Whether the broker gives topics ids, so that one that was made anew is told from one that was cut."""
        prefix = self._settings.prefix
        return any(name != prefix + topic for topic, name in self.topic_names.items())

    @property
    def _window(self) -> Duration:
        return int(self._settings.deduplication_hours * HOUR)

    def store(self) -> RedisStore:
        """Return a store of its own: one belongs to one task."""
        settings = self._settings
        return RedisStore(
            self._redis,
            prefix=settings.prefix,
            shards=settings.shards,
            window=self._window,
            conflicts=settings.identity_conflicts,
        )

    def books(self) -> RedisBooks:
        """Return what reads the deployment's books."""
        return RedisBooks(self._redis, prefix=self._settings.prefix, shards=self._settings.shards)

    @property
    def publisher(self) -> Publisher:
        """What publishes without asking how many are dead letters."""
        return self._publisher

    def gate(self, publisher: Publisher) -> LetterGate:
        """Return a publisher of its own for a stage, with the ratio limit on its dead letters (semantics 10.3)."""
        settings = self._settings
        ratio = DeadLetterRatio(settings.dead_letter_ratio, settings.dead_letter_records)
        return LetterGate(publisher, ratio, prefix=settings.prefix)

    def metering(self, watermarks: Watermarks, patience: Patience, epochs: Epochs, publisher: Publisher) -> Metering:
        """Return a metering with these watermarks, which publishes so."""
        settings, store = self._settings, self.store()
        outside = Outside(
            store,
            store,
            self._expiry(),
            self._codec,
            publisher,
            epochs,
            patience,
            clock,
            nonce,
            self._shard_of,
            RedisDue(self._redis, prefix=settings.prefix, shards=settings.shards),
        )
        return Metering(outside, watermarks, acceptance=self._settings.acceptance)

    def deciding(self, watermarks: Watermarks, patience: Patience, epochs: Epochs, publisher: Publisher) -> Deciding:
        """Return a deciding with these watermarks, which publishes so."""
        policy = RedisPolicy(self._redis, prefix=self._settings.prefix, shards=self._settings.shards)
        outside = DecidingOutside(
            self.store(),
            policy,
            RedisMutes(self._redis, prefix=self._settings.prefix),
            self._codec,
            publisher,
            epochs,
            patience,
            clock,
            nonce,
            self._shard_of,
        )
        return Deciding(outside, watermarks)

    def rebuilding(self, patience: Patience) -> Rebuilding:
        """Return what makes lost shards anew."""
        return Rebuilding(
            self.second_reader,
            self._codec,
            self.shards,
            self._epochs,
            self.topic_names,
            shard_of=self._shard_of,
            clock=clock,
            nonce=nonce,
            patience=patience,
        )

    def second_reader(self, topics: tuple[str, ...]) -> SecondReader:
        """Return a reader of these topics beside the group's."""
        settings = self._settings
        return SecondReader(
            settings.kafka,
            topics,
            clock,
            prefix=settings.prefix,
            poll_records=settings.poll_records,
            fetch_wait_seconds=settings.fetch_wait_seconds,
            security=settings.security,
        )

    def _expiry(self) -> RedisExpiry:
        prefix, shards = self._settings.prefix, self._settings.shards
        janitor = Janitor(
            self._redis,
            prefix=prefix,
            acceptance=self._settings.acceptance,
            metered=[self.topic_names[topic] for topic in READ_BY["metering"]],
            decided=[self.topic_names[topic] for topic in READ_BY["deciding"]],
        )
        return RedisExpiry(self._redis, prefix=prefix, shards=shards, window=self._window, janitor=janitor)

    def _shard_of(self, account: str) -> int:
        return shard_of(account, self._settings.shards)
