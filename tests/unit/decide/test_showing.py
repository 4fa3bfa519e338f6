from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, get_args

import pytest

from expansion_signals.decide.cases import Case, level_of, prompt_family, subject_of
from expansion_signals.decide.remembered import Prompted, Remembered
from expansion_signals.decide.showing import SHOWINGS, SILENT_FOR, Showing, is_dismissed, is_shown_enough, is_snoozed
from expansion_signals.model.instants import DAY, HOUR, MINUTE
from expansion_signals.model.kinds import PromptFamily
from sample_ground import ground
from sample_signals import NOW, gated, milestone, signal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from expansion_signals.model.instants import Instant
    from expansion_signals.model.prompts import Deed
    from expansion_signals.model.signals import Signal

NEAR, FULL, GATE = signal("80"), signal("100"), gated()
INVITED, MILESTONE = gated(kind="seat_limit.invited"), milestone("10")


def of(shown: Signal, deed: Deed = "shown", time: Instant = NOW - MINUTE, **changes: object) -> Prompted:
    """Return what is remembered of the prompt of a trigger that this signal led to."""
    prompted = Prompted(
        deed,
        time,
        "u-42",
        shown.id,
        shown.evidence.session,
        prompt=prompt_family(shown),
        subject=subject_of(shown),
        level=str(level_of(shown)) if "threshold" in shown.data else None,
    )
    return prompted._replace(**changes)


def case(asked: Signal, prompted: Sequence[Prompted]) -> Case:
    return Case(asked, Remembered(prompted=tuple(prompted)), ground())


def enough(asked: Signal, *prompted: Prompted, at: Instant = NOW) -> bool:
    return is_shown_enough(case(asked, prompted), at)


# ------------------------------------------------------------------------------------------- the table


def test_every_family_says_how_often_it_is_shown() -> None:
    assert SHOWINGS.keys() == set(get_args(PromptFamily))


@pytest.mark.parametrize(
    ("family", "showing"),
    [
        ("limit_approaching", Showing(per_session=1, in_all=3)),
        ("feature_discovery", Showing(per_session=3, in_all=1)),
        ("milestone", Showing(per_session=None, in_all=1)),
        ("team_growth", Showing()),
        ("limit_reached", Showing()),
    ],
)
def test_families_are_shown_as_often_as_the_domain_says(family: PromptFamily, showing: Showing) -> None:
    assert SHOWINGS[family] == showing


# ----------------------------------------------------------------------------------------- dismissals


def dismissals(*days: int, asked: Signal = NEAR, user: str = "u-42") -> list[Prompted]:
    """Return dismissals of as many triggers, so many days ago."""
    return [of(asked, "dismissed", NOW - day * DAY, trigger=f"t-{day}", user=user) for day in days]


@pytest.mark.parametrize(
    ("prompted", "silent"),
    [
        (dismissals(3), False),
        (dismissals(3, 2), False),
        (dismissals(3, 2, 1), True),
        (dismissals(1, 2, 3), True),
        ([*dismissals(3, 2), *dismissals(2)], False),
        ([*dismissals(3, 2), of(NEAR, "shown", trigger="t-1"), of(NEAR, "clicked", trigger="t-1")], False),
        (dismissals(31, 30, 30), False),
        (dismissals(90, 60, 29), True),
        (dismissals(90, 60, 35, 2, 1), False),
        (dismissals(90, 60, 35, 2, 1, 0), True),
    ],
    ids=[
        "one",
        "two",
        "three",
        "three that came in another order",
        "two, one of them reported twice",
        "two, and a third that was shown and clicked",
        "the third dismissed 30 days ago",
        "the third dismissed 29 days ago",
        "two more, after a silence that is over",
        "three more, after a silence that is over",
    ],
)
def test_each_third_dismissal_silences_the_family_for_30_days(prompted: list[Prompted], *, silent: bool) -> None:
    assert is_dismissed(case(NEAR, prompted), NOW) is silent


@pytest.mark.parametrize(("at", "silent"), [(SILENT_FOR - 1, True), (SILENT_FOR, False)])
def test_a_silence_lasts_for_30_days_to_the_moment(at: int, *, silent: bool) -> None:
    assert is_dismissed(case(NEAR, dismissals(9, 5, 0)), NOW + at) is silent


@pytest.mark.parametrize(
    ("asked", "user"), [(FULL, "u-42"), (GATE, "u-42"), (NEAR, "u-7")], ids=["100 %", "a gate", "another user"]
)
def test_three_dismissals_silence_no_other_family_and_no_other_user(asked: Signal, user: str) -> None:
    assert not is_dismissed(case(asked, dismissals(3, 2, 1, user=user)), NOW)


def test_dismissals_at_81_83_and_90_percent_silence_another_limit_of_the_family_too() -> None:
    prompted = [of(signal(each), "dismissed", trigger=each) for each in ("81", "83", "90")]
    assert is_dismissed(case(signal("80", meter="projects", feature="projects"), prompted), NOW)


def test_a_signal_that_is_shown_to_nobody_is_not_dismissed() -> None:
    trend = gated(kind="usage.accelerated")
    assert not is_dismissed(case(trend, [each._replace(prompt=None) for each in dismissals(3, 2, 1)]), NOW)


# -------------------------------------------------------------------------------------------- snoozes


@pytest.mark.parametrize(("until", "snoozed"), [(NOW + 1, True), (NOW, False), (NOW - DAY, False)])
def test_a_snooze_covers_its_family_until_then(until: Instant, *, snoozed: bool) -> None:
    assert is_snoozed(case(signal("90"), [of(NEAR, "snoozed", until=until)]), NOW) is snoozed


def test_the_longest_of_several_snoozes_counts() -> None:
    prompted = [of(NEAR, "snoozed", until=NOW + DAY), of(NEAR, "snoozed", until=NOW - HOUR)]
    assert is_snoozed(case(NEAR, prompted), NOW)


@pytest.mark.parametrize(
    ("asked", "user"), [(FULL, "u-42"), (GATE, "u-42"), (NEAR, "u-7")], ids=["100 %", "a gate", "another user"]
)
def test_a_snooze_silences_no_other_family_and_no_other_user(asked: Signal, user: str) -> None:
    assert not is_snoozed(case(asked, [of(NEAR, "snoozed", until=NOW + DAY, user=user)]), NOW)


# ------------------------------------------------------------------------------------- in one session


def others(count: int, **changes: object) -> list[Prompted]:
    """Return prompts of features of their own, none of which is asked for."""
    return [of(gated(str(place)), subject=f"feature-{place}", **changes) for place in range(count)]


@pytest.mark.parametrize(("count", "silent"), [(2, False), (3, True)])
def test_three_prompts_of_any_family_are_enough_for_a_session(count: int, *, silent: bool) -> None:
    assert enough(FULL, *others(count)) is silent


def test_prompts_of_another_session_do_not_count() -> None:
    assert not enough(FULL, *others(3, session="s-8"))


def test_prompts_of_another_user_do_not_count() -> None:
    assert not enough(FULL, *others(3, user="u-7"))


@pytest.mark.parametrize("deed", ["dismissed", "snoozed", "clicked"])
def test_only_what_was_shown_counts(deed: Deed) -> None:
    assert not enough(FULL, *others(3, deed=deed))


def test_one_prompt_of_a_limit_that_is_near_is_enough_for_a_session() -> None:
    assert enough(signal("80", meter="projects", feature="projects"), of(NEAR))


@pytest.mark.parametrize(("count", "silent"), [(2, False), (3, True)])
def test_three_prompts_of_features_are_enough_for_a_session(count: int, *, silent: bool) -> None:
    asked = Case(GATE, Remembered(prompted=tuple(others(count))), ground(policy="policy: {session_cap: 99}\n"))
    assert is_shown_enough(asked, NOW) is silent


@pytest.mark.parametrize("shown", [others(9), others(9, session=None)], ids=["named", "not named"])
def test_who_is_blocked_at_the_seat_limit_is_always_helped(shown: list[Prompted]) -> None:
    assert not enough(INVITED, *shown, *[of(INVITED)] * 9)


# ---------------------------------------------------------------------------- sessions that nobody names


def unnamed(asked: Signal) -> Signal:
    return replace(asked, evidence=asked.evidence._replace(session=None))


def ago(*minutes: int, session: str | None = None) -> list[Prompted]:
    return [
        each._replace(time=NOW - minute * MINUTE)
        for each, minute in zip(others(len(minutes), session=session), minutes, strict=True)
    ]


@pytest.mark.parametrize(
    ("minutes", "silent"),
    [
        ((29, 28, 27), True),
        ((31, 30, 30), False),
        ((80, 55, 29), True),
        ((59, 29, 28), False),
        ((58, 29, 28), True),
    ],
    ids=[
        "all within half an hour",
        "the last half an hour ago",
        "each within half an hour of the next",
        "a pause of half an hour after the first",
        "a pause of 29 minutes after the first",
    ],
)
def test_it_ends_after_30_minutes_in_which_nothing_was_shown(minutes: tuple[int, ...], *, silent: bool) -> None:
    assert enough(unnamed(FULL), *ago(*minutes)) is silent


def test_a_report_without_a_session_is_of_the_one_that_runs() -> None:
    assert enough(FULL, *ago(29, 28), *others(1))


def test_an_event_without_a_session_is_of_the_one_in_which_something_was_shown_last() -> None:
    assert enough(unnamed(FULL), *ago(29, 28, 27, session="s-8"))


# --------------------------------------------------------------------------------------------- in all


@pytest.mark.parametrize(
    ("asked", "times", "silent"),
    [(NEAR, 2, False), (NEAR, 3, True), (GATE, 1, True), (MILESTONE, 1, True), (FULL, 9, False)],
    ids=["a limit twice", "a limit three times", "a feature", "a milestone", "a limit that is reached"],
)
def test_a_matter_is_shown_so_often_in_all(asked: Signal, times: int, *, silent: bool) -> None:
    shown = [of(asked, session=f"s-{place}", time=NOW - place * DAY) for place in range(1, times + 1)]
    assert enough(asked, *shown) is silent


@pytest.mark.parametrize(
    "other",
    [
        signal("80", meter="projects", feature="projects"),
        signal("80", period={"start": "2026-10-01T00:00:00Z", "end": "2026-11-01T00:00:00Z"}),
    ],
    ids=["another meter", "another period"],
)
def test_another_matter_does_not_count(other: Signal) -> None:
    assert not enough(NEAR, *(of(other, session=f"s-{place}") for place in range(3)))


# ----------------------------------------------------------------------- a higher threshold (7.4)


def test_prompts_of_a_lower_threshold_hold_no_higher_one_back_in_the_session() -> None:
    assert [enough(signal("90"), of(NEAR)), enough(NEAR, of(signal("90")))] == [False, True]


def test_prompts_of_a_lower_threshold_hold_no_higher_one_back_in_all() -> None:
    shown = [of(NEAR, session=f"s-{place}") for place in range(3)]
    assert [enough(signal("90"), *shown), enough(NEAR, *shown)] == [False, True]


def test_prompts_of_a_lower_threshold_count_for_all_else_in_the_session() -> None:
    assert enough(GATE, *others(2), of(NEAR))


def test_a_milestone_that_was_shown_does_not_hold_back_the_next() -> None:
    assert not enough(MILESTONE, of(milestone("5")))
