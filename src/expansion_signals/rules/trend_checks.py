"""Trends against the meter they look at: days must add up, and two windows must be kept (semantics 2.5, 6.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.model.instants import DAY
from expansion_signals.rules.conditions import facts_compared
from expansion_signals.rules.spellings import LONGEST_WINDOW

if TYPE_CHECKING:
    from expansion_signals.model.instants import Duration
    from expansion_signals.rules.findings import Findings
    from expansion_signals.rules.offered import Offered
    from expansion_signals.rules.rules_file import CriterionShape, MeterTrendShape, PowerUserShape
    from expansion_signals.rules.yaml_source import Path

_COMPARED = ("usage_accelerated", "usage_declined", "volume_grown")
_OF_DAYS = (*_COMPARED, "usage_run_out_forecast", "power_user_reached")
_ADD_UP = ("sum", "count")


def check_trend(shape: MeterTrendShape | PowerUserShape, path: Path, offered: Offered, findings: Findings) -> None:
    """Report a meter whose days do not add up, and a window that is not whole days or is not kept twice.

    What differs in a window does not follow from what differs in each day, so `unique`, `max` and `latest` have no
    growth, no decline and no forecast.
    """
    meter = offered.catalog.meters.get(shape.meter or "")
    if shape.signal in _OF_DAYS and meter is not None and meter.aggregation not in _ADD_UP:
        said = f"`{meter.key}` is `{meter.aggregation}`; {shape.signal} takes meters that are `sum` or `count`"
        findings.at((*path, "meter"), said)
    if shape.signal in _COMPARED and shape.within is not None:
        _check_window(shape.within, shape.signal, path, findings)


def check_growth_window(criterion: CriterionShape, path: Path, findings: Findings) -> None:
    """Report the window of a criterion on growth that is not whole days or is not kept twice."""
    facts = {comparison.fact for comparison in facts_compared(criterion.when)}
    if "usage_growth" in facts and criterion.within is not None:
        _check_window(criterion.within, "usage_growth", path, findings)


def _check_window(within: Duration, compared: str, path: Path, findings: Findings) -> None:
    if within % DAY:
        findings.at((*path, "within"), f"expected whole days for {compared}, such as 7d")
    elif 2 * within > LONGEST_WINDOW:
        findings.at((*path, "within"), "expected at most 31d: two windows are compared, and 62d are kept")
