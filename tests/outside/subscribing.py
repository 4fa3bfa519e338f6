"""A notification service as its README tells it to be written, which crashes or freezes where it is told.

`python tests/outside/subscribing.py SETTINGS`, a JSON object; writes what happens to a journal, one line each:
who it is, `out`, `done` or `taken`, and the trigger's id. Of several in hand it is done with any. With `workers`
it acts on several at once, and refuses those of one account; what is `done` then is told when it is committed.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kafka import KafkaProducer

from expansion_signals.sdk import Rejected, Subscriber, Trigger, TriggerTaken

if TYPE_CHECKING:
    from collections.abc import Sequence

REPLACED = ("begin_transaction", "send", "send_offsets_to_transaction", "commit_transaction")
SEPARATOR = "\x1f"
POISONED = "acct-0"

POINTS = ("handed_out", "memory_written", "offsets_sent", "committed", "done")
"""Where it can be told to end: once a trigger is handed out; inside `done()` before the offsets are sent, before the
commit, and after it; once `done()` has returned."""


class Service:
    """One life of a notification service."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self._name: str = settings["name"]
        self._point: str | None = settings["point"]
        self._left: int = settings["after"]
        self._in_hand: int = settings["in_hand"]
        self._workers: int = settings["workers"]
        self._chance = random.Random(self._name)  # noqa: S311 -- a seed, so that it can be played again
        self._signal = signal.SIGSTOP if settings["freezes"] else signal.SIGKILL
        # One write a line to the end of the file: lines of several services stand in the order in which they happened.
        self._journal = os.open(Path(settings["journal"]), os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        self._subscriber = Subscriber(
            settings["kafka"],
            settings["group"],
            settings["topics"],
            prefix=settings["prefix"],
            session_timeout_seconds=settings["session_timeout_seconds"],
        )

    def run(self) -> None:
        """Follow triggers for ever."""
        if self._workers:
            self._subscriber.run(self._act, workers=self._workers)
        in_hand: list[Trigger] = []
        for trigger in self._subscriber:
            self._tell("out", trigger.id)
            self.reach("handed_out")
            in_hand.append(trigger)
            if len(in_hand) == self._in_hand:
                self._finish(in_hand.pop(self._chance.randrange(self._in_hand)))

    def _act(self, trigger: Trigger) -> None:
        self._tell("out", trigger.id)
        self.reach("handed_out")
        if trigger.account == POISONED:
            raise Rejected("poisoned")

    def committed(self, triggers: Sequence[str]) -> None:
        """Tell of what was done together; one by one, each is told once `done()` has returned."""
        if self._workers:
            for trigger in triggers:
                self._tell("done", trigger)

    def _finish(self, trigger: Trigger) -> None:
        try:
            trigger.done()
        except TriggerTaken:
            self._tell("taken", trigger.id)
        else:
            self._tell("done", trigger.id)
            self.reach("done")

    def reach(self, point: str) -> None:
        """End, or freeze, if this is where it was told to."""
        if point == self._point:
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), self._signal)

    def _tell(self, what: str, trigger: str) -> None:
        os.write(self._journal, f"{self._name} {what} {trigger}\n".encode())


def crash_inside_done(service: Service) -> None:
    """Let the driver's calls tell where `done()` is, and of which triggers."""
    begin, send, send_offsets, commit = (getattr(KafkaProducer, name) for name in REPLACED)
    triggers: list[str] = []

    def beginning(producer: KafkaProducer) -> None:
        triggers.clear()  # what one that failed has sent is not done
        begin(producer)

    def remembering(producer: KafkaProducer, topic: str, value: bytes, key: bytes, *further: object) -> object:
        triggers.append(key.decode().rpartition(SEPARATOR)[2])
        return send(producer, topic, value, key, *further)

    def sending(*arguments: object) -> None:
        service.reach("memory_written")
        send_offsets(*arguments)

    def committing(*arguments: object) -> None:
        service.reach("offsets_sent")
        commit(*arguments)
        service.committed(triggers)
        service.reach("committed")

    for name, call in zip(REPLACED, (beginning, remembering, sending, committing), strict=True):
        setattr(KafkaProducer, name, call)


if __name__ == "__main__":
    running = Service(json.loads(sys.argv[1]))
    crash_inside_done(running)
    running.run()
