"""The set of files holds together: nothing is missing, and nothing is left over."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from jsonschema import Draft7Validator

from expansion_signals.model.instants import MILLISECOND
from expansion_signals.model.kinds import FAMILIES
from expansion_signals.wire.contracts import BUILT_IN_TYPES
from expansion_signals.wire.published import dataschema
from expansion_signals.wire.schema_files import schema_files
from expansion_signals.wire.topic_files import topics

if TYPE_CHECKING:
    from expansion_signals.model.kinds import Family
    from expansion_signals.wire.topic_files import Topic

ROOT = Path(str(schema_files()))
TOPICS = topics()
RECEIVED = {"usage-events", "account-updates", "prompt-events"}
VERSIONS = [(topic.name, event_type) for topic in TOPICS for event_type in topic.versions]
SCHEMAS = sorted(path for topic in TOPICS for path in (ROOT / topic.name).glob("**/*.json"))
EXAMPLES = sorted((ROOT / "examples").glob("**/*.json"))


def short(event_type: str) -> str:
    return event_type.removeprefix("expansion.").removesuffix(".v1")


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize(("topic", "event_type"), VERSIONS)
def test_the_reference_of_each_type_leads_to_its_schema(topic: str, event_type: str) -> None:
    declared = next(each for each in TOPICS if each.name == topic).versions[event_type]

    assert dataschema(topic, event_type) == f"/schemas/{declared.schema_path}"


@pytest.mark.parametrize(("topic", "event_type"), VERSIONS)
def test_each_schema_is_valid_and_names_itself(topic: str, event_type: str) -> None:
    reference = dataschema(topic, event_type)
    schema = json.loads((ROOT.parent / reference.removeprefix("/")).read_text())
    Draft7Validator.check_schema(schema)

    assert (schema["$id"], schema["title"]) == (reference, event_type)


@pytest.mark.parametrize(("topic", "event_type"), VERSIONS)
@pytest.mark.parametrize("kind", ["*.json", "invalid/*.json"])
def test_each_type_has_valid_and_invalid_examples(topic: str, event_type: str, kind: str) -> None:
    assert list((ROOT / "examples" / topic / short(event_type) / "1").glob(kind))


@pytest.mark.parametrize("path", SCHEMAS, ids=relative)
def test_no_schema_is_an_orphan(path: Path) -> None:
    declared = {version.schema_path for topic in TOPICS for version in topic.versions.values()}

    assert relative(path) in declared


@pytest.mark.parametrize("path", EXAMPLES, ids=relative)
def test_no_example_is_an_orphan(path: Path) -> None:
    _, topic, kind, version, *_ = path.relative_to(ROOT).parts

    assert (topic, f"expansion.{kind}.v{version}") in VERSIONS


def test_no_folder_of_schemas_is_without_its_topic() -> None:
    others = {"topics", "examples", "envelope", "config", "sources", "released"}

    assert {each.name for each in ROOT.iterdir() if each.is_dir()} - others <= {topic.name for topic in TOPICS}


def test_each_built_in_type_has_its_schema() -> None:
    assert {event_type for topic, event_type in VERSIONS if topic == "usage-events"} == BUILT_IN_TYPES


@pytest.mark.parametrize(("topic", "event_type"), VERSIONS)
def test_what_is_read_is_open_and_what_is_published_is_closed(topic: str, event_type: str) -> None:
    schema = json.loads((ROOT.parent / dataschema(topic, event_type).removeprefix("/")).read_text())

    assert schema["additionalProperties"] is (topic in RECEIVED)


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_compatibility_fits_the_side_we_are_on(topic: Topic) -> None:
    side = "backward" if topic.name in RECEIVED else "forward"

    assert {version.compatibility for version in topic.versions.values()} <= {side}


def topic(name: str) -> Topic:
    return next(each for each in TOPICS if each.name == name)


def test_every_topic_of_the_interface_is_there() -> None:
    assert {each.name for each in TOPICS} == {
        *(family.topic for family in FAMILIES),
        *RECEIVED,
        "expansion-signals",
        "expansion-decisions",
        "expansion-outcomes",
        "expansion-parked",
        "expansion-shadow",
        "expansion-subscriber-memory",
        "usage-events-dlq",
    }


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_triggers_outlive_their_expiry_on_their_topic(family: Family) -> None:
    assert int(topic(family.topic).config["retention.ms"]) * MILLISECOND > family.lasts


@pytest.mark.parametrize("name", ["usage-events", "prompt-events"])
def test_events_are_stamped_by_the_broker(name: str) -> None:
    assert topic(name).config["message.timestamp.type"] == "LogAppendTime"


def test_account_updates_are_compacted() -> None:
    assert topic("account-updates").config["cleanup.policy"] == "compact"


@pytest.mark.parametrize("source", sorted(RECEIVED))
def test_the_dead_letter_topic_takes_twice_the_bytes_of_its_source(source: str) -> None:
    size = "max.message.bytes"

    assert int(topic("usage-events-dlq").config[size]) >= 2 * int(topic(source).config[size])


@pytest.mark.parametrize("name", ["expansion-signals", "expansion-decisions", "prompt-events"])
def test_what_state_is_restored_from_is_kept_400_days(name: str) -> None:
    config = topic(name).config

    assert (config["cleanup.policy"], int(config["retention.ms"])) == ("delete", 400 * 24 * 3600 * 1000)
