"""What a rebuilt shard knows of decisions: each record as it was decided, or the first that was not."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from expansion_signals.decide.candidates import Candidate
from expansion_signals.decide.decided import key_of
from expansion_signals.decide.heard import Heard
from expansion_signals.decide.restored_account import RestoredAccount, Told
from expansion_signals.model.instants import DAY
from sample_ground import ground
from sample_signals import NOW, gated, key, signal

if TYPE_CHECKING:
    from expansion_signals.decide.restored_account import Standing
    from expansion_signals.model.decisions import Verdict
    from expansion_signals.model.signals import Signal

PARTITION = "signals/0"


class Course:
    """An account that is restored record by record; `told` are the decisions on the signal asked."""

    def __init__(self) -> None:
        self.account = RestoredAccount()
        self._offset = 0

    def remember(self, asked: Signal, **told: Verdict) -> str:
        """Remember one more record; decisions are by their trigger: `all`, the signal's id, or `k<threshold>`."""
        return self.take(asked, **{asked.id if name == "all" else key(name[1:]): each for name, each in told.items()})

    def take(self, asked: Signal, **told: Verdict) -> str:
        """Take one more record in that was decided so, by trigger; say what is known of it."""
        self._offset += 1
        heard = Heard(PARTITION, self._offset, asked, Candidate(asked, f"0:{self._offset}"))
        triggers = {trigger: Told(verdict) for trigger, verdict in told.items()}
        found: Standing = self.account.look(heard, triggers, ground())
        if found.fate == "known":
            self.account.take(heard, triggers, ground())
        return found.fate

    def verdicts(self) -> dict[str, Verdict]:
        return {text: self.account.entries[key_of(key(text))].verdict for text in ("80", "100") if self._has(text)}

    def fired(self) -> list[str]:
        return [each.trigger for each in self.account.remembered.fired]

    def _has(self, text: str) -> bool:
        return key_of(key(text)) in self.account.entries


def test_a_signal_that_was_told_of_is_decided_for_all_it_crossed() -> None:
    account = Course()
    assert (account.remember(signal("80", "100"), all="fired"), account.verdicts()) == (
        "known",
        {"80": "fired", "100": "fired"},
    )


def test_what_was_suppressed_stays_suppressed() -> None:
    account = Course()
    account.remember(signal("80"), all="suppressed")
    assert account.verdicts() == {"80": "suppressed"}


def test_a_signal_that_nobody_told_of_is_not_decided() -> None:
    account = Course()
    assert (account.remember(signal("80")), account.verdicts()) == ("unknown", {})


def test_of_a_signal_that_overlaps_only_the_rest_was_decided_by_it() -> None:
    account = Course()
    account.remember(signal("80"), all="suppressed")
    account.remember(signal("80", "100"), all="fired")
    assert account.verdicts() == {"80": "suppressed", "100": "fired"}


def test_one_id_with_further_keys_is_decided_only_if_their_own_trigger_was_told() -> None:
    account = Course()
    account.remember(signal("100"), all="fired")
    assert account.remember(signal("80", "100"), all="fired") == "unknown"


def test_one_id_with_further_keys_whose_trigger_was_told_is_decided() -> None:
    account = Course()
    account.remember(signal("100"), all="fired")
    assert (account.remember(signal("80", "100"), all="fired", k80="fired"), account.verdicts()) == (
        "known",
        {"80": "fired", "100": "fired"},
    )


def test_a_repetition_is_never_decided() -> None:
    account = Course()
    account.remember(signal("80"), all="fired")
    assert account.remember(signal("80"), all="fired") == "known"


def test_a_superseded_signal_decides_no_key() -> None:
    account = Course()
    account.remember(signal("80", "100"), all="fired")
    assert (account.remember(signal("80"), all="superseded"), account.verdicts()["80"]) == ("known", "fired")


def test_a_second_record_of_a_superseded_signal_is_a_repetition() -> None:
    account = Course()
    account.remember(signal("80", "100"), all="fired")
    account.remember(signal("80"), all="superseded")
    assert account.remember(signal("80"), all="superseded") == "known"


def test_what_was_decided_longer_ago_than_it_is_kept_is_decided_and_not_remembered() -> None:
    account = Course()
    assert (account.remember(signal("80", time=NOW - 15 * DAY), all="fired"), account.verdicts()) == ("known", {})


def test_a_signal_that_was_told_to_be_held_alone_is_judged_again() -> None:
    account = Course()
    assert (account.remember(signal("80"), all="held"), account.verdicts()) == ("unknown", {})


def test_what_fired_for_a_rest_is_remembered_under_the_id_of_the_rest() -> None:
    """80 was crossed by two time lines, 100 by the other: the rest's own trigger is what was published."""
    account = Course()
    account.remember(signal("100"), all="fired")
    account.remember(signal("80", "100"), k80="fired")
    assert account.fired() == [signal("100").id, key("80")]


def of_a_burst(first: Signal) -> Signal:
    asked = gated("2", kind="seat_limit.invited", time=NOW - 2 * DAY)
    return replace(asked, data={**asked.data, "burst_of": first.id})


def test_what_a_burst_said_is_told_under_the_trigger_of_the_burst_however_long_ago() -> None:
    """By now it would be too old to fire, and named by itself."""
    account, first = Course(), gated("1", kind="seat_limit.invited", time=NOW - 2 * DAY)
    asked = of_a_burst(first)
    assert account.take(asked, **{first.id: "superseded"}) == "known"


def test_what_was_superseded_as_a_whole_keeps_its_keys() -> None:
    account, first = Course(), gated("1", kind="seat_limit.invited", time=NOW - 2 * DAY)
    asked = of_a_burst(first)
    account.take(asked, **{first.id: "superseded"})
    assert account.account.entries[key_of(asked.id)].verdict == "superseded"


def test_of_what_was_told_twice_that_it_fired_stands() -> None:
    assert Told("fired").and_then(Told("suppressed")).and_then(Told("held")).verdict == "fired"


def test_a_hold_takes_no_decision_back() -> None:
    assert Told("suppressed").and_then(Told("held")).verdict == "suppressed"


def test_what_ends_a_hold_is_the_decision() -> None:
    assert Told("held").and_then(Told("superseded")) == Told("superseded", was_held=True)
