"""What kafka-python raises, told as one of ours: retryable, or rejected with what to do."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from kafka import errors

from expansion_signals.errors import LogUnavailable, RejectedState

if TYPE_CHECKING:
    from collections.abc import Iterator

_REFUSALS = (
    errors.AuthorizationError,
    errors.GroupMaxSizeReachedError,
    errors.InconsistentGroupProtocolError,
    errors.InvalidGroupIdError,
    errors.InvalidSessionTimeoutError,
    errors.InvalidTopicError,
    errors.KafkaConfigurationError,
    errors.SaslAuthenticationFailedError,
    errors.UnsupportedSaslMechanismError,
    errors.UnsupportedVersionError,
)
"""Answers that stay the same until somebody changes the broker or the settings."""


@contextmanager
def kafka_failures(servers: str) -> Iterator[None]:
    """Tell every failure of Kafka inside as one of ours.

    Raises:
        LogUnavailable: the broker does not answer, or answers that it cannot serve now.
        RejectedState: the broker will always answer so.
    """
    try:
        yield
    except _REFUSALS as error:
        raise RejectedState(f"Kafka at {servers} refuses: {error}; see docs/operations.md") from error
    except (errors.KafkaError, OSError) as error:
        raise LogUnavailable(f"Kafka at {servers} is not available: {str(error) or type(error).__name__}") from error
