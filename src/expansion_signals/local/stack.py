"""Everything on this machine: an embedded broker, an embedded Redis and a worker between them."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from expansion_signals.errors import RejectedSettings, StackUnavailable
from expansion_signals.local.broker import EmbeddedBroker
from expansion_signals.local.forward import forward
from expansion_signals.local.leash import LeashedProcess
from expansion_signals.local.metrics import is_ready
from expansion_signals.local.redis import HOST, embedded_redis, free_port
from expansion_signals.settings import ENVIRONMENT_PREFIX, SECURITY
from expansion_signals.wire.topic_files import topics

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

FETCH_WAIT_SECONDS = 0.02
"""The embedded broker does not wake a waiting fetch, so this is the latency of every record."""

SAMPLE = Path(__file__).with_name("sample")
"""The sample configuration: an API and project tool."""

_READY_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Ports:
    """Fixed ports of 127.0.0.1; None lets the system choose."""

    kafka: int | None = None
    redis: int | None = None
    http: int | None = None


@dataclass(frozen=True, slots=True)
class LocalStack:
    """Where everything is, and the worker's process."""

    kafka: str
    redis: str
    http: str
    worker: LeashedProcess

    def refuse_dead_worker(self) -> None:
        """Raise `StackUnavailable` with the worker's last words where it has ended unasked."""
        if self.worker.ended is not None:
            raise StackUnavailable(
                f"the worker ended with exit code {self.worker.ended}; its last words:\n{self.worker.said()}"
            )


@asynccontextmanager
async def local_stack(
    directory: Path, config: Path, ports: Ports, tell: Callable[[str], None]
) -> AsyncIterator[LocalStack]:
    """Run a broker with all topics, a Redis and a worker with this configuration; files go into `directory`.

    The stack is ready when it is yielded. `tell` gets one line for each step.

    Raises:
        RejectedSettings: a port is taken, or the extra `[local]` is not installed.
        StackUnavailable: the broker, Redis or the worker did not start; the message has the worker's last words.
    """
    _refuse_taken(ports)
    async with AsyncExitStack() as running:
        tell("starting an embedded Kafka broker and Redis")
        broker = running.enter_context(EmbeddedBroker())
        broker.create_topics(topic.name for topic in topics())  # it answers no `topics create`
        kafka = broker.servers
        if ports.kafka is not None:
            await running.enter_async_context(forward(ports.kafka, kafka))
            broker.advertise(HOST, ports.kafka)
            kafka = f"{HOST}:{ports.kafka}"
        redis = await running.enter_async_context(embedded_redis(directory, ports.redis))
        http = f"{HOST}:{ports.http if ports.http is not None else free_port()}"
        tell("starting the worker")
        worker = await LeashedProcess.start(
            [sys.executable, "-m", "expansion_signals", "worker"],
            directory / "worker.log",
            _environment(kafka=kafka, redis=redis, http=http, config=str(config)),
        )
        running.push_async_callback(worker.stop)
        stack = LocalStack(kafka, redis, http, worker)
        await _ready(stack)
        yield stack


def _refuse_taken(ports: Ports) -> None:
    """Try all ports before anything starts: whoever listens there is told of in one line, with the option to change."""
    for name, port in asdict(ports).items():
        if port is None:
            continue
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # what has just ended is not in the way
            try:
                probe.bind((HOST, port))
            except OSError as error:
                said = f"port {port} cannot be used: {error.strerror}; --{name}-port takes another"
                raise RejectedSettings(said) from None


async def _ready(stack: LocalStack) -> None:
    deadline = asyncio.get_running_loop().time() + _READY_SECONDS
    while not await is_ready(stack.http):
        stack.refuse_dead_worker()
        if asyncio.get_running_loop().time() > deadline:
            raise StackUnavailable(
                f"the worker is not ready after {_READY_SECONDS:.0f} s; its last words:\n{stack.worker.said()}"
            )
        await asyncio.sleep(0.05)


def _environment(**settings: str) -> dict[str, str]:
    """Return our environment with these settings in place of any that were made for another deployment."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(ENVIRONMENT_PREFIX)}
    # Settings are also read from a `.env` file, which these override; a prefix there would miss the topics made here.
    settings |= {"prefix": "", "fetch_wait_seconds": str(FETCH_WAIT_SECONDS)}
    settings |= {"log_format": "text"}  # its last words are shown to a person
    settings |= {"kafka_security": "plaintext", **dict.fromkeys(SECURITY, "")}
    return ours | {ENVIRONMENT_PREFIX + name.upper(): value for name, value in settings.items()}
