"""A whole examination: everything that can be looked at is, whatever else is away or wrong."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from expansion_signals.checks.configuration_in_force import judge_epoch, judge_files, judge_problems
from expansion_signals.checks.deployment_cut import judge_deployment, judge_topic_names
from expansion_signals.checks.findings import error
from expansion_signals.checks.shards_standing import judge_shards
from expansion_signals.checks.worker_pages import judge_pages
from expansion_signals.configuration_files import read_directory
from expansion_signals.doctor.foundations import FoundLog, kafka_findings, redis_findings
from expansion_signals.doctor.readiness_page import readiness
from expansion_signals.doctor.work_at_hand import work_findings
from expansion_signals.errors import Rejected, RejectedConfiguration, Retryable
from expansion_signals.rules.loading import load
from expansion_signals.state.connection import connect
from expansion_signals.state.keys import STATE_FORMAT
from expansion_signals.state.scripts import Scripts
from expansion_signals.state.shards import RedisShards
from expansion_signals.state.standing_deployment import deployment_fields
from expansion_signals.wire.pseudonyms import fingerprint, pseudonyms_of
from expansion_signals.wire.topic_files import topics

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence

    from expansion_signals.checks.findings import Finding
    from expansion_signals.model.instants import Instant
    from expansion_signals.model.shards import ShardStanding
    from expansion_signals.settings import Settings
    from expansion_signals.state.connection import Connection

    Answer = TypeVar("Answer")


class FoundState(NamedTuple):
    """What is found about Redis and what it holds; `stands` are the fields of the deployment, None where not known."""

    servers: Sequence[Finding]
    state: Sequence[Finding]
    stands: Mapping[str, str] | None
    shards: Mapping[int, ShardStanding]


async def examine(settings: Settings, clock: Callable[[], Instant]) -> Mapping[str, Sequence[Finding]]:
    """Return every finding, by what it is about; nothing is written anywhere."""
    state, kafka, said = await asyncio.gather(
        _state(settings, clock), _kafka(settings, clock), asyncio.to_thread(readiness, settings.http)
    )
    work: list[Finding] = []
    if kafka.standing is not None:
        asking = work_findings(settings, kafka.standing, state.stands or {}, state.shards, clock())
        told, away = await _asked(settings.kafka, asking)
        work = [*(told or ()), *away]
    return {
        "Redis": state.servers,
        "Kafka and settings": kafka.findings,
        "Configuration": list(_configuration(settings, state.stands)),
        "State": [*state.state, *_topic_names(settings, kafka, state.stands or {})],
        "Work": [*judge_pages(settings.http, said), *work],
    }


async def _state(settings: Settings, clock: Callable[[], Instant]) -> FoundState:
    redis = connect(settings.redis.get_secret_value())
    try:
        servers, away = await _asked("Redis", redis_findings(settings, redis, clock))
        if servers is None:
            return FoundState(away, [], None, {})
        stands, unread = await _asked("Redis", deployment_fields(Scripts(redis), settings.prefix))
        if stands is None:
            return FoundState(servers, unread, None, {})
        people = fingerprint(pseudonyms_of(settings.user_key))
        cut = judge_deployment(
            stands, settings.prefix, shards=settings.shards, state_format=STATE_FORMAT, people=people
        )
        shards, more = await _shards(settings, redis, stands, clock())
        return FoundState(servers, [*cut, *more], stands, shards)
    finally:
        await redis.aclose()


async def _shards(
    settings: Settings, redis: Connection, stands: Mapping[str, str], now: Instant
) -> tuple[Mapping[int, ShardStanding], Sequence[Finding]]:
    if "complete" not in stands or int(stands.get("format", STATE_FORMAT)) != STATE_FORMAT:
        return {}, []
    number = int(stands["shards"])
    standing, unread = await _asked("Redis", RedisShards(redis, prefix=settings.prefix, shards=number).standing())
    if standing is None:
        return {}, unread
    return standing, list(judge_shards(standing, number, now))


async def _kafka(settings: Settings, clock: Callable[[], Instant]) -> FoundLog:
    found, away = await _asked(settings.kafka, kafka_findings(settings, clock))
    return FoundLog(away, None) if found is None else found


def _configuration(settings: Settings, stands: Mapping[str, str] | None) -> Iterator[Finding]:
    directory = str(settings.config)
    try:
        configuration = load(read_directory(settings.config))
    except RejectedConfiguration as rejected:
        yield from judge_problems(rejected.problems)
        return
    yield from judge_files(directory, configuration.warnings)
    if stands is not None:
        yield from judge_epoch(directory, configuration.fingerprint, stands)


def _topic_names(settings: Settings, kafka: FoundLog, stands: Mapping[str, str]) -> Iterator[Finding]:
    if kafka.standing is None:
        return
    found = {topic.name: kafka.standing.topics.get(settings.prefix + topic.name) for topic in topics()}
    names = {
        topic: standing.topic_id or settings.prefix + topic for topic, standing in found.items() if standing is not None
    }
    yield from judge_topic_names(stands, names)


async def _asked(where: str, asking: Awaitable[Answer]) -> tuple[Answer | None, list[Finding]]:
    """Return the answer; where there is none, why."""
    try:
        return await asking, []
    except Retryable as away:
        return None, [error(where, str(away), "start it, or name another; workers wait until it answers")]
    except Rejected as refused:
        return None, [error(where, str(refused), "see docs/operations.md")]
