"""What the core needs from outside, each in at most six methods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from expansion_signals.model.accounts import Account
    from expansion_signals.model.decisions import Decision
    from expansion_signals.model.events import UsageEvent
    from expansion_signals.model.records import DeadLetter, Outgoing, Record
    from expansion_signals.model.signals import Signal
    from expansion_signals.model.triggers import Trigger


class Codec(Protocol):
    """Bytes to nouns and back, for metering; knows no client library. Every reading method raises `RejectedRecord`."""

    def usage_event(self, record: Record) -> UsageEvent:
        """Decode and validate one record of `usage-events`."""

    def account_update(self, record: Record) -> tuple[str, Account | None]:
        """Decode one record of `account-updates` to its account; None is a tombstone."""

    def signal(self, signal: Signal, recorded: int) -> Outgoing:
        """Encode a signal for `expansion-signals`; `recorded` is the instant it was decided at."""

    def dead_letter(self, letter: DeadLetter, failed: int) -> Outgoing:
        """Encode a dead letter: bytes and headers untouched, the cause in further headers (semantics 10.1)."""

    def truncated(self, letter: DeadLetter, failed: int) -> Outgoing:
        """Encode a dead letter that the broker refused as too large: its first 64 KiB (semantics 10.1)."""


class DecidingCodec(Protocol):
    """Bytes to nouns and back, for deciding. The reading method raises `RejectedRecord`."""

    def read_signal(self, record: Record) -> Signal:
        """Decode one record of `expansion-signals`."""

    def trigger(self, trigger: Trigger, recorded: int) -> Outgoing:
        """Encode a trigger for its topic; `recorded` is the instant it was decided at."""

    def decision(self, decision: Decision, recorded: int) -> Outgoing:
        """Encode a decision for `expansion-decisions`."""

    def dead_letter(self, letter: DeadLetter, failed: int) -> Outgoing:
        """Encode a dead letter, as `Codec` does."""

    def truncated(self, letter: DeadLetter, failed: int) -> Outgoing:
        """Encode a dead letter that the broker refused as too large, as `Codec` does."""


class Publisher(Protocol):
    """Writes to the log."""

    async def publish(self, records: Sequence[Outgoing]) -> Sequence[int]:
        """Publish and wait until every record is acknowledged; return the indexes of those too large for the broker.

        Raises:
            LogUnavailable: not all are acknowledged; publishing the same records again is safe.
        """
