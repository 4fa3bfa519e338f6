"""What a connection writes is what redis-py writes, made by hiredis."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st
from redis.asyncio import Connection

from expansion_signals.state.connection import PackingConnection

ARGUMENTS = st.lists(st.one_of(st.text(st.characters(exclude_categories=["Cs"])), st.binary(), st.integers()))


@given(st.sampled_from(["GET", "CONFIG GET", b"EVALSHA"]), ARGUMENTS)
@example("SET", ["k", b"x" * 100_000])
@example("ZADD", ["z", 1.5, "m"])
def test_a_command_is_packed_as_redis_py_packs_it(name: str | bytes, arguments: list[str | bytes | int]) -> None:
    usual = b"".join(Connection().pack_command(name, *arguments))
    assert b"".join(PackingConnection().pack_command(name, *arguments)) == usual
