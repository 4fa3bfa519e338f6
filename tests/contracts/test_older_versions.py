"""What released versions left behind, state and records, is read by this one, which goes on where they stopped."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft7Validator

import left_behind
from expansion_signals.errors import RejectedState
from expansion_signals.sdk.recollection import TOPIC as MEMORY
from expansion_signals.sdk.recollection import Recollection, remembered
from expansion_signals.sdk.triggers import read
from expansion_signals.state.connection import connect
from expansion_signals.state.deployment import Deployment
from expansion_signals.state.inspection import Inspection
from expansion_signals.state.keys import STATE_FORMAT, deployment_key
from expansion_signals.wire.codec import CloudEventsCodec
from expansion_signals.wire.schema_files import schema_files
from expansion_signals.wire.topic_files import topics
from played_on_redis import DECIDED, SHARDS, SIGNALS, Log, PlayedOnRedis

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from expansion_signals.state.connection import Connection
    from left_behind import LeftBehind

TRIGGERS = "expansion-limit-reached"
MORNING = "2026-11-24T09:00:00Z"
"""Of the day after what was left behind; quiet hours are over."""


@pytest.fixture(scope="module", params=sorted(path.name for path in left_behind.FIXTURES.iterdir()))
def left(request: pytest.FixtureRequest) -> LeftBehind:
    return left_behind.by(request.param)


@pytest.fixture
async def client(redis_url: str) -> AsyncIterator[Connection]:
    client = connect(redis_url)
    yield client
    await client.aclose()


@pytest.fixture
async def played(left: LeftBehind, client: Connection, prefix: str) -> PlayedOnRedis:
    """This version, started on what was left behind, with the files of then."""
    await left.restore(client, prefix)
    log = Log(left.ends)
    log.now = left.now
    return await PlayedOnRedis.open(client, prefix, left.configuration, log)


def used(account: str, value: str, number: int) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": f"later-{number}",
        "source": "/fixtures",
        "type": "expansion.usage.recorded.v1",
        "subject": account,
        "time": MORNING,
        "datacontenttype": "application/json",
        "data": {"meter": "api_calls", "value": value},
    }


def of(played: PlayedOnRedis, account: str) -> list[tuple[str, list[str]]]:
    """Return usage and crossed thresholds of the account's triggers since."""
    events = [json.loads(record.value or b"") for record in played.log.records[TRIGGERS]]
    found = [event["data"] for event in events if event["subject"] == account]
    return [(data["usage"], [each["value"] for each in data["crossed"]]) for data in found]


async def test_reading_goes_on_where_it_stopped(left: LeftBehind, played: PlayedOnRedis) -> None:
    positions = {**played.metering.positions, **played.deciding.positions}
    assert {partition.topic: at for partition, at in positions.items()} == left.ends


async def test_a_record_that_was_counted_then_is_not_counted_again(left: LeftBehind, played: PlayedOnRedis) -> None:
    before = await played.tallies()
    for record in left.records:
        if record.topic in left.ends:
            await (played.deciding if record.topic in DECIDED else played.metering).absorb(record)
    assert (await played.tallies(), any(played.log.records.values())) == (before, False)


async def test_an_event_of_then_that_is_sent_again_is_a_duplicate(left: LeftBehind, played: PlayedOnRedis) -> None:
    before = (await played.tallies())["usage-events"].get("duplicate", 0)
    [again] = [record for record in left.records if b'"id":"reading-10:01"' in (record.value or b"")]
    await played.tell(json.loads(again.value or b""))
    assert (await played.tallies())["usage-events"]["duplicate"] == before + 1


async def test_counters_go_on_and_a_threshold_that_fired_does_not_fire_again(played: PlayedOnRedis) -> None:
    await played.tell(used("near", "100", 1))
    assert of(played, "near") == []
    await played.tell(used("near", "50", 2))
    assert of(played, "near") == [("1000", ["100"])]


async def test_what_was_held_fires_when_its_time_comes(played: PlayedOnRedis) -> None:
    await played.tell(used("near", "1", 1))
    assert of(played, "waiting") == [("850", ["80"])]


async def test_hours_of_an_account_that_was_not_known_are_judged_with_its_profile(played: PlayedOnRedis) -> None:
    profile = {"type": "expansion.account.updated.v1", "data": {"version": 1, "plan": "free"}}
    await played.tell(used("unknown", "0", 1) | profile, used("unknown", "793", 2))
    assert of(played, "unknown") == [("800", ["80"])]


async def test_an_account_is_shown_as_it_stood(played: PlayedOnRedis, client: Connection, prefix: str) -> None:
    del played
    stands = await Inspection(client, prefix=prefix).account("near", [])
    assert {counter.meter: level for counter, level in stands.levels.items()}["api_calls"] == 850


async def test_the_files_of_then_mean_what_they_meant(played: PlayedOnRedis, client: Connection, prefix: str) -> None:
    del played
    assert list(await Deployment(client, prefix=prefix, shards=SHARDS).history()) == [1]


def test_every_record_fulfils_the_schema_of_today(left: LeftBehind) -> None:
    versions = {(topic.name, kind): version for topic in topics() for kind, version in topic.versions.items()}
    broken = []
    for record in left.records:
        version = versions.get((record.topic, left_behind.type_of(record)))
        if version is not None:
            schema = json.loads((schema_files() / version.schema_path).read_text())
            data = json.loads(record.value or b"")["data"]
            broken += [
                f"{version.schema_path}: {problem.message}" for problem in Draft7Validator(schema).iter_errors(data)
            ]
    assert broken == []


def test_signals_and_decisions_are_read(left: LeftBehind) -> None:
    codec = CloudEventsCodec()
    told = [codec.read_signal(record).id for record in left.records if record.topic == SIGNALS]
    decided = [codec.read_decision(record) for record in left.records if record.topic == "expansion-decisions"]
    assert told
    assert decided


def test_triggers_are_handed_out_with_what_their_readers_use(left: LeftBehind) -> None:
    triggers = [read(record.value) for record in left.records if record.topic == TRIGGERS]
    assert {"limit.reached", "trigger.withdrawn"} == {trigger.type for trigger in triggers}


def test_what_a_subscriber_had_done_is_remembered(left: LeftBehind) -> None:
    recollection = Recollection()
    [record] = [record for record in left.records if record.topic == MEMORY]
    trigger = remembered(record.key, "mailer")
    recollection.learn(trigger or "", record.value)
    assert trigger in recollection


async def test_state_of_a_format_that_comes_later_is_left_alone(
    left: LeftBehind, client: Connection, prefix: str
) -> None:
    await left.restore(client, prefix)
    await client.hset(deployment_key(prefix), "format", STATE_FORMAT + 1)
    refused = rf"format {STATE_FORMAT + 1}, this worker knows .*run the version that wrote it"
    with pytest.raises(RejectedState, match=refused):
        await PlayedOnRedis.open(client, prefix, left.configuration, Log(left.ends))
