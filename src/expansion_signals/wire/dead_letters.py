"""Dead letters on `usage-events-dlq`: what can never succeed, untouched, with the cause in headers (semantics 10.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from expansion_signals.errors import RejectedRecord
from expansion_signals.model.instants import Instant, format_instant, parse_instant
from expansion_signals.model.names import UNPRINTABLE
from expansion_signals.model.records import DeadLetter, Outgoing, Record

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

TOPIC = "usage-events-dlq"

KEPT_WHEN_TRUNCATED = 64 * 1024
"""Bytes kept of a value, and of everything beside it, where the broker refuses the whole."""

_PREFIX = "dlq_"
_LONGEST_MESSAGE = 1_000
_MOST_DIGITS_OF_ATTEMPTS = 9
_MOST_DIGITS = 19


class Cause(NamedTuple):
    """Why a record is a dead letter, and where it stood; `topic` is its name as the broker knows it.

    `truncated` is how many bytes the value had before it was cut; None: it is whole.
    """

    code: str
    message: str
    topic: str
    partition: int
    offset: int
    first_failed: Instant
    last_failed: Instant
    attempts: int
    truncated: int | None


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


def cause_of(headers: Sequence[tuple[str, bytes | None]]) -> Cause:
    """Return the cause that `write` wrote; of a header that stands twice the last counts, for ours come last.

    Raises:
        RejectedRecord: the headers are not those of a dead letter: anyone may write to the topic.
    """
    said = {name: value for name, value in headers if name.startswith(_PREFIX) and value is not None}
    try:
        return Cause(
            said["dlq_code"].decode(),
            said["dlq_message"].decode(),
            said["dlq_topic"].decode(),
            _whole(said["dlq_partition"]),
            _whole(said["dlq_offset"]),
            parse_instant(said["dlq_first_failed_at"].decode()),
            parse_instant(said["dlq_last_failed_at"].decode()),
            _whole(said["dlq_attempts"]),
            _whole(said["dlq_truncated"]) if "dlq_truncated" in said else None,
        )
    except KeyError as missing:
        raise RejectedRecord("missing_attribute", f"no dead letter: the header {missing.args[0]} is missing") from None
    except ValueError:  # that of UTF-8 is one, too
        raise RejectedRecord("invalid_attribute", "no dead letter: a header dlq_… says what ours never do") from None


def _whole(written: bytes) -> int:
    if not written.isdigit() or len(written) > _MOST_DIGITS:
        raise ValueError(written)
    return int(written)


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
