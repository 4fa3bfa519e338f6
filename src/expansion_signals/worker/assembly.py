"""The composition root: settings become two stages, each with a second reader, once Redis and Kafka are there."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, NamedTuple

from expansion_signals.configuration_files import revision_of
from expansion_signals.errors import RejectedState
from expansion_signals.log.batch_reader import BatchLogReader
from expansion_signals.log.publisher import LogPublisher
from expansion_signals.log.topics import topic_ids
from expansion_signals.pipeline.epochs import Epochs
from expansion_signals.pipeline.serving import AllButLate
from expansion_signals.pipeline.watermarks import Watermarks
from expansion_signals.state.deployment import Deployment, Origin
from expansion_signals.wire.pseudonyms import fingerprint, pseudonyms_of
from expansion_signals.wire.topic_files import topics
from expansion_signals.worker.accepting_log import accept_log
from expansion_signals.worker.bringing_up import BringingUp
from expansion_signals.worker.counting import CountingPublisher
from expansion_signals.worker.holding import Holding
from expansion_signals.worker.measured import Measured
from expansion_signals.worker.origins import Origins
from expansion_signals.worker.parts import READ_BY, Parts, clock, nonce
from expansion_signals.worker.passing_on import PassingOn
from expansion_signals.worker.patience import InPlace
from expansion_signals.worker.reloading import Reloading
from expansion_signals.worker.stage import Resuming, Stage
from expansion_signals.worker.standing_ground import look_at_ground
from expansion_signals.worker.status import StageStatus
from expansion_signals.worker.timed import Timed
from expansion_signals.worker.topic_watch import TopicWatch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from expansion_signals.ports import Patience, Publisher
    from expansion_signals.rules.configuration import Configuration
    from expansion_signals.settings import Settings
    from expansion_signals.state.books import RedisBooks
    from expansion_signals.state.connection import Connection
    from expansion_signals.worker.metrics import Metrics
    from expansion_signals.worker.rebuilding import Rebuilding
    from expansion_signals.worker.stage import Absorber, Running
    from expansion_signals.worker.status import Status
    from expansion_signals.worker.traces import Traces

log = logging.getLogger(__name__)


class Assembled(NamedTuple):
    """The parts that are run and closed."""

    stages: tuple[Running, ...]
    reloading: Reloading
    books: RedisBooks
    publisher: LogPublisher
    topic_names: Mapping[str, str]


class Assembly:
    """Puts a worker together, and once more where Redis has lost everything.

    `force` accepts a configuration that a later one has replaced, `accept_log` a log that does not fit the state.
    """

    def __init__(  # noqa: PLR0913 -- what was asked for on the command line, and what tells of the worker
        self,
        settings: Settings,
        configuration: Configuration,
        status: Status,
        metrics: Metrics,
        traces: Traces,
        *,
        force: bool = False,
        accept_log: bool = False,
    ) -> None:
        self._settings = settings
        self._configuration = configuration
        self._status = status
        self._metrics = metrics
        self._traces = traces
        self._force = force
        self._accept_log = accept_log
        self._looked = False

    async def assemble(self, redis: Connection) -> Assembled:
        """Wait for Redis and Kafka, then return the stages, not yet running.

        Raises:
            RejectedState: what they hold does not fit, or the configuration was replaced by a later one.
        """
        settings = self._settings
        starting = InPlace(self._tell_start)
        if not self._looked:
            await starting(look_at_ground, settings, redis, clock)
            self._looked = True  # once: a Redis that is empty is the one that was looked at
        people = fingerprint(pseudonyms_of(settings.user_key))
        deployment = Deployment(redis, prefix=settings.prefix, shards=settings.shards, people=people)
        whole = await starting(deployment.check)
        epochs = await self._epochs(deployment, starting)
        topic_names = await starting(self._topic_names)
        await starting(deployment.recognise, topic_names, accept=self._accept_log)
        publisher = LogPublisher(settings.kafka, prefix=settings.prefix, security=settings.security)
        await starting(publisher.start)
        counting = CountingPublisher(publisher, self._metrics)
        parts = Parts(settings, redis, epochs, topic_names, counting, metrics=self._metrics)
        rebuilding = parts.rebuilding(starting)
        standing = await starting(parts.shards.standing)
        if not whole or not standing:
            # New, or lost whole: the log tells which. What stands already is left as it is.
            await rebuilding.rebuild(set(range(settings.shards)) - standing.keys(), late=False)
            await starting(deployment.open)
        if self._accept_log:
            await accept_log(parts, rebuilding, starting)
            self._accept_log = False  # once: what is lost later is not what was looked at

        reloading = Reloading(
            settings.config,
            self._configuration,
            deployment,
            epochs,
            patience=InPlace(_tell_nobody),
            status=self._status,
        )

        async def look() -> None:
            await deployment.recognise(await self._topic_names())

        stages = (
            *self._stage("metering", parts, parts.metering, epochs, rebuilding),
            *self._stage("deciding", parts, parts.deciding, epochs, None),
            TopicWatch(look),
            reloading,
        )
        self._status.start = None
        log.info("started; /healthz, /readyz and /metrics are on %s", settings.http)
        return Assembled(stages, reloading, parts.books(), publisher, topic_names)

    def _stage(
        self,
        name: str,
        parts: Parts,
        absorber: Callable[[Watermarks, Patience, Epochs, Publisher], Absorber],
        epochs: Epochs,
        rebuilding: Rebuilding | None,
    ) -> tuple[Stage, BringingUp]:
        """Return the stage, and what brings up the shards that it passes by."""
        settings, topics = self._settings, READ_BY[name]
        status = self._status.stages[name] = StageStatus()
        watermarks = Watermarks(AllButLate(parts.shards, name), parts.topic_names)
        reader = BatchLogReader(
            settings.kafka,
            f"expansion-{name}",
            topics,
            Resuming(watermarks, status),
            clock,
            prefix=settings.prefix,
            poll_records=settings.poll_records,
            session_timeout_seconds=settings.session_timeout_seconds,
            fetch_wait_seconds=settings.fetch_wait_seconds,
            security=settings.security,
        )

        def tell(waits_for: str | None) -> None:
            status.waits_for = waits_for

        steps = self._metrics.steps
        patience = Timed(InPlace(tell, reader.paused), lambda step, seconds: steps.labels(name, step).observe(seconds))
        origins, traces = Origins(), self._traces.stage(name)
        gate = parts.gate(PassingOn(parts.publisher, origins, traces, self._metrics, clock))
        measured = Measured(absorber(watermarks, patience, epochs, gate), name, origins, traces, self._metrics)
        stage = Stage(
            reader,
            Holding(measured, gate, reader, status),
            # A reader that cannot poll has nothing to stay a member with.
            polling=InPlace(tell),
            patience=patience,
            status=status,
            clock=clock,
        )
        # The stage's own reader tells what is waited for; a second one meets the same.
        beside = InPlace(_tell_nobody)
        bringing_up = BringingUp(
            name,
            parts.shards,
            settings.shards,
            topic_names=parts.topic_names,
            reader=lambda: parts.second_reader(topics),
            # What it reads was judged before, most of it: an old spell of dead letters must not hold what is made anew.
            absorber=lambda watermarks: absorber(watermarks, beside, epochs.beside(), parts.publisher),
            rebuilding=rebuilding,
            patience=beside,
            status=status,
            holder=nonce(),
        )
        return stage, bringing_up

    async def _epochs(self, deployment: Deployment, starting: InPlace) -> Epochs:
        origin = Origin(clock(), revision_of(self._settings.config))
        accepted = await starting(deployment.accept, self._configuration, force=self._force, origin=origin)
        if accepted.epoch != accepted.in_force:
            raise RejectedState(
                f"the configuration in {self._settings.config} is epoch {accepted.epoch}; it was replaced by epoch "
                f"{accepted.in_force}, under which the state is judged. Start with the newer files, or go back to these"
                " for all workers: expansion-signals worker --accept"
            )
        log.info(
            "configuration epoch %d (%s)",
            accepted.epoch,
            self._configuration.fingerprint[:12],
            extra={"epoch": accepted.epoch},
        )
        self._status.epochs = epochs = Epochs(deployment, accepted.epoch, self._configuration)
        return epochs

    async def _topic_names(self) -> Mapping[str, str]:
        """Return each topic's name in the state: its id where the broker gives one, else its name.

        Raises:
            RejectedState: topics are missing, be it those that a worker reads or those that it writes.
        """
        prefix = self._settings.prefix
        names = [prefix + topic.name for topic in topics() if topic.is_of_a_worker]
        ids = await asyncio.to_thread(topic_ids, self._settings.kafka, names, self._settings.security)
        return {name.removeprefix(prefix): ids[name] or name for name in names}

    def _tell_start(self, waits_for: str | None) -> None:
        self._status.start = waits_for or "starting"


def _tell_nobody(waits_for: str | None) -> None:
    """Let a wait go untold."""
