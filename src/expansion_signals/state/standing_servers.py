"""The Redis servers as they stand: what each says of itself, the Cluster they may form, and their clocks."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from redis.asyncio import RedisCluster
from redis.exceptions import NoPermissionError

from expansion_signals.checks.clocks import ClockReading
from expansion_signals.model.instants import SECOND
from expansion_signals.state.connection import reports
from expansion_signals.state.scripts import redis_failures

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from expansion_signals.model.instants import Instant
    from expansion_signals.state.connection import Connection

_WHAT_WE_ASK = "default"
"""The sections of `INFO` that it gives where none is named."""


class StandingServers(NamedTuple):
    """`reports` has the fields of `INFO` by server; `cluster` those of `CLUSTER INFO`, None where there is no Cluster.

    `clock` is None where the server lets us not ask for it.
    """

    reports: Mapping[str, Mapping[str, object]]
    cluster: Mapping[str, str] | None
    primaries: int
    clock: ClockReading | None


async def standing_servers(client: Connection, clock: Callable[[], Instant]) -> StandingServers:
    """Ask every server; nothing is written.

    Raises:
        StateUnavailable: one does not answer.
        RejectedState: a Cluster was named that is none, or the servers do not let us look.
    """
    with redis_failures("what it says of itself"):
        told = await reports(client, _WHAT_WE_ASK)
        cluster, primaries = None, 1
        if isinstance(client, RedisCluster):
            primaries = len(client.get_primaries())
            cluster = await client.execute_command("CLUSTER INFO", target_nodes=RedisCluster.RANDOM)
        return StandingServers(told, cluster, primaries, await _clock(client, clock))


async def _clock(client: Connection, clock: Callable[[], Instant]) -> ClockReading | None:
    anywhere = {"target_nodes": RedisCluster.RANDOM} if isinstance(client, RedisCluster) else {}
    before = clock()
    try:
        seconds, micros = await client.execute_command("TIME", **anywhere)
    except NoPermissionError:
        return None
    return ClockReading(before, int(seconds) * SECOND + int(micros), clock())
