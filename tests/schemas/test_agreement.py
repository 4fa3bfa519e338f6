"""Schemas, examples and codec say the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from expansion_signals.errors import RejectedRecord
from expansion_signals.model.decisions import Decision
from expansion_signals.model.events import Evidence
from expansion_signals.model.instants import DAY, parse_instant
from expansion_signals.model.records import Record
from expansion_signals.model.signals import Signal, Told
from expansion_signals.model.triggers import Trigger
from expansion_signals.wire.codec import CloudEventsCodec
from expansion_signals.wire.schema_files import schema_files

if TYPE_CHECKING:
    from collections.abc import Callable

    from jsonschema import Draft7Validator

    from expansion_signals.model.records import Outgoing

ROOT = Path(str(schema_files()))
EXAMPLES = sorted((ROOT / "examples").glob("**/*.json"))
READ = {"usage-events", "account-updates", "prompt-events"}
NOW = parse_instant("2026-11-22T10:00:01Z")
EVIDENCE = Evidence("7f1c", "/apps/web", NOW, "u-42", None, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT / "examples"))


def examples(*topics: str, valid: bool) -> list[Any]:
    return [
        pytest.param(path, id=relative(path))
        for path in EXAMPLES
        if relative(path).split("/")[0] in topics and ("invalid" not in path.parts) is valid
    ]


def topic_of(path: Path) -> str:
    return relative(path).split("/")[0]


def conforms(event: dict[str, Any], path: Path, validator: Callable[[str], Draft7Validator]) -> bool:
    topic, kind, version, *_ = relative(path).split("/")
    envelope = "received" if topic in READ else "published"
    data = event.get("data")
    if data is None and "data_base64" not in event:
        data = {}
    fits = data is None or validator(f"{topic}/{kind}.v{version}.schema.json").is_valid(data)
    return fits and validator(f"envelope/{envelope}.schema.json").is_valid(event)


def decode(path: Path) -> object:
    record = Record(topic_of(path), 0, 0, b"acct-1", path.read_bytes(), (), NOW)
    codec = CloudEventsCodec()
    match topic_of(path):
        case "usage-events":
            return codec.usage_event(record)
        case "account-updates":
            return codec.account_update(record)
        case _:
            return codec.prompt(record)


@pytest.mark.parametrize("path", EXAMPLES, ids=relative)
def test_the_schema_takes_valid_examples_only(path: Path, validator: Callable[[str], Draft7Validator]) -> None:
    assert conforms(json.loads(path.read_text()), path, validator) is ("invalid" not in path.parts)


@pytest.mark.parametrize("path", examples(*READ, valid=True))
def test_the_codec_takes_valid_examples(path: Path) -> None:
    assert decode(path)


@pytest.mark.parametrize("path", examples(*READ, valid=False))
def test_the_codec_refuses_invalid_examples(path: Path) -> None:
    with pytest.raises(RejectedRecord):
        decode(path)


@pytest.mark.parametrize("path", examples("expansion-signals", valid=True))
def test_the_codec_reads_the_examples_of_signals(path: Path) -> None:
    signal = CloudEventsCodec().read_signal(Record(topic_of(path), 0, 0, None, path.read_bytes(), (), NOW))

    assert relative(path).split("/")[1] == f"signal.{signal.type}"


@pytest.fixture
def written_well(validator: Callable[[str], Draft7Validator]) -> Callable[[Outgoing], dict[str, Any]]:
    """Check a record against the envelope's schema and against the schema it refers to; return its event."""

    def check(outgoing: Outgoing) -> dict[str, Any]:
        event: dict[str, Any] = json.loads(outgoing.value or b"")
        validator("envelope/published.schema.json").validate(event)
        validator(event["dataschema"].removeprefix("/schemas/")).validate(event["data"])
        return event

    return check


def example(path: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((ROOT / "examples" / path).read_text())["data"]
    return data


@pytest.fixture
def signal() -> Signal:
    data = example("expansion-signals/signal.limit.reached/1/80-percent.json")
    keys = tuple(data.pop("keys"))
    arms = tuple(Told(**told | {"appended": parse_instant(told["appended"])}) for told in data.pop("arms"))
    return Signal("5d41", "limit.reached", "Käse GmbH", EVIDENCE, data, keys, arms)


def test_a_signal_fulfils_its_schema(signal: Signal, written_well: Callable[[Outgoing], dict[str, Any]]) -> None:
    event = written_well(CloudEventsCodec().signal(signal, NOW + 42_000))

    assert (event["type"], event["subject"]) == ("expansion.signal.limit.reached.v1", "Käse GmbH")


def test_a_signal_says_what_caused_it_and_when_it_was_decided(
    signal: Signal, written_well: Callable[[Outgoing], dict[str, Any]]
) -> None:
    event = written_well(CloudEventsCodec().signal(signal, NOW + 42_000))

    assert [event[name] for name in ("time", "recordedtime", "causationid", "causationsource", "traceparent")] == [
        "2026-11-22T10:00:01Z",
        "2026-11-22T10:00:01.042Z",
        "7f1c",
        "/apps/web",
        EVIDENCE.traceparent,
    ]


def test_a_signal_reads_back_as_it_was_written(signal: Signal) -> None:
    codec = CloudEventsCodec()
    written = codec.signal(signal, NOW)

    assert codec.read_signal(Record(written.topic, 0, 0, written.key, written.value, written.headers, NOW)) == signal


def test_the_key_of_what_is_published_is_the_account(signal: Signal) -> None:
    assert CloudEventsCodec().signal(signal, NOW).key == "Käse GmbH".encode()


def test_what_is_published_says_its_content_type(signal: Signal) -> None:
    assert dict(CloudEventsCodec().signal(signal, NOW).headers) == {"content-type": b"application/cloudevents+json"}


@pytest.mark.parametrize("name", ["80-percent", "with-recommendation", "absolute-without-limit"])
def test_a_trigger_fulfils_its_schema(name: str, written_well: Callable[[Outgoing], dict[str, Any]]) -> None:
    data = example(f"expansion-limit-reached/limit.reached/1/{name}.json")
    trigger = Trigger("5d41", "limit.reached", "expansion-limit-reached", "acct-1", EVIDENCE, data, NOW + 7 * DAY)

    assert written_well(CloudEventsCodec().trigger(trigger, NOW))["expirytime"] == "2026-11-29T10:00:01Z"


def test_a_fired_decision_fulfils_its_schema(written_well: Callable[[Outgoing], dict[str, Any]]) -> None:
    rule = {"id": "api-quota", "version": "3f2a"}
    decision = Decision("9001", "5d41", "5d41", "fired", None, (), None, rule, "acct-1", NOW)

    assert written_well(CloudEventsCodec().decision(decision, NOW))["causationid"] == "5d41"


def test_a_held_decision_fulfils_its_schema(written_well: Callable[[Outgoing], dict[str, Any]]) -> None:
    decision = Decision(
        "9001", "5d41", None, "held", "quiet_hours", ("quiet_hours", "cooldown"), NOW + DAY, None, "acct-1", NOW
    )

    assert written_well(CloudEventsCodec().decision(decision, NOW))["data"]["until"] == "2026-11-23T10:00:01Z"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"type": "expansion.signal.limit.reached.v2"}, "unknown_version"),
        ({"type": "expansion.limit.reached.v1"}, "invalid_attribute"),
        ({"causationid": None}, "missing_attribute"),
        ({"data": None}, "invalid_data"),
        ({"data": {"keys": "one"}}, "invalid_data"),
        ({"data": {"keys": [1]}}, "invalid_data"),
        ({"data": {"keys": [], "arms": "one"}}, "invalid_data"),
        ({"data": {"keys": [], "arms": [{"threshold": "80%", "generation": "1"}]}}, "invalid_data"),
        ({"data": {"keys": [], "user": 7}}, "invalid_data"),
    ],
)
def test_what_is_no_signal_is_refused(change: dict[str, Any], code: str) -> None:
    event = json.loads((ROOT / "examples/expansion-signals/signal.limit.reached/1/80-percent.json").read_text())
    value = json.dumps(event | change).encode()

    with pytest.raises(RejectedRecord) as caught:
        CloudEventsCodec().read_signal(Record("expansion-signals", 0, 0, None, value, (), NOW))
    assert caught.value.code == code
