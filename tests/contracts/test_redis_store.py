"""What only the store in Redis promises: compact values, slices that grow, scripts that come back, one round trip."""

from __future__ import annotations

from importlib.resources import files
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from redis.asyncio import Redis

from expansion_signals.errors import StateUnavailable
from expansion_signals.model import dimensions
from expansion_signals.model.batches import Applied, DayMove, HourMove, Move, Share
from expansion_signals.model.changes import EXACT_MEMBERS, Add, Raise, Replace, See
from expansion_signals.model.facts import Marks
from expansion_signals.model.instants import DAY, HOUR, day_of, hour_of
from expansion_signals.model.readings import Counter
from expansion_signals.model.thresholds import Arm, ArmKey, Guard
from expansion_signals.state.deployment import Deployment
from expansion_signals.state.identity_slices import IdentitySlices
from expansion_signals.state.keys import shard_keys
from expansion_signals.state.redis import RedisStore
from expansion_signals.state.requests import ApplyRequest
from expansion_signals.state.scripts import script
from expansion_signals.state.shards import RedisShards
from sample_batches import (
    ACCOUNT,
    CALLS,
    ELSEWHERE,
    FILES,
    NEIGHBOUR,
    NOVEMBER,
    NOW,
    OCTOBER,
    PARTITION,
    SHARDS,
    apply,
    asked,
    change,
    facts_of,
    hour_move,
    identity,
    mark,
    move,
    moved_by,
    poll,
    profile,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from servers.redis import RedisProcess

LONGEST_VALUE = 64
COMPACT_SET = 512
THIS_HOUR = hour_of(NOW)


class CountingRedis(Redis):
    """A client that counts its round trips: a pipeline is one."""

    trips = 0

    async def execute_command(self, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401 -- as redis-py has it
        self.trips += 1
        return await super().execute_command(*arguments, **options)

    def pipeline(self, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401 -- as redis-py has it
        self.trips += 1
        return super().pipeline(*arguments, **options)


@pytest.fixture
async def client(redis_url: str, prefix: str) -> AsyncIterator[CountingRedis]:
    async with CountingRedis.from_url(redis_url) as client:
        await Deployment(client, prefix=prefix, shards=SHARDS).open()
        yield client


@pytest.fixture
def store(client: Redis, prefix: str) -> RedisStore:
    return RedisStore(client, prefix=prefix, shards=SHARDS, window=DAY)


async def fields(client: Redis, prefix: str) -> AsyncIterator[tuple[str, str, bytes]]:
    """Return key, field and value of every hash under the prefix."""
    async for key in client.scan_iter(match=f"{prefix}*", _type="hash"):
        for field, value in (await client.hgetall(key)).items():
            yield key.decode(), field.decode(), value


async def test_many_shards_are_asked_on_few_connections(redis_url: str, prefix: str) -> None:
    shards = range(100)
    async with Redis.from_url(redis_url, max_connections=8) as client:
        await Deployment(client, prefix=prefix, shards=len(shards)).open()
        store = RedisStore(client, prefix=prefix, shards=len(shards), window=DAY)
        answers = await store.apply([poll(shard=shard) for shard in shards])
    assert {type(each) for each in answers} == {Applied}


async def test_no_value_of_a_hash_is_longer_than_64_bytes_but_for_pending_facts(
    client: Redis, prefix: str, store: RedisStore
) -> None:
    random = Random(7)  # noqa: S311 -- a seed, so that every run is the same
    for offset in range(0, 300, 10):
        moves = [
            move(
                random.randint(-(2**61), 2**61) // 40,
                quiet=random.randint(-99, 99),
                counter=Counter(random.choice(["calls", "m" * 64]), "", random.choice([None, NOW, NOW + 1])),
            )
            for _ in range(2)
        ]
        longest = Replace(-(2**63 - 1), NOW + 2**50, 2**53)
        moves.append(moved_by(longest, counter=Counter("latest", "", NOW + 1)))
        moves.append(members(*range(offset, offset + 90), counter=Counter("unique", "", NOW + 1)))
        values = [f"{n:x<{dimensions.LONGEST_VALUE}}" for n in range(offset, offset + 90)]
        shares = [Share(4 * f"dim-{n}", value, longest) for n in range(dimensions.MOST_DIMENSIONS) for value in values]
        moves.append(moved_by(longest, counter=Counter("split", "", NOW + 1), shares=shares))
        batch = poll(
            asked(
                *{each.counter: each for each in moves}.values(),
                account=random.choice([ACCOUNT, "a" * 200]),
                days=(
                    DayMove("calls", day_of(NOW) + random.randint(-40, 40), Add(2**55)),
                    DayMove("latest", day_of(NOW), longest),
                    DayMove("unique", day_of(NOW), See(tuple(range(-(2**63), -(2**63) + offset)))),
                ),
                hours=(
                    hour_move(THIS_HOUR + random.randint(-40, 40), 2**55, -(2**55)),
                    HourMove("latest", THIS_HOUR, longest, longest),
                ),
            ),
            start=None,
            identities=tuple(identity(random.getrandbits(60), hour=random.choice([None, THIS_HOUR])) for _ in range(9)),
        )
        standing = await RedisShards(client, prefix=prefix, shards=SHARDS).standing()
        start = standing[batch.shard].watermarks.get("usage-events/0")
        answer = await apply(store, poll(*batch.accounts, start=start, end=offset + 10, identities=batch.identities))
        assert isinstance(answer, Applied)
        arms = {
            ArmKey("a-rule-of-that-name", f"{n} remaining"): Arm("fired", n, (NOW, NOW + n), 2**62) for n in range(9)
        }
        await store.mark([mark(facts, Marks(2**62, arms), Guard(-(2**63 - 1), 2**63 - 1)) for facts in answer.facts])
    await apply(store, poll(asked(account="fresh", change=change(profile(1))), start=None, end=1, ranges=()))
    long = [
        (key, field)
        async for key, field, value in fields(client, prefix)
        if max(len(value), len(field)) > LONGEST_VALUE
    ]
    assert [place for place in long if not place[0].endswith(":pending") and "{deployment}" not in place[0]] == []


async def test_a_hash_that_users_fill_has_at_most_500_fields(client: Redis, prefix: str, store: RedisStore) -> None:
    shares = [Share(f"d{n}", f"v{value}", Add(1)) for n in range(dimensions.MOST_DIMENSIONS) for value in range(300)]
    for offset in range(0, 600, 100):
        seen = See(tuple(range(offset, offset + 100)))
        days = [DayMove("users", day_of(NOW), seen)]
        await apply(store, poll(asked(move(1, shares=shares), days=days), start=offset or None, end=offset + 100))
    sizes = {
        key.decode().split(":")[2]: await client.hlen(key)
        for kind in "sx"
        async for key in client.scan_iter(match=f"{prefix}*:{kind}:*", _type="hash")
    }
    assert sizes == {"x": dimensions.MOST_DIMENSIONS * 102, "s": 1}


async def test_no_key_has_a_time_to_live(client: Redis, prefix: str, store: RedisStore) -> None:
    """Redis would count it from the first hit, by its own clock: after an outage, what is read again would be gone."""
    moves = [move(1, shares=[Share("region", "eu", Add(1))]), members(1, counter=Counter("users", "", NOVEMBER))]
    batch = asked(*moves, days=[DayMove("calls", day_of(NOW), Add(1)), DayMove("users", day_of(NOW), See((1,)))])
    told = poll(batch, asked(account=NEIGHBOUR, hours=[hour_move(THIS_HOUR, 1, 1)]), identities=[identity(1)])
    await facts_of(store, told)
    await apply(store, poll(asked(change=change(profile(1))), start=10, end=20))
    keys = [key async for key in client.scan_iter(match=f"{prefix}*")]
    assert {key: await client.ttl(key) for key in keys} == dict.fromkeys(keys, -1)


@pytest.mark.parametrize("hour", [THIS_HOUR, None], ids=["ids with their hour", "plain ids"])
@pytest.mark.parametrize("size", [60, 110, 290])
async def test_slices_grow_before_a_set_loses_its_compact_form(
    client: Redis, prefix: str, store: RedisStore, hour: int | None, size: int
) -> None:
    for offset in range(0, 2_400, size):
        numbers = range(offset, offset + size)
        batch = poll(
            start=offset or None, end=offset + size, identities=[identity(n * 7_919, hour=hour) for n in numbers]
        )
        assert isinstance(await apply(store, batch), Applied)
    sets = [await client.scard(key) async for key in client.scan_iter(match=f"{prefix}*", _type="set")]
    assert max(sets) <= COMPACT_SET


def members(*seen: int, quiet: tuple[int, ...] = (), counter: Counter = CALLS, **others: object) -> Move:
    return moved_by(See(seen), quiet=See(quiet) if quiet else None, counter=counter, **others)


async def keys(client: Redis, prefix: str, kind: str) -> set[str]:
    """Return what stands behind the letter in the keys of this kind."""
    return {
        key.decode().partition(f":{kind}:")[2]
        async for key in client.scan_iter(match=f"{prefix}*:{kind}:*", count=1000)
    }


def test_the_script_keeps_as_many_members_as_the_model_says() -> None:
    text = (files("expansion_signals.state") / "lua" / "changes.lua").read_text()
    assert f"\nlocal EXACT = {EXACT_MEMBERS} " in text


async def test_members_stand_in_a_compact_set_until_a_sketch_takes_over(
    client: Redis, prefix: str, store: RedisStore
) -> None:
    place = f"{ACCOUNT}:calls:{NOVEMBER // 1_000_000}"
    await apply(store, poll(asked(members(*range(EXACT_MEMBERS)))))
    encoding = [await client.object("encoding", key) async for key in client.scan_iter(match=f"{prefix}*:u:*")]
    before = (await keys(client, prefix, "u"), await keys(client, prefix, "y"), encoding)
    await apply(store, poll(asked(members(EXACT_MEMBERS)), start=10))
    after = (await keys(client, prefix, "u"), await keys(client, prefix, "y"))
    assert (before, after) == (({place}, set(), [b"intset"]), (set(), {place}))


async def test_sketches_of_days_stand_under_keys_that_end_with_their_day(
    client: Redis, prefix: str, store: RedisStore
) -> None:
    days = [DayMove("users", day_of(NOW) - ago, See(tuple(range(300 * ago, 300 * ago + 300)))) for ago in range(2)]
    await apply(store, poll(asked(days=days)))
    found = (await keys(client, prefix, "s"), await keys(client, prefix, "z"))
    assert found == ({f"{ACCOUNT}:users"}, {f"{ACCOUNT}:users:{day_of(NOW) - ago}" for ago in range(2)})


@pytest.mark.parametrize("count", [3, 900])
async def test_the_members_of_a_period_long_closed_go_with_its_counter(
    client: Redis, prefix: str, store: RedisStore, count: int
) -> None:
    old = Counter("calls", "", OCTOBER)
    await apply(store, poll(asked(members(*range(count), counter=old))))
    await apply(store, poll(asked(members(1, keep_from=NOVEMBER, forgotten=old)), start=10))
    left = await keys(client, prefix, "u") | await keys(client, prefix, "y")
    assert left == {f"{ACCOUNT}:calls:{NOVEMBER // 1_000_000}"}


async def test_the_members_of_a_period_that_moves_in_the_same_call_stay(store: RedisStore) -> None:
    old = Counter("calls", "", OCTOBER)
    await apply(store, poll(asked(members(1, 2, counter=old))))
    moves = (members(2, 3, counter=old), members(1, keep_from=NOVEMBER, forgotten=old))
    facts = await facts_of(store, poll(asked(*moves), start=10, end=20))
    assert [(fact.before, fact.firing) for fact in facts.facts[1:]] == [(2, 1), (0, 1)]


async def test_members_of_hours_go_with_the_profile_that_assigns_them(
    client: Redis, prefix: str, store: RedisStore
) -> None:
    hours = (HourMove("calls", THIS_HOUR, See((1,)), See((2, 3))), HourMove("calls", THIS_HOUR - 30, See((4,)), None))
    await apply(store, poll(asked(hours=hours)))
    found = await store.hours(ACCOUNT)
    await apply(store, poll(asked(members(2, quiet=(1,)), change=change(profile(1), hours=found)), start=10))
    assert (await keys(client, prefix, "u"), await keys(client, prefix, "h")) == (
        {f"{ACCOUNT}:calls:{NOVEMBER // 1_000_000}"},
        set(),
    )


async def test_an_account_may_have_more_in_one_call_than_lua_unpacks(store: RedisStore) -> None:
    moves = [move(1, counter=Counter(f"m{n % 9}", "", NOVEMBER + n * HOUR)) for n in range(9_000)]
    facts = await facts_of(store, poll(asked(*moves)))
    assert len(facts.facts) == 9_000


async def test_a_meter_may_become_another_kind(store: RedisStore) -> None:
    """Whoever changes a meter under the same name gets a level that means little, and a worker that goes on."""
    today = day_of(NOW)
    kinds = [Replace(5, NOW, 1), Add(2), Raise(9), See(tuple(range(900))), Replace(4, NOW, 2), Add(1)]
    for place, each in enumerate(kinds):
        days = () if isinstance(each, See) else (DayMove("calls", today, each),)
        batch = poll(asked(moved_by(each), days=days), start=10 * place or None, end=10 * place + 10)
        assert isinstance(await apply(store, batch), Applied)


async def test_every_identity_has_four_bytes_beside_it(client: Redis, prefix: str, store: RedisStore) -> None:
    await apply(store, poll(identities=[identity(n) for n in range(100)]))
    members = [await client.scard(key) async for key in client.scan_iter(match=f"{prefix}*", _type="set")]
    checks = [await client.strlen(key) async for key in client.scan_iter(match=f"{prefix}*:c:*", _type="string")]
    assert (sum(members), sum(checks)) == (100, 400)


async def test_scripts_that_were_flushed_are_loaded_again(client: Redis, store: RedisStore) -> None:
    facts = await facts_of(store, poll(asked(move(1))))
    await client.script_flush()
    assert await store.facts([ACCOUNT]) == [facts]
    await client.script_flush()
    assert await store.mark([mark(facts)]) == []
    await client.script_flush()
    answers = await store.apply([poll(asked(move(1)), start=10), poll(asked(move(1), account=ELSEWHERE))])
    assert [type(answer) for answer in answers] == [Applied, Applied]


async def test_a_poll_takes_one_round_trip_for_all_its_shards(client: CountingRedis, store: RedisStore) -> None:
    async def trips(start: int | None, numbers: range, hour: int) -> int:
        identities = [identity(number, hour=hour, appended=hour * HOUR) for number in numbers]
        before, end = client.trips, (start or 0) + 10
        answers = await store.apply(
            [
                poll(asked(move(1), move(1, counter=FILES)), start=start, end=end, identities=identities),
                poll(asked(move(1), account=ELSEWHERE), start=start, end=end, identities=identities),
            ]
        )
        assert [type(answer) for answer in answers] == [Applied, Applied]
        return client.trips - before

    await trips(None, range(100), THIS_HOUR)
    assert [
        await trips(10, range(100, 200), THIS_HOUR),
        await trips(20, range(200, 300), THIS_HOUR),
        await trips(30, range(300, 400), THIS_HOUR + 1),
    ] == [1, 1, 1]


async def test_one_call_of_the_script_moves_the_watermark_with_what_it_counts(client: Redis, prefix: str) -> None:
    """A second call, though of the same round trip, could be cut off by the end of the server."""
    batch = poll(asked(move(1)))
    plan = IdentitySlices(DAY).plan(batch.identities)
    request = ApplyRequest(shard_keys(prefix, batch.shard), batch, plan, conflicts=True, crowded={})
    await client.eval(script("apply"), len(request.keys), *request.keys, request.argument, request.evidences)
    standing = await RedisShards(client, prefix=prefix, shards=SHARDS).standing()
    assert standing[batch.shard].watermarks == {PARTITION: 10}


async def test_only_the_call_in_which_sketches_of_days_take_over_is_made_twice(
    client: CountingRedis, store: RedisStore
) -> None:
    async def trips(seen: range, start: int | None, ago: int = 0) -> int:
        before, day = client.trips, DayMove("users", day_of(NOW) - ago, See(tuple(seen)))
        await apply(store, poll(asked(days=[day]), start=start, end=(start or 0) + 10))
        return client.trips - before

    await trips(range(EXACT_MEMBERS), None, ago=3)
    found = [await trips(range(300, last), start) for start, last in ((10, EXACT_MEMBERS), (20, 2_000), (30, 3_000))]
    assert found == [1, 2, 1]


async def test_marks_take_one_round_trip_for_all_shards(client: CountingRedis, store: RedisStore) -> None:
    for start in (None, 10):
        answers = await store.apply([poll(asked(move(1)), start=start, end=(start or 0) + 10)])
        before = client.trips
        await store.mark([mark(facts) for answer in answers for facts in answer.facts])
    assert client.trips - before == 1


async def test_a_period_counter_stands_under_a_short_numeric_field(
    client: Redis, prefix: str, store: RedisStore
) -> None:
    await apply(store, poll(asked(move(5, watched=False))))
    found = [field async for key, field, _ in fields(client, prefix) if key.endswith(f":a:{ACCOUNT}")]
    assert found == [f"1:{CALLS.start // 1_000_000}"]


async def test_memory_that_is_full_refuses_for_now(new_redis: Callable[[], RedisProcess], prefix: str) -> None:
    async with Redis.from_url(new_redis().url) as client:
        await Deployment(client, prefix=prefix, shards=SHARDS).open()
        store = RedisStore(client, prefix=prefix, shards=SHARDS, window=DAY)
        await client.config_set("maxmemory", 1)
        with pytest.raises(StateUnavailable, match="OOM"):
            await apply(store, poll(asked(move(1))))
        await client.config_set("maxmemory", 0)
        assert isinstance(await apply(store, poll(asked(move(1)))), Applied)
