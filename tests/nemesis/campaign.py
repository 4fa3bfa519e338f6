"""A campaign: faults in an order drawn from a seed while the product sends, then peace, then the verdict."""

from __future__ import annotations

import random
import statistics
import time
from collections import defaultdict
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from nemesis.faults import CONNECTIONS, HARM
from nemesis.restless import Restless
from outside import load
from outside.aftermath import UNHARMED, Aftermath, aftermath
from outside.deployment import TRIGGERS
from servers.waiting import lasting, until_still

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from nemesis.faults import Fault
    from nemesis.ground import Ground

STANDSTILL_SECONDS = 40
"""What has not moved for so long in peace will not: it is told as missing. A lost shard is made anew in less."""

WHOLE: Mapping[str, int] = {
    "worker_killed": 42,
    "worker_paused": 16,
    "workers_rolled": 3,
    "redis_killed": 11,
    "writes_lost": 12,
    "replica_promoted": 5,
    "redis_full": 4,
    "broker_killed": 11,
    "partitions_added": 5,
    "rules_changed": 6,
    "service_killed": 8,
    "connections_cut": 6,
    "connections_delayed": 4,
    "connections_half_open": 4,
}
"""How often each happens in the long form."""

WHOLE_MINUTES = 12


@dataclass(frozen=True)
class Verdict:
    """What the checker found; `again` are triggers handed out after `done()`, `undelivered` those that never were.

    `ended` is how many workers were down at the end: nobody had ended them.
    """

    aftermath: Aftermath
    again: Sequence[str]
    undelivered: Sequence[str]
    ended: int

    @property
    def is_clean(self) -> bool:
        """Whether nothing is wrong."""
        return self.aftermath == UNHARMED and not self.again and not self.undelivered and not self.ended


@dataclass(frozen=True)
class Report:
    """What was done, how long each took (see `faults`), and what came of it."""

    seed: int
    seconds: float
    events: int
    faults: Mapping[str, Sequence[float]]
    verdict: Verdict

    def figures(self) -> dict[str, Any]:
        """Return it as JSON writes it."""
        found = self.verdict.aftermath
        return {
            "seed": self.seed,
            "seconds": round(self.seconds, 1),
            "events": self.events,
            "clean": self.verdict.is_clean,
            "real": {
                "faults": sum(len(took) for name, took in self.faults.items() if name in HARM),
                "lost": len(found.lost) + len(self.verdict.undelivered),
                "doubled": len(found.doubled) + len(self.verdict.again),
                "counter_mismatches": len(found.miscounted) + len(found.unbalanced) + abs(found.miscounted_duplicates),
                "takeover_s": round(max(self.faults.get("worker_killed", [0])), 2),
            },
            "faults": self._rows(HARM),
            "connections": self._rows(CONNECTIONS),
            "harm": {
                **{name: len(value) if hasattr(value, "__len__") else value for name, value in asdict(found).items()},
                "handed_out_after_done": len(self.verdict.again),
                "undelivered": len(self.verdict.undelivered),
                "workers_that_ended_by_themselves": self.verdict.ended,
            },
        }

    def _rows(self, kind: Mapping[str, Fault]) -> dict[str, dict[str, float]]:
        return {
            name: {
                "times": len(took),
                "median_seconds": round(statistics.median(took), 2),
                "most_seconds": round(max(took), 2),
            }
            for name, took in self.faults.items()
            if name in kind
        }


def planned(minutes: float, *, cluster: bool = False) -> dict[str, int]:
    """Return how often each fault happens in so many minutes, each at least once; a Cluster has no replicas."""
    return {
        name: max(1, round(times * minutes / WHOLE_MINUTES))
        for name, times in WHOLE.items()
        if not (cluster and name == "replica_promoted")
    }


def campaign(  # noqa: PLR0913 -- what a campaign is made of
    ground: Ground,
    plan: Mapping[str, int],
    *,
    seconds: float,
    seed: int,
    rate: int,
    tell: Callable[[str], None] = lambda _: None,
) -> Report:
    """Do all of the plan in at least so many seconds, under a load of so many events a second."""
    draw = random.Random(seed)  # noqa: S311 -- a schedule that can be played again
    schedule = [name for name, times in plan.items() for _ in range(times)]
    draw.shuffle(schedule)
    faults = {**HARM, **CONNECTIONS}
    took: dict[str, list[float]] = defaultdict(list)
    began = time.monotonic()
    with Restless(ground.deployment.product, rate=rate, seconds=seconds, seed=seed) as product:
        started = time.monotonic()
        for number, name in enumerate(schedule):
            tell(f"{time.monotonic() - began:5.0f} s  {number + 1:3} of {len(schedule)}  {name}")
            took[name].append(faults[name](ground, draw))
            due = started + seconds * (number + 1) / len(schedule)
            lasting(due - time.monotonic())
        if product.is_done:
            tell("the load ended before the faults did: the last of them met a quiet pipeline")
    verdict = judged(ground, lambda words: tell(f"{time.monotonic() - began:5.0f} s  {words}"))
    sent = len(ground.deployment.product.sent)
    return Report(seed, time.monotonic() - began, sent, dict(sorted(took.items())), verdict)


def judged(ground: Ground, tell: Callable[[str], None]) -> Verdict:
    """Wait until all that was sent is counted and handed out, and look at everything."""
    ended = [worker for worker in ground.workers if not worker.alive()]
    for worker in ended:
        worker.kill()
        worker.start()
    stood = ground.ends()
    tell("peace; waiting until all is counted")
    until_still(lambda: ground.has_counted(stood), ground.counted, seconds=STANDSTILL_SECONDS)
    tell("looking at what was counted and published")
    found = aftermath(ground.deployment, load.LIMIT, in_order=False)
    published = {record.event["id"] for record in ground.deployment.triggers(TRIGGERS)}

    def undelivered() -> set[str]:
        return published - {line.trigger for line in ground.following.journal() if line.what in ("done", "taken")}

    tell("waiting until the service has had every trigger")
    until_still(lambda: not undelivered(), undelivered, seconds=STANDSTILL_SECONDS)
    again = [line.trigger for line in ground.following.handed_out_after_done()]
    return Verdict(found, again, sorted(undelivered()), len(ended))
