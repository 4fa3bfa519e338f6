"""The codec: one object that reads and writes every record of the log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ValidationError

from expansion_signals.errors import RejectedRecord
from expansion_signals.model.accounts import Account, AccountUpdate
from expansion_signals.model.events import ACCOUNT_UPDATED, USAGE_IMPORTED, Evidence, UsageEvent
from expansion_signals.model.instants import DAY, MINUTE, SECOND, Duration, Instant, format_instant
from expansion_signals.wire import (
    attributes,
    contracts,
    day_totals,
    dead_letters,
    decisions,
    outcomes,
    prompts,
    shadow,
    signals,
    triggers,
)
from expansion_signals.wire.cloudevents import open_envelope
from expansion_signals.wire.plain_events import plain_event

if TYPE_CHECKING:
    from expansion_signals.model.decisions import Decision, Verdict
    from expansion_signals.model.outcomes import Outcome, Withdrawal
    from expansion_signals.model.prompts import Prompt
    from expansion_signals.model.records import DeadLetter, Outgoing, Record
    from expansion_signals.model.signals import Signal
    from expansion_signals.model.triggers import Trigger
    from expansion_signals.wire.pseudonyms import Pseudonyms

CLOCK_SKEW: Duration = 5 * MINUTE
"""How far ahead of the broker a producer's clock may be (semantics 1.3)."""

TOMBSTONE_SOURCE = "/account-updates"

_ANY_ACCOUNT_UPDATE = ACCOUNT_UPDATED.removesuffix("1")


class CloudEventsCodec:
    """CloudEvents 1.0 to nouns and back (`ports.Codec`, `DecidingCodec`, `AuditCodec`).

    `acceptance` is how old an event may be at its append time (semantics 1.3); `prefix` goes before topic names where
    a record names one. With `pseudonyms`, people are called by these from here on.
    """

    def __init__(self, acceptance: Duration = DAY, prefix: str = "", pseudonyms: Pseudonyms | None = None) -> None:
        self._acceptance = acceptance
        self._prefix = prefix
        self._pseudonyms = pseudonyms

    def usage_event(self, record: Record) -> UsageEvent:
        """Decode and validate one record of `usage-events` (semantics 1.1 to 1.3); the record's key plays no part.

        Raises:
            RejectedRecord: with the code of the first thing that is wrong.
        """
        event = plain_event(record, self._acceptance, CLOCK_SKEW)
        if event is None:
            event = self._any_usage_event(record)
        return event if self._pseudonyms is None else self._pseudonyms.event(event)

    def _any_usage_event(self, record: Record) -> UsageEvent:
        envelope = open_envelope(record)
        event_id, source, event_type, account, time = attributes.required(envelope)
        if event_type == USAGE_IMPORTED:
            return day_totals.read(envelope, record.appended)
        _refuse_future(time, record.appended)
        self._refuse_past(time, record.appended)
        return UsageEvent(
            source,
            event_id,
            event_type,
            account,
            time,
            contracts.checked(event_type, envelope.get("data")),
            attributes.backfill(envelope),
            attributes.traceparent(envelope),
        )

    def account_update(self, record: Record) -> AccountUpdate:
        """Decode one record of `account-updates`; a null value is a tombstone (semantics 2.8).

        A tombstone is no event: its coordinates stand for its id, its append time for its time. A snapshot may be of
        any age, but not of a time to come: from then on its periods would be counted anew (1.3, 2.4).

        Raises:
            RejectedRecord: also `key_mismatch`, because compaction keeps the last record of each key.
        """
        key = _key(record)
        if record.value is None:
            coordinates = f"{record.topic}/{record.partition}/{record.offset}"
            return AccountUpdate(key, None, Evidence(coordinates, TOMBSTONE_SOURCE, record.appended))
        envelope = open_envelope(record)
        event = attributes.required(envelope)
        if event.type != ACCOUNT_UPDATED:
            raise RejectedRecord(
                "unknown_version" if event.type.startswith(_ANY_ACCOUNT_UPDATE) else "invalid_attribute",
                f"type must be {ACCOUNT_UPDATED}, got {event.type[:80]!r}",
            )
        if event.account != key:
            raise RejectedRecord("key_mismatch", f"key {key[:64]!r} is not the subject {event.account[:64]!r}")
        _refuse_future(event.time, record.appended)
        try:
            snapshot = Account.model_validate(envelope.get("data"))
        except ValidationError as error:
            raise RejectedRecord("invalid_data", contracts.explained(error)) from None
        _refuse_levels_to_come(snapshot, record.appended)
        if self._pseudonyms is not None:
            snapshot = self._pseudonyms.account(snapshot)
        traceparent = attributes.traceparent(envelope)
        return AccountUpdate(key, snapshot, Evidence(event.id, event.source, event.time, traceparent=traceparent))

    def signal(self, signal: Signal, recorded: Instant) -> Outgoing:
        """Encode a signal for `expansion-signals`, or for `expansion-shadow` where its rule is tried out.

        `recorded` is the instant it was found at (semantics 9.2).
        """
        return shadow.write(signal, recorded) if signal.shadow else signals.write(signal, recorded)

    def read_signal(self, record: Record) -> Signal:
        """Decode one record of `expansion-signals`.

        Raises:
            RejectedRecord: what was read is not a signal of a version that this program knows.
        """
        return signals.read(record)

    def trigger(self, trigger: Trigger, recorded: Instant) -> Outgoing:
        """Encode a trigger for its topic, for `expansion-shadow` where its rule is tried out (semantics 7.7, 9.2)."""
        written = triggers.write(trigger, recorded)
        return written._replace(topic=shadow.TOPIC) if trigger.shadow else written

    def decision(self, decision: Decision, recorded: Instant) -> Outgoing:
        """Encode a decision for `expansion-decisions` (semantics 7.1)."""
        return decisions.write(decision, recorded)

    def outcome(self, outcome: Outcome, recorded: Instant) -> Outgoing:
        """Encode an outcome for `expansion-outcomes` (semantics 7.8)."""
        return outcomes.write(outcome, recorded)

    def withdrawal(self, withdrawal: Withdrawal, recorded: Instant) -> Outgoing:
        """Encode a withdrawal for the topic of its trigger (semantics 9.4)."""
        return outcomes.write_withdrawal(withdrawal, recorded)

    def prompt(self, record: Record) -> Prompt:
        """Decode one record of `prompt-events`: of any age, but not of a time to come.

        Raises:
            RejectedRecord: what was read is not the report of a prompt in a version that this program knows.
        """
        prompt = prompts.read(record)
        _refuse_future(prompt.time, record.appended)
        return prompt if self._pseudonyms is None else self._pseudonyms.prompt(prompt)

    def read_decision(self, record: Record) -> tuple[str, str | None, Verdict]:
        """Decode one record of `expansion-decisions`: the id of its signal, and what was decided.

        Raises:
            RejectedRecord: what was read is not a decision of a version that this program knows.
        """
        return decisions.read(record)

    def dead_letter(self, letter: DeadLetter, failed: Instant) -> Outgoing:
        """Encode a dead letter: bytes and headers untouched, the cause in further headers (semantics 10.1)."""
        return dead_letters.write(letter, failed, self._prefix)

    def truncated(self, letter: DeadLetter, failed: Instant) -> Outgoing:
        """Encode a dead letter that the broker refused as too large: its first 64 KiB (semantics 10.1)."""
        return dead_letters.write_truncated(letter, failed, self._prefix)

    def _refuse_past(self, time: Instant, appended: Instant) -> None:
        if time < appended - self._acceptance:
            raise RejectedRecord(
                "too_old",
                f"time is {(appended - time) // SECOND} s before the append time {format_instant(appended)}; "
                f"at most {self._acceptance // SECOND} s are accepted",
            )


def _refuse_future(time: Instant, appended: Instant) -> None:
    if time > appended + CLOCK_SKEW:
        raise RejectedRecord(
            "in_future",
            f"time is {(time - appended) // SECOND} s after the append time {format_instant(appended)}; "
            f"at most {CLOCK_SKEW // SECOND} s are accepted",
        )


def _refuse_levels_to_come(snapshot: Account, appended: Instant) -> None:
    """Refuse a baseline as of a time to come: until then it would hide whatever is used (semantics 2.9)."""
    for meter, baseline in snapshot.usage.items():
        if baseline.as_of > appended + CLOCK_SKEW:
            raise RejectedRecord(
                "invalid_data",
                f"usage.{meter}.as_of: expected a level as of the past, got {format_instant(baseline.as_of)}",
            )


def _key(record: Record) -> str:
    if record.key is None:
        raise RejectedRecord("key_mismatch", "the record has no key; account-updates is compacted by key = account")
    try:
        return attributes.name("key", record.key.decode())
    except UnicodeDecodeError:
        raise RejectedRecord("key_mismatch", "the key is not UTF-8, so it is no account") from None
