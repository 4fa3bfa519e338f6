"""Apache Kafka as processes of this machine: one broker, or several that form a cluster."""

from __future__ import annotations

import base64
import shutil
import subprocess
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from servers.absence import ServerAbsentError
from servers.kafka_jars import kafka_jars
from servers.processes import ServerProcess, free_port

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

START_SECONDS = 60

# What makes a broker quick to start, strict about topics, and small; the rest is as Kafka ships it.
PROPERTIES = {
    "process.roles": "broker,controller",
    "controller.listener.names": "CONTROLLER",
    "auto.create.topics.enable": "false",
    "group.initial.rebalance.delay.ms": "0",
    # Tests that kill or freeze a member wait for its session to end: 6 s at least, as Kafka ships it.
    "group.min.session.timeout.ms": "1000",
    # A transaction whose subscriber died in it is ended after its time and so long: 10 s, as Kafka ships it.
    "transaction.abort.timed.out.transaction.cleanup.interval.ms": "1000",
    "offsets.topic.num.partitions": "5",
    "transaction.state.log.num.partitions": "5",
    "share.coordinator.state.topic.num.partitions": "1",
    "num.network.threads": "2",
    "num.io.threads": "4",
    # A broker killed and started again is refused while its last life counts as alive: 9 s, as Kafka ships it.
    "broker.session.timeout.ms": "2000",
    "broker.heartbeat.interval.ms": "500",
    # A segment's index is laid out in full beforehand; at 10 MB a partition, some hundred test topics fill a disk.
    "log.index.size.max.bytes": "1048576",
}


@dataclass(frozen=True, slots=True)
class Node:
    """One broker of a cluster: its number and its two ports."""

    number: int = 1
    port: int = field(default_factory=free_port)
    controller_port: int = field(default_factory=free_port)


class KafkaProcess:
    """A broker that is also a controller; its log lives in `directory` and outlives `kill()`.

    For a cluster, give each process its own node, and all of them the same `cluster` and `cluster_id`;
    `launch()` them all before waiting for any, because one alone has no quorum. `properties` are added to the usual
    ones, or take their place; `listeners` are added. `scram` are users, as `StorageTool format --add-scram` takes them.
    """

    def __init__(  # noqa: PLR0913 -- the place in a cluster, and what is not as usual
        self,
        directory: Path,
        node: Node | None = None,
        cluster: Sequence[Node] = (),
        cluster_id: str | None = None,
        *,
        properties: Mapping[str, str] | None = None,
        scram: Sequence[str] = (),
    ) -> None:
        self.directory = directory
        self.node = node or Node()
        self.bootstrap = f"127.0.0.1:{self.node.port}"
        self._cluster = tuple(cluster) or (self.node,)
        self._further = dict(properties or {})
        self._scram = scram
        self._cluster_id = cluster_id or new_cluster_id()
        self._process = ServerProcess(self._java("kafka.Kafka", str(self._properties)), directory / "kafka.log")

    @property
    def pid(self) -> int | None:
        """The process id, for SIGSTOP and SIGCONT; None while it is down."""
        return self._process.pid

    def start(self) -> None:
        """Start it on the same port with what its log holds, and wait until it answers; does nothing while it runs.

        Raises:
            ServerAbsentError: it did not come up; with the end of its log.
        """
        self.launch()
        self.wait_until_ready()

    def launch(self) -> None:
        """Start it without waiting. The first time formats its storage."""
        if not self._properties.exists():
            self._format()
        self._process.launch()

    def wait_until_ready(self) -> None:
        """Wait until it answers clients as a member of its cluster."""
        self._process.wait_until(lambda: broker_answers(self.bootstrap), seconds=START_SECONDS)

    def stop(self) -> None:
        """Let it hand over and end."""
        self._process.stop()

    def kill(self) -> None:
        """SIGKILL."""
        self._process.kill()

    def remove(self) -> None:
        """End it and forget what it holds."""
        self.kill()
        shutil.rmtree(self.directory, ignore_errors=True)

    def restart(self) -> None:
        """Stop, then start."""
        self.stop()
        self.start()

    @property
    def _properties(self) -> Path:
        return self.directory / "server.properties"

    def _format(self) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        copies = min(len(self._cluster), 3)
        lines = PROPERTIES | {
            "node.id": self.node.number,
            "listeners": f"PLAINTEXT://{self.bootstrap},CONTROLLER://127.0.0.1:{self.node.controller_port}",
            "controller.quorum.voters": ",".join(f"{n.number}@127.0.0.1:{n.controller_port}" for n in self._cluster),
            "log.dirs": self.directory / "log",
            "default.replication.factor": copies,
            "min.insync.replicas": max(1, copies - 1),
            "offsets.topic.replication.factor": copies,
            "transaction.state.log.replication.factor": copies,
            "transaction.state.log.min.isr": max(1, copies - 1),
            "share.coordinator.state.topic.replication.factor": copies,
            "share.coordinator.state.topic.min.isr": max(1, copies - 1),
        }
        listeners = ",".join(filter(None, (str(lines["listeners"]), self._further.get("listeners"))))
        lines |= self._further | {"listeners": listeners}
        self._properties.write_text("".join(f"{name}={value}\n" for name, value in lines.items()))
        tool = self._java(
            *("kafka.tools.StorageTool", "format", f"--cluster-id={self._cluster_id}", "-c", str(self._properties)),
            *(part for user in self._scram for part in ("--add-scram", user)),
        )
        formatted = subprocess.run(tool, capture_output=True, text=True, check=False)
        if formatted.returncode != 0:
            raise ServerAbsentError(f"Kafka could not format its storage:\n{formatted.stdout}{formatted.stderr}")

    def _java(self, *program: str) -> list[str]:
        java = shutil.which("java")
        if java is None:
            raise ServerAbsentError("there is no java on PATH; Kafka 4 needs Java 17 or newer")
        quiet = ("-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-Dkafka.logs.dir=" + str(self.directory))
        # Compiled quickly rather than well: a broker of tests lives for minutes, and starting is most of its work.
        return [
            java,
            "-Xmx512m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            *quiet,
            "-cp",
            f"{kafka_jars()}/*",
            *program,
        ]


def new_cluster_id() -> str:
    """A cluster's id as Kafka writes them: 16 random bytes, base64 for URLs, unpadded."""
    return base64.urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode()


def broker_answers(bootstrap: str) -> bool:
    """Whether a client that connects there is told who leads: one that was frozen a moment ago may be led by nobody."""
    client = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0, "reconnect.backoff.max.ms": 100})
    try:
        return client.list_topics(timeout=1).controller_id >= 0
    except KafkaException:
        return False
