"""The emitter on a real broker: what comes to its topic, and what becomes of it when broker or process are gone."""

from __future__ import annotations

import json
import logging
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
from confluent_kafka.admin import AdminClient, NewTopic

from emitted import until_emitters_ended
from expansion_signals.errors import RejectedEvent, RejectedSettings
from expansion_signals.log.topics import create_topics
from expansion_signals.sdk import Emitter
from expansion_signals.sdk.emitter import STRICT_VARIABLE
from expansion_signals.wire.topic_files import topics
from outside.reading import Topic
from servers.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from servers.chosen import GivenKafka, Kafka

PROGRAM = Path(__file__).parents[1] / "outside/emitting.py"
EMITTED_TO = ("usage-events", "account-updates", "prompt-events")
NOBODY = "127.0.0.1:1"
"""Where no broker is."""


@pytest.fixture(autouse=True)
def _nothing_left_running() -> Iterator[None]:
    yield
    until_emitters_ended()


def create(kafka: str, prefix: str) -> None:
    create_topics(kafka, prefix, [topic for topic in topics() if topic.name in EMITTED_TO])


def app(kafka: str, prefix: str, spool: Path, **settings: object) -> subprocess.Popen[str]:
    """Start an app, `name`, that emits `count` events and `then` does what it is told."""
    told = json.dumps({"kafka": kafka, "prefix": prefix, "spool": str(spool), **settings})
    return subprocess.Popen([sys.executable, str(PROGRAM), told], stdout=subprocess.PIPE, text=True)


def until_there(kafka: str, prefix: str, count: int) -> Counter[str]:
    """Return how often each id is on the topic, once so many are."""
    with Topic(kafka, f"{prefix}usage-events") as topic:
        until(lambda: len(topic.read()) >= count, seconds=30, waiting_for=f"{count} events")
        return Counter(found.event["id"] for found in topic.to_end())


def named(name: str, count: int) -> Counter[str]:
    return Counter(f"{name}-{number}" for number in range(count))


class Outage(NamedTuple):
    """What two apps emitted around an outage of the broker, of which one was killed in it."""

    survivor: Counter[str]
    killed: Counter[str]
    flushed_while_away: bool
    flushed_after: bool
    counts: Counter[str]
    left: list[Path]


@pytest.fixture(scope="module")
def outage(mortal_kafka: GivenKafka | Kafka, tmp_path_factory: pytest.TempPathFactory) -> Outage:
    if not hasattr(mortal_kafka, "stop"):
        pytest.skip("the broker was given by the environment: it is not ours to stop")
    kafka, spool, (prefix, other) = mortal_kafka.bootstrap, tmp_path_factory.mktemp("spool"), ("survivor-", "killed-")
    for each in (prefix, other):
        create(kafka, each)
    with Emitter(kafka, source="/apps/web", prefix=prefix, spool=spool / "survivor") as emit:
        for number in range(100):
            emit.usage("acct-1", meter="api_calls", id=f"survivor-{number}")
        assert emit.flush(30)
        mortal_kafka.stop()
        for number in range(100, 600):
            emit.usage("acct-1", meter="api_calls", id=f"survivor-{number}")
        flushed_while_away = emit.flush(0.1)
        with app(kafka, other, spool / "killed", name="killed", count=200, then="kept") as killed:
            assert killed.stdout is not None
            assert killed.stdout.readline() == "kept\n"
            killed.kill()
        until(lambda: emit.counts["spooled"] >= 500, seconds=30, waiting_for="the spool")
        mortal_kafka.start()
        flushed_after = emit.flush(30)
        counts = Counter({str(name): count for name, count in emit.counts.items()})
    with Emitter(kafka, source="/apps/web", prefix=other, spool=spool / "killed") as successor:
        assert successor.flush(30)
    return Outage(
        until_there(kafka, prefix, 600),
        until_there(kafka, other, 200),
        flushed_while_away,
        flushed_after,
        counts,
        [*spool.rglob("*.events")],
    )


@pytest.mark.servers
def test_what_was_emitted_while_the_broker_was_away_is_on_the_topic_exactly_once(outage: Outage) -> None:
    assert outage.survivor == named("survivor", 600)


@pytest.mark.servers
def test_what_a_killed_process_left_on_disk_is_sent_by_the_next_exactly_once(outage: Outage) -> None:
    assert outage.killed == named("killed", 200)


@pytest.mark.servers
def test_a_flush_says_whether_all_is_sent(outage: Outage) -> None:
    assert (outage.flushed_while_away, outage.flushed_after) == (False, True)


@pytest.mark.servers
def test_the_counts_tell_what_waited_and_that_all_was_sent(outage: Outage) -> None:
    assert outage.counts == {"taken": 600, "sent": 600, "spooled": 500}


@pytest.mark.servers
def test_what_was_sent_waits_no_more(outage: Outage) -> None:
    assert outage.left == []


def test_an_event_is_a_structured_cloudevent_under_its_account(
    kafka: GivenKafka | Kafka, prefix: str, tmp_path: Path
) -> None:
    create(kafka.bootstrap, prefix)
    with Emitter(kafka.bootstrap, source="/apps/web", prefix=prefix, spool=tmp_path) as emit:
        emit.usage("acct-1", meter="api_calls", value=3, user="u-42")
        emit.prompt_shown("acct-1", trigger="t", user="u-42")
        emit.account_updated("acct-1", version=1, plan="free")
    for name in EMITTED_TO:
        with Topic(kafka.bootstrap, prefix + name) as topic:
            [found] = until(topic.read, seconds=10, waiting_for=name)
        assert (found.key, found.header) == (b"acct-1", {"content-type": b"application/cloudevents+json"})
        assert (found.event["specversion"], found.event["subject"]) == ("1.0", "acct-1")


@pytest.mark.parametrize("then", ["end", "fork"])
def test_a_program_that_just_ends_has_sent_everything_each_fork_its_own(
    kafka: GivenKafka | Kafka, prefix: str, tmp_path: Path, then: str
) -> None:
    create(kafka.bootstrap, prefix)
    with app(kafka.bootstrap, prefix, tmp_path, name="app", count=50, then=then) as running:
        assert running.wait(30) == 0
    expected = named("app", 100)
    if then == "fork":
        expected += Counter(f"app-child-{number}" for number in range(49, 100))
    assert until_there(kafka.bootstrap, prefix, expected.total()) == expected


async def test_a_coroutine_awaits_the_flush(kafka: GivenKafka | Kafka, prefix: str, tmp_path: Path) -> None:
    create(kafka.bootstrap, prefix)
    async with Emitter(kafka.bootstrap, source="/apps/web", prefix=prefix, spool=tmp_path) as emit:
        emit.usage("acct-1", meter="api_calls")
        assert await emit.aflush(10)


def test_ten_thousand_events_in_one_go_are_all_sent(kafka: GivenKafka | Kafka, prefix: str, tmp_path: Path) -> None:
    create(kafka.bootstrap, prefix)
    with Emitter(kafka.bootstrap, source="/apps/web", prefix=prefix, spool=tmp_path) as emit:
        for number in range(10_000):
            emit.usage(f"acct-{number % 7}", meter="api_calls", id=str(number))
        assert emit.flush(60)
    assert until_there(kafka.bootstrap, prefix, 10_000).total() == 10_000


def test_a_topic_that_is_missing_keeps_no_other_waiting(
    kafka: GivenKafka | Kafka, prefix: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    create_topics(kafka.bootstrap, prefix, [topic for topic in topics() if topic.name == "usage-events"])
    with Emitter(kafka.bootstrap, source="/apps/web", prefix=prefix, spool=tmp_path) as emit:
        emit.prompt_shown("acct-1", trigger="t", user="u-42")
        emit.usage("acct-1", meter="api_calls", id="a")
        assert until_there(kafka.bootstrap, prefix, 1) == {"a": 1}
        until(lambda: caplog.text, seconds=10, waiting_for="what is missing")
        emit.close(0)
    assert f"has no topic {prefix}prompt-events; run `expansion-signals topics create`" in caplog.text


def test_what_is_emitted_after_an_event_for_a_missing_topic_is_sent_all_the_same(
    kafka: GivenKafka | Kafka, prefix: str, tmp_path: Path
) -> None:
    create_topics(kafka.bootstrap, prefix, [topic for topic in topics() if topic.name == "usage-events"])
    with Emitter(kafka.bootstrap, source="/apps/web", prefix=prefix, spool=tmp_path) as emit:
        emit.prompt_shown("acct-1", trigger="t", user="u-42")
        until(lambda: emit.counts["spooled"], seconds=10, waiting_for="the prompt to be overdue")
        emit.usage("acct-1", meter="api_calls", id="a")
        assert until_there(kafka.bootstrap, prefix, 1) == {"a": 1}
        emit.close(0)


def test_what_waited_for_a_missing_topic_is_sent_in_order_once_it_is_there(
    kafka: GivenKafka | Kafka, prefix: str, tmp_path: Path
) -> None:
    create_topics(kafka.bootstrap, prefix, [topic for topic in topics() if topic.name == "usage-events"])
    with Emitter(kafka.bootstrap, source="/apps/web", prefix=prefix, spool=tmp_path) as emit:
        for number in range(4):
            emit.prompt_shown("acct-1", trigger="t", user="u-42", id=f"{number}")
            emit.usage("acct-1", meter="api_calls", id=f"{number}")
            until(lambda sent=number + 1: emit.counts["sent"] == sent, seconds=20, waiting_for="the usage event")
        create(kafka.bootstrap, prefix)
        assert emit.flush(60)
    for name in ("usage-events", "prompt-events"):
        with Topic(kafka.bootstrap, prefix + name) as topic:
            assert [found.event["id"] for found in topic.to_end()] == ["0", "1", "2", "3"]


def test_an_event_that_the_broker_will_never_take_takes_no_other_with_it(
    kafka: GivenKafka | Kafka, prefix: str, tmp_path: Path
) -> None:
    small = NewTopic(f"{prefix}usage-events", 1, 1, config={"max.message.bytes": "2000"})
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap})  # a temporary would be gone before it is answered
    admin.create_topics([small])[small.topic].result(timeout=20)
    with Emitter(kafka.bootstrap, source="/apps/web", prefix=prefix, spool=tmp_path) as emit:
        for number in range(100):
            length = 5_000 if number == 30 else 1
            emit.event("acct-1", "com.acme.report.exported", {"of": "x" * length}, id=f"report-{number}")
        assert emit.flush(60)
        emit.event("acct-1", "com.acme.report.exported", id="report-100")
        assert emit.flush(60)
    expected = named("report", 101).keys() - {"report-30"}
    assert (until_there(kafka.bootstrap, prefix, 100).keys(), emit.counts["refused"]) == (expected, 1)


def test_where_nothing_can_be_sent_or_kept_events_are_dropped_counted_and_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    emit = Emitter(NOBODY, source="/apps/web", spool=tmp_path, spool_bytes=0, room=20)
    for _ in range(2_000):
        emit.usage("acct-1", meter="api_calls")
    emit.close(0)
    assert emit.counts["dropped"] == 2_000
    assert caplog.text.count("disk and memory are full") == 1


def test_a_spool_that_somebody_removed_holds_what_waits_again(tmp_path: Path) -> None:
    emit = Emitter(NOBODY, source="/apps/web", spool=tmp_path)
    emit.usage("acct-1", meter="api_calls", id="a")
    until(lambda: emit.counts["spooled"], seconds=10, waiting_for="the spool")
    shutil.rmtree(tmp_path)
    emit.usage("acct-1", meter="api_calls", id="b")
    kept = until(
        lambda: (
            (found := b"".join(path.read_bytes() for path in tmp_path.rglob("*.events"))).count(b"\n") == 2 and found
        ),
        seconds=20,
        waiting_for="both on disk",
    )
    emit.close(0)
    assert (b'"id":"a"' in kept, b'"id":"b"' in kept) == (True, True)


def test_in_production_a_mistake_is_told_once_and_counted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    emit = Emitter(NOBODY, source="/apps/web", spool=tmp_path)
    for value in ("a lot", "even more"):
        emit.usage("acct-1", meter="api_calls", value=value)
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert emit.counts == {"refused": 2}


def test_in_development_a_mistake_raises(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(STRICT_VARIABLE, "1")
    with pytest.raises(RejectedEvent):
        Emitter(NOBODY, source="/apps/web", spool=tmp_path).usage("acct-1", meter="")


def test_an_emitter_that_is_closed_drops_and_says_so(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    emit = Emitter(NOBODY, source="/apps/web", spool=tmp_path)
    emit.close()
    emit.usage("acct-1", meter="api_calls")
    assert (emit.counts["dropped"], "it is closed" in caplog.text) == (1, True)


def test_a_spool_that_cannot_be_written_to_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RejectedSettings, match="is no folder that can be written to"):
        Emitter(NOBODY, source="/apps/web", spool=tmp_path / "file")


@pytest.mark.parametrize("wrong", [{"servers": ""}, {"source": ""}, {"source": "a\n"}, {"prefix": "a b"}])
def test_what_names_nothing_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(RejectedSettings):
        Emitter(**({"servers": NOBODY, "source": "/apps/web"} | wrong))
