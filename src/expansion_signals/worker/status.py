"""What the worker would say if asked: what it waits for, whether it is ready, when it last had work."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expansion_signals.pipeline.epochs import Epochs


@dataclass(slots=True)
class StageStatus:
    """One stage: `begun` once it has partitions and knows where to go on; `waits_for` a server that is away.

    `held` is why it takes nothing in, because too many records are dead letters (semantics 10.3). `late` is how many
    shards are brought up by a second reader, because they were lost or are far behind.
    """

    begun: bool = False
    caught_up: bool = False
    waits_for: str | None = None
    held: str | None = None
    busy_at: float = 0.0
    lag: Mapping[str, int] = field(default_factory=dict)
    late: int = 0

    def ready(self) -> bool:
        """Say whether the stage keeps its promise: it has its partitions, waits for no server, and is not held."""
        return self.begun and self.waits_for is None and self.held is None


@dataclass(slots=True)
class Status:
    """The whole worker. `start` is what it waits for before its stages begin; until then there may be no `epochs`.

    `configuration_problems` is why changed files were not taken; the last good ones hold.
    """

    start: str | None = "starting"
    epochs: Epochs | None = None
    stages: dict[str, StageStatus] = field(default_factory=dict)
    configuration_problems: list[str] = field(default_factory=list)

    @property
    def epoch(self) -> int:
        """The configuration epoch that is judged under by now, 0 before there is one."""
        return 0 if self.epochs is None else self.epochs.current

    def ready(self) -> bool:
        """Say whether the worker has started, and every stage is ready."""
        return self.start is None and bool(self.stages) and all(stage.ready() for stage in self.stages.values())

    def waits_for(self) -> str | None:
        """Return what the worker waits for, be it a server or somebody who looks; None if for nothing."""
        waits = (stage.waits_for or stage.held for stage in self.stages.values())
        return self.start or next((what for what in waits if what), None)

    def report(self) -> dict[str, object]:
        """Return the words of `/readyz`."""
        return {
            "ready": self.ready(),
            "starting": self.start,
            "configuration_epoch": self.epoch,
            "configuration_problems": list(self.configuration_problems),
            "stages": {
                name: {
                    "assigned": stage.begun,
                    "caught_up": stage.caught_up,
                    "waits_for": stage.waits_for,
                    "held": stage.held,
                    "lag": dict(stage.lag),
                    "late_shards": stage.late,
                }
                for name, stage in self.stages.items()
            },
        }

    def idle_since(self) -> float | None:
        """Return when the last stage ran out of work; None while any has work, or has not begun."""
        if not self.ready() or not all(stage.caught_up and not stage.late for stage in self.stages.values()):
            return None
        return max(stage.busy_at for stage in self.stages.values())
