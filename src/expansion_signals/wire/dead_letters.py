"""Dead letters on `usage-events-dlq`: what can never succeed, untouched, with the cause in headers (semantics 10.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.model.instants import Instant, format_instant, parse_instant
from expansion_signals.model.names import UNPRINTABLE
from expansion_signals.model.records import DeadLetter, Outgoing, Record

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

TOPIC = "usage-events-dlq"

KEPT_WHEN_TRUNCATED = 64 * 1024
"""Bytes kept of a value, and of everything beside it, where the broker refuses the whole."""

_PREFIX = "dlq_"
_LONGEST_MESSAGE = 1_000
_MOST_DIGITS_OF_ATTEMPTS = 9


def write(letter: DeadLetter, failed: Instant, prefix: str = "") -> Outgoing:
    """Return the record as it came, with the cause; `failed` is the instant of this failure.

    `prefix` is the deployment's: `dlq_topic` is the topic's name as the broker knows it.

    A record that was replayed and fails again keeps the instant of its first failure and counts one more attempt.
    """
    record = letter.record
    return Outgoing(TOPIC, record.key, record.value, (*_own_headers(record), *_cause(letter, failed, prefix).items()))


def write_truncated(letter: DeadLetter, failed: Instant, prefix: str = "") -> Outgoing:
    """Return the first 64 KiB of the value, with its original length in `dlq_truncated`.

    The key and the headers are bounded in the same way: a record that is refused for them must get through too.
    """
    record = letter.record
    value = record.value or b""
    # A record cut before says how long it was then.
    cause = {"dlq_truncated": str(len(value)).encode(), **_cause(letter, failed, prefix)}
    key = record.key and record.key[:KEPT_WHEN_TRUNCATED]
    return Outgoing(TOPIC, key, value[:KEPT_WHEN_TRUNCATED], (*_first_headers(record), *cause.items()))


def _cause(letter: DeadLetter, failed: Instant, prefix: str) -> Mapping[str, bytes]:
    record = letter.record
    earlier = {name: value for name, value in record.headers if name.startswith(_PREFIX) and value is not None}
    now = format_instant(failed).encode()
    cause = {
        "dlq_code": letter.code.encode(),
        "dlq_message": _one_line(letter.message),
        "dlq_topic": f"{prefix}{record.topic}".encode(),
        "dlq_partition": str(record.partition).encode(),
        "dlq_offset": str(record.offset).encode(),
        "dlq_first_failed_at": _first_failure(earlier) or now,
        "dlq_last_failed_at": now,
        "dlq_attempts": str(_attempts(earlier) + 1).encode(),
    }
    if "dlq_truncated" in earlier:
        cause["dlq_truncated"] = earlier["dlq_truncated"]
    return cause


def _first_failure(earlier: Mapping[str, bytes]) -> bytes | None:
    written = earlier.get("dlq_first_failed_at", b"")
    try:
        parse_instant(written.decode())
    except ValueError:  # anyone may write headers, so these may say anything
        return None
    return written


def _attempts(earlier: Mapping[str, bytes]) -> int:
    written = earlier.get("dlq_attempts", b"")
    return int(written) if written.isdigit() and len(written) <= _MOST_DIGITS_OF_ATTEMPTS else 0


def _one_line(message: str) -> bytes:
    return UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", message)[:_LONGEST_MESSAGE].encode()


def _own_headers(record: Record) -> Iterator[tuple[str, bytes | None]]:
    return ((name, value) for name, value in record.headers if not name.startswith(_PREFIX))


def _first_headers(record: Record) -> Iterator[tuple[str, bytes | None]]:
    room = KEPT_WHEN_TRUNCATED
    for name, value in _own_headers(record):
        room -= len(name.encode()) + len(value or b"")
        if room < 0:
            return
        yield name, value
