from __future__ import annotations

import pytest

from decided_account import FREE, DecidedAccount, changed, level, reading, report, triggers
from expansion_signals.decide.decided import Decided
from expansion_signals.decide.remembered import Prompted
from expansion_signals.model.instants import DAY, HOUR, MINUTE
from sample_signals import NOW, gated, milestone, signal

PRO = {"version": 8, "plan": "pro"}


@pytest.fixture
def account() -> DecidedAccount:
    return DecidedAccount()


# -------------------------------------------------------------------------------------- what changes nothing


def test_a_signal_that_nobody_judges_leaves_everything_as_it_is(account: DecidedAccount) -> None:
    assert (account.hear(gated(kind="feature.attempted")), account.decided) == ([], Decided())


def test_of_an_account_of_which_nothing_is_worth_remembering_not_even_what_was_read_is(account: DecidedAccount) -> None:
    for each in (changed(None, FREE), reading(NOW), signal("80", kind="limit.recovered", crossed=[])):
        account.hear(each)
    assert account.decided == Decided()


def test_once_something_is_remembered_it_is_known_how_far_was_read(account: DecidedAccount) -> None:
    account.hear(gated())
    account.hear(reading(NOW))
    assert account.remembered.through == {"expansion-signals/0": 3}


# ----------------------------------------------------------------------------------------- reports of prompts


def test_what_is_known_of_its_trigger_is_remembered_with_a_report(account: DecidedAccount) -> None:
    (trigger,) = triggers(account.hear(signal("80")))
    account.hear(report("snoozed", trigger.id, NOW + 1, session="s-9", until=NOW + DAY))
    assert account.remembered.prompted == (
        Prompted(
            "snoozed",
            NOW + 1,
            "u-42",
            trigger.id,
            "s-9",
            NOW + DAY,
            "limit_approaching",
            "api_calls|2026-11-01T00:00:00Z",
            "800",
        ),
    )


def test_a_report_on_a_trigger_that_nobody_remembers_is_remembered_and_silences_nothing(
    account: DecidedAccount,
) -> None:
    for each in range(3):
        account.hear(report("dismissed", f"t-{each}", NOW - each))
    assert (len(account.remembered.prompted), account.told(signal("80"))) == (3, ["fired"])


def test_reports_publish_nothing(account: DecidedAccount) -> None:
    assert account.hear(report("clicked", "t-1")) == []


def test_three_dismissals_at_81_83_and_90_percent_silence_80_percent_of_another_meter_but_not_100(
    account: DecidedAccount,
) -> None:
    for day, percent in enumerate(("81", "83", "90")):
        (trigger,) = triggers(account.hear(signal(percent, time=NOW + day * DAY)))
        account.hear(report("dismissed", trigger.id, NOW + day * DAY + MINUTE))
    later = NOW + 4 * DAY
    other = signal("80", time=later, meter="projects", feature="projects", generation=2)
    assert [account.told(other), account.told(signal("100", time=later))] == [["suppressed dismissed"], ["fired"]]


def test_one_dismissal_silences_nothing_but_that_trigger(account: DecidedAccount) -> None:
    (trigger,) = triggers(account.hear(signal("81")))
    account.hear(report("dismissed", trigger.id))
    assert account.told(signal("83", time=NOW + HOUR)) == ["fired"]


def test_a_snooze_keys_on_the_family_not_on_numbers_that_change(account: DecidedAccount) -> None:
    (trigger,) = triggers(account.hear(signal("80", usage="801")))
    account.hear(report("snoozed", trigger.id, until=NOW + 2 * DAY))
    next_day = signal("90", time=NOW + DAY, usage="913", limit="1014")
    assert account.told(next_day) == ["suppressed snoozed"]


def test_a_prompt_that_was_shown_three_times_in_all_is_not_sent_again_in_its_period(account: DecidedAccount) -> None:
    (trigger,) = triggers(account.hear(signal("80")))
    for day in range(3):
        account.hear(report("shown", trigger.id, NOW + day * DAY, session=f"s-{day}"))
    again = signal("80", generation=2, time=NOW + 3 * DAY)
    assert account.told(again) == ["suppressed session_cap"]


# -------------------------------------------------------------------------------------------- in their order


def test_a_request_to_cancel_pauses_what_comes_after_it_for_30_days(account: DecidedAccount) -> None:
    account.hear(gated(kind="cancel.requested"))
    told = [account.told(gated(str(day), time=NOW + day * DAY)) for day in (0, 29, 30)]
    assert told == [["suppressed cancel_pending"], ["suppressed cancel_pending"], ["fired"]]


def test_so_does_one_of_which_no_rule_tells(account: DecidedAccount) -> None:
    account.hear(reading(NOW, "evidence", cancel_requested=True))
    told = [account.told(gated(str(day), time=NOW + day * DAY)) for day in (29, 30)]
    assert told == [["suppressed cancel_pending"], ["fired"]]


@pytest.mark.parametrize("told", [{"holdout": True}, {"past": "too_old_to_fire"}], ids=["held out", "too old to fire"])
def test_it_pauses_them_whatever_is_sent_of_it(account: DecidedAccount, told: dict[str, object]) -> None:
    account.hear(gated(kind="cancel.requested", **told))
    assert account.told(gated(time=NOW + HOUR)) == ["suppressed cancel_pending"]


def test_what_comes_of_a_profile_is_published_before_what_it_ends() -> None:
    account = DecidedAccount('policy: {quiet_hours: {from: "22:00", to: "06:00"}}\n')
    account.hear(gated(kind="seat_limit.invited"))
    account.hear(gated())
    assert account.told(changed(FREE, {**PRO, "limits": {"seats": "10"}}, NOW + HOUR)) == [
        "upgrade free pro",
        "withdrawn upgraded",
        "superseded upgraded",
    ]


def test_the_next_candidate_is_judged_under_the_newest_profile(account: DecidedAccount) -> None:
    account.hear(milestone("10"))
    account.hear(changed(FREE, {**PRO, "status": "paused"}, NOW + HOUR))
    assert account.told(gated(time=NOW + HOUR)) == ["suppressed account_status"]


def test_an_older_profile_is_not_the_newest(account: DecidedAccount) -> None:
    account.hear(milestone("10"))
    account.hear(changed(None, {"version": 6, "plan": "free", "status": "paused"}, NOW + HOUR))
    assert account.told(gated(time=NOW + HOUR)) == ["fired"]


def test_a_reading_withdraws_before_it_judges_leads_and_holds() -> None:
    account = DecidedAccount('policy: {quiet_hours: {from: "22:00", to: "06:00"}}\n')
    account.hear(gated(kind="seat_limit.invited"))
    account.hear(signal("80"))
    told = account.told(reading(NOW + 6 * HOUR, "hold_ended", levels=[level("900")], gone=["i-1"]))
    assert told == ["withdrawn need_gone", "fired"]
