"""The figures of all runs: medians, how far they are apart, and how they compare."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmarks.live import Live
    from benchmarks.measuring import Run

OURS = "expansion-signals"
COMPARED = ("faust", "faust_take", "quixstreams", "kafka_streams", "aiokafka")
_FIGURES = {
    "worker_us_per_event": "worker_us",
    "redis_us_per_event": "redis_us",
    "broker_us_per_event": "broker_us",
    "events_per_second": "events_per_second",
    "rss_mb": "rss_mb",
}


def contender(runs: Sequence[Run]) -> dict[str, Any]:
    """Return the figures of one contender: medians, and the least and the most of each."""
    found = {figure: sorted(getattr(run, attribute) for run in runs) for figure, attribute in _FIGURES.items()}
    worst = max((run.judgement for run in runs), key=lambda judgement: judgement.wrong)
    return {
        "name": runs[0].name,
        **{figure: round(median(values), 1) for figure, values in found.items()},
        "spread": {figure: [round(values[0], 1), round(values[-1], 1)] for figure, values in found.items()},
        "machine_busy": round(median(run.machine_busy for run in runs), 2),
        "runs": len(runs),
        "seconds": round(median(run.seconds for run in runs), 1),
        "events": runs[0].events,
        "triggers_expected": worst.expected,
        "triggers_got": worst.got,
        "triggers_missing": worst.missing,
        "triggers_extra": worst.extra,
        "triggers_twice": worst.twice,
        "broken": worst.broken,
        "dead_letters": worst.refused,
        "right": not worst.wrong,
    }


def cpu(figures: Mapping[str, Any]) -> float:
    """Return what worker and state compute for an event; a store inside the worker is in the worker's time."""
    return float(figures["worker_us_per_event"] + figures["redis_us_per_event"])


def ratios(contenders: Sequence[Mapping[str, Any]]) -> dict[str, float | None]:
    """Return how many times what ours computes the others do; None for who did not take part."""
    by_name = {figures["name"]: cpu(figures) for figures in contenders}
    if OURS not in by_name:
        return {}
    return {name: round(by_name[name] / by_name[OURS], 2) if name in by_name else None for name in COMPARED}


def of_live(found: Live) -> dict[str, Any]:
    """Return the figures of one rate."""
    return {
        "offered": round(found.offered),
        "events": found.events,
        "worker_us_per_event": round(found.worker_us, 1),
        "redis_us_per_event": round(found.redis_us, 1),
        "machine_busy": round(found.machine_busy, 2),
        "p50_ms": round(found.percentile_ms(0.5), 1),
        "p99_ms": round(found.percentile_ms(0.99), 1),
        "p999_ms": round(found.percentile_ms(0.999), 1),
        "triggers_expected": found.judgement.expected,
        "triggers_got": found.judgement.got,
        "right": not found.judgement.wrong,
        "histogram": found.histogram(),
    }
