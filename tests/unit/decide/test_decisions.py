from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from expansion_signals.decide.candidates import Candidate
from expansion_signals.decide.cases import Case
from expansion_signals.decide.decided import Decided, key_of
from expansion_signals.decide.decisions import decide
from expansion_signals.decide.offers import payload_of
from expansion_signals.decide.remembered import Remembered
from expansion_signals.model.identities import identity_of
from expansion_signals.model.instants import DAY, HOUR
from expansion_signals.model.kinds import KINDS
from sample_ground import ground
from sample_signals import NOW, gated, key, signal

if TYPE_CHECKING:
    from expansion_signals.decide.decisions import Ruling
    from expansion_signals.model.decisions import Decision
    from expansion_signals.model.kinds import Kind
    from expansion_signals.model.signals import Signal
    from expansion_signals.model.triggers import Trigger


LASTS = 7 * DAY
"""How long a limit trigger is worth acting on."""


class Account:
    """One account's decisions, one signal after the other; each record has its own place in the log."""

    def __init__(self) -> None:
        self.decided = Decided()
        self._offset = 0

    def decide(self, asked: Signal, *, now: int = NOW, record: str | None = None) -> Ruling:
        self._offset += 1
        ruling = decide(Candidate(asked, record or f"0:{self._offset}"), self.decided, ground(now))
        self.decided = self.decided.with_entries(ruling.entries)
        return ruling


@pytest.fixture
def account() -> Account:
    return Account()


def trigger_of(ruling: Ruling) -> Trigger:
    assert ruling.trigger is not None
    return ruling.trigger


def decision_of(ruling: Ruling) -> Decision:
    assert ruling.decision is not None
    return ruling.decision


# ------------------------------------------------------------------------------------ no key decided


def test_a_signal_of_which_nothing_is_decided_fires_for_all_it_crossed(account: Account) -> None:
    crossed = trigger_of(account.decide(signal("80", "100"))).data["crossed"]
    assert [each["value"] for each in crossed] == ["80", "100"]


def test_a_trigger_for_all_has_the_id_of_its_signal(account: Account) -> None:
    asked = signal("80", "100")
    assert trigger_of(account.decide(asked)).id == asked.id


def test_a_signal_that_fires_is_decided_as_fired_without_a_reason(account: Account) -> None:
    decision = decision_of(account.decide(signal("80")))
    assert (decision.decision, decision.reason, decision.reasons, decision.until) == ("fired", None, (), None)


def test_a_decision_names_its_signal_its_trigger_its_rule_and_its_account(account: Account) -> None:
    asked = signal("80")
    decision = decision_of(account.decide(asked))
    assert (decision.signal, decision.trigger, decision.rule, decision.account) == (
        asked.id,
        asked.id,
        {"id": "api-quota", "version": "3f2a"},
        "acct-1",
    )


def test_a_decision_carries_time_and_trace_of_its_evidence(account: Account) -> None:
    decision = decision_of(account.decide(signal("80")))
    assert (decision.time, decision.traceparent) == (NOW, "00-ab")


ADDED = {"recommendation", "route", "prompt", "copy"}
"""What a trigger says besides its evidence."""


@pytest.mark.parametrize("asked", [signal("80"), gated()], ids=lambda asked: asked.type)
def test_a_trigger_carries_what_its_signal_says_but_the_account_that_is_for_the_audit(
    account: Account, asked: Signal
) -> None:
    data = trigger_of(account.decide(asked)).data
    assert {name: value for name, value in data.items() if name not in ADDED} == {
        name: value for name, value in asked.data.items() if name != "account"
    }


@pytest.mark.parametrize("asked", [signal("80"), gated()], ids=lambda asked: asked.type)
def test_a_trigger_says_what_to_offer_to_whom_it_goes_how_it_is_shown_and_in_which_words(
    account: Account, asked: Signal
) -> None:
    assert trigger_of(account.decide(asked)).data.keys() - asked.data.keys() == ADDED


def test_what_only_deciding_asks_for_is_in_no_payload() -> None:
    told = {"holdout": True, "past": "backfill", "burst_of": key("80")}
    assert payload_of(Case(signal("80", **told), Remembered(), ground())).keys() & told.keys() == set()


def test_a_trigger_carries_the_evidence_of_its_signal(account: Account) -> None:
    asked = signal("80")
    assert trigger_of(account.decide(asked)).evidence == asked.evidence


def test_a_limit_trigger_goes_to_its_topic_under_its_type(account: Account) -> None:
    trigger = trigger_of(account.decide(signal("80")))
    assert (trigger.topic, trigger.type) == ("expansion-limit-reached", "limit.reached")


def test_a_limit_trigger_expires_seven_days_after_its_evidence(account: Account) -> None:
    assert trigger_of(account.decide(signal("80"))).expires == NOW + 7 * DAY


def test_a_decision_is_kept_for_seven_days_past_the_expiry(account: Account) -> None:
    (entry,) = account.decide(signal("80")).entries.values()
    assert entry.kept_until == NOW + 14 * DAY


def test_what_a_decision_is_kept_until_is_rounded_up_to_whole_hours(account: Account) -> None:
    (entry,) = account.decide(signal("80", time=NOW + 1)).entries.values()
    assert entry.kept_until == NOW + 14 * DAY + HOUR


# ---------------------------------------------------------------------------------- some keys decided


def test_a_signal_of_which_some_is_decided_fires_for_the_rest(account: Account) -> None:
    account.decide(signal("80"))
    crossed = trigger_of(account.decide(signal("80", "100"))).data["crossed"]
    assert [each["value"] for each in crossed] == ["100"]


def test_a_trigger_for_the_rest_with_the_highest_has_the_id_of_its_signal(account: Account) -> None:
    account.decide(signal("80"))
    asked = signal("80", "100")
    assert trigger_of(account.decide(asked)).id == asked.id


def test_a_trigger_for_the_rest_without_the_highest_has_the_id_of_the_rests_highest(account: Account) -> None:
    account.decide(signal("100"))
    assert trigger_of(account.decide(signal("80", "90", "100"))).id == key("90")


def test_a_decision_for_the_rest_is_another_than_the_one_before_it(account: Account) -> None:
    first = decision_of(account.decide(signal("100")))
    assert decision_of(account.decide(signal("80", "100"))).id != first.id


def test_the_threshold_of_a_trigger_for_the_rest_is_the_rests_highest(account: Account) -> None:
    account.decide(signal("100"))
    asked = replace(signal("80", "100"), id=identity_of("another"))
    assert trigger_of(account.decide(asked)).data["threshold"] == {"kind": "percent", "value": "80", "comparison": ">="}


def test_a_trigger_for_a_rest_that_ends_in_a_step_has_an_id_of_its_own(account: Account) -> None:
    account.decide(signal("150"))
    asked = replace(signal("+1200", "150"), id=identity_of("another"))
    assert trigger_of(account.decide(asked)).id == identity_of("step", key("+1200"))


def test_the_id_for_a_rest_does_not_depend_on_what_else_is_decided(account: Account) -> None:
    account.decide(signal("80"))
    account.decide(signal("100"))
    asked = replace(signal("80", "90", "100"), id=identity_of("another"))
    assert trigger_of(account.decide(asked)).id == key("90")


def test_only_the_rest_is_remembered_anew(account: Account) -> None:
    account.decide(signal("80"))
    assert set(account.decide(signal("80", "100")).entries) == {key_of(key("100"))}


def test_another_generation_of_a_threshold_is_another_key(account: Account) -> None:
    account.decide(signal("80"))
    assert trigger_of(account.decide(signal("80", generation=2))).data["crossed"]


# ------------------------------------------------------------------------------------------ asked again


def test_the_same_record_asked_again_gets_the_same_answer(account: Account) -> None:
    asked = signal("80", "100")
    first = account.decide(asked, record="0:7")
    again = account.decide(asked, record="0:7")
    assert (again.trigger, again.decision) == (first.trigger, first.decision)


def test_the_same_record_asked_again_adds_nothing(account: Account) -> None:
    account.decide(signal("80"), record="0:7")
    assert account.decide(signal("80"), record="0:7").entries == {}


def test_the_same_record_asked_again_past_the_expiry_still_fires(account: Account) -> None:
    first = account.decide(signal("80"), record="0:7")
    assert account.decide(signal("80"), record="0:7", now=NOW + 30 * DAY).trigger == first.trigger


def test_a_record_that_was_suppressed_stays_so_when_the_clock_falls_back(account: Account) -> None:
    account.decide(signal("80"), record="0:7", now=NOW + 8 * DAY)
    assert account.decide(signal("80"), record="0:7").trigger is None


def test_a_record_that_fired_for_the_rest_fires_for_the_same_rest_again(account: Account) -> None:
    account.decide(signal("80"))
    first = account.decide(signal("80", "100"), record="0:7")
    assert account.decide(signal("80", "100"), record="0:7").trigger == first.trigger


def test_a_record_asked_again_after_a_higher_step_gets_the_same_answer(account: Account) -> None:
    first = account.decide(signal("100", "+1100"), record="0:7")
    account.decide(signal("+1200"))
    again = account.decide(signal("100", "+1100"), record="0:7")
    assert (again.trigger, again.decision) == (first.trigger, first.decision)


# ------------------------------------------------------------------------------------------ repetitions


def test_another_record_of_the_same_signal_publishes_nothing(account: Account) -> None:
    account.decide(signal("80", "100"))
    assert account.decide(signal("80", "100")) == (None, None, {}, Remembered())


def test_a_repetition_of_what_fired_for_the_rest_publishes_nothing(account: Account) -> None:
    account.decide(signal("80"))
    account.decide(signal("80", "100"))
    assert account.decide(signal("80", "100")) == (None, None, {}, Remembered())


def test_a_repetition_past_the_expiry_publishes_nothing(account: Account) -> None:
    account.decide(signal("80"))
    assert account.decide(signal("80"), now=NOW + 8 * DAY) == (None, None, {}, Remembered())


def test_the_same_highest_threshold_without_the_lower_ones_is_the_same_signal(account: Account) -> None:
    account.decide(signal("80", "100"))
    assert account.decide(signal("100")) == (None, None, {}, Remembered())


# ------------------------------------------------------------------------------------------ superseded


def test_a_signal_all_of_whose_keys_others_decided_is_superseded(account: Account) -> None:
    account.decide(signal("80", "100"))
    assert decision_of(account.decide(signal("80"))).decision == "superseded"


def test_a_superseded_signal_has_no_trigger_but_names_the_one_it_would_have_been(account: Account) -> None:
    account.decide(signal("80", "100"))
    asked = signal("80")
    outcome = account.decide(asked)
    assert (outcome.trigger, decision_of(outcome).trigger) == (None, asked.id)


def test_a_superseded_signal_leaves_what_is_decided_as_it_is(account: Account) -> None:
    account.decide(signal("80", "100"))
    assert account.decide(signal("80")).entries == {}


def test_a_step_supersedes_every_lower_step_of_its_series(account: Account) -> None:
    account.decide(signal("+1300"))
    assert decision_of(account.decide(signal("+1200"))).decision == "superseded"


def test_a_repetition_that_comes_after_a_higher_step_publishes_nothing(account: Account) -> None:
    account.decide(signal("+1200"))
    account.decide(signal("+1300"))
    assert account.decide(signal("+1200")) == (None, None, {}, Remembered())


def test_a_step_does_not_supersede_a_higher_one(account: Account) -> None:
    account.decide(signal("+1200"))
    assert decision_of(account.decide(signal("+1300"))).decision == "fired"


def test_a_step_does_not_supersede_a_plain_threshold(account: Account) -> None:
    account.decide(signal("+1300"))
    assert decision_of(account.decide(signal("80"))).decision == "fired"


# ------------------------------------------------------------------------------------------ past expiry


def test_a_signal_is_worth_acting_on_until_the_very_moment_of_its_expiry(account: Account) -> None:
    assert decision_of(account.decide(signal("80"), now=NOW + LASTS - 1)).decision == "fired"


def test_a_signal_past_its_expiry_is_suppressed_because_it_is_too_old(account: Account) -> None:
    decision = decision_of(account.decide(signal("80"), now=NOW + LASTS))
    assert (decision.decision, decision.reason, decision.reasons) == (
        "suppressed",
        "too_old_to_fire",
        ("too_old_to_fire",),
    )


@pytest.mark.parametrize(
    ("now", "reasons"), [(NOW + LASTS - 1, ("holdout",)), (NOW + LASTS, ("too_old_to_fire", "holdout"))]
)
def test_what_a_rule_holds_out_is_suppressed_with_every_reason_that_applies(
    account: Account, now: int, reasons: tuple[str, ...]
) -> None:
    asked = signal("80")
    outcome = account.decide(replace(asked, data={**asked.data, "holdout": True}), now=now)
    decision = decision_of(outcome)
    assert (outcome.trigger, decision.reason, decision.reasons) == (None, reasons[0], reasons)


def test_a_suppressed_signal_names_the_trigger_it_would_have_been(account: Account) -> None:
    asked = signal("80")
    outcome = account.decide(asked, now=NOW + LASTS)
    assert (outcome.trigger, decision_of(outcome).trigger) == (None, asked.id)


def test_a_suppressed_signal_is_remembered_so_that_no_other_fires_for_its_keys(account: Account) -> None:
    account.decide(signal("80"), now=NOW + LASTS)
    assert trigger_of(account.decide(signal("80", "100"))).data["crossed"] == [{"kind": "percent", "value": "100"}]


def test_decisions_about_one_signal_differ_by_verdict_only() -> None:
    fired = decision_of(Account().decide(signal("80")))
    suppressed = decision_of(Account().decide(signal("80"), now=NOW + LASTS))
    assert (fired.id != suppressed.id, fired.id) == (True, decision_of(Account().decide(signal("80"))).id)


# ------------------------------------------------------------------------------------------- other kinds


@pytest.mark.parametrize("kind", [kind for kind in KINDS.values() if kind.fires and not kind.crosses])
def test_a_trigger_of_another_kind_goes_to_the_topic_of_its_family_under_its_type(account: Account, kind: Kind) -> None:
    trigger = trigger_of(account.decide(gated(kind=kind.type)))
    assert (trigger.topic, trigger.type) == (kind.family.topic, kind.type)


def test_a_trigger_of_another_kind_has_the_id_of_its_signal(account: Account) -> None:
    assert trigger_of(account.decide(gated())).id == gated().id


@pytest.mark.parametrize(
    ("kind", "lasts"), [("seat_limit.invited", DAY), ("feature.gated", 7 * DAY), ("pql.qualified", 30 * DAY)]
)
def test_each_kind_expires_with_its_family(account: Account, kind: str, lasts: int) -> None:
    assert trigger_of(account.decide(gated(kind=kind))).expires == NOW + lasts


def test_a_seat_signal_is_too_old_after_a_day(account: Account) -> None:
    decision = decision_of(account.decide(gated(kind="seat_limit.invited"), now=NOW + DAY))
    assert (decision.decision, decision.reason) == ("suppressed", "too_old_to_fire")


def test_a_decision_on_seats_is_kept_for_seven_days_past_its_own_expiry(account: Account) -> None:
    (entry,) = account.decide(gated(kind="seat_limit.invited")).entries.values()
    assert entry.kept_until == NOW + 8 * DAY


def test_another_record_of_a_signal_with_one_key_publishes_nothing(account: Account) -> None:
    account.decide(gated())
    assert account.decide(gated()) == (None, None, {}, Remembered())


def test_the_record_of_a_signal_with_one_key_asked_again_gets_the_same_answer(account: Account) -> None:
    first = account.decide(gated(), record="0:7")
    again = account.decide(gated(), record="0:7")
    assert (again.trigger, again.decision) == (first.trigger, first.decision)


def test_the_next_firing_is_decided_anew(account: Account) -> None:
    account.decide(gated())
    assert decision_of(account.decide(gated(ordinal="2"))).decision == "fired"


def test_seats_approached_fire_for_the_rest_as_limits_do(account: Account) -> None:
    account.decide(signal("80", kind="seat_limit.approached"))
    asked = signal("80", "100", kind="seat_limit.approached")
    assert trigger_of(account.decide(asked)).data["crossed"] == [{"kind": "percent", "value": "100"}]


# ---------------------------------------------------------------------------------------------- bursts


FIRST = identity_of("the first of the burst")


def of_a_burst() -> Signal:
    invited = gated(kind="seat_limit.invited")
    return replace(invited, data={**invited.data, "burst_of": FIRST})


def test_a_further_invite_of_a_burst_is_superseded_and_names_the_first(account: Account) -> None:
    outcome = account.decide(of_a_burst())
    decision = decision_of(outcome)
    assert (outcome.trigger, decision.decision, decision.reason, decision.trigger) == (
        None,
        "superseded",
        "burst",
        FIRST,
    )


def test_a_further_invite_of_a_burst_that_is_too_old_is_suppressed_for_both_reasons(account: Account) -> None:
    decision = decision_of(account.decide(of_a_burst(), now=NOW + DAY))
    assert (decision.decision, decision.reasons) == ("suppressed", ("too_old_to_fire", "burst"))


def test_a_further_invite_of_a_burst_asked_again_gets_the_same_answer(account: Account) -> None:
    first = account.decide(of_a_burst(), record="0:7")
    assert account.decide(of_a_burst(), record="0:7").decision == first.decision


def test_another_record_of_a_further_invite_of_a_burst_publishes_nothing(account: Account) -> None:
    account.decide(of_a_burst())
    assert account.decide(of_a_burst()) == (None, None, {}, Remembered())
