"""The emitter on the broker of `expansion-signals dev`, told its protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.local.broker import EmbeddedBroker
from expansion_signals.sdk import Emitter
from outside.reading import Topic
from servers.waiting import until

if TYPE_CHECKING:
    from pathlib import Path


def test_what_is_emitted_is_on_its_topic(tmp_path: Path) -> None:
    with EmbeddedBroker() as broker:
        broker.create_topics(["usage-events"])
        with Emitter(broker.servers, source="/apps/web", spool=tmp_path, connection={"api_version": (2, 3)}) as emit:
            emit.usage("acct-1", meter="api_calls", id="a")
        with Topic(broker.servers, "usage-events") as topic:
            [found] = until(topic.read, seconds=10, waiting_for="the event")
    assert (found.event["id"], found.header) == ("a", {"content-type": b"application/cloudevents+json"})
