"""`account show` run as an operator runs it, on state that metering has made in a real Redis."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from itertools import count
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from expansion_signals.decide.decided import Entry, Key, Reservation, ShardReservation
from expansion_signals.local.redis import free_port
from expansion_signals.model.events import ACCOUNT_UPDATED, USAGE_RECORDED
from expansion_signals.model.instants import DAY, HOUR, day_of, format_instant
from expansion_signals.model.records import Outgoing, Partition, Poll, Record
from expansion_signals.pipeline.epochs import Epochs
from expansion_signals.pipeline.metering import Metering, Outside
from expansion_signals.pipeline.serving import AllButLate
from expansion_signals.pipeline.watermarks import Watermarks
from expansion_signals.rules.loading import load
from expansion_signals.state.connection import connect
from expansion_signals.state.deployment import Deployment
from expansion_signals.state.due import RedisDue
from expansion_signals.state.expiry import RedisExpiry
from expansion_signals.state.janitor import Janitor
from expansion_signals.state.keys import ShardKeys, shard_keys, shard_of
from expansion_signals.state.policy import RedisPolicy
from expansion_signals.state.redis import RedisStore
from expansion_signals.state.shards import RedisShards
from expansion_signals.wire.codec import CloudEventsCodec
from kept_state import TOPICS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

    from expansion_signals.ports import Answered, Asked
    from expansion_signals.state.connection import Connection

    Run: TypeAlias = Callable[..., subprocess.CompletedProcess[str]]

SHARDS = 4
USAGE, UPDATES = Partition("usage-events", 0), Partition("account-updates", 0)
NOW = time.time_ns() // 1_000
ANCHOR = NOW // DAY * DAY - 10 * DAY

CATALOG = """
currency: USD
meters:
  api_calls:
    {event: expansion.usage.recorded.v1, where: {meter: api_calls}, aggregation: sum, value: value, unit: call}
  storage:
    event: expansion.usage.recorded.v1
    where: {meter: storage}
    aggregation: sum
    value: value
    per: never
    precision: 3
    unit: GB
  exports: {event: com.acme.report.exported, aggregation: count, unit: export}
features:
  api_calls: {meter: api_calls}
  storage: {meter: storage}
  exports: {meter: exports}
plans:
  - key: free
    price: "0"
    includes: {api_calls: {limit: 1000}, storage: {limit: 2, kind: soft}, exports: {limit: 10}}
"""
RULES = """
rules:
  - {id: api-quota, signal: limit_reached, meter: api_calls, at: [80%, 100%, every 500 after 100%]}
  - {id: storage-full, signal: limit_reached, meter: storage, at: [80%]}
"""
TEXTS = {"catalog.yaml": CATALOG, "rules.yaml": RULES}


class _Taking:
    """A publisher that acknowledges everything."""

    async def publish(self, records: Sequence[Outgoing]) -> Sequence[int]:
        del records
        return ()


async def _at_once(
    step: Callable[Asked, Awaitable[Answered]], *arguments: Asked.args, **named: Asked.kwargs
) -> Answered:
    return await step(*arguments, **named)


class Product:
    """A product app and the worker that counts what it sends, without a log between them."""

    def __init__(self, redis: Connection, prefix: str) -> None:
        self.redis = redis
        self.prefix = prefix
        self._offsets = {USAGE: 0, UPDATES: 0}
        self._ids = count()
        self._metering: Metering | None = None

    async def accept(self, rules: str = RULES) -> None:
        deployment = Deployment(self.redis, prefix=self.prefix, shards=SHARDS)
        await deployment.open()
        configuration = load(TEXTS | {"rules.yaml": rules})
        epochs = Epochs(deployment, (await deployment.accept(configuration)).epoch, configuration)
        store = RedisStore(self.redis, prefix=self.prefix, shards=SHARDS, window=DAY)
        shards = RedisShards(self.redis, prefix=self.prefix, shards=SHARDS)
        watermarks = Watermarks(AllButLate(shards, "metering"), {each.topic: each.topic for each in self._offsets})
        await watermarks.resume(self._offsets, dict.fromkeys(self._offsets, 0), self._offsets)
        outside = Outside(
            store=store,
            accounts=store,
            expiry=RedisExpiry(
                self.redis,
                prefix=self.prefix,
                shards=SHARDS,
                window=DAY,
                janitor=Janitor(self.redis, prefix=self.prefix, **TOPICS, acceptance=35 * DAY),
            ),
            codec=CloudEventsCodec(acceptance=35 * DAY),
            publisher=_Taking(),
            epochs=epochs,
            patience=_at_once,
            clock=lambda: NOW,
            nonce=lambda: f"n{next(self._ids)}",
            shard_of=lambda account: shard_of(account, SHARDS),
            due=RedisDue(self.redis, prefix=self.prefix, shards=SHARDS),
        )
        self._metering = Metering(outside, watermarks, acceptance=35 * DAY)

    async def profile(self, account: str, **snapshot: str) -> None:
        period = {"unit": "month", "anchor": format_instant(ANCHOR)}
        content = {"version": 1, "plan": "free", "period": period} | snapshot
        await self._send(UPDATES, account, {"type": ACCOUNT_UPDATED, "time": format_instant(NOW), "data": content})

    async def use(self, account: str, value: str, *, meter: str = "api_calls", at: int = NOW) -> None:
        content = {"meter": meter, "value": value}
        await self._send(USAGE, account, {"type": USAGE_RECORDED, "time": format_instant(at), "data": content})

    async def _send(self, partition: Partition, account: str, what: dict[str, Any]) -> None:
        offset = self._offsets[partition]
        event = {"specversion": "1.0", "id": f"e{next(self._ids)}", "source": "/app", "subject": account} | what
        value = json.dumps(event).encode()
        record = Record(*partition, offset, account.encode(), value, (), NOW)
        first = dict(self._offsets)
        self._offsets[partition] = offset + 1
        assert self._metering is not None
        await self._metering.absorb(Poll([record], first, dict(self._offsets), 1))


@pytest.fixture
async def product(redis_url: str, prefix: str) -> AsyncIterator[Product]:
    redis = connect(redis_url)
    product = Product(redis, prefix)
    await product.accept()
    yield product
    await redis.aclose()


@pytest.fixture
def run(redis_url: str, prefix: str) -> Run:
    def run(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        given = {"EXPANSION_SIGNALS_REDIS": redis_url, "EXPANSION_SIGNALS_PREFIX": prefix} | settings
        return subprocess.run(
            [sys.executable, "-m", "expansion_signals", "account", "show", *arguments],
            env=os.environ | given | {"COLUMNS": "80"},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    return run


async def test_usage_is_told_against_the_limit(product: Product, run: Run) -> None:
    await product.profile("acct-1")
    await product.use("acct-1", "850")
    assert "api_calls  850 of 1,000 calls (85 %), 150 left, hard limit" in run("acct-1").stdout


async def test_what_fired_and_what_is_armed_is_told_in_words(product: Product, run: Run) -> None:
    await product.profile("acct-1")
    await product.use("acct-1", "850")
    lines = [line.strip() for line in run("acct-1").stdout.splitlines()]
    assert lines[lines.index("rule api-quota") + 1 :][:3] == [
        "80%                   fired at 800 (generation 1); armed again below 750",
        "100%                  armed: fires at 1,000, 150 to go",
        "every 500 after 100%  armed: fires at 1,500, 650 to go",
    ]


async def test_json_has_the_same_as_decimal_strings(product: Product, run: Run) -> None:
    await product.profile("acct-1")
    await product.use("acct-1", "1.7", meter="storage")
    [_, storage, _] = json.loads(run("acct-1", "--json").stdout)["counters"]
    names = ("usage", "limit", "limit_kind", "utilization", "remaining", "overage", "period", "feature")
    assert [storage[name] for name in names] == ["1.7", "2", "soft", "0.85", "0.3", "0", None, "storage"]


async def test_json_names_the_state_of_each_threshold(product: Product, run: Run) -> None:
    await product.profile("acct-1")
    await product.use("acct-1", "1600")
    thresholds = json.loads(run("acct-1", "--json").stdout)["counters"][0]["thresholds"]
    assert [(each["written"], each["state"], each["at"], each["reached"], each["to_go"]) for each in thresholds] == [
        ("80%", "fired", "800", None, None),
        ("100%", "fired", "1000", None, None),
        ("every 500 after 100%", "fired", "2000", "1500", "400"),
    ]


async def test_json_tells_between_which_levels_nothing_is_looked_at(product: Product, run: Run) -> None:
    await product.profile("acct-1")
    await product.use("acct-1", "850")
    counter = json.loads(run("acct-1", "--json").stdout)["counters"][0]
    assert counter["guard"] == {"epoch": 1, "low": "750", "high": "1000"}


async def test_a_threshold_that_late_use_passed_is_already_past(product: Product, run: Run) -> None:
    await product.profile("acct-1")
    await product.use("acct-1", "850", at=NOW - 5 * HOUR)
    assert "80%                   already past 800 (late, backfill, or a new" in run("acct-1").stdout


async def test_the_days_of_use_are_told_by_their_dates(product: Product, run: Run) -> None:
    await product.profile("acct-1")
    await product.use("acct-1", "30", at=NOW - 3 * DAY)
    await product.use("acct-1", "12")
    days = json.loads(run("acct-1", "--json", "--days", "5").stdout)["counters"][0]["days"]
    used = {each["day"]: each["value"] for each in days if each["value"] != "0"}
    assert used == {_date(day_of(NOW) - 3): "30", _date(day_of(NOW)): "12"}


async def test_an_earlier_period_is_told_in_short(product: Product, run: Run) -> None:
    await product.profile("acct-1")
    await product.use("acct-1", "40", at=ANCHOR - HOUR)
    [earlier] = json.loads(run("acct-1", "--json").stdout)["other_counters"]
    assert (earlier["usage"], earlier["period"]["end"]) == ("40", format_instant(ANCHOR))


async def test_an_account_without_a_profile_is_counted_by_the_hour(product: Product, run: Run) -> None:
    await product.use("acct-2", "70")
    hour = format_instant(NOW // HOUR * HOUR)
    shown = json.loads(run("acct-2", "--json").stdout)
    assert (shown["known"], shown["hours"]) == (
        False,
        [{"meter": "api_calls", "unit": "call", "usage": "70", "since": hour}],
    )


async def test_an_account_without_a_profile_is_told_how_to_send_one(product: Product, run: Run) -> None:
    await product.use("acct-2", "70")
    assert "expansion-signals emit acct-2 --type expansion.account.updated.v1" in run("acct-2").stdout


async def test_a_plan_that_the_catalog_does_not_know_is_told(product: Product, run: Run) -> None:
    await product.profile("acct-1", plan="gold")
    assert "The catalog does not know the plan gold" in run("acct-1").stdout


async def test_a_profile_that_was_taken_away_leaves_the_counters(product: Product, run: Run) -> None:
    await product.profile("acct-1")
    await product.use("acct-1", "5", meter="storage")
    await product.redis.delete(_keys(product, "acct-1").profile("acct-1"))
    assert "Its profile was taken away" in run("acct-1").stdout


async def test_the_words_are_those_of_the_configuration_in_force(product: Product, run: Run) -> None:
    await product.profile("acct-1")
    await product.use("acct-1", "600")
    await product.accept(RULES.replace("at: [80%, 100%,", "at: [50%, 80%, 100%,"))
    assert "50%                   reached; judged with the next event" in run("acct-1").stdout


async def test_facts_that_nobody_has_judged_are_told(product: Product, run: Run) -> None:
    await product.profile("acct-1")
    await product.use("acct-1", "600")
    await product.redis.hincrby(_keys(product, "acct-1").account("acct-1"), "q", 2)
    assert "2 facts wait to be judged and published" in run("acct-1").stdout


async def test_decisions_are_counted_by_verdict(product: Product, run: Run) -> None:
    await product.profile("acct-1")
    fired, suppressed = (Entry(verdict, "0a1b2c3d", "s/0/1", NOW + DAY) for verdict in ("fired", "suppressed"))
    policy = RedisPolicy(product.redis, prefix=product.prefix, shards=SHARDS)
    added = {Key("a"): fired, Key("b"): fired, Key("c"): suppressed}
    await policy.reserve([ShardReservation(shard_of("acct-1", SHARDS), {}, [Reservation("acct-1", 0, added)])])
    assert json.loads(run("acct-1", "--json").stdout)["decided"] == {"fired": 2, "suppressed": 1}


async def test_no_line_is_wider_than_80_columns(product: Product, run: Run) -> None:
    await product.profile("acct-1")
    await product.use("acct-1", "1600")
    await product.use("acct-1", "40", at=ANCHOR - HOUR)
    assert max(map(len, run("acct-1").stdout.splitlines())) <= 80


@pytest.mark.usefixtures("product")
def test_an_account_of_which_nothing_is_kept_is_told_with_1(run: Run) -> None:
    failed = run("acct-9")
    assert (failed.returncode, failed.stdout, "nothing is kept of account 'acct-9'" in failed.stderr) == (1, "", True)


def test_a_prefix_under_which_no_worker_has_started_is_told_with_1(run: Run) -> None:
    failed = run("acct-1", EXPANSION_SIGNALS_PREFIX="elsewhere-")
    assert (failed.returncode, "check EXPANSION_SIGNALS_REDIS and" in failed.stderr) == (1, True)


def test_a_redis_that_is_away_is_told_with_1(run: Run) -> None:
    failed = run("acct-1", EXPANSION_SIGNALS_REDIS=f"redis://127.0.0.1:{free_port()}/0")
    assert (failed.returncode, failed.stderr.count("\n")) == (1, 1)


async def test_a_look_changes_nothing(product: Product, run: Run, prefix: str) -> None:
    await product.profile("acct-1")
    await product.use("acct-1", "850")
    before = await _all(product.redis, prefix)
    run("acct-1")
    assert await _all(product.redis, prefix) == before


async def _all(redis: Connection, prefix: str) -> dict[bytes, bytes]:
    return {key: await redis.dump(key) async for key in redis.scan_iter(match=f"{prefix}*", count=1000)}


def _keys(product: Product, account: str) -> ShardKeys:
    return shard_keys(product.prefix, shard_of(account, SHARDS))


def _date(day: int) -> str:
    return format_instant(day * DAY)[:10]
