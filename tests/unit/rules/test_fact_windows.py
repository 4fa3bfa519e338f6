"""Windows of facts."""

from __future__ import annotations

import pytest

from expansion_signals.model.instants import DAY
from expansion_signals.rules.conditions import FACTS
from expansion_signals.rules.fact_windows import DEFAULT_WITHIN, window_of


def test_every_fact_with_a_window_is_one_of_the_language() -> None:
    assert DEFAULT_WITHIN.keys() <= set(FACTS)


@pytest.mark.parametrize(
    ("fact", "within", "window"),
    [
        ("limit_hits", None, 14 * DAY),
        ("limit_hits", 7 * DAY, 7 * DAY),
        ("utilization", None, None),
        ("utilization", 7 * DAY, None),
        ("plan", 7 * DAY, None),
    ],
)
def test_a_condition_looks_at_a_fact_in_its_own_window_or_in_that_of_the_fact(
    fact: str, within: int | None, window: int | None
) -> None:
    assert window_of(fact, within) == window
