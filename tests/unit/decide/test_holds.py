from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from decided_account import FREE, DecidedAccount, changed, decisions, level, reading, triggers
from expansion_signals.decide.decided import key_of
from expansion_signals.decide.remembered import MOST_HELD
from expansion_signals.model.instants import DAY, HOUR, MINUTE, SECOND
from sample_signals import NOW, gated, key, milestone, signal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from expansion_signals.decide.course import Publication
    from expansion_signals.model.instants import Instant
    from expansion_signals.model.signals import Signal

QUIET = 'policy: {quiet_hours: {from: "22:00", to: "06:00"}, account_cap: 300 per 1h}\n'
MORNING = NOW + 6 * HOUR
ASKED = signal("80", usage="800")


@pytest.fixture
def account() -> DecidedAccount:
    """An account in whose night 80 % was reached."""
    account = DecidedAccount(QUIET)
    account.hear(ASKED)
    return account


def hold_ended(at: Instant = MORNING, **told: object) -> Signal:
    return reading(at, "hold_ended", **{"levels": [level("800")], **told})


# -------------------------------------------------------------------------------------------- it is held


def test_what_can_wait_is_held_until_the_quiet_hours_end() -> None:
    (decision,) = decisions(DecidedAccount(QUIET).hear(ASKED))
    assert (decision.decision, decision.reason, decision.until) == ("held", "quiet_hours", MORNING)


def test_what_is_held_is_not_sent() -> None:
    assert triggers(DecidedAccount(QUIET).hear(ASKED)) == []


def test_a_repetition_of_what_is_held_publishes_nothing(account: DecidedAccount) -> None:
    assert account.hear(ASKED) == []


def test_what_is_held_has_its_keys_decided_so_that_no_other_fires_for_them(account: DecidedAccount) -> None:
    (decision,) = decisions(account.hear(signal("80", "90")))
    assert [held.rest for held in account.remembered.held] == [[0], [1]]
    assert decision.decision == "held"


def test_when_the_first_hold_ends_the_account_is_to_be_looked_at(account: DecidedAccount) -> None:
    assert account.remembered.next_look == MORNING


# -------------------------------------------------------------------------------------------- it is over


def test_what_was_held_fires_when_its_hold_ends(account: DecidedAccount) -> None:
    assert account.told(hold_ended()) == ["fired"]


def test_a_trigger_that_was_held_is_that_of_its_signal(account: DecidedAccount) -> None:
    (trigger,) = triggers(account.hear(hold_ended()))
    assert (trigger.id, trigger.evidence, trigger.expires) == (ASKED.id, ASKED.evidence, NOW + 7 * DAY)


def test_a_trigger_comes_before_its_decision(account: DecidedAccount) -> None:
    published: Sequence[Publication] = account.hear(hold_ended())
    assert [published[0], published[1]] == [*triggers(published), *decisions(published)]


def test_a_held_signal_has_exactly_one_final_decision(account: DecidedAccount) -> None:
    told = [each for at in (0, HOUR, DAY) for each in account.told(hold_ended(MORNING + at))]
    assert told == ["fired"]


def test_the_final_decision_is_another_than_the_interim_one() -> None:
    account = DecidedAccount(QUIET)
    (interim,), (final,) = decisions(account.hear(ASKED)), decisions(account.hear(hold_ended()))
    assert (interim.signal, interim.trigger) == (final.signal, final.trigger)
    assert interim.id != final.id


def test_what_fired_after_a_hold_is_decided_as_fired(account: DecidedAccount) -> None:
    account.hear(hold_ended())
    assert [entry.verdict for entry in account.decided.entries.values()] == ["fired"]


def test_what_was_held_for_the_rest_of_its_thresholds_fires_for_them() -> None:
    account = DecidedAccount(QUIET)
    account.hear(signal("100"), now=NOW - 5 * HOUR)
    account.hear(signal("80", "90", "100", usage="1000"))
    (trigger,) = triggers(account.hear(hold_ended(levels=[level("1000")])))
    assert (trigger.id, [each["value"] for each in trigger.data["crossed"]]) == (key("90"), ["80", "90"])


def test_a_clock_that_is_behind_that_of_the_look_lets_nothing_wait(account: DecidedAccount) -> None:
    assert account.told(hold_ended(), now=MORNING - SECOND) == ["fired"]


def test_before_its_hold_ends_a_reading_leaves_it_as_it_is(account: DecidedAccount) -> None:
    assert (account.told(hold_ended(MORNING - 1)), len(account.remembered.held)) == ([], 1)


@pytest.mark.parametrize(
    ("asked", "is_held"),
    [(signal("80"), True), (gated(), True), (milestone("10"), True), (gated(kind="usage.accelerated"), True)],
    ids=["limit", "gate", "milestone", "trend"],
)
def test_whatever_can_wait_fires_in_the_morning(asked: Signal, *, is_held: bool) -> None:
    account = DecidedAccount(QUIET)
    assert (account.told(asked) == ["held quiet_hours"]) is is_held
    assert account.told(hold_ended(levels=[])) == ["fired"]


# ------------------------------------------------------------------------------------- still quiet, too old


def test_where_it_is_still_quiet_it_is_held_once_more() -> None:
    account = DecidedAccount(QUIET)
    account.hear(ASKED)
    (decision,) = decisions(account.hear(hold_ended(MORNING + 17 * HOUR)))
    assert (decision.decision, decision.until) == ("held", MORNING + DAY)


def test_each_time_it_is_held_is_a_decision_of_its_own() -> None:
    account = DecidedAccount(QUIET)
    (first,) = decisions(account.hear(ASKED))
    (second,) = decisions(account.hear(hold_ended(MORNING + 17 * HOUR)))
    assert (first.id != second.id, account.remembered.next_look) == (True, MORNING + DAY)


def test_what_expires_while_it_is_held_is_suppressed_because_it_is_too_old(account: DecidedAccount) -> None:
    assert account.told(hold_ended(MORNING + 8 * DAY)) == ["suppressed too_old_to_fire"]


def test_what_speaks_against_it_when_its_hold_ends_counts(account: DecidedAccount) -> None:
    account.hear(gated(kind="cancel.requested", time=NOW + HOUR))
    assert account.told(hold_ended()) == ["suppressed cancel_pending"]


def test_of_what_was_held_together_each_knows_those_before_it() -> None:
    account = DecidedAccount(QUIET.replace("300 per 1h", "1 per 1d"))
    for name in ("80", "90"):
        account.hear(signal(name, meter="projects" if name == "90" else "api_calls", feature=None))
    assert account.told(hold_ended(levels=[])) == ["fired", "suppressed account_cap"]


def test_where_no_more_can_be_held_it_is_suppressed_and_nothing_is_lost() -> None:
    account = DecidedAccount(QUIET)
    for place in range(MOST_HELD):
        account.hear(gated(str(place)))
    assert account.told(gated("one more")) == ["suppressed quiet_hours"]
    assert account.told(hold_ended()) == ["fired"] * MOST_HELD


# ------------------------------------------------------------------------------------- no longer true (7.5)


def test_a_level_that_has_fallen_is_not_told_in_the_morning(account: DecidedAccount) -> None:
    assert account.told(hold_ended(levels=[level("799")])) == ["superseded need_gone"]


@pytest.mark.parametrize("levels", [[level("800")], [level("850")], []], ids=["just reached", "above", "not told"])
def test_a_level_that_is_still_reached_is_told(account: DecidedAccount, levels: list[object]) -> None:
    assert account.told(hold_ended(levels=levels)) == ["fired"]


def test_a_level_of_another_period_is_another_matter(account: DecidedAccount) -> None:
    assert account.told(hold_ended(levels=[level("900", month="2026-12")])) == ["superseded need_gone"]


def test_what_is_not_needed_any_more_does_not_wait_for_its_hold_to_end(account: DecidedAccount) -> None:
    assert account.told(reading(NOW + HOUR, levels=[level("799")])) == ["superseded need_gone"]


def test_a_fall_ends_what_is_held(account: DecidedAccount) -> None:
    assert account.told(signal("80", kind="limit.recovered", time=NOW + HOUR, crossed=[])) == ["superseded need_gone"]


def test_a_fall_below_another_threshold_ends_nothing() -> None:
    account = DecidedAccount(QUIET)
    account.hear(signal("80"))
    assert account.told(signal("100", kind="limit.recovered", time=NOW + HOUR, crossed=[])) == []


def test_an_upgrade_ends_what_is_held(account: DecidedAccount) -> None:
    bought = changed(FREE, {"version": 8, "plan": "pro"}, NOW + HOUR)
    assert account.told(bought) == ["upgrade free pro", "superseded upgraded"]


def test_a_gate_that_the_new_plan_opens_is_superseded() -> None:
    account = DecidedAccount(QUIET)
    account.hear(gated())
    assert account.told(changed(FREE, {"version": 8, "plan": "pro"}, NOW + HOUR))[1:] == ["superseded upgraded"]


def test_an_account_that_is_gone_waits_for_nothing(account: DecidedAccount) -> None:
    assert account.told(changed(FREE, None, NOW + HOUR))[1:] == ["superseded need_gone"]


def test_any_other_change_of_the_profile_ends_nothing(account: DecidedAccount) -> None:
    assert account.told(changed(FREE, {"version": 8, "plan": "free", "owner": "dana"}, NOW + MINUTE)) == []


def test_what_is_not_needed_is_superseded_with_every_reason_that_applies() -> None:
    account = DecidedAccount(QUIET)
    account.hear(signal("80", usage="800"))
    account.hear(gated(kind="cancel.requested", time=NOW + HOUR))
    (decision,) = decisions(account.hear(hold_ended(levels=[level("799")])))
    assert (decision.decision, decision.reasons) == ("superseded", ("need_gone", "cancel_pending"))


def test_what_was_superseded_is_remembered_so_that_it_is_not_decided_again(account: DecidedAccount) -> None:
    account.hear(hold_ended(levels=[level("799")]))
    assert account.decided.entries[key_of(key("80"))].verdict == "superseded"


def test_of_several_only_what_is_not_needed_ends_before_its_hold() -> None:
    account = DecidedAccount(QUIET)
    account.hear(gated())
    account.hear(ASKED)
    assert account.told(reading(NOW + HOUR, levels=[level("799")])) == ["superseded need_gone"]
    assert account.told(hold_ended()) == ["fired"]
