"""The worker as an operator runs it: a child process with settings in its environment."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from prometheus_client.parser import text_string_to_metric_families

from servers.processes import free_port
from servers.standstill import stand_still
from servers.waiting import until

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from types import TracebackType

COMMAND = (sys.executable, "-m", "expansion_signals")
END_SECONDS = 60
READY_SECONDS = 30
LOG_SHOWN = 6_000


class Answer(NamedTuple):
    """What a page of the worker answers; `status` 0 if nobody does."""

    status: int
    body: str


class Worker:
    """One worker: started, killed, stopped and started again. Its log is one file over all its lives."""

    def __init__(self, settings: Mapping[str, str], log: Path) -> None:
        self.port = free_port()
        self._environment = environment({**settings, "HTTP": f"127.0.0.1:{self.port}"})
        self._log = log
        self._child: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: type[BaseException] | None, failure: BaseException | None, __: TracebackType | None) -> None:
        self.kill()
        if failure is not None:
            failure.add_note(f"the worker's log ended with:\n{self.log()[-LOG_SHOWN:]}")

    def start(self, *arguments: str) -> Worker:
        """Start it and return at once."""
        assert self._child is None, "it runs already"
        with self._log.open("ab") as log:
            self._child = subprocess.Popen(
                [*COMMAND, "worker", *arguments], env=self._environment, stdout=log, stderr=subprocess.STDOUT
            )
        return self

    def kill(self) -> None:
        """SIGKILL, as a power cut would end it; does nothing while it is down."""
        if self._child is not None:
            self._child.kill()
            self._child.wait(END_SECONDS)
            self._child = None

    def stop(self, seconds: float = END_SECONDS) -> int:
        """SIGTERM, as an operator ends it; return the exit code, if it ends within so many seconds."""
        assert self._child is not None
        self._child.terminate()
        return self.ended(seconds)

    def ended(self, seconds: float = END_SECONDS) -> int:
        """Wait until it has ended by itself, and return the exit code."""
        assert self._child is not None
        code = self._child.wait(seconds)
        self._child = None
        return code

    def alive(self) -> bool:
        """Say whether it runs."""
        return self._child is not None and self._child.poll() is None

    def freeze(self) -> None:
        """SIGSTOP: it stands still and does not know."""
        assert self._child is not None
        stand_still(self._child.pid)

    def thaw(self) -> None:
        """SIGCONT: it goes on as if nothing had been."""
        assert self._child is not None
        self._child.send_signal(signal.SIGCONT)

    def run_dry(self, seconds: float = 1) -> None:
        """Start it, let it read all there is, and see it leave with 0 after `seconds` with nothing left."""
        self.start("--once-idle", f"{seconds:g}")
        code = self.ended(120)
        assert code == 0, f"exit code {code}"

    def until_ready(self, seconds: float = READY_SECONDS) -> Worker:
        """Wait until `/readyz` answers 200."""

        def ready() -> bool:
            assert self.alive(), f"it ended while starting:\n{self.log()}"
            return self.page("/readyz").status == 200

        until(ready, seconds=seconds, waiting_for="the worker's /readyz")
        return self

    def page(self, path: str) -> Answer:
        """Ask one of its pages."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return Answer(answer.status, answer.read().decode())
        except urllib.error.HTTPError as refused:
            with refused:
                return Answer(refused.code, refused.read().decode())
        except OSError:
            return Answer(0, "")

    def tallies(self, topic: str = "usage-events") -> Counter[str]:
        """Return what became of the topic's records, over all partitions, as `/metrics` says."""
        total: Counter[str] = Counter()
        for family in text_string_to_metric_families(self.page("/metrics").body):
            for sample in family.samples:
                if sample.name == "expansion_signals_records_total" and sample.labels["topic"] == topic:
                    total[sample.labels["outcome"]] += int(sample.value)
        return total

    def until_settled(self, received: int, seconds: float = 30) -> None:
        """Wait until so many usage events are accounted for and nothing is left to read on any topic."""

        def settled() -> bool:
            if sum(self.tallies().values()) < received:
                return False
            stages = self.readiness()["stages"].values()
            return all(stage["caught_up"] and not any(stage["lag"].values()) for stage in stages)

        try:
            until(settled, seconds=seconds, waiting_for=f"{received} records accounted for, and none left")
        except TimeoutError as late:
            late.add_note(f"tallies {dict(self.tallies())}, readiness {json.dumps(self.readiness())}")
            raise

    def until_told(self, topic: str, records: int, seconds: float = 30) -> None:
        """Wait until so many records of another topic are accounted for."""
        until(
            lambda: sum(self.tallies(topic).values()) >= records,
            seconds=seconds,
            waiting_for=f"{records} records of {topic} accounted for",
        )

    def log(self) -> str:
        """Return everything it has said, over all its lives."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def readiness(self) -> dict[str, Any]:
        """Return the words of `/readyz`, empty if it does not answer."""
        body = self.page("/readyz").body
        words: dict[str, Any] = json.loads(body) if body else {}
        return words

    @property
    def pid(self) -> int:
        """Its process id."""
        assert self._child is not None
        return self._child.pid


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """Return this process's environment with exactly these `EXPANSION_SIGNALS_*` settings."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("EXPANSION_SIGNALS_")}
    return own | {f"EXPANSION_SIGNALS_{name}": value for name, value in settings.items()}


def command(settings: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run one command to its end and return what it said."""
    return subprocess.run(
        [*COMMAND, *arguments],
        env=environment(settings),
        capture_output=True,
        text=True,
        check=False,
        timeout=END_SECONDS,
    )
