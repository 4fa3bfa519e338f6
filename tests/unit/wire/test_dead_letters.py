from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.model.instants import parse_instant
from expansion_signals.model.records import DeadLetter, Record

if TYPE_CHECKING:
    from collections.abc import Callable

    from expansion_signals.model.records import Outgoing
    from expansion_signals.wire.codec import CloudEventsCodec

FAILED = parse_instant("2026-11-22T10:00:02Z")
LATER = parse_instant("2026-11-23T10:00:02Z")


def again(record: Record, written: Outgoing) -> Record:
    """Return the record as a replay brings it back."""
    return record._replace(key=written.key, value=written.value, headers=written.headers, offset=99)


def test_bytes_key_and_headers_stay_untouched(codec: CloudEventsCodec, record: Callable[..., Record]) -> None:
    arrived = record(b"\xff{", ("ce_id", b"\xff"), ("empty", None), ("ce_id", b"twice"), key=b"\xfe")
    written = codec.dead_letter(DeadLetter(arrived, "unparsable", "not JSON"), FAILED)

    assert (written.value, written.key, written.headers[:3]) == (arrived.value, arrived.key, arrived.headers)


def test_a_dead_letter_says_what_failed_where_and_when(codec: CloudEventsCodec, record: Callable[..., Record]) -> None:
    written = codec.dead_letter(DeadLetter(record(b"{"), "unparsable", "not JSON"), FAILED)

    assert dict(written.headers) == {
        "dlq_code": b"unparsable",
        "dlq_message": b"not JSON",
        "dlq_topic": b"usage-events",
        "dlq_partition": b"3",
        "dlq_offset": b"41",
        "dlq_first_failed_at": b"2026-11-22T10:00:02Z",
        "dlq_last_failed_at": b"2026-11-22T10:00:02Z",
        "dlq_attempts": b"1",
    }


def test_dead_letters_have_a_topic_of_their_own(codec: CloudEventsCodec, record: Callable[..., Record]) -> None:
    assert codec.dead_letter(DeadLetter(record(b"{"), "unparsable", ""), FAILED).topic == "usage-events-dlq"


def test_a_replay_that_fails_again_keeps_the_first_failure_and_counts_on(
    codec: CloudEventsCodec, record: Callable[..., Record]
) -> None:
    first = codec.dead_letter(DeadLetter(record(b"{"), "unparsable", "not JSON"), FAILED)
    second = codec.dead_letter(DeadLetter(again(record(b"{"), first), "too_old", "old"), LATER)
    headers = dict(second.headers)

    assert [headers[f"dlq_{name}"] for name in ("code", "first_failed_at", "last_failed_at", "attempts", "offset")] == [
        b"too_old",
        b"2026-11-22T10:00:02Z",
        b"2026-11-23T10:00:02Z",
        b"2",
        b"99",
    ]


def test_no_header_of_a_replay_stands_twice(codec: CloudEventsCodec, record: Callable[..., Record]) -> None:
    first = codec.dead_letter(DeadLetter(record(b"{"), "unparsable", "not JSON"), FAILED)
    second = codec.dead_letter(DeadLetter(again(record(b"{"), first), "too_old", "old"), LATER)

    assert len(second.headers) == len(dict(second.headers))


def test_headers_of_an_earlier_failure_that_make_no_sense_are_replaced(
    codec: CloudEventsCodec, record: Callable[..., Record]
) -> None:
    forged = record(b"{", ("dlq_first_failed_at", b"\xff"), ("dlq_attempts", b"9" * 5_000), ("dlq_code", None))
    headers = dict(codec.dead_letter(DeadLetter(forged, "unparsable", "not JSON"), FAILED).headers)

    assert (headers["dlq_first_failed_at"], headers["dlq_attempts"]) == (b"2026-11-22T10:00:02Z", b"1")


def test_a_message_stays_one_line_that_a_terminal_may_show(
    codec: CloudEventsCodec, record: Callable[..., Record]
) -> None:
    letter = DeadLetter(record(b"{"), "invalid_data", "data.\x1b[31m\n\ud800: " + "x" * 5_000)
    message = dict(codec.dead_letter(letter, FAILED).headers)["dlq_message"] or b""

    assert message.decode().isprintable()
    assert len(message.decode()) == 1_000


def test_a_letter_that_is_refused_is_cut_to_64_kib_and_says_how_long_it_was(
    codec: CloudEventsCodec, record: Callable[..., Record]
) -> None:
    written = codec.truncated(DeadLetter(record(b"x" * 200_000), "too_large", "large"), FAILED)

    assert (len(written.value or b""), dict(written.headers)["dlq_truncated"]) == (65_536, b"200000")


def test_a_cut_letter_keeps_its_coordinates_and_cause(codec: CloudEventsCodec, record: Callable[..., Record]) -> None:
    headers = dict(codec.truncated(DeadLetter(record(b"x" * 200_000), "too_large", "large"), FAILED).headers)

    assert (headers["dlq_code"], headers["dlq_partition"], headers["dlq_offset"]) == (b"too_large", b"3", b"41")


def test_a_letter_that_is_refused_for_its_headers_gets_through(
    codec: CloudEventsCodec, record: Callable[..., Record]
) -> None:
    arrived = record(b"x", ("small", b"kept"), ("large", b"h" * 100_000))
    written = codec.truncated(DeadLetter(arrived, "unparsable", ""), FAILED)

    assert [name for name, _ in written.headers if not name.startswith("dlq_")] == ["small"]


def test_a_cut_letter_that_fails_again_still_says_that_it_was_cut(
    codec: CloudEventsCodec, record: Callable[..., Record]
) -> None:
    arrived = record(b"x" * 200_000)
    cut = codec.truncated(DeadLetter(arrived, "too_large", "large"), FAILED)
    headers = dict(codec.dead_letter(DeadLetter(again(arrived, cut), "unparsable", ""), LATER).headers)

    assert headers["dlq_truncated"] == b"200000"


def test_a_letter_cut_twice_says_how_long_it_was_at_first(
    codec: CloudEventsCodec, record: Callable[..., Record]
) -> None:
    arrived = record(b"x" * 200_000)
    cut = codec.truncated(DeadLetter(arrived, "too_large", "large"), FAILED)
    headers = dict(codec.truncated(DeadLetter(again(arrived, cut), "unparsable", ""), LATER).headers)

    assert headers["dlq_truncated"] == b"200000"
