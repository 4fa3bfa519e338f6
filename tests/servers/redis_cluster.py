"""A Redis Cluster of three primaries, each a process of this machine: kill one node and bring it back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import redis

from servers.processes import free_port
from servers.redis import RedisProcess
from servers.waiting import until

if TYPE_CHECKING:
    from pathlib import Path

NODES = 3
SLOTS = 16_384
AGREED_SECONDS = 30
NODE_TIMEOUT_MILLISECONDS = 5_000
"""A node that is silent for so long is down to the others, too: no shorter, for a machine may be busy."""


class RedisClusterProcesses:
    """Every slot has one node and no replica: with a node down its keys are away, and soon all others refuse."""

    def __init__(self, directory: Path) -> None:
        self._buses = [free_port() for _ in range(NODES)]
        self.nodes = [
            RedisProcess(directory / f"node-{number}", options=_options(bus)) for number, bus in enumerate(self._buses)
        ]
        self.url = f"redis+cluster://{','.join(f'127.0.0.1:{node.port}' for node in self.nodes)}"

    def start(self) -> None:
        """Start the nodes that are down, and wait until all agree that every slot is served.

        Raises:
            ServerAbsentError: a node did not come up; with the end of its log.
        """
        for node in self.nodes:
            node.start()
        if _said(self.nodes[0])["cluster_known_nodes"] == "1":
            self._meet()
        until(self._agree, seconds=AGREED_SECONDS, waiting_for="the nodes of the Cluster to agree")

    def remove(self) -> None:
        """End it and forget what it holds."""
        for node in self.nodes:
            node.remove()

    def _meet(self) -> None:
        for number, node in enumerate(self.nodes):
            first, end = (SLOTS * edge // NODES for edge in (number, number + 1))
            with redis.Redis.from_url(node.url) as client:
                client.execute_command("CLUSTER ADDSLOTSRANGE", first, end - 1)
                for other, bus in zip(self.nodes, self._buses, strict=True):
                    client.execute_command("CLUSTER MEET", "127.0.0.1", other.port, bus)

    def _agree(self) -> bool:
        said = [_said(node) for node in self.nodes]
        return all(node["cluster_state"] == "ok" and node["cluster_known_nodes"] == str(NODES) for node in said)


def _options(bus: int) -> tuple[str, ...]:
    timeout = str(NODE_TIMEOUT_MILLISECONDS)
    return ("--cluster-enabled", "yes", "--cluster-port", str(bus), "--cluster-node-timeout", timeout)


def _said(node: RedisProcess) -> dict[str, str]:
    with redis.Redis.from_url(node.url) as client:
        said: dict[str, str] = client.execute_command("CLUSTER INFO")
    return said
