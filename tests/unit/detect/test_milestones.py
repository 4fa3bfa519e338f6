"""Milestones: each once in an account's life, the highest only, never by backfill (semantics 6.3)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from expansion_signals.detect.milestones import judge_milestones
from expansion_signals.model.catalog import Meter
from expansion_signals.model.events import Evidence
from expansion_signals.model.instants import DAY, HOUR
from expansion_signals.model.readings import Limit
from expansion_signals.model.thresholds import Arm, ArmKey, Guard
from expansion_signals.rules.configuration import MilestoneRule
from sample_readings import NOW, past, reading, usage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from expansion_signals.detect.limits import Judgement
    from expansion_signals.model.readings import Cause
    from expansion_signals.model.signals import Signal

PROJECTS = Meter("projects", "com.acme.project.created", "count", "project", per="never")
IMPORTED = Evidence("e-1", "/apps/web", NOW - 9 * DAY, backfill=True)
RULE = MilestoneRule("first-projects", "9b1c", "projects", (usage(10), usage(50), usage(100)))


@dataclass
class Life:
    """One counter over an account's life: each movement is one reading, judged with what the one before left."""

    rules: Sequence[MilestoneRule] = (RULE,)
    level: int = 0
    limit: Limit | None = None
    arms: Mapping[ArmKey, Arm] = field(default_factory=dict)
    judged: bool = False
    waiting: Sequence[str] = ()
    last: Judgement | None = None

    def move(
        self, firing: int = 0, *, quiet: int = 0, cause: Cause = "usage", silent: bool = False, **changes: object
    ) -> list[str]:
        """Judge a movement; return the value of the threshold of each signal that fires."""
        looked_at = reading(
            firing,
            meter=PROJECTS,
            period=None,
            limit=self.limit,
            before=self.level,
            quiet=quiet,
            cause=cause,
            judged=self.judged,
        )
        self.last = judge_milestones(
            replace(looked_at, **changes), self.rules, self.arms, silent=silent, waiting=self.waiting
        )
        self.level += quiet + firing
        self.arms, self.judged = self.last.arms, True
        return [signal.data["threshold"]["value"] for signal in self.last.signals if "past" not in signal.data]

    def to(self, level: int) -> list[str]:
        return self.move(level - self.level)

    @property
    def past(self) -> list[tuple[str, list[str]]]:
        """Why what the last movement reached is past, where it is."""
        assert self.last is not None
        return past(self.last.signals)

    @property
    def guard(self) -> Guard:
        assert self.last is not None
        return self.last.guard


def life_at(level: int, **settings: object) -> Life:
    life = Life(**settings)
    life.to(level)
    return life


def signal_at(level: int) -> Signal:
    life = life_at(level)
    assert life.last is not None
    (signal,) = life.last.signals
    return signal


def late_by(late: int) -> dict[str, object]:
    return {"evidence": Evidence("e-1", "/apps/web", NOW), "appended": NOW + late, "firing_age": DAY}


@pytest.mark.parametrize(("level", "expected"), [(9, []), (10, ["10"]), (11, ["10"])])
def test_a_milestone_is_reached_at_exactly_its_amount(level: int, expected: list[str]) -> None:
    assert Life().to(level) == expected


def test_a_milestone_fires_once_however_often_it_is_looked_at() -> None:
    assert life_at(10).move(1) == []


def test_the_next_milestone_fires_by_itself() -> None:
    assert life_at(10).to(50) == ["50"]


def test_of_several_that_are_passed_at_once_the_highest_fires() -> None:
    assert Life().to(60) == ["50"]


def test_it_names_all_that_were_passed() -> None:
    assert [each["value"] for each in signal_at(60).data["crossed"]] == ["10", "50"]


def test_each_one_passed_is_decided_by_a_key_of_its_own() -> None:
    assert signal_at(60).keys == (signal_at(10).id, signal_at(60).id)


def test_a_fall_to_nothing_arms_no_milestone_again() -> None:
    life = life_at(12)
    assert (life.to(0), life.to(12)) == ([], [])


def test_what_an_import_passes_never_fires() -> None:
    life = Life()
    assert (life.move(quiet=10), life.to(0), life.to(49)) == ([], [], [])


def test_what_an_import_passes_is_told_once_as_past() -> None:
    life = Life()
    told = []
    for level in (60, 0, 60, 90):
        life.move(quiet=level - life.level, evidence=IMPORTED)
        told.append(life.past)
    assert told == [[("backfill", ["10", "50"])], [], [], []]


def test_what_usage_passes_beside_an_import_fires() -> None:
    assert Life().move(40, quiet=30) == ["50"]


def test_an_amount_that_stood_before_the_rule_is_past() -> None:
    life = Life(level=70, judged=True)
    assert (life.move(1), life.past) == ([], [("rule_added", ["10", "50"])])


def test_a_rule_may_fire_what_stood_before_it() -> None:
    assert Life([replace(RULE, fire_when_added=True)], level=70, judged=True).move(1) == ["50"]


def test_what_stands_when_the_profile_arrives_is_past_because_nobody_knows_whether_an_import_led_there() -> None:
    life = Life(level=70)
    assert (life.move(cause="profile_arrived"), life.past) == ([], [("backfill", ["10", "50"])])


def test_hours_that_the_profile_finds_fire() -> None:
    assert Life().move(12, cause="profile_arrived") == ["10"]


def test_a_limit_that_changes_makes_no_milestone_due() -> None:
    life = life_at(12, limit=Limit("projects", 15, "hard"))
    life.limit = Limit("projects", 1000, "hard")
    assert (life.move(), life.move(-12), life.move(12)) == ([], [], [])


def test_an_incomplete_counter_fires_nothing() -> None:
    assert Life().move(12, silent=True) == []


@pytest.mark.parametrize(("late", "expected"), [(HOUR, ["10"]), (HOUR + 1, [])])
def test_what_is_older_than_the_rules_age_does_not_fire(late: int, expected: list[str]) -> None:
    assert Life().move(12, **late_by(late)) == expected


def test_what_was_too_old_is_past() -> None:
    life = Life()
    life.move(12, **late_by(2 * HOUR))
    assert (life.past, life.move(1), life.past) == ([("too_old_to_fire", ["10"])], [], [])


def test_the_guard_ends_at_the_next_milestone() -> None:
    assert life_at(12).guard == Guard(None, 50)


def test_behind_the_last_milestone_nothing_is_looked_at() -> None:
    assert life_at(100).guard == Guard(None, None)


def test_a_milestone_reached_while_the_condition_is_not_true_fires_once_it_is() -> None:
    life = life_at(12, waiting=["first-projects"])
    life.waiting = []
    assert life.move(1) == ["10"]


def test_arms_of_limit_rules_stay_as_they_are() -> None:
    full = {ArmKey("quota", "80%"): Arm("fired", 2)}
    assert life_at(12, arms=full).arms == full | {ArmKey("first-projects", "10"): Arm("fired")}


def test_a_signal_says_why_in_words() -> None:
    assert signal_at(60).data["why"] == "50 projects reached, over the whole life of the account; 60 by now"


def test_amounts_with_digits_are_unscaled() -> None:
    life = Life([replace(RULE, at=(usage("2.5"),))])
    life.move(25, meter=replace(PROJECTS, precision=1))
    assert life.last is not None
    assert (life.last.signals[0].data["usage"], life.last.signals[0].data["crossed"][0]["value"]) == ("2.5", "2.5")


def test_an_account_that_the_rule_holds_out_is_named() -> None:
    life = life_at(10, rules=[replace(RULE, holdout=Decimal(100))])
    assert life.last is not None
    assert life.last.signals[0].data["holdout"] is True


def test_what_a_rule_that_is_tried_out_finds_is_shadow() -> None:
    life = life_at(10, rules=[replace(RULE, shadow=True)])
    assert life.last is not None
    assert life.last.signals[0].shadow
