"""Clients of kafka-python, as the SDK uses them; one that could not connect leaves nothing running."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kafka import KafkaConsumer, KafkaProducer
from kafka.net.compat import KafkaNetClient

if TYPE_CHECKING:
    from collections.abc import Mapping

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


def open_consumer(**options: Any) -> Any:  # noqa: ANN401 -- kafka-python has no types
    """Return a consumer that is connected and commits nothing by itself; raises what kafka-python raises."""
    return _opened(KafkaConsumer, KafkaProducer, {"enable_auto_commit": False, **options})


def open_producer(**options: Any) -> Any:  # noqa: ANN401 -- kafka-python has no types
    """Return a producer that is connected; raises what kafka-python raises."""
    return _opened(KafkaProducer, KafkaConsumer, options)


def _opened(make: Any, other: Any, options: Mapping[str, Any]) -> Any:  # noqa: ANN401 -- kafka-python has no types
    """Make a client; what is a setting of the other kind alone is left out, and what is of neither is refused."""
    made: list[Any] = []

    def client(**config: Any) -> Any:  # noqa: ANN401 -- kafka-python has no types
        made.append(KafkaNetClient(**config))
        return made[-1]

    known = {
        name: each for name, each in options.items() if name in make.DEFAULT_CONFIG or name not in other.DEFAULT_CONFIG
    }
    try:
        return make(**{"kafka_client": client, **CONNECTION, **known})
    except BaseException:
        for each in made:  # kafka-python would leave its thread trying to connect for ever
            each.close()
        raise
