"""Who takes part, how many events each is given, and how it is started."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from benchmarks.ours import Ours
from benchmarks.program import Program
from benchmarks.workload import Threshold
from outside.reading import everything

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.program import Running
    from benchmarks.stage import Beginning, Stage

FOLDER = Path(__file__).with_name("contenders")
REQUIREMENTS = Path(__file__).with_name("requirements-quixstreams.txt")
QUIXSTREAMS = Path(__file__).parents[1] / ".venv-quixstreams"

EVENTS = {
    "expansion-signals": 215_000,
    "expansion-signals, plain ids": 215_000,
    "faust": 17_000,
    "faust_take": 58_000,
    "aiokafka": 130_000,
    "quixstreams": 84_000,
    "kafka_streams": 330_000,
}
"""Enough that a run lasts some 8 s on two cores, and not much longer."""


class Contender(Protocol):
    """Somebody who does the work."""

    name: str
    events: int
    plain_ids: bool
    dead_letters: str

    @property
    def beginning(self) -> Beginning | None:
        """The state that it begins with; None: nothing."""

    def absent(self) -> str | None:
        """Make it ready to run on this machine; say why it must be left out if that can not be."""

    def prepare(self, stage: Stage) -> None:
        """Make the topics."""

    def start(self, stage: Stage) -> Running:
        """Start it."""

    def committed(self, stage: Stage) -> int:
        """Return how many events it has done with for good."""

    def through(self, stage: Stage) -> bool:
        """Say whether nothing is left to do once all events are committed."""

    def triggers(self, stage: Stage) -> Counter[Threshold]:
        """Return the thresholds that it has published, with how often."""


class Other:
    """A program that keeps the contract: told by its environment, its triggers on `bench-triggers`."""

    plain_ids = False
    dead_letters = "bench-dlq"
    beginning = None

    def __init__(self, name: str, *command: str) -> None:
        self.name = self.group = name
        self.events = EVENTS[name]
        self._command = command

    def absent(self) -> str | None:
        """It runs where this program runs."""
        return None

    def prepare(self, stage: Stage) -> None:
        """Make the three topics; the state is empty."""
        stage.broker.create(*(stage.prefix + name for name in ("usage-events", "bench-triggers", "bench-dlq")))

    def start(self, stage: Stage) -> Running:
        """Start it."""
        return Program(self._command, stage.environment(), stage.directory / f"{self.name}.log")

    def committed(self, stage: Stage) -> int:
        """Return what its group has committed."""
        return stage.broker.committed(stage.prefix + self.group, stage.topic)

    def through(self, stage: Stage) -> bool:  # noqa: ARG002 -- as the others have it
        """What is committed was published before."""
        return True

    def triggers(self, stage: Stage) -> Counter[Threshold]:
        """Return what it has published."""
        found = everything(stage.kafka.bootstrap, [f"{stage.prefix}bench-triggers"])
        return Counter(
            Threshold(event["account"], event["meter"], event["month"], event["threshold"])
            for event in (json.loads(record.value or b"") for record in found)
        )


class InPython(Other):
    """One of the programs for this environment."""

    def __init__(self, name: str, file: str, *arguments: str) -> None:
        super().__init__(name, sys.executable, str(FOLDER / file), *arguments)


class QuixStreams(Other):
    """Runs in an environment of its own: its pins are not those of this program."""

    def __init__(self) -> None:
        super().__init__("quixstreams", str(QUIXSTREAMS / "bin/python"), str(FOLDER / "quixstreams_state.py"))

    def absent(self) -> str | None:
        """Make its environment, unless it is as the requirements say."""
        made = QUIXSTREAMS / "requirements.txt"
        if made.exists() and made.read_text() == REQUIREMENTS.read_text():
            return None
        pip = [
            str(QUIXSTREAMS / "bin/python"),
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "-r",
            str(REQUIREMENTS),
        ]
        for command in ([sys.executable, "-m", "venv", "--clear", str(QUIXSTREAMS)], pip):
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                return f"its environment could not be made: {done.stderr.strip()[-300:]}"
        shutil.copy(REQUIREMENTS, made)
        return None


class KafkaStreams(Other):
    """In Java: built by Maven when it is first asked for."""

    _folder = FOLDER / "kafka_streams"

    def __init__(self) -> None:
        super().__init__("kafka_streams", str(self._folder / "run.sh"))
        self.group = "kafka-streams"

    def absent(self) -> str | None:
        """Build it, where Java and Maven are."""
        if not (self._folder / "build.sh").exists():
            return "its folder is not there"
        if missing := [program for program in ("java", "mvn") if shutil.which(program) is None]:
            return f"there is no {' and no '.join(missing)} on PATH"
        built = subprocess.run([str(self._folder / "build.sh")], capture_output=True, text=True, check=False)
        return f"Maven could not build it: {(built.stdout + built.stderr)[-300:]}" if built.returncode else None


def all_contenders(beginning: Beginning) -> Sequence[Contender]:
    """Return everybody, ours first, which goes on with a full state."""
    worker = ("worker", "--loglevel=warn", "--without-web")
    return (
        Ours("expansion-signals", EVENTS["expansion-signals"], beginning),
        Ours("expansion-signals, plain ids", EVENTS["expansion-signals, plain ids"], beginning, plain_ids=True),
        InPython("faust", "faust_agent.py", *worker),
        InPython("faust_take", "faust_take.py", *worker),
        InPython("aiokafka", "aiokafka_pipeline.py"),
        QuixStreams(),
        KafkaStreams(),
    )
