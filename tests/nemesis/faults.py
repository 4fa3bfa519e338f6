"""Every fault by its name: it does its harm, and heals it. What it returns is seconds that are worth telling.

Brokers are controllers, too, so killing them in turn meets the one that leads.
"""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, TypeAlias

from confluent_kafka.admin import AdminClient, NewPartitions
from redis import Redis

from nemesis.primary_and_replica import PrimaryAndReplica
from servers.waiting import lasting, until

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path
    from random import Random

    from nemesis.ground import Ground
    from nemesis.proxy import Proxy
    from servers.redis import RedisProcess

Fault: TypeAlias = "Callable[[Ground, Random], float]"

PAUSE_SECONDS = 4.0
"""Twice what a member may be silent for in these deployments."""

LONGEST_TAIL = 20_000
"""Bytes cut off the append-only file: acknowledged writes of the last moments."""

DELAY_SECONDS = (0.05, 0.5)

HEALED_SECONDS = 120


def worker_killed(ground: Ground, draw: Random) -> float:
    """SIGKILL; return how long it took the others to count what stood in the log then."""
    worker = draw.choice(ground.workers)
    stood = ground.ends()
    worker.kill()
    began = time.monotonic()
    until(lambda: ground.has_counted(stood), seconds=HEALED_SECONDS, waiting_for="others to take over")
    took = time.monotonic() - began
    worker.start()
    return took


def worker_paused(ground: Ground, draw: Random) -> float:
    """SIGSTOP past the session; others take over, and it goes on as if nothing had been."""
    worker = draw.choice(ground.workers)
    worker.freeze()
    lasting(PAUSE_SECONDS)
    worker.thaw()
    return PAUSE_SECONDS


def workers_rolled(ground: Ground, draw: Random) -> float:  # noqa: ARG001 -- all of them, in order
    """End each by SIGTERM and start it again, one after the other; return the longest that one took to end."""
    longest = 0.0
    for worker in ground.workers:
        # One that was killed a moment ago may not have come to where it hears SIGTERM.
        worker.until_ready(HEALED_SECONDS)
        began = time.monotonic()
        code = worker.stop()
        longest = max(longest, time.monotonic() - began)
        assert code == 0, f"a worker that was asked to end said {code}"
        worker.start().until_ready(HEALED_SECONDS)
    return longest


def redis_killed(ground: Ground, draw: Random) -> float:
    """SIGKILL the primary, or a node of the Cluster, and start it with what its append-only file holds."""
    return _redis_away(ground, draw, lambda _: None)


def writes_lost(ground: Ground, draw: Random) -> float:
    """SIGKILL, cut the end off its append-only file, and start it: acknowledged writes are gone under live workers."""
    return _redis_away(ground, draw, lambda node: _cut(node.directory, draw.randint(1, LONGEST_TAIL)))


def replica_promoted(ground: Ground, draw: Random) -> float:
    """Promote the replica while it is up to two seconds behind: acknowledged writes are gone under live workers."""
    assert isinstance(ground.redis, PrimaryAndReplica), "a Cluster without replicas"
    began = time.monotonic()
    ground.redis.promote(draw.uniform(0, 2))
    ground.deployment.redis = ground.redis.url
    return _counted_on(ground, began)


def redis_full(ground: Ground, draw: Random) -> float:
    """Let it hold no more than it does, or a node of the Cluster; it refuses writes until it may again."""
    with Redis.from_url(draw.choice(ground.redis.nodes).url) as client:
        client.config_set("maxmemory", "1mb")
        lasting(draw.uniform(1, 3))
        client.config_set("maxmemory", "0")
    return 0.0


def broker_killed(ground: Ground, draw: Random) -> float:
    """SIGKILL one, leave it away for a while, and start it again; return how long it was away."""
    broker = draw.choice(ground.brokers)
    began = time.monotonic()
    broker.kill()
    lasting(draw.uniform(0.5, 3))
    broker.start()
    return time.monotonic() - began


def partitions_added(ground: Ground, draw: Random) -> float:  # noqa: ARG001 -- always one
    """Give `usage-events` one partition more; keys go elsewhere from then on."""
    name = f"{ground.deployment.prefix}usage-events"
    admin = AdminClient({"bootstrap.servers": ground.deployment.kafka, "log_level": 0})
    stands = len(admin.list_topics(name, timeout=HEALED_SECONDS).topics[name].partitions)
    admin.create_partitions([NewPartitions(name, stands + 1)])[name].result(HEALED_SECONDS)
    return 0.0


def rules_changed(ground: Ground, draw: Random) -> float:
    """Have another rule of another meter in force: a new epoch for every shard."""
    rules = ground.configuration / "rules.yaml"
    text = rules.read_text()
    line = next(line for line in text.splitlines() if "storage-full" in line)
    percent = draw.randint(50, 79)
    rules.write_text(
        text.replace(line, f"  - {{id: storage-full, signal: limit_reached, meter: storage, at: [{percent}%]}}")
    )
    return 0.0


def service_killed(ground: Ground, draw: Random) -> float:  # noqa: ARG001 -- there is one
    """SIGKILL the notification service; another follows in its place."""
    ground.service.kill()
    ground.another_service()
    return 0.0


def connections_cut(ground: Ground, draw: Random) -> float:
    """RST on both ends of every connection through some of the proxies."""
    began = time.monotonic()
    for proxy in _some(ground.proxies, draw):
        proxy.cut()
    return _counted_on(ground, began)


def connections_delayed(ground: Ground, draw: Random) -> float:
    """Hold back what goes through some of the proxies, in each direction."""
    began = time.monotonic()
    with ExitStack() as delays:
        for proxy in _some(ground.proxies, draw):
            delays.enter_context(proxy.delayed(draw.uniform(*DELAY_SECONDS)))
        took = _counted_on(ground, began)
        lasting(draw.uniform(0, 3))
    return took


def connections_half_open(ground: Ground, draw: Random) -> float:
    """Swallow what goes through some of the proxies, for ever; who connects a moment later is led on."""
    began = time.monotonic()
    with ExitStack() as silences:
        for proxy in _some(ground.proxies, draw):
            silences.enter_context(proxy.silent())
        lasting(draw.uniform(0, 1))
    return _counted_on(ground, began)


HARM: Mapping[str, Fault] = {
    each.__name__: each
    for each in (
        worker_killed,
        worker_paused,
        workers_rolled,
        redis_killed,
        writes_lost,
        replica_promoted,
        redis_full,
        broker_killed,
        partitions_added,
        rules_changed,
        service_killed,
    )
}

CONNECTIONS: Mapping[str, Fault] = {
    each.__name__: each for each in (connections_cut, connections_delayed, connections_half_open)
}
"""Told apart: nothing dies of them."""


def _counted_on(ground: Ground, began: float) -> float:
    """Return how long after the harm began what stands in the log by now was counted."""
    stands = ground.ends()
    until(lambda: ground.has_counted(stands), seconds=HEALED_SECONDS, waiting_for="counting to go on")
    return time.monotonic() - began


def _some(proxies: Sequence[Proxy], draw: Random) -> Sequence[Proxy]:
    return draw.sample(proxies, draw.randint(1, len(proxies)))


def _redis_away(ground: Ground, draw: Random, meanwhile: Callable[[RedisProcess], None]) -> float:
    began = time.monotonic()
    node = draw.choice(ground.redis.nodes)
    node.kill()
    meanwhile(node)
    ground.redis.start()
    return time.monotonic() - began


def _cut(directory: Path, length: int) -> None:
    """Cut the end off the last increment of the append-only file; what it begins with stays."""
    last = max(directory.glob("appendonlydir/*.incr.aof"), key=lambda file: file.stat().st_mtime)
    size = last.stat().st_size
    with last.open("r+b") as file:
        file.truncate(max(0, size - length))
