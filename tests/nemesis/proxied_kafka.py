"""A broker with two doors: one for itself and the checker, and one whose clients come through a proxy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nemesis.proxy import HERE, Proxy
from servers.kafka import KafkaProcess, Node
from servers.processes import free_port

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class ProxiedKafka(KafkaProcess):
    """Clients that begin at `proxied` are told of no other door, so all they say goes through `proxy`."""

    def __init__(
        self, directory: Path, node: Node | None = None, cluster: Sequence[Node] = (), cluster_id: str | None = None
    ) -> None:
        node, port = node or Node(), free_port()
        self.proxy = Proxy(port)
        self.proxied = f"{HERE}:{self.proxy.port}"
        super().__init__(
            directory,
            node,
            cluster,
            cluster_id,
            properties={
                "listeners": f"PROXIED://{HERE}:{port}",
                "advertised.listeners": f"PLAINTEXT://{HERE}:{node.port},PROXIED://{self.proxied}",
                "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,PROXIED:PLAINTEXT",
                "inter.broker.listener.name": "PLAINTEXT",
            },
        )
