"""Dead letters of late: somebody sends what can never be counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.checks.findings import fine, warning

if TYPE_CHECKING:
    from expansion_signals.checks.findings import Finding

LATELY_HOURS = 24


def judge_dead_letters(topic: str, count: int) -> Finding:
    """Return what is found about so many dead letters within `LATELY_HOURS`."""
    if not count:
        return fine(topic, f"no dead letters within {LATELY_HOURS} hours")
    return warning(
        topic,
        f"{count:,} dead letters within {LATELY_HOURS} hours: what they told is not counted",
        "see their causes: expansion-signals dlq list",
    )
