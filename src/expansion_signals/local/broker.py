"""An embedded Kafka broker: librdkafka's in-process one, out of the confluent-kafka wheel.

It speaks the real protocol to any client, and keeps at most 5 MiB and 100,000 batches a partition, in memory
only: for trying things out. It answers no administration requests, so topics are made here or come into being when
they are asked for. Its C interface is public (`rdkafka_mock.h`) and exported by the wheel, but has no Python form.
Record timestamps are the producer's; produce answers carry the constant 1234.
"""

from __future__ import annotations

import ctypes
import threading
from typing import TYPE_CHECKING, Self

from expansion_signals.errors import RejectedSettings, StackUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

PARTITIONS = 4
"""Partitions of every topic here; the broker's own default for topics that come into being."""

_BROKER_ID = 1
_MESSAGE_BYTES = 512
_PRODUCER = 0
_NO_ERROR = 0


class EmbeddedBroker:
    """One broker on a port of 127.0.0.1 that the system chose, from `__enter__` to `__exit__`.

    Entering raises `RejectedSettings` where the extra `[local]` is not installed, `StackUnavailable` where the
    library could not start.
    """

    def __init__(self) -> None:
        self._library = _library()
        self._handle: int | None = None
        self._cluster: int | None = None
        self._guard = threading.Lock()

    def __enter__(self) -> Self:
        """Start the broker."""
        message = ctypes.create_string_buffer(_MESSAGE_BYTES)
        configuration = self._library.rd_kafka_conf_new()
        # Only emergencies: the library would warn that this handle, made to own the broker, has no broker to talk to.
        self._library.rd_kafka_conf_set(configuration, b"log_level", b"0", message, _MESSAGE_BYTES)
        self._handle = self._library.rd_kafka_new(_PRODUCER, configuration, message, _MESSAGE_BYTES)
        if self._handle is None:
            raise StackUnavailable(f"the embedded broker did not start: {message.value.decode()}")
        self._cluster = self._library.rd_kafka_mock_cluster_new(self._handle, 1)
        if self._cluster is None:
            self.stop()
            raise StackUnavailable("the embedded broker did not start: librdkafka gave no cluster")
        # The default makes the first member of every group wait three seconds for others.
        self._library.rd_kafka_mock_group_initial_rebalance_delay_ms(self._cluster, 0)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Stop the broker; all its records are gone."""
        self.stop()

    @property
    def servers(self) -> str:
        """Where it listens, as `host:port`."""
        servers: bytes = self._library.rd_kafka_mock_cluster_bootstraps(self._cluster)
        return servers.decode()

    def advertise(self, host: str, port: int) -> None:
        """Tell clients to come to this address: that of a forwarder, since the broker's own port cannot be chosen."""
        self._library.rd_kafka_mock_broker_set_host_port(self._cluster, _BROKER_ID, host.encode(), port)

    def create_topics(self, names: Iterable[str]) -> None:
        """Create topics that do not exist yet.

        Raises:
            StackUnavailable: a topic exists or has a name that Kafka does not take.
        """
        for name in names:
            if self._library.rd_kafka_mock_topic_create(self._cluster, name.encode(), PARTITIONS, 1) != _NO_ERROR:
                raise StackUnavailable(f"the embedded broker could not create the topic {name}")

    def stop(self) -> None:
        """Close every connection and free everything; a second call does nothing."""
        with self._guard:
            if self._cluster is not None:
                self._library.rd_kafka_mock_cluster_destroy(self._cluster)
                self._cluster = None
            if self._handle is not None:
                self._library.rd_kafka_destroy(self._handle)
                self._handle = None


def _library() -> ctypes.CDLL:
    """Return librdkafka, found through the extension module that is linked to it, whatever the platform calls it."""
    try:
        from confluent_kafka import cimpl  # noqa: PLC0415 -- only here is the extra [local] needed
    except ImportError:
        raise RejectedSettings(
            "the embedded broker comes with the extra [local]: pip install 'expansion-signals[local]'"
        ) from None
    library = ctypes.CDLL(cimpl.__file__)
    pointer, text, number, size = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int, ctypes.c_size_t
    signatures: dict[str, tuple[object, list[object]]] = {
        "rd_kafka_conf_new": (pointer, []),
        "rd_kafka_conf_set": (number, [pointer, text, text, text, size]),
        "rd_kafka_new": (pointer, [number, pointer, text, size]),
        "rd_kafka_destroy": (None, [pointer]),
        "rd_kafka_mock_cluster_new": (pointer, [pointer, number]),
        "rd_kafka_mock_cluster_destroy": (None, [pointer]),
        "rd_kafka_mock_cluster_bootstraps": (text, [pointer]),
        "rd_kafka_mock_group_initial_rebalance_delay_ms": (None, [pointer, ctypes.c_int32]),
        "rd_kafka_mock_broker_set_host_port": (None, [pointer, ctypes.c_int32, text, number]),
        "rd_kafka_mock_topic_create": (number, [pointer, text, number, number]),
    }
    for name, (result, arguments) in signatures.items():
        try:
            function = getattr(library, name)
        except AttributeError:
            raise RejectedSettings(
                f"confluent-kafka is too old for the embedded broker (no {name}): "
                "pip install --upgrade 'expansion-signals[local]'"
            ) from None
        function.restype, function.argtypes = result, arguments
    return library
