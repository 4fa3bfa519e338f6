"""Arms restored after a loss, beside a level that is counted once more from nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from expansion_signals.detect.limits import judge
from expansion_signals.model.thresholds import Arm, ArmKey
from sample_readings import NOW, every, fired, limit, percent, reading, recovered, rule

if TYPE_CHECKING:
    from expansion_signals.detect.limits import Judgement
    from expansion_signals.model.thresholds import Threshold

THEN = NOW
"""When the arm turned."""

LATER = NOW + 1
QUOTA = percent(80)
FIRED = Arm("fired", 1, held=THEN)
ARMED = Arm("armed", 2, (THEN,), held=THEN)


def judged(arm: Arm, firing: int, threshold: Threshold = QUOTA, **changes: object) -> tuple[Judgement, Arm]:
    """Judge a reading, appended later, of a counter with this arm under a limit of 1,000; return its arm after it."""
    settings = {"appended": LATER, "judged": True, "last_limit": 1000, **changes}
    judging = rule(threshold)
    key = ArmKey(judging.id, str(threshold))
    found = judge(reading(firing, **settings), [judging], {key: arm})
    return found, found.arms[key]


# ------------------------------------------------------------------------------------- up to what turned it


@pytest.mark.parametrize("arm", [FIRED, ARMED], ids=["fired", "armed"])
@pytest.mark.parametrize(("before", "firing"), [(0, 900), (900, -900), (0, 10)])
def test_what_was_appended_until_it_turned_turns_it_no_more(arm: Arm, before: int, firing: int) -> None:
    found, after = judged(arm, firing, before=before, appended=THEN)
    assert (found.signals, after) == ((), arm)


# --------------------------------------------------------------------------------------- armed, and after


def test_what_was_appended_later_fires() -> None:
    assert fired(judged(ARMED, 850)[0].signals) == ["80"]


def test_it_fires_in_the_generation_that_was_told() -> None:
    assert judged(ARMED, 850)[1] == Arm("fired", 2, (THEN,))


def test_what_was_passed_meanwhile_was_not_added_by_a_rule() -> None:
    found, _ = judged(ARMED, 10, before=850)
    assert [signal.data["cause"] for signal in found.signals] == ["usage"]


# --------------------------------------------------------------------------------------- fired, and after


def test_a_level_that_has_been_there_again_falls_as_any() -> None:
    found, after = judged(FIRED, -800, before=850)
    assert (recovered(found.signals), after.generation) == (["80"], 2)


def test_a_level_that_is_not_there_yet_has_not_fallen() -> None:
    """Of two partitions one is read further than the other."""
    found, after = judged(FIRED, 300)
    assert (found.signals, after) == ((), FIRED)


def test_a_level_that_comes_there_again_is_told_no_second_time() -> None:
    found, after = judged(FIRED, 550, before=300)
    assert (found.signals, after) == ((), replace(FIRED, held=0))


def test_a_new_limit_says_nothing_while_the_level_is_not_there_yet() -> None:
    found, after = judged(FIRED, 300, limit=limit(2000))
    assert (found.signals, after) == ((), FIRED)


def test_a_higher_limit_arms_it_once_the_level_is_there_again() -> None:
    assert judged(FIRED, 550, before=300, limit=limit(2000))[1] == Arm(generation=2)


def test_a_higher_limit_leaves_it_fired_where_the_level_is_above_that_as_well() -> None:
    found, after = judged(FIRED, 750, before=300, limit=limit(1100))
    assert (found.signals, after) == ((), replace(FIRED, held=0))


def test_a_series_is_told_again_by_no_higher_limit_before_it_is_where_it_was() -> None:
    series = every(100, after_percent=100)
    found, after = judged(replace(FIRED, step=1300), 300, series, limit=limit(2000))
    assert (found.signals, after.step) == ((), 1300)


def test_a_series_goes_on_above_the_step_it_had_come_to() -> None:
    found, after = judged(replace(FIRED, step=1300), 1410, every(100, after_percent=100))
    assert (fired(found.signals), after.step) == (["1400"], 1400)
