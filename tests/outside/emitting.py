"""A product app as docs/emitting.md tells it to be written: `python tests/outside/emitting.py SETTINGS`, a JSON object.

Emits `count` events with the ids `NAME-0`, `NAME-1`, …, then does what `then` says:

    kept    writes a line once all of them wait on disk, and goes on for ever: to be killed
    end     emits as many once it is connected, and ends without closing anything, as a program does at its end
    fork    forks with them unsent, and both processes do the same, the child as `NAME-child`
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from expansion_signals.sdk import Emitter
from servers.waiting import until


def emit(emitter: Emitter, name: str, first: int, count: int) -> None:
    """Emit so many events."""
    for number in range(first, first + count):
        emitter.usage("acct-1", meter="api_calls", id=f"{name}-{number}")


def main() -> None:
    """Do what the settings say."""
    settings = json.loads(sys.argv[1])
    name, count, then = settings["name"], settings["count"], settings["then"]
    emitter = Emitter(settings["kafka"], source="/apps/web", prefix=settings["prefix"], spool=settings["spool"])
    emit(emitter, name, 0, count)
    if then == "kept":
        until(lambda: emitter.counts["spooled"] == count, seconds=30, waiting_for="all of them on disk")
        print("kept", flush=True)  # noqa: T201 -- what it is waited for
        signal.pause()
    child = os.fork() if then == "fork" else None
    if child == 0:
        name = f"{name}-child"
        emitter.usage("acct-1", meter="api_calls", id=f"{name}-{count - 1}")
    until(lambda: emitter.counts["sent"], seconds=30, waiting_for="a connection")
    emit(emitter, name, count, count)
    if child:
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


if __name__ == "__main__":
    main()
