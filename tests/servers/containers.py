"""Kafka and Redis in Docker, by testcontainers, where a Docker daemon answers."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

from docker.errors import DockerException
from testcontainers.core.container import DockerContainer

from servers.absence import ServerAbsentError
from servers.kafka import PROPERTIES, broker_answers
from servers.kafka_jars import kafka_version
from servers.processes import free_port
from servers.redis import redis_answers
from servers.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable

REDIS_IMAGE = "redis:8-alpine"
START_SECONDS = 60


class ServerInDocker:
    """A container that can be ended and started again, on the same port and with what it holds."""

    def __init__(self, container: DockerContainer, answers: Callable[[], bool]) -> None:
        self._container = container
        self._answers = answers
        self._created = False

    def start(self) -> None:
        """Start it, and wait until it answers; does nothing while it runs.

        Raises:
            ServerAbsentError: Docker could not start it; most often the image can not be pulled from here.
        """
        try:
            if self._created:
                self._container.get_wrapped_container().start()
            else:
                self._container.start()
        except DockerException as error:
            raise ServerAbsentError(f"Docker answers, but could not start {self._container.image}: {error}") from error
        self._created = True
        until(self._answers, seconds=START_SECONDS, waiting_for=self._container.image)

    def stop(self) -> None:
        """Ask it to end, and wait."""
        self._container.get_wrapped_container().stop()

    def kill(self) -> None:
        """SIGKILL."""
        self._container.get_wrapped_container().kill()

    def restart(self) -> None:
        """Stop, then start."""
        self.stop()
        self.start()

    def remove(self) -> None:
        """End it and forget what it holds."""
        self._container.stop()


class KafkaInDocker(ServerInDocker):
    """The broker of the published image `apache/kafka`, the same version as the jars."""

    def __init__(self) -> None:
        _demand_docker()
        port = free_port()
        container = DockerContainer(f"apache/kafka:{kafka_version()}").with_bind_ports(port, port)
        # The port on this side must be known before the start, because the broker tells it to its clients.
        self.bootstrap = f"{_docker_host(container)}:{port}"
        properties = PROPERTIES | {
            "node.id": "1",
            "listeners": f"PLAINTEXT://:{port},CONTROLLER://:9093",
            "advertised.listeners": f"PLAINTEXT://{self.bootstrap}",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "controller.quorum.voters": "1@localhost:9093",
            "offsets.topic.replication.factor": "1",
            "transaction.state.log.replication.factor": "1",
            "transaction.state.log.min.isr": "1",
            "share.coordinator.state.topic.replication.factor": "1",
            "share.coordinator.state.topic.min.isr": "1",
        }
        for name, value in properties.items():
            container.with_env("KAFKA_" + name.upper().replace(".", "_"), value)
        container.with_env("KAFKA_HEAP_OPTS", "-Xmx512m")
        super().__init__(container, lambda: broker_answers(self.bootstrap))


class RedisInDocker(ServerInDocker):
    """A Redis with an append-only file, as `RedisProcess` has it."""

    def __init__(self) -> None:
        _demand_docker()
        port = free_port()
        container = DockerContainer(REDIS_IMAGE).with_bind_ports(6379, port)
        container.with_command(["redis-server", "--appendonly", "yes", "--save", ""])
        self.url = f"redis://{_docker_host(container)}:{port}/0"
        super().__init__(container, lambda: redis_answers(self.url))


def _docker_host(container: DockerContainer) -> str:
    # Of the container itself it can be asked only once it runs, where these tests run in a container as well.
    host: str = container.get_docker_client().host()
    return host


def _demand_docker() -> None:
    # Asked by the command: the Python client leaves its sockets open where nobody answers, and tests fail on that.
    command = shutil.which("docker")
    if command is None:
        raise ServerAbsentError("there is no docker on PATH")
    asked = subprocess.run([command, "version", "--format", "{{.Server.Version}}"], capture_output=True, check=False)
    if asked.returncode != 0:
        raise ServerAbsentError("no Docker daemon answers")
