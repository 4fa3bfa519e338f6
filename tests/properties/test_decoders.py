"""Whatever bytes arrive on any topic, or stand in a file: a value or a refusal with a reason, in bounded time."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expansion_signals.decide.candidates import candidate_in
from expansion_signals.errors import DeadLetterCode, RejectedConfiguration, RejectedRecord
from expansion_signals.model.instants import parse_instant
from expansion_signals.model.records import DeadLetter, Record
from expansion_signals.rules.loading import load
from expansion_signals.wire import audit
from expansion_signals.wire.codec import CloudEventsCodec
from expansion_signals.wire.dead_letters import cause_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from hypothesis.strategies import SearchStrategy

CODEC = CloudEventsCodec()
APPENDED = parse_instant("2026-11-22T10:00:01Z")
CODES = set(get_args(DeadLetterCode))
ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = [json.loads(path.read_text()) for path in sorted((ROOT / "schemas/examples").rglob("*.json"))]
FILES = {name: (ROOT / "tests/outside/configuration" / name).read_text() for name in ("catalog.yaml", "rules.yaml")}


def _signal(record: Record) -> object:
    """Read a signal as deciding does: what it cannot decide of is refused, too."""
    signal = CODEC.read_signal(record)
    return signal, candidate_in(signal, "0:0")


DECODERS: dict[str, Callable[[Record], object]] = {
    "usage-events": CODEC.usage_event,
    "account-updates": CODEC.account_update,
    "prompt-events": CODEC.prompt,
    "expansion-signals": _signal,
    "expansion-decisions": CODEC.read_decision,
    "audit": audit.read,
}

VALUE = re.compile(r': ("(?:[^"\\]|\\.)*"|-?\d+|null|true|false)')
"""A value of an object that holds nothing else."""

leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([10**400, -(2**63), 2**63])
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["1e999999999", "-0", "NaN", "9" * 5_000, "2026-11-22T10:00:00Z", "9999-12-31T23:59:59Z", "\x00"])
)
json_values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
headers = st.lists(
    st.tuples(
        st.sampled_from(["content-type", "ce_specversion", "ce_id", "ce_source", "ce_type", "ce_subject", "ce_time"])
        | st.text(max_size=8),
        st.none() | st.sampled_from([b"1.0", b"application/json", b"application/cloudevents+json"]) | st.binary(),
    ),
    max_size=8,
)


@st.composite
def bent(draw: Callable[[SearchStrategy[Any]], Any]) -> bytes:
    """Return a good record of any type with one part of it, however deep, taken out or replaced."""
    document = json.loads(json.dumps(draw(st.sampled_from(EXAMPLES))))
    part: Any = document
    while True:
        places = list(part) if isinstance(part, dict) else list(range(len(part)))
        if not places:
            break
        place = draw(st.sampled_from(places))
        if isinstance(part[place], dict | list) and part[place] and draw(st.booleans()):
            part = part[place]
            continue
        if draw(st.booleans()):
            part[place] = draw(json_values)
        else:
            del part[place]
        break
    return json.dumps(document).encode()


@st.composite
def broken(draw: Callable[[SearchStrategy[Any]], Any]) -> bytes:
    """Return a good record of any type with some of its bytes changed, doubled or cut off."""
    content = json.dumps(draw(st.sampled_from(EXAMPLES))).encode()
    at = draw(st.integers(0, len(content)))
    return content[:at] + draw(st.binary(max_size=4)) + content[at + draw(st.integers(-8, 8)) :]


@st.composite
def blown_up(draw: Callable[[SearchStrategy[Any]], Any]) -> bytes:
    """Return a good record of any type with one of its numbers and texts as a number that a few bytes make huge."""
    content = json.dumps(draw(st.sampled_from(EXAMPLES)))
    places = [match.span(1) for match in VALUE.finditer(content)]
    start, end = draw(st.sampled_from(places))
    number = draw(st.sampled_from(["1e999999999", "-1e999999999", "1e-999999999", "9" * 4_000, '"1e999999999"']))
    return (content[:start] + number + content[end:]).encode()


def enveloped(data: object) -> bytes:
    """Return a good envelope of `usage.recorded` with this in place of its data, in base64."""
    encoded = b64encode(json.dumps(data).encode()).decode()
    return json.dumps({**GOOD, "data_base64": encoded}).encode()


GOOD = {
    "specversion": "1.0",
    "id": "1",
    "source": "/",
    "type": "expansion.usage.recorded.v1",
    "subject": "acct-1",
    "time": "2026-11-22T10:00:00Z",
}
values = (
    st.none()
    | st.binary()
    | bent()
    | broken()
    | blown_up()
    | json_values.map(lambda each: json.dumps(each).encode())
    | json_values.map(enveloped)
)
keys = (
    st.none()
    | st.binary(max_size=8)
    | st.sampled_from([each["subject"].encode() for each in EXAMPLES if "subject" in each])
)


def refusal_of(read: Callable[[], object]) -> RejectedRecord | None:
    """Return how it is refused, None where it is read; any other exception is a defect."""
    try:
        assert read() is not None
    except RejectedRecord as refusal:
        return refusal
    return None


@pytest.mark.parametrize("topic", DECODERS)
@given(value=values, key=keys, carried=headers | st.just([]))
def test_any_record_of_any_topic_is_read_or_refused_with_a_code_and_a_reason(
    topic: str, value: bytes | None, key: bytes | None, carried: list[tuple[str, bytes | None]]
) -> None:
    record = Record(topic, 0, 0, key, value, carried, APPENDED)
    refusal = refusal_of(lambda: DECODERS[topic](record))
    assert refusal is None or (refusal.code in CODES and refusal.message)


@given(value=values, key=keys, carried=headers, code=st.sampled_from(sorted(CODES)), message=st.text())
def test_any_record_makes_a_dead_letter_whose_cause_can_be_read(
    value: bytes | None, key: bytes | None, carried: list[tuple[str, bytes | None]], code: DeadLetterCode, message: str
) -> None:
    letter = DeadLetter(Record("usage-events", 3, 41, key, value, carried, APPENDED), code, message)
    causes = [cause_of(write(letter, APPENDED).headers) for write in (CODEC.dead_letter, CODEC.truncated)]
    assert {(each.code, each.partition, each.offset) for each in causes} == {(code, 3, 41)}


@given(
    st.lists(
        st.tuples(
            st.sampled_from(
                [
                    f"dlq_{name}"
                    for name in (
                        "code",
                        "message",
                        "topic",
                        "partition",
                        "offset",
                        "first_failed_at",
                        "last_failed_at",
                        "attempts",
                        "truncated",
                    )
                ]
            ),
            st.none() | st.binary() | st.sampled_from([b"1", b"2026-11-22T10:00:00Z", b"9" * 5_000, b"-1"]),
        ),
        max_size=12,
    )
)
def test_any_headers_are_those_of_a_dead_letter_or_refused(forged: list[tuple[str, bytes | None]]) -> None:
    refusal = refusal_of(lambda: cause_of(forged))
    assert refusal is None or refusal.message


yaml_texts = (
    st.text()
    | st.binary().map(lambda each: each.decode("utf-8", "surrogateescape"))
    | st.sampled_from(
        [
            "&a [*a]",
            "a: &a [*a, *a]",
            "[" * 5_000,
            "{" * 5_000,
            "? " * 5_000,
            "- " * 5_000,
            "!!python/object:os.system x",
            "a: 1e999999999",
            "%YAML 9.9\n---\n",
            "\x00",
            "a: b: c",
            "<<: {a: 1}",
        ]
    )
)


@st.composite
def bent_files(draw: Callable[[SearchStrategy[Any]], Any]) -> dict[str, str]:
    """Return good files, one of them with a stretch of it replaced by something else, or by another stretch of it."""
    name = draw(st.sampled_from(sorted(FILES)))
    text = FILES[name]
    start = draw(st.integers(0, len(text)))
    end = draw(st.integers(start, min(len(text), start + 40)))
    taken = draw(st.integers(0, len(text)))
    instead = draw(yaml_texts | st.just(text[taken : taken + 40]) | st.just(""))
    return {**FILES, name: text[:start] + instead + text[end:]}


@given(bent_files() | st.fixed_dictionaries({"catalog.yaml": yaml_texts, "rules.yaml": yaml_texts}))
def test_any_files_are_a_configuration_or_refused_with_every_problem(texts: dict[str, str]) -> None:
    refusals = []
    try:
        assert load(texts).fingerprint
    except RejectedConfiguration as refusal:
        refusals = [refusal]
    assert all(refusal.problems for refusal in refusals)
    problems = [problem for refusal in refusals for problem in refusal.problems]
    assert all(each.file in FILES and each.line > 0 and each.message for each in problems)
