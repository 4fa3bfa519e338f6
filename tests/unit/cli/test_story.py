from __future__ import annotations

from dataclasses import replace
from datetime import UTC
from typing import TYPE_CHECKING, get_args

import pytest

from expansion_signals.cli.change_words import changes
from expansion_signals.cli.story import story_of
from expansion_signals.decide.reason_words import ENDINGS, SENTENCES
from expansion_signals.model.decisions import Reason
from expansion_signals.model.events import Evidence
from expansion_signals.model.instants import DAY, HOUR, MINUTE, SECOND
from expansion_signals.model.outcomes import Ended
from expansion_signals.model.signals import Signal
from sample_signals import NOW
from told_account import came_of, changed, decided, found, prompted, told, trigger, withdrawn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from expansion_signals.cli.story import Episode
    from expansion_signals.model.happenings import Told


def _story(*happenings: Told) -> Sequence[Episode]:
    return story_of([told(each) for each in happenings], UTC)


def _hit(after: int = 0, user: str = "ada") -> Signal:
    evidence = Evidence(f"e-{after}", "/apps/web", NOW + after, user)
    data = {"meter": "api_calls", "why": f"{user} was refused at the limit of api_calls"}
    return Signal(f"{after:032x}", "limit.hit", "acct-1", evidence, data)


def test_every_reason_has_a_sentence() -> None:
    assert SENTENCES.keys() == set(get_args(Reason))


def test_every_end_has_a_sentence() -> None:
    assert ENDINGS.keys() == set(get_args(Ended))


def test_a_signal_is_told_in_its_own_words() -> None:
    [told_so] = _story(found())
    assert told_so.says == "800 of 1,000 calls used (80 %) with 9 days of the period left"


def test_what_fired_is_told_with_whom_it_went_to_and_what_was_offered() -> None:
    crossed = found()
    [fired] = _story(crossed, decided(crossed), trigger(crossed))
    assert fired.then == (
        "Rule api-quota fired for u-42, self-serve: add-on extra-api at 20.00 USD a month (6.00 USD now).",
    )


def test_what_was_suppressed_is_told_with_every_reason() -> None:
    crossed = found()
    [silent] = _story(crossed, decided(crossed, "suppressed", "at_risk", "dismissed"))
    assert silent.then == (
        "Rule api-quota stayed silent: the account is at risk: it needs help before it needs more.",
        "Also: this person has dismissed such prompts three times.",
    )


@pytest.mark.parametrize("reason", get_args(Reason))
def test_each_reason_is_told_in_its_sentence(reason: Reason) -> None:
    crossed = found()
    [silent] = _story(crossed, decided(crossed, "suppressed", reason))
    assert SENTENCES[reason] in silent.then[0]


def test_what_is_held_is_told_with_its_end() -> None:
    crossed = found()
    [held] = _story(crossed, decided(crossed, "held", "quiet_hours", until=NOW + 8 * HOUR))
    assert held.then == ("Rule api-quota waits until 22 Nov 2026 08:00 UTC: it can wait until quiet hours end.",)


def test_what_was_held_is_told_again_when_it_is_decided() -> None:
    crossed = found()
    held, fired = decided(crossed, "held", "quiet_hours", until=NOW + 8 * HOUR), decided(crossed)
    happenings = [told(crossed), told(held), told(fired, NOW + 8 * HOUR), told(trigger(crossed), NOW + 8 * HOUR)]
    _, again = story_of(happenings, UTC)
    assert (again.at, again.says) == (NOW + 8 * HOUR, f"Looked at again: {crossed.data['why']}")


def test_a_decision_whose_signal_lies_before_the_story_is_told_by_its_rule() -> None:
    [silent] = _story(decided(found(), "suppressed", "too_old_to_fire"))
    assert silent.says == "What rule api-quota found on 22 Nov 2026"


def test_prompts_name_the_trigger_they_are_of() -> None:
    crossed = found()
    of = trigger(crossed)
    _, shown = _story(crossed, decided(crossed), of, prompted("shown", of))
    assert shown.says == "u-42 was shown the trigger of 22 Nov 2026 (rule api-quota)"


def test_a_snooze_tells_until_when() -> None:
    of = trigger()
    [snoozed] = _story(of, prompted("snoozed", of, until=NOW + 7 * DAY))
    assert snoozed.says == "u-42 put off the trigger of 22 Nov 2026 (rule api-quota) until 29 Nov 2026"


def test_an_outcome_tells_what_came_before_it() -> None:
    of = trigger()
    [outcome] = _story(of, came_of(of, time=NOW + 2 * HOUR))
    assert (outcome.says, outcome.then) == (
        "Moved up from plan free to plan pro, +49.00 USD a month",
        ("2 hours after the trigger of 22 Nov 2026 (rule api-quota), self-serve.",),
    )


def test_an_outcome_without_a_trigger_says_so() -> None:
    [outcome] = _story(came_of(None))
    assert outcome.then == ("No trigger came before it.",)


def test_a_withdrawal_says_why() -> None:
    of = trigger()
    [gone] = _story(of, withdrawn(of))
    assert gone.says == "The trigger of 22 Nov 2026 (rule api-quota) was withdrawn: the account has bought more"


def test_what_a_crash_put_there_twice_is_told_once() -> None:
    crossed = found()
    twice = [crossed, decided(crossed), trigger(crossed)] * 2
    assert len(_story(*twice)) == 1


def test_refusals_of_one_day_are_told_once_with_their_number() -> None:
    [refused] = _story(_hit(), _hit(MINUTE), _hit(2 * MINUTE))
    assert (refused.times, refused.last) == (3, NOW + 2 * MINUTE)


def test_refusals_of_two_days_are_told_apart() -> None:
    assert [each.times for each in _story(_hit(), _hit(DAY), _hit(DAY + 1))] == [1, 2]


def test_the_story_goes_in_the_order_of_event_time() -> None:
    of = trigger()
    happenings = [came_of(of, time=NOW + HOUR), prompted("shown", of), found()]
    assert [each.kind for each in _story(*happenings)] == ["signal", "prompt", "outcome"]


def test_a_reading_is_not_told() -> None:
    reading = Signal("0" * 32, "reading", "acct-1", Evidence("e", "/s", NOW), {"facts": []})
    assert _story(reading) == []


def test_a_lead_is_told_with_the_reading_it_came_of() -> None:
    reading = Signal("0" * 32, "reading", "acct-1", Evidence("e", "/s", NOW), {"facts": []})
    lead = found(why="Usage grew 62 % in 30 days. Score 75, tier B.")
    sent = trigger(Signal("1" * 32, "pql.qualified", "acct-1", lead.evidence, {**lead.data, "family": "pql"}))
    decision = decided(reading, rule="pql")
    [told_so] = _story(reading, sent, replace(decision, trigger=sent.id))
    assert told_so.says == "Usage grew 62 % in 30 days. Score 75, tier B."


def test_a_change_of_plan_is_told() -> None:
    [change] = _story(changed({"version": 1, "plan": "free"}, {"version": 2, "plan": "pro"}))
    assert change.says == "The plan changed from free to pro"


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (None, {"plan": "free"}, "The account became known, on plan free"),
        ({"plan": "free"}, None, "The account's profile was taken away"),
        ({"plan": "free"}, {"plan": "free", "status": "past_due"}, "The account is past due; it was active"),
        ({"plan": "free"}, {"plan": "free", "limits": {"seats": "9"}}, "Limit of seats: 9; it was none"),
        ({"plan": "p", "add_ons": {"x": 1}}, {"plan": "p"}, "Pieces of add-on x: none; it was 1"),
        ({"plan": "p"}, {"plan": "p", "mrr": {"amount": "1200", "currency": "USD"}}, "It pays 1,200 USD a month"),
        ({"plan": "p"}, {"plan": "p", "open_opportunity": True}, "A seller began to talk to them"),
    ],
)
def test_what_a_customer_would_notice_of_a_change_is_told(before: object, after: object, said: str) -> None:
    assert list(changes(before, after)) == [said]  # type: ignore[arg-type]


def test_a_change_that_nobody_would_notice_is_not_told() -> None:
    assert _story(changed({"plan": "free", "version": 1}, {"plan": "free", "version": 2, "owner": "dana"})) == []


def test_seconds_are_told_as_a_moment() -> None:
    of = trigger()
    [outcome] = _story(of, came_of(of, time=NOW + 20 * SECOND))
    assert outcome.then[0].startswith("A moment after the trigger")
