"""Clients of kafka-python, as the SDK uses them; one that could not connect leaves nothing running."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from kafka import KafkaConsumer, KafkaProducer, errors
from kafka.net.compat import KafkaNetClient

from expansion_signals.errors import RejectedState
from expansion_signals.knocking import refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expansion_signals.security import KafkaSecurity

CONNECTION = {
    "bootstrap_timeout_ms": 5_000,
    "allow_auto_create_topics": False,
    "metrics_enabled": False,
    # The driver's own grows to 30 s: a broker that is back would wait for us.
    "reconnect_backoff_max_ms": 500,
    # How long partitions that are added go unnoticed, at most.
    "metadata_max_age_ms": 10_000,
}
"""Settings that consumers and producers share."""


def open_consumer(security: KafkaSecurity, **options: Any) -> Any:  # noqa: ANN401 -- kafka-python has no types
    """Return a consumer that is connected and commits nothing by itself.

    Raises what kafka-python raises, and:
        RejectedState: a broker answers, and does not let us in.
    """
    return _opened(KafkaConsumer, KafkaProducer, security, {"enable_auto_commit": False, **options})


def open_producer(security: KafkaSecurity, **options: Any) -> Any:  # noqa: ANN401 -- kafka-python has no types
    """Return a producer that is connected; raises what `open_consumer` raises."""
    return _opened(KafkaProducer, KafkaConsumer, security, options)


def close_at_once(producer: Any, seconds: float) -> None:  # noqa: ANN401 -- kafka-python has no types
    """Disconnect a producer; what is not acknowledged is given up. Waits so long for its thread."""
    with suppress(errors.KafkaError):
        producer.close(timeout=0)
    producer._sender.force_close()  # noqa: SLF001 -- what a failed close leaves running
    producer._sender.join(seconds)  # noqa: SLF001 -- the same


def _opened(make: Any, other: Any, security: KafkaSecurity, options: Mapping[str, Any]) -> Any:  # noqa: ANN401 -- kafka-python has no types
    """Make a client; what is a setting of the other kind alone is left out, and what is of neither is refused."""
    made: list[Any] = []

    def client(**config: Any) -> Any:  # noqa: ANN401 -- kafka-python has no types
        made.append(KafkaNetClient(**config))
        return made[-1]

    known = {
        name: each for name, each in options.items() if name in make.DEFAULT_CONFIG or name not in other.DEFAULT_CONFIG
    }
    try:
        return make(**{"kafka_client": client, **CONNECTION, **security.options(), **known})
    except BaseException as failure:
        for each in made:  # kafka-python would leave its thread trying to connect for ever
            each.close()
        if isinstance(failure, errors.RetriableError):
            _refuse(",".join(options["bootstrap_servers"]), security)
        raise


def _refuse(servers: str, security: KafkaSecurity) -> None:
    """Ask the brokers why nobody let us in: kafka-python does not tell a wrong password from a broker that is away."""
    reason = refusal(servers, security)
    if reason is not None:
        raise RejectedState(f"Kafka at {servers} does not let us in: {reason}; see docs/operations.md, Security")
