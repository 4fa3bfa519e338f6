"""The composition root: settings become two stages, once Redis and Kafka are there."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from typing import TYPE_CHECKING, NamedTuple

from expansion_signals.errors import RejectedState
from expansion_signals.log.batch_reader import BatchLogReader
from expansion_signals.log.publisher import LogPublisher
from expansion_signals.log.topics import topic_ids
from expansion_signals.model.instants import HOUR
from expansion_signals.pipeline.deciding import Deciding, DecidingOutside
from expansion_signals.pipeline.decoding import ACCOUNT_UPDATES, USAGE_EVENTS
from expansion_signals.pipeline.epochs import Epochs
from expansion_signals.pipeline.metering import Metering, Outside
from expansion_signals.pipeline.watermarks import Watermarks
from expansion_signals.state.deployment import Deployment
from expansion_signals.state.expiry import RedisExpiry
from expansion_signals.state.keys import shard_of
from expansion_signals.state.policy import RedisPolicy
from expansion_signals.state.redis import RedisStore
from expansion_signals.wire.codec import CloudEventsCodec
from expansion_signals.wire.topic_files import topics
from expansion_signals.worker.metrics import CountingPublisher
from expansion_signals.worker.patience import InPlace
from expansion_signals.worker.stage import Resuming, Stage
from expansion_signals.worker.status import StageStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from expansion_signals.model.instants import Instant
    from expansion_signals.rules.configuration import Configuration
    from expansion_signals.settings import Settings
    from expansion_signals.state.connection import Connection
    from expansion_signals.worker.metrics import Metrics
    from expansion_signals.worker.stage import Absorber
    from expansion_signals.worker.status import Status

METERING_GROUP, METERED = "expansion-metering", (USAGE_EVENTS, ACCOUNT_UPDATES)
DECIDING_GROUP, DECIDED = "expansion-deciding", ("expansion-signals",)

log = logging.getLogger(__name__)


def clock() -> Instant:
    """Return the time now, in microseconds since the epoch."""
    return time.time_ns() // 1_000


def nonce() -> str:
    """Return a text that no other call has."""
    return secrets.token_hex(8)


class Assembled(NamedTuple):
    """The parts that are run and closed."""

    stages: tuple[Stage, ...]
    store: RedisStore
    publisher: LogPublisher
    topic_names: Mapping[str, str]


class Assembly:
    """Puts a worker together. `force` accepts a configuration that a later one has replaced."""

    def __init__(
        self, settings: Settings, configuration: Configuration, status: Status, metrics: Metrics, *, force: bool = False
    ) -> None:
        self._settings = settings
        self._configuration = configuration
        self._status = status
        self._metrics = metrics
        self._force = force

    async def assemble(self, redis: Connection) -> Assembled:
        """Wait for Redis and Kafka, then return the stages, not yet running.

        Raises:
            RejectedState: what they hold does not fit, or the configuration was replaced by a later one.
        """
        settings = self._settings
        starting = InPlace(self._tell_start)
        deployment = Deployment(redis, prefix=settings.prefix, shards=settings.shards)
        await starting(deployment.open)
        epochs = await self._epochs(deployment, starting)
        topic_names = await starting(self._topic_names)
        publisher = LogPublisher(settings.kafka, prefix=settings.prefix)
        await starting(publisher.start)
        window = int(settings.deduplication_hours * HOUR)
        store = RedisStore(
            redis,
            prefix=settings.prefix,
            shards=settings.shards,
            window=window,
            conflicts=settings.identity_conflicts,
        )
        expiry = RedisExpiry(redis, prefix=settings.prefix, shards=settings.shards, window=window)
        counting = CountingPublisher(publisher, self._metrics)
        policy = RedisPolicy(redis, prefix=settings.prefix, shards=settings.shards)
        codec = CloudEventsCodec(acceptance=int(settings.acceptance_hours * HOUR), prefix=settings.prefix)

        def shard(account: str) -> int:
            return shard_of(account, settings.shards)

        def metering(watermarks: Watermarks, patience: InPlace) -> Absorber:
            outside = Outside(store, store, expiry, codec, counting, epochs, patience, clock, nonce, shard)
            return Metering(outside, watermarks, acceptance=int(settings.acceptance_hours * HOUR))

        def deciding(watermarks: Watermarks, patience: InPlace) -> Absorber:
            outside = DecidingOutside(store, policy, codec, counting, epochs, patience, clock, nonce, shard)
            return Deciding(outside, watermarks)

        stages = (
            self._stage("metering", METERING_GROUP, METERED, Watermarks(store, topic_names), metering),
            self._stage("deciding", DECIDING_GROUP, DECIDED, Watermarks(store, topic_names), deciding),
        )
        self._status.start = None
        log.info("started; /healthz, /readyz and /metrics are on %s", settings.http)
        return Assembled(stages, store, publisher, topic_names)

    def _stage(
        self,
        name: str,
        group: str,
        topics: tuple[str, ...],
        watermarks: Watermarks,
        absorber: Callable[[Watermarks, InPlace], Absorber],
    ) -> Stage:
        settings = self._settings
        status = self._status.stages[name] = StageStatus()
        reader = BatchLogReader(
            settings.kafka,
            group,
            topics,
            Resuming(watermarks, status),
            clock,
            prefix=settings.prefix,
            poll_records=settings.poll_records,
            session_timeout_seconds=settings.session_timeout_seconds,
            fetch_wait_seconds=settings.fetch_wait_seconds,
        )

        def tell(waits_for: str | None) -> None:
            status.waits_for = waits_for

        patience = InPlace(tell, reader.paused)
        # A reader that cannot poll has nothing to stay a member with.
        return Stage(
            reader,
            absorber(watermarks, patience),
            polling=InPlace(tell),
            patience=patience,
            status=status,
            clock=clock,
        )

    async def _epochs(self, deployment: Deployment, starting: InPlace) -> Epochs:
        accepted = await starting(deployment.accept, self._configuration, force=self._force)
        if accepted.epoch != accepted.in_force:
            raise RejectedState(
                f"the configuration in {self._settings.config} is epoch {accepted.epoch}; it was replaced by epoch "
                f"{accepted.in_force}, under which the state is judged. Start with the newer files, or go back to these"
                " for all workers: expansion-signals worker --accept"
            )
        log.info("configuration epoch %d (%s)", accepted.epoch, self._configuration.fingerprint[:12])
        self._status.epochs = epochs = Epochs(deployment, accepted.epoch, self._configuration)
        return epochs

    async def _topic_names(self) -> Mapping[str, str]:
        """Return each topic's name in the state: its id where the broker gives one, else its name.

        Raises:
            RejectedState: topics are missing, be it those that are read or those that are written.
        """
        prefix = self._settings.prefix
        names = [prefix + topic.name for topic in topics()]
        ids = await asyncio.to_thread(topic_ids, self._settings.kafka, names)
        return {name.removeprefix(prefix): ids[name] or name for name in names}

    def _tell_start(self, waits_for: str | None) -> None:
        self._status.start = waits_for or "starting"
