"""A dead letter as an operator looks at it: its record, its cause, whose it is; and which of them are asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from expansion_signals.errors import RejectedRecord
from expansion_signals.wire.cloudevents import open_envelope
from expansion_signals.wire.dead_letters import Cause, cause_of

if TYPE_CHECKING:
    from expansion_signals.model.instants import Instant
    from expansion_signals.model.records import Record


class Place(NamedTuple):
    """One record of the log; `topic` is its name as the broker knows it."""

    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        """Return it as commands take it: `usage-events/3/41`."""
        return f"{self.topic}/{self.partition}/{self.offset}"


@dataclass(frozen=True, slots=True)
class Letter:
    """One record of the topic of dead letters; `cause` says in `unreadable` why it is none, where it is none."""

    record: Record
    cause: Cause | None
    unreadable: str = ""

    @property
    def origin(self) -> Place | None:
        """Where its record stood; None where that is not told."""
        return None if self.cause is None else Place(self.cause.topic, self.cause.partition, self.cause.offset)

    @property
    def account(self) -> str | None:
        """Whose it is: the subject of the event as far as it can be read, else its key."""
        return _subject(self.record) or _text(self.record.key)


class Wanted(NamedTuple):
    """Which letters are asked for; what is None asks for any.

    `topic` (as the broker knows it) and `partition` are those of the record. `account` matches its subject or its key.
    """

    code: str | None = None
    topic: str | None = None
    partition: int | None = None
    account: str | None = None
    until: Instant | None = None

    def takes(self, letter: Letter) -> bool:
        """Say whether this letter is asked for; one without a cause only where nothing is asked of the cause."""
        if self.until is not None and letter.record.appended > self.until:
            return False
        if self.account is not None and self.account not in (letter.account, _text(letter.record.key)):
            return False
        if letter.cause is None:
            return self.code is None and self.topic is None and self.partition is None
        return (
            self.code in (None, letter.cause.code)
            and self.topic in (None, letter.cause.topic)
            and self.partition in (None, letter.cause.partition)
        )


def letter_of(record: Record) -> Letter:
    """Read a record of the topic of dead letters; anyone may write to it, so it may be none."""
    try:
        return Letter(record, cause_of(record.headers))
    except RejectedRecord as rejected:
        return Letter(record, None, rejected.message)


def _subject(record: Record) -> str | None:
    try:
        subject = open_envelope(record).get("subject")
    except RejectedRecord:
        return None
    return subject if isinstance(subject, str) and subject else None


def _text(key: bytes | None) -> str | None:
    return None if key is None else key.decode("utf-8", "backslashreplace")
