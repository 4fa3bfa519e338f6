"""What strangers send wrong: each ends where it belongs, and the worker goes on. One deployment takes it all."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, NamedTuple

import pytest

from outside.counters import counters
from outside.deployment import DEAD_LETTERS, Deployment
from outside.product import profile_event, structured, usage_event, written

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator, Mapping

    from outside.reading import Found
    from servers.chosen import GivenKafka, GivenRedis, Kafka, Redis

pytestmark = pytest.mark.servers

NOW = datetime.now(UTC)
LARGEST = 2**63 - 1
DLQ_HEADERS = {
    "dlq_code",
    "dlq_message",
    "dlq_topic",
    "dlq_partition",
    "dlq_offset",
    "dlq_first_failed_at",
    "dlq_last_failed_at",
    "dlq_attempts",
}


class Sent(NamedTuple):
    """A record as it is sent; its name in the tests is its key, so that it is found again."""

    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = tuple(structured())
    topic: str = "usage-events"


def event(**attributes: object) -> Sent:
    """Return an event of a good account with these attributes instead of its own; None leaves one out."""
    good = usage_event("victim", 1)
    return Sent(
        json.dumps({name: value for name, value in {**good, **attributes}.items() if value is not None}).encode()
    )


def measured(value: str, meter: str = "api_calls") -> Sent:
    """Return usage with this value, as JSON text."""
    text = json.dumps(usage_event("victim", "VALUE", meter=meter))
    return Sent(text.replace('"VALUE"', value).encode())


DEAD: Mapping[str, tuple[str, Sent]] = {
    "broken-json": ("unparsable", Sent(b'{"specversion":"1.0",')),
    "not-json-at-all": ("unparsable", Sent(b"\x00\xff\xfe\x01")),
    "an-empty-value": ("unparsable", Sent(b"")),
    "a-null-value": ("unparsable", Sent(None)),
    "a-list": ("unparsable", Sent(b"[]")),
    "a-thousand-brackets": ("unparsable", Sent(b"[" * 100_000)),
    "a-batch": (
        "unparsable",
        Sent(
            json.dumps([usage_event("victim", 1)]).encode(), (("content-type", b"application/cloudevents-batch+json"),)
        ),
    ),
    "missing-subject": ("missing_attribute", event(subject=None)),
    "missing-id": ("missing_attribute", event(id=None)),
    "missing-time": ("missing_attribute", event(time=None)),
    "subject-a-number": ("invalid_attribute", event(subject=7)),
    "subject-empty": ("invalid_attribute", event(subject="")),
    "subject-of-control-characters": ("invalid_attribute", event(subject="vic\x1ftim")),
    "id-of-control-characters": ("invalid_attribute", event(id="\x00")),
    "time-not-a-time": ("invalid_attribute", event(time="yesterday")),
    "data-a-text": ("invalid_data", event(data="1")),
    "value-missing": ("invalid_data", event(data={"meter": "api_calls"})),
    "value-true": ("invalid_data", measured("true")),
    "value-a-word": ("invalid_data", measured('"many"')),
    "value-nan-as-text": ("invalid_data", measured('"NaN"')),
    "value-infinite-as-text": ("invalid_data", measured('"Infinity"')),
    "value-nan": ("unparsable", measured("NaN")),
    "value-of-401-digits": ("invalid_data", measured(f'"{"9" * 401}"')),
    "meter-of-control-characters": ("invalid_data", event(data={"meter": "api\x1fcalls", "value": "1"})),
    "value-of-400-digits": ("overflow", measured(f'"{"9" * 400}"')),
    "value-past-63-bits": ("overflow", measured(str(2**63))),
    "value-of-a-huge-exponent": ("overflow", measured("1e300")),
    "value-too-fine": ("precision", measured('"0.5"')),
    "value-too-fine-for-its-meter": ("precision", measured('"0.0005"', meter="storage")),
    "unknown-version": ("unknown_version", event(type="expansion.usage.recorded.v9")),
    "too-old": ("too_old", event(time=written(NOW - timedelta(hours=25)))),
    "in-future": ("in_future", event(time=written(NOW + timedelta(minutes=30)))),
    "of-2-megabytes": ("too_large", event(padding="x" * 2_000_000)),
    "identity-conflict": ("identity_conflict", event(id="used-before", data={"meter": "api_calls", "value": "2"})),
    "sum-past-63-bits": ("overflow", Sent(json.dumps(usage_event("brimful", 1)).encode())),
    "update-under-another-key": (
        "key_mismatch",
        Sent(json.dumps(profile_event("victim", "enterprise", 99)).encode(), topic="account-updates"),
    ),
    "update-without-a-plan": (
        "invalid_data",
        Sent(
            json.dumps({**profile_event("update-without-a-plan", "free", 1), "data": {"version": 1}}).encode(),
            topic="account-updates",
        ),
    ),
}
UNMATCHED: Mapping[str, Sent] = {
    "unknown-meter": measured("1", meter="nobody-counts-this"),
    "unknown-meter-with-a-huge-value": measured("1e300", meter="nobody-counts-this"),
    "unknown-type": event(type="com.acme.thing.happened"),
    "unknown-type-with-a-list": event(type="com.acme.thing.happened", data=[1, 2]),
    "hit-of-an-unknown-meter": event(type="expansion.limit.hit.v1", data={"meter": "nobody-counts-this"}),
}
COUNTED: Mapping[str, tuple[Sent, int]] = {
    "negative-number": (measured("-3"), -3),
    "number-with-an-exponent": (measured("1e1"), 10),
    "decimal-text-of-a-whole-number": (measured('"2.000"'), 2),
    "unknown-properties": (event(hello={"to": ["you"]}, data={"meter": "api_calls", "value": "1", "more": None}), 1),
    "data-in-base64": (
        event(data=None, data_base64=base64.b64encode(b'{"meter":"api_calls","value":"4"}').decode()),
        4,
    ),
    "time-with-an-offset": (event(time=NOW.astimezone(timezone(timedelta(hours=5, minutes=30))).isoformat()), 1),
    "under-another-key": (event(), 1),
}


class Seen(NamedTuple):
    letters: dict[str, Found]
    originals: dict[str, Found]
    level: int
    brimful: int
    outcomes: Counter[str]
    log: str
    prefix: str


@pytest.fixture(scope="module")
def seen(
    kafka: GivenKafka | Kafka, redis_server: GivenRedis | Redis, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Seen]:
    with Deployment(kafka.bootstrap, redis_server.url, tmp_path_factory.mktemp("bad")) as deployment:
        worker, product = deployment.worker().start(), deployment.product
        product.profile("victim", "enterprise")
        product.profile("brimful", "enterprise")
        product.send(usage_event("victim", 100, id="used-before"), usage_event("brimful", LARGEST))
        worker.until_settled(2)
        rows = {name: sent for name, (_, sent) in DEAD.items()} | UNMATCHED
        rows |= {name: sent for name, (sent, _) in COUNTED.items()}
        for name, sent in rows.items():
            product.raw(sent.value, key=name.encode(), headers=list(sent.headers), topic=sent.topic)
        product.send(usage_event("victim", 1000))
        usage = 3 + sum(sent.topic == "usage-events" for sent in rows.values())
        worker.until_settled(usage)
        originals = [*deployment.records("usage-events"), *deployment.records("account-updates")]
        levels = counters(redis_server.url, deployment.prefix, ["victim", "brimful"])
        assert worker.alive()
        yield Seen(
            {(record.key or b"").decode(): record for record in deployment.records(DEAD_LETTERS)},
            {(record.key or b"").decode(): record for record in originals},
            levels["victim"],
            levels["brimful"],
            worker.tallies(),
            worker.log(),
            deployment.prefix,
        )


@pytest.mark.parametrize("row", DEAD)
def test_what_can_never_succeed_is_a_dead_letter_with_its_code(seen: Seen, row: str) -> None:
    assert seen.letters[row].header["dlq_code"] == DEAD[row][0].encode()


@pytest.mark.parametrize("row", DEAD)
def test_a_dead_letter_says_in_words_what_was_wrong(seen: Seen, row: str) -> None:
    assert seen.letters[row].header["dlq_message"]


@pytest.mark.parametrize("row", DEAD)
def test_a_dead_letter_has_the_untouched_bytes_and_headers(seen: Seen, row: str) -> None:
    letter, sent = seen.letters[row], DEAD[row][1]
    own = tuple(each for each in letter.headers if not each[0].startswith("dlq_"))
    assert (letter.value, own) == (sent.value, sent.headers)


@pytest.mark.parametrize("row", DEAD)
def test_a_dead_letter_has_all_its_headers(seen: Seen, row: str) -> None:
    assert {name for name in seen.letters[row].header if name.startswith("dlq_")} == DLQ_HEADERS


@pytest.mark.parametrize("row", DEAD)
def test_a_dead_letter_has_the_coordinates_of_its_record(seen: Seen, row: str) -> None:
    header, original = seen.letters[row].header, seen.originals[row]
    assert (header["dlq_topic"], header["dlq_partition"], header["dlq_offset"]) == (
        f"{seen.prefix}{DEAD[row][1].topic}".encode(),
        str(original.partition).encode(),
        str(original.offset).encode(),
    )


@pytest.mark.parametrize("row", UNMATCHED)
def test_what_nothing_names_is_no_dead_letter(seen: Seen, row: str) -> None:
    assert row not in seen.letters


def test_what_nothing_names_is_unmatched(seen: Seen) -> None:
    assert seen.outcomes["unmatched"] == len(UNMATCHED)


@pytest.mark.parametrize("row", COUNTED)
def test_what_is_only_unusual_is_no_dead_letter(seen: Seen, row: str) -> None:
    assert row not in seen.letters


def test_good_events_under_any_key_count_for_their_subject_and_bad_ones_count_nothing(seen: Seen) -> None:
    assert seen.level == 100 + sum(amount for _, amount in COUNTED.values()) + 1000


def test_a_counter_that_is_full_keeps_its_level(seen: Seen) -> None:
    assert seen.brimful == LARGEST


def test_nothing_else_is_a_dead_letter(seen: Seen) -> None:
    assert seen.letters.keys() == DEAD.keys()


def test_received_is_counted_and_duplicate_and_unmatched_and_dead_lettered(seen: Seen) -> None:
    dead = sum(sent.topic == "usage-events" for _, sent in DEAD.values())
    assert seen.outcomes == {
        "counted": 3 + len(COUNTED),
        "duplicate": 0,
        "unmatched": len(UNMATCHED),
        "dead_lettered": dead,
    }


def test_no_bad_record_leaves_a_traceback_in_the_log(seen: Seen) -> None:
    assert "Traceback" not in seen.log
