"""One deployment on shared servers: its topics, its Redis, its workers and its product, kept apart by the prefix."""

from __future__ import annotations

import uuid
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self

from outside.product import Product
from outside.reading import Topic, everything
from outside.worker import Worker, command

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from outside.reading import Found

CONFIGURATION = Path(__file__).with_name("configuration")

TRIGGERS = "expansion-limit-reached"
SIGNALS = "expansion-signals"
DECISIONS = "expansion-decisions"
OUTCOMES = "expansion-outcomes"
PROMPTS = "prompt-events"
DEAD_LETTERS = "usage-events-dlq"
PUBLISHED = (TRIGGERS, SIGNALS, DECISIONS, OUTCOMES)


@dataclass
class Deployment:
    """Made with its topics; on leaving, its workers and readers are gone."""

    kafka: str
    redis: str
    directory: Path
    further: Mapping[str, str] = field(default_factory=dict)
    prefix: str = field(default_factory=lambda: f"t{uuid.uuid4().hex[:10]}-")

    def __post_init__(self) -> None:
        self._open = ExitStack()
        self._workers = 0
        self.product = Product(self.kafka, self.prefix)

    def __enter__(self) -> Self:
        created = command(self.settings, "topics", "create")
        assert created.returncode == 0, created.stderr
        return self

    def __exit__(
        self, kind: type[BaseException] | None, failure: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.__exit__(kind, failure, trace)

    @property
    def settings(self) -> dict[str, str]:
        """Settings by their names without `EXPANSION_SIGNALS_`; a killed member leaves its group after 2 s."""
        return {
            "KAFKA": self.kafka,
            "REDIS": self.redis,
            "PREFIX": self.prefix,
            "CONFIG": str(CONFIGURATION),
            "SESSION_TIMEOUT_SECONDS": "2",
            **self.further,
        }

    def worker(self, **further: str) -> Worker:
        """Return a further worker, not yet started, with settings of its own; it ends with the deployment."""
        self._workers += 1
        log = self.directory / f"{self.prefix}worker-{self._workers}.log"
        return self._open.enter_context(Worker({**self.settings, **further}, log))

    def topic(self, name: str) -> Topic:
        """Return a reader of one of the deployment's topics; it is closed with the deployment."""
        return self._open.enter_context(Topic(self.kafka, self.prefix + name))

    def records(self, name: str) -> list[Found]:
        """Return all of a topic's records."""
        return list(everything(self.kafka, [self.prefix + name]))

    def triggers(self, name: str = TRIGGERS) -> list[Found]:
        """Return all triggers of a topic, without what takes one back."""
        return [record for record in self.records(name) if not record.is_withdrawal]
