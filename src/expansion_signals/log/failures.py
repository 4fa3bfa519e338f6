"""What aiokafka raises, told as one of ours: retryable, or rejected with the command to run."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from aiokafka import errors

from expansion_signals.errors import ExpansionSignalsError, LogUnavailable, RejectedState

if TYPE_CHECKING:
    from collections.abc import Iterator

_REFUSALS = (
    errors.AuthenticationFailedError,
    errors.AuthenticationMethodNotSupported,
    errors.ClusterAuthorizationFailedError,
    errors.GroupAuthorizationFailedError,
    errors.IncompatibleBrokerVersion,
    errors.InvalidSessionTimeoutError,
    errors.InvalidTopicError,
    errors.SaslAuthenticationFailed,
    errors.TopicAuthorizationFailedError,
    errors.UnsupportedSaslMechanismError,
    errors.UnsupportedVersionError,
)
"""Answers that stay the same until somebody changes the broker or the settings."""


@contextmanager
def kafka_failures(servers: str) -> Iterator[None]:
    """Tell every failure of Kafka inside as one of ours.

    Raises:
        LogUnavailable: the broker does not answer, or not in time, or answers that it cannot serve now.
        RejectedState: the broker will always answer so; nothing is skipped.
    """
    try:
        yield
    except (errors.KafkaError, TimeoutError, OSError) as error:
        raise _told(error, servers) from error


def _told(error: Exception, servers: str) -> ExpansionSignalsError:
    match error:
        case errors.OffsetOutOfRangeError():
            return RejectedState(f"the log no longer holds {_offsets(error)}; see docs/operations.md")
        case errors.RecordTooLargeError():
            return RejectedState(f"a record is larger than one fetch may be ({error}); see docs/operations.md")
        case errors.KafkaError() if isinstance(error, _REFUSALS):
            return RejectedState(f"Kafka at {servers} refuses: {_shown(error)}; see docs/operations.md")
        case TimeoutError():
            return LogUnavailable(f"Kafka at {servers} does not answer in time")
        case _:
            return LogUnavailable(f"Kafka at {servers} is not available: {_shown(error)}")


def _offsets(error: Exception) -> str:
    [offsets] = error.args
    return ", ".join(f"offset {offset} of {topic} partition {number}" for (topic, number), offset in offsets.items())


def _shown(error: Exception) -> str:
    # Kafka's errors begin with their own name; those of the system do not always say anything.
    return str(error) or type(error).__name__
