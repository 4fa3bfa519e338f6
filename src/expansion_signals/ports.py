"""What the core needs from outside, each in at most six methods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from expansion_signals.model.accounts import Account
    from expansion_signals.model.events import UsageEvent
    from expansion_signals.model.records import DeadLetter, Outgoing, Record
    from expansion_signals.model.signals import Signal


class Codec(Protocol):
    """Bytes to nouns and back; knows no client library. Every reading method raises `RejectedRecord`."""

    def usage_event(self, record: Record) -> UsageEvent:
        """Decode and validate one record of `usage-events`."""

    def account_update(self, record: Record) -> tuple[str, Account | None]:
        """Decode one record of `account-updates` to its account; None is a tombstone."""

    def signal(self, signal: Signal, recorded: int) -> Outgoing:
        """Encode a signal for `expansion-signals`; `recorded` is the instant it was decided at."""

    def dead_letter(self, letter: DeadLetter, failed: int) -> Outgoing:
        """Encode a dead letter: bytes and headers untouched, the cause in further headers (semantics 10.1)."""


class Publisher(Protocol):
    """Writes to the log."""

    async def publish(self, records: Sequence[Outgoing]) -> Sequence[int]:
        """Publish and wait until every record is acknowledged; return the indexes of those too large for the broker.

        Raises:
            LogUnavailable: not all are acknowledged; publishing the same records again is safe.
        """
