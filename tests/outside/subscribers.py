"""Triggers on their topics, and the notification services that follow them, each a process of its own."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from expansion_signals.log.topics import create_topics
from expansion_signals.wire.schema_files import schema_files
from expansion_signals.wire.topic_files import topics
from servers.waiting import until

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    Headers = list[tuple[str, bytes | None]]

TRIGGERS = "expansion-limit-reached"
MEMORY = "expansion-subscriber-memory"
PARKED = "expansion-parked"
PARTITIONS = 4
GROUP = "mailer"
SESSION_SECONDS = 2
SEPARATOR = "\x1f"

PROGRAM = Path(__file__).with_name("subscribing.py")
EXAMPLE = json.loads(
    Path(str(schema_files()), "examples/expansion-limit-reached/limit.reached/1/with-recommendation.json").read_text()
)


def trigger_event(id: str, **attributes: object) -> dict[str, Any]:  # noqa: A002 -- the attribute's name
    """Return a trigger of this id that happened now and expires in a week; attributes replace or join its own."""
    now = datetime.now(UTC)
    times = {"time": now.isoformat(), "recordedtime": now.isoformat(), "expirytime": (now + timedelta(7)).isoformat()}
    return EXAMPLE | times | {"id": id} | attributes


class Line(NamedTuple):
    """One line of the journal."""

    who: str
    what: str
    trigger: str


class Following:
    """A topic of triggers, a memory, and services of one group; everything under a prefix of its own."""

    def __init__(self, kafka: str, prefix: str, directory: Path) -> None:
        self.kafka, self.prefix = kafka, prefix
        self._journal = directory / "journal"
        self._log = directory / "services.log"
        for file in (self._journal, self._log):
            file.touch()
        self._services: list[Service] = []
        wanted = [topic for topic in topics() if topic.name in (TRIGGERS, MEMORY, PARKED)]
        create_topics(kafka, prefix, [topic.model_copy(update={"partitions": PARTITIONS}) for topic in wanted])
        self._producer = Producer({"bootstrap.servers": kafka, "log_level": 0})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: type[BaseException] | None, failure: BaseException | None, __: TracebackType | None) -> None:
        for service in self._services:
            service.kill()
        if failure is not None:
            failure.add_note(f"the services' log ended with:\n{self.log()[-6_000:]}")

    def log(self) -> str:
        """Return what the services logged."""
        return self._log.read_text()

    def publish(
        self, *events: dict[str, Any] | bytes | str, partition: int = 0, headers: Headers | None = None
    ) -> None:
        """Publish triggers, or whatever else, and wait until they are there; a text is the id of a trigger."""
        for event in events:
            self.produce(event, partition=partition, headers=headers)
        self.flush()

    def produce(self, event: dict[str, Any] | bytes | str, *, partition: int, headers: Headers | None = None) -> None:
        """Begin to publish one."""
        given = trigger_event(event) if isinstance(event, str) else event
        value = given if isinstance(given, bytes) else json.dumps(given).encode()
        self._producer.produce(self.prefix + TRIGGERS, value, key=b"acct-1", partition=partition, headers=headers or [])

    def forge(
        self, event: dict[str, Any], *, group: str, topic: str, key: bytes | None = None, **others: str | None
    ) -> None:
        """Put a trigger on the parking topic, in the name of a group, as parked from this topic.

        Other headers replace its own; one that is None is null.
        """
        now = datetime.now(UTC).isoformat()
        said = {"reason": "forged", "attempts": "1", "group": self.prefix + group, "topic": topic, "partition": "0"}
        headers: dict[str, str | None] = {**said, "first_failed_at": now, "at": now, **others}
        self._producer.produce(
            self.prefix + PARKED,
            json.dumps(event).encode(),
            key=key or f"{self.prefix}{group}{SEPARATOR}{event['id']}".encode(),
            headers=[(f"parked_{name}", value and value.encode()) for name, value in headers.items()],
        )
        self.flush()

    def flush(self) -> None:
        """Wait until all that was produced is there."""
        assert self._producer.flush(10) == 0

    def service(  # noqa: PLR0913 -- what may go wrong with one
        self,
        name: str,
        *,
        point: str | None = None,
        after: int = 1,
        freezes: bool = False,
        in_hand: int = 1,
        workers: int = 0,
    ) -> Service:
        """Start a service that ends, or freezes, when it has come to this point so many times.

        It has so many triggers in hand, or acts on them at once with so many workers.
        """
        settings = {
            "name": name,
            "kafka": self.kafka,
            "prefix": self.prefix,
            "group": GROUP,
            "topics": [TRIGGERS],
            "journal": str(self._journal),
            "session_timeout_seconds": SESSION_SECONDS,
            "point": point,
            "after": after,
            "freezes": freezes,
            "in_hand": in_hand,
            "workers": workers,
        }
        service = Service(settings, self._log)
        self._services.append(service)
        return service

    def journal(self) -> Sequence[Line]:
        """Return what the services wrote, in the order in which it happened."""
        return [Line(*line.split(" ")) for line in self._journal.read_text().splitlines()]

    def told(self, what: str, trigger: str) -> list[str]:
        """Return who told this of this trigger."""
        return [line.who for line in self.journal() if (line.what, line.trigger) == (what, trigger)]

    def until_told(self, what: str, trigger: str, *, count: int = 1, seconds: float = 30) -> None:
        """Wait until so many services have told this of this trigger."""
        until(lambda: len(self.told(what, trigger)) >= count, seconds=seconds, waiting_for=f"{what} {trigger}")

    def until_members(self, count: int) -> None:
        """Wait until the group is settled and has so many members."""
        admin, group = AdminClient({"bootstrap.servers": self.kafka, "log_level": 0}), self.prefix + GROUP

        def settled() -> bool:
            found = admin.describe_consumer_groups([group])[group].result(10)
            return found.state.name == "STABLE" and len(found.members) == count

        until(settled, seconds=30, waiting_for=f"{count} members", pause_seconds=0.1)

    def remembered(self) -> list[str]:
        """Return the ids in the memory, as a stranger reads it: as often as they were committed there."""
        return self._ids(MEMORY)

    def parked(self) -> list[str]:
        """Return the ids on the parking topic, as often as they were committed there."""
        return self._ids(PARKED)

    def _ids(self, topic: str) -> list[str]:
        whose = f"{self.prefix}{GROUP}{SEPARATOR}"
        return [key.removeprefix(whose) for key in committed_keys(self.kafka, self.prefix + topic)]

    def handed_out_after_done(self) -> list[Line]:
        """Return what was handed out after its `done()` had returned: what must never be."""
        done: set[str] = set()
        wrong = []
        for line in self.journal():
            if line.what == "out" and line.trigger in done:
                wrong.append(line)
            if line.what == "done":
                done.add(line.trigger)
        return wrong


def committed_keys(kafka: str, name: str) -> list[str]:
    """Return the keys of all committed records of a topic."""
    consumer = Consumer(
        {"bootstrap.servers": kafka, "group.id": "tests-never-join", "enable.partition.eof": True, "log_level": 0}
    )
    consumer.assign([TopicPartition(name, number, OFFSET_BEGINNING) for number in range(PARTITIONS)])
    keys, ends = [], 0
    while ends < PARTITIONS:
        message = consumer.poll(10)
        assert message is not None, f"{name} does not end"
        error = message.error()
        if error is None:
            keys.append((message.key() or b"").decode())
        else:
            assert error.code() == KafkaError._PARTITION_EOF, error
            ends += 1
    consumer.close()
    return keys


class Service:
    """One life of a notification service, as a child process."""

    def __init__(self, settings: dict[str, Any], log: Path) -> None:
        self.name = settings["name"]
        with log.open("ab") as output:
            self._child = subprocess.Popen(
                [sys.executable, str(PROGRAM), json.dumps(settings)], stdout=output, stderr=subprocess.STDOUT
            )

    def kill(self) -> None:
        """SIGKILL; does nothing once it has ended."""
        self._child.kill()
        self._child.wait(10)

    def has_ended(self) -> bool:
        """Whether it has come to its end."""
        return self._child.poll() is not None

    def until_killed(self) -> None:
        """Wait until it has been killed where it was told to."""
        until(self.has_ended, seconds=30, waiting_for=f"the end of {self.name}")
        assert self._child.returncode < 0, f"{self.name} ended by itself"

    def until_frozen(self) -> None:
        """Wait until it has frozen where it was told to."""
        status = Path(f"/proc/{self._child.pid}/stat")
        until(lambda: status.read_text().rpartition(")")[2].split()[0] == "T", seconds=30, waiting_for="it to freeze")

    def thaw(self) -> None:
        """Let it go on."""
        self._child.send_signal(signal.SIGCONT)
