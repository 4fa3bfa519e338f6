"""Erasure in a real Redis, and in a Cluster: everything of one account or person goes, and nothing of another."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from accepted_configuration import TEXTS
from expansion_signals.decide.remembered import Fired, Prompted, Remembered
from expansion_signals.detect.seat_limits import SeatNote
from expansion_signals.detect.seats import Seats
from expansion_signals.errors import RejectedState
from expansion_signals.model.accounts import Account, succeed
from expansion_signals.model.instants import DAY, parse_instant
from expansion_signals.model.readings import Counter
from expansion_signals.rules.loading import load
from expansion_signals.state.connection import connect
from expansion_signals.state.deployment import Deployment
from expansion_signals.state.erasure import Erasure
from expansion_signals.state.forgotten_user import Person
from expansion_signals.state.keys import ShardKeys, shard_keys
from expansion_signals.state.packing import read_note
from expansion_signals.state.policy import memory_fields, read_decided
from expansion_signals.state.profile_texts import pack_profile, read_profile

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from expansion_signals.state.connection import Connection

NOW = parse_instant("2026-11-22T10:00:00Z")
NOVEMBER = Counter("savers", "", parse_instant("2026-11-01T00:00:00Z"))
NEIGHBOURS = ("acct-10", "acct-1:seats", "acct-1:interest", "acct-1*")


class Kept:
    """A deployment of one shard, so that every account is a neighbour of the others."""

    def __init__(self, redis: Connection, prefix: str) -> None:
        self.redis = redis
        self.keys: ShardKeys = shard_keys(prefix, 0)
        self.erasure = Erasure(redis, prefix=prefix)
        self._prefix = prefix

    async def open(self) -> None:
        deployment = Deployment(self.redis, prefix=self._prefix, shards=1)
        await deployment.open()
        await deployment.accept(load(TEXTS))
        await self.run("HSET", self.keys.names, "savers", 1, "calls", 2)

    async def run(self, *command: Any) -> Any:  # noqa: ANN401 -- any command and its answer
        return await self.redis.execute_command(*command)

    async def fill(self, account: str, user: str = "ada") -> None:
        """Keep something of every kind of an account, in the forms that workers write."""
        keys, person = self.keys, Person(user)
        profile = succeed(None, Account(version=1, plan="free", members=[user, "bob"], opted_out=[user]), NOW)
        seats = SeatNote(seats=Seats(members={user: None, "bob": None}, latest=NOW)).written()
        remembered = Remembered(
            fired=(Fired("t", "limit.reached", {"id": "r", "version": "v"}, NOW, NOW + DAY, user),),
            prompted=(Prompted("shown", NOW, user, "t"),),
        )
        await self.run("SET", keys.profile(account), pack_profile(profile))
        await self.run("HSET", keys.account(account), "v", profile.stamp, "q", 3, "j", 1, "1:1793491200", 2, "2:", 9)
        await self.run("HSET", keys.policy(account), "rev", 4, *memory_fields(remembered), "kabc", "f|01|s/0/1|500000")
        await self.run("SET", keys.note(account, "seats"), f"3|{seats}")
        await self.run("SET", keys.note(account, "interest:a:b"), f'2|{{"seen":[[{NOW},"{user}","",2]]}}')
        await self.run("HSET", keys.month(account, 20_000), 33, 7)
        await self.run("HSET", keys.totals(account), "1.2026-01", 70)
        await self.run("HSET", keys.hours(account, 20_000), "1.4a", 7)
        await self.run("SADD", keys.members(account, NOVEMBER), person.number, 42)
        await self.run("SADD", keys.hour_members(account, "savers", 480_000, 1), person.number)
        await self.run("PFADD", keys.sketch(account, NOVEMBER), "x")
        await self.run("HSET", keys.last_seen(account, "savers"), person.number, 20_000, 42, 20_001)
        await self.run("PFADD", keys.seen_on(account, "savers", 20_000), "x")
        await self.run("HSET", keys.shares(account, NOVEMBER), f"person={user}", 5, "person=bob", 1, "person", 2)
        for number in (2, 3):
            await self.run("HSET", keys.pending, f"{number}:{account}", "fact")
        for reason in ("daily", "hold"):
            await self.run("ZADD", keys.due, 1, f"{reason}|{account}")

    async def of(self, account: str) -> set[str]:
        """Return the keys, fields and looks whose names end in, or go on after, an account's name."""
        found = {key.decode() async for key in self.redis.scan_iter(match=f"{self._prefix}es:{{0}}:?:*", count=1_000)}
        fields = {field.decode() for field in await self.run("HKEYS", self.keys.pending)}
        looks = {member.decode() for member in await self.run("ZRANGE", self.keys.due, 0, -1)}
        named = {each.removeprefix(self.keys.tag) for each in found}
        return {each for each in named if f":{account}:" in each + ":"} | {
            each for each in fields | looks if each.endswith((f":{account}", f"|{account}"))
        }

    async def texts(self) -> str:
        """Return everything that is kept of accounts, as one text."""
        parts: list[str] = []
        async for key in self.redis.scan_iter(match=f"{self._prefix}es:{{0}}:?:*", count=1_000):
            kind = await self.run("TYPE", key)
            command = {b"string": ("GET",), b"hash": ("HGETALL",), b"set": ("SMEMBERS",)}[kind]
            parts.append(f"{key!r} {await self.run(*command, key)!r}")
        return "\n".join(parts)


@pytest.fixture(params=["redis_url", pytest.param("cluster_url", marks=pytest.mark.servers)])
async def kept(request: pytest.FixtureRequest, prefix: str) -> AsyncIterator[Kept]:
    redis = connect(request.getfixturevalue(request.param))
    kept = Kept(redis, prefix)
    await kept.open()
    yield kept
    await redis.aclose()


# ---------------------------------------------------------------------------------------------- an account


async def test_nothing_is_kept_of_an_account_that_is_forgotten(kept: Kept) -> None:
    await kept.fill("acct-1")
    await kept.erasure.account("acct-1")
    assert await kept.of("acct-1") == set()


async def test_it_is_told_what_went(kept: Kept) -> None:
    await kept.fill("acct-1")
    erased = await kept.erasure.account("acct-1")
    assert (erased.keys, erased.facts, erased.looks, erased.doubtful) == (14, 2, 2, [])


@pytest.mark.parametrize("neighbour", NEIGHBOURS)
async def test_nothing_of_a_neighbour_goes(kept: Kept, neighbour: str) -> None:
    await kept.fill(neighbour)
    before = await kept.of(neighbour)
    await kept.fill("acct-1")
    await kept.erasure.account("acct-1")
    assert before <= await kept.of(neighbour)


async def test_a_key_that_another_account_may_own_is_left_and_told(kept: Kept) -> None:
    await kept.fill("acct-1:interest")
    await kept.fill("acct-1")
    erased = await kept.erasure.account("acct-1")
    assert set(erased.doubtful) >= {kept.keys.note("acct-1", "interest:a:b")}


async def test_a_name_of_pattern_letters_is_only_itself(kept: Kept) -> None:
    await kept.fill("acct-1")
    erased = await kept.erasure.account("acct-*")
    assert (erased.keys, len(await kept.of("acct-1")) > 0) == (0, True)


async def test_an_account_may_be_forgotten_twice(kept: Kept) -> None:
    await kept.fill("acct-1")
    await kept.erasure.account("acct-1")
    again = await kept.erasure.account("acct-1")
    assert (again.keys, again.facts, again.looks) == (0, 0, 0)


async def test_a_deployment_that_is_not_there_is_told(redis_url: str) -> None:
    redis = connect(redis_url)
    with pytest.raises(RejectedState, match="no worker has ever started"):
        await Erasure(redis, prefix="elsewhere-").account("acct-1")
    await redis.aclose()


# ------------------------------------------------------------------------------------------------ a person


async def test_a_person_that_is_forgotten_is_named_nowhere(kept: Kept) -> None:
    await kept.fill("acct-1")
    await kept.run("DEL", kept.keys.sketch("acct-1", NOVEMBER), kept.keys.seen_on("acct-1", "savers", 20_000))
    await kept.erasure.user("acct-1", "ada")
    texts = await kept.texts()
    assert ("ada" in texts, str(Person("ada").number) in texts, "bob" in texts) == (False, False, True)


async def test_it_is_told_where_they_were(kept: Kept) -> None:
    await kept.fill("acct-1")
    erased = await kept.erasure.user("acct-1", "ada")
    assert set(erased.parts) == {
        "the profile's lists",
        "what deciding remembers",
        "the note seats",
        "the note interest:a:b",
        "the members of a counter",
        "the days on which members were seen",
        "the values of a dimension",
    }


async def test_it_is_told_what_cannot_be_reached(kept: Kept) -> None:
    await kept.fill("acct-1")
    erased = await kept.erasure.user("acct-1", "ada")
    assert (erased.waiting, erased.sketched) == (2, True)


async def test_a_person_may_be_forgotten_twice(kept: Kept) -> None:
    await kept.fill("acct-1")
    await kept.erasure.user("acct-1", "ada")
    before = await _dumped(kept)
    assert (await kept.erasure.user("acct-1", "ada")).parts == ()
    assert await _dumped(kept) == before


async def test_the_same_person_of_another_account_stays(kept: Kept) -> None:
    await kept.fill("acct-2")
    before = await _dumped(kept)
    await kept.erasure.user("acct-1", "ada")
    assert await _dumped(kept) == before


async def test_a_worker_that_read_a_note_before_is_refused(kept: Kept) -> None:
    await kept.fill("acct-1")
    await kept.erasure.user("acct-1", "ada")
    assert read_note(await kept.run("GET", kept.keys.note("acct-1", "seats"))).revision == 4


async def test_a_worker_that_assumes_the_profile_before_is_refused(kept: Kept) -> None:
    await kept.fill("acct-1")
    await kept.erasure.user("acct-1", "ada")
    profile = read_profile(await kept.run("GET", kept.keys.profile("acct-1")))
    assert profile is not None
    assert await kept.run("HGET", kept.keys.account("acct-1"), "v") == profile.stamp.encode()


async def test_a_decider_that_read_before_is_refused(kept: Kept) -> None:
    await kept.fill("acct-1")
    await kept.erasure.user("acct-1", "ada")
    decided = read_decided(await kept.run("HGETALL", kept.keys.policy("acct-1")))
    assert (decided.revision, len(decided.entries)) == (5, 1)


async def test_where_only_they_were_remembered_nothing_is(kept: Kept) -> None:
    await kept.fill("acct-1")
    alone = Remembered(prompted=(Prompted("shown", NOW, "ada", "t"),))
    await kept.run("HSET", kept.keys.policy("acct-1"), *memory_fields(alone))
    await kept.erasure.user("acct-1", "ada")
    decided = read_decided(await kept.run("HGETALL", kept.keys.policy("acct-1")))
    assert (decided.remembered, decided.revision, len(decided.entries)) == (Remembered(), 5, 1)


async def test_what_changes_meanwhile_is_read_again(kept: Kept) -> None:
    await kept.fill("acct-1")

    async def interfere() -> None:
        for revision in range(4, 8):
            seats = SeatNote(seats=Seats(members={"ada": None, f"u-{revision}": None}, latest=NOW)).written()
            await kept.run("SET", kept.keys.note("acct-1", "seats"), f"{revision}|{seats}")

    await asyncio.gather(kept.erasure.user("acct-1", "ada"), interfere())
    await kept.erasure.user("acct-1", "ada")
    text = read_note(await kept.run("GET", kept.keys.note("acct-1", "seats"))).text
    assert list(SeatNote.read(text).seats.members) == ["u-7"]


async def _dumped(kept: Kept) -> dict[bytes, bytes]:
    keys = [key async for key in kept.redis.scan_iter(match=f"{kept.keys.tag}:?:*", count=1_000)]
    return {key: await kept.run("DUMP", key) for key in keys}
