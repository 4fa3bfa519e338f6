"""Rules of trends against the meter they look at."""

from __future__ import annotations

import pytest

from expansion_signals.errors import RejectedConfiguration
from expansion_signals.model.instants import DAY
from expansion_signals.rules.loading import load

CATALOG = """
currency: USD
meters:
  calls: {event: com.acme.called, aggregation: count, unit: call}
  size:  {event: com.acme.sized, aggregation: latest, value: value, unit: GB}
  peak:  {event: com.acme.peaked, aggregation: max, value: value, unit: call}
  users: {event: com.acme.seen, aggregation: unique, value: user, unit: user}
features: {}
plans:
  - {key: free, price: "0", includes: {}}
"""
COMPARED = ("usage_accelerated", "usage_declined", "volume_grown")


def problems(rule: str) -> list[str]:
    """Return where a rule is wrong, and what was expected there."""
    try:
        load({"catalog.yaml": CATALOG, "rules.yaml": f"rules:\n  - {rule}\n"})
    except RejectedConfiguration as rejected:
        return [f"{problem.line}:{problem.column} {problem.message}" for problem in rejected.problems]
    return []


@pytest.mark.parametrize("meter", ["size", "peak", "users"])
@pytest.mark.parametrize("signal", [*COMPARED, "usage_run_out_forecast"])
def test_days_of_other_meters_than_sums_and_counts_do_not_add_up(signal: str, meter: str) -> None:
    [found] = problems(f"{{id: r, signal: {signal}, meter: {meter}}}")
    assert found.startswith(f"2:{len(f'  - {{id: r, signal: {signal}, meter: ') + 1} `{meter}` is `")


@pytest.mark.parametrize("signal", COMPARED)
@pytest.mark.parametrize(("within", "wrong"), [("1d", False), ("31d", False), ("32d", True), ("36h", True)])
def test_two_windows_of_whole_days_are_kept(signal: str, within: str, *, wrong: bool) -> None:
    assert bool(problems(f"{{id: r, signal: {signal}, meter: calls, within: {within}}}")) is wrong


def test_a_limit_hit_may_be_of_any_meter() -> None:
    assert problems("{id: r, signal: limit_hit, meter: users}") == []


def test_trends_are_judged_as_they_are_written() -> None:
    rules = "rules:\n  - {id: r, signal: usage_accelerated, meter: calls, within: 30d, cooldown: 14d}\n"
    configuration = load({"catalog.yaml": CATALOG, "rules.yaml": rules})
    [rule] = configuration.watch_rules
    assert (rule.meter, rule.within, rule.cooldown, configuration.warnings) == ("calls", 30 * DAY, 14 * DAY, ())
