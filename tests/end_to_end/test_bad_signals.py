"""What is wrong where only metering and notification services write: it is a dead letter, and deciding goes on."""

from __future__ import annotations

import json
import shutil
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from outside.deployment import CONFIGURATION, DEAD_LETTERS, PROMPTS, SIGNALS, TRIGGERS, Deployment
from outside.product import prompt_event, structured, usage_event, written

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from outside.reading import Found
    from servers.chosen import GivenKafka, GivenRedis, Kafka, Redis

pytestmark = pytest.mark.servers

ACCOUNT = "acct-1"
LEADS = """
  - id: leads
    signal: pql
    qualify_at: 30
    criteria:
      - {id: hits, when: limit_hits >= 3 or usage_growth > 10% or active_users > 2, within: 14d, points: 35}
      - {id: healthy, when: health > 10, points: 35}
"""
"""So that readings are judged, too."""

EXAMPLES = sorted(Path(__file__, "../../../schemas/examples/expansion-signals").resolve().glob("signal.*/1/*.json"))
UNLIKELY: Sequence[Any] = (None, 7, "", "x", "-1", [], [{}], {})
"""What stands in place of each part of a signal, one after the other."""


def example(name: str) -> dict[str, Any]:
    """Return a valid signal of this type, with an id of its own, of an account that nobody else has."""
    path = next(path for path in EXAMPLES if path.parts[-3] == f"signal.{name}")
    signal: dict[str, Any] = json.loads(path.read_text())
    return {**signal, "id": uuid.uuid4().hex, "subject": "somebody", "time": written(datetime.now(UTC))}


def without(part: str, name: str = "limit.reached", **instead: Any) -> bytes:  # noqa: ANN401 -- any JSON
    """Return a signal without a part of its data, or with something else there."""
    signal = example(name)
    signal["data"] = {each: value for each, value in signal["data"].items() if each != part} | instead
    return json.dumps(signal).encode()


def prompt(deed: str = "shown", *, leave_out: str = "", **more: Any) -> bytes:  # noqa: ANN401 -- any JSON
    """Return a report of a prompt that nobody was shown, without a part of its data."""
    event = prompt_event(deed, {"subject": "somebody", "id": uuid.uuid4().hex}, "ada", **more)
    event["data"].pop(leave_out, None)
    return json.dumps(event).encode()


DEAD: Mapping[str, tuple[str, str, bytes | None]] = {
    "garbage-among-signals": (SIGNALS, "unparsable", b"\x00\xff\xfe"),
    "nothing-among-signals": (SIGNALS, "unparsable", None),
    "broken-json-among-signals": (SIGNALS, "unparsable", b'{"specversion":"1.0",'),
    "a-signal-without-data": (SIGNALS, "invalid_data", json.dumps({**example("limit.reached"), "data": 3}).encode()),
    "a-signal-without-an-id": (SIGNALS, "missing_attribute", json.dumps({"specversion": "1.0"}).encode()),
    "usage-among-signals": (SIGNALS, "invalid_attribute", json.dumps(usage_event("somebody", 1)).encode()),
    "a-signal-to-come": (
        SIGNALS,
        "unknown_version",
        json.dumps({**example("limit.reached"), "type": "expansion.signal.limit.reached.v9"}).encode(),
    ),
    "a-limit-without-a-threshold": (SIGNALS, "invalid_data", without("threshold")),
    "a-limit-without-a-rule": (SIGNALS, "invalid_data", without("rule")),
    "a-limit-without-keys": (SIGNALS, "invalid_data", without("keys")),
    "a-limit-of-another-family": (SIGNALS, "invalid_data", without("family", family="seat")),
    "a-limit-with-an-account-that-is-none": (SIGNALS, "invalid_data", without("account", account={"plan": 7})),
    "a-change-to-an-account-that-is-none": (SIGNALS, "invalid_data", without("to", "account.changed", to=[1])),
    "a-signal-with-an-id-of-its-own": (
        SIGNALS,
        "invalid_attribute",
        json.dumps({**example("limit.reached"), "id": "mine"}).encode(),
    ),
    "garbage-among-prompts": (PROMPTS, "unparsable", b"not json"),
    "nothing-among-prompts": (PROMPTS, "unparsable", None),
    "an-unknown-deed": (PROMPTS, "invalid_attribute", prompt("admired")),
    "a-prompt-of-no-trigger": (PROMPTS, "invalid_data", prompt(leave_out="trigger")),
    "a-prompt-of-nobody": (PROMPTS, "invalid_data", prompt(leave_out="user")),
    "a-snooze-without-an-end": (PROMPTS, "invalid_data", prompt("snoozed")),
    "a-snooze-until-someday": (PROMPTS, "invalid_data", prompt("snoozed", until="someday")),
}
"""Topic, code and value of each record that can never succeed, by its key."""


def unlikely() -> Iterator[bytes]:
    """Yield every example with each part of its data left out, and with something unlikely in its place."""
    for name in dict.fromkeys(path.parts[-3].removeprefix("signal.") for path in EXAMPLES):
        for data in changed(example(name)["data"]):
            yield json.dumps({**example(name), "data": data}).encode()


def changed(document: Any) -> Iterator[Any]:  # noqa: ANN401 -- any JSON
    """Yield a document with each of its parts, however deep, left out or replaced; one after the other."""
    for place in [*document] if isinstance(document, dict) else range(min(1, len(document))):
        part = document[place]
        copies = [*UNLIKELY, *(changed(part) if isinstance(part, dict | list) else ())]
        for copy in copies:
            yield {**document, place: copy} if isinstance(document, dict) else [copy, *document[1:]]
        if isinstance(document, dict):
            yield {name: value for name, value in document.items() if name != place}


class Seen(NamedTuple):
    letters: Mapping[str, Found]
    prefix: str
    triggers: Sequence[Found]
    unlikely: int
    taken: int
    """Unlikely signals that are accounted for, each in one tally."""
    log: str


@pytest.fixture(scope="module")
def seen(
    kafka: GivenKafka | Kafka, redis_server: GivenRedis | Redis, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Seen]:
    directory = shutil.copytree(CONFIGURATION, tmp_path_factory.mktemp("bad-signals") / "configuration")
    with (directory / "rules.yaml").open("a") as rules:
        rules.write(LEADS)
    with Deployment(
        kafka.bootstrap, redis_server.url, directory, {"CONFIG": str(directory), "DEAD_LETTER_RATIO": "1"}
    ) as deployment:
        worker, product = deployment.worker().start().until_ready(), deployment.product
        for name, (topic, _, value) in DEAD.items():
            product.raw(value, key=name.encode(), headers=structured(), topic=topic)
        for topic in (SIGNALS, PROMPTS):
            worker.until_told(topic, sum(each == topic for each, _, _ in DEAD.values()))
        before = sum(worker.tallies(SIGNALS).values())
        wrong = list(unlikely())
        for value in wrong:
            product.begin_raw(value, key=b"somebody", headers=structured(), topic=SIGNALS)
        product.flush()
        worker.until_told(SIGNALS, before + len(wrong))
        taken = sum(worker.tallies(SIGNALS).values()) - before
        product.profile(ACCOUNT, "free")
        product.send(usage_event(ACCOUNT, 850))
        triggers = deployment.topic(TRIGGERS).until(lambda record: record.key == ACCOUNT.encode())
        letters = {(record.key or b"").decode(): record for record in deployment.records(DEAD_LETTERS)}
        assert worker.alive()
        yield Seen(letters, deployment.prefix, triggers, len(wrong), taken, worker.log())


@pytest.mark.parametrize("name", DEAD)
def test_what_can_never_succeed_is_a_dead_letter_with_its_code_and_its_topic(seen: Seen, name: str) -> None:
    topic, code, _ = DEAD[name]
    header = seen.letters[name].header
    assert (header["dlq_code"], header["dlq_topic"]) == (code.encode(), f"{seen.prefix}{topic}".encode())


@pytest.mark.parametrize("name", DEAD)
def test_a_dead_letter_has_the_untouched_bytes(seen: Seen, name: str) -> None:
    assert seen.letters[name].value == DEAD[name][2]


def test_every_unlikely_signal_is_accounted_for(seen: Seen) -> None:
    assert seen.taken == seen.unlikely > len(EXAMPLES)


def test_a_good_limit_behind_all_of_them_fires(seen: Seen) -> None:
    assert [record.event["data"]["usage"] for record in seen.triggers] == ["850"]


def test_no_bad_record_leaves_a_traceback_in_the_log(seen: Seen) -> None:
    assert "Traceback" not in seen.log
