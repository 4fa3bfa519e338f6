"""What a rebuilt shard knows of decisions: each record as it was decided, or the first that was not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.decide.candidates import Candidate
from expansion_signals.decide.decided import key_of
from expansion_signals.decide.restored import Passed, RestoredAccount
from expansion_signals.model.instants import DAY
from sample_ground import ground
from sample_signals import NOW, key, signal

if TYPE_CHECKING:
    from expansion_signals.model.decisions import Verdict
    from expansion_signals.model.signals import Signal


class Told:
    """An account that is restored record by record; `told` are the decisions on the signal asked."""

    def __init__(self) -> None:
        self.account = RestoredAccount()
        self._offset = 0

    def remember(self, asked: Signal, **told: Verdict) -> bool | None:
        """Remember one more record; decisions are by their trigger: `all`, the signal's id, or `k<threshold>`."""
        self._offset += 1
        triggers = {asked.id if name == "all" else key(name[1:]): verdict for name, verdict in told.items()}
        return self.account.remember(Candidate(asked, f"0:{self._offset}"), triggers, ground())

    def verdicts(self) -> dict[str, Verdict]:
        return {text: self.account.entries[key_of(key(text))].verdict for text in ("80", "100") if self._has(text)}

    def _has(self, text: str) -> bool:
        return key_of(key(text)) in self.account.entries


def test_a_signal_that_was_told_of_is_decided_for_all_it_crossed() -> None:
    account = Told()
    assert (account.remember(signal("80", "100"), all="fired"), account.verdicts()) == (
        True,
        {"80": "fired", "100": "fired"},
    )


def test_what_was_suppressed_stays_suppressed() -> None:
    account = Told()
    account.remember(signal("80"), all="suppressed")
    assert account.verdicts() == {"80": "suppressed"}


def test_a_signal_that_nobody_told_of_is_not_decided() -> None:
    account = Told()
    assert (account.remember(signal("80")), account.verdicts()) == (False, {})


def test_of_a_signal_that_overlaps_only_the_rest_was_decided_by_it() -> None:
    account = Told()
    account.remember(signal("80"), all="suppressed")
    account.remember(signal("80", "100"), all="fired")
    assert account.verdicts() == {"80": "suppressed", "100": "fired"}


def test_one_id_with_further_keys_is_decided_only_if_their_own_trigger_was_told() -> None:
    account = Told()
    account.remember(signal("100"), all="fired")
    assert account.remember(signal("80", "100"), all="fired") is False


def test_one_id_with_further_keys_whose_trigger_was_told_is_decided() -> None:
    account = Told()
    account.remember(signal("100"), all="fired")
    assert (account.remember(signal("80", "100"), all="fired", k80="fired"), account.verdicts()) == (
        True,
        {"80": "fired", "100": "fired"},
    )


def test_a_repetition_is_never_decided() -> None:
    account = Told()
    account.remember(signal("80"), all="fired")
    assert account.remember(signal("80"), all="fired") is None


def test_a_superseded_signal_decides_no_key() -> None:
    account = Told()
    account.remember(signal("80", "100"), all="fired")
    assert (account.remember(signal("80"), all="superseded"), account.verdicts()["80"]) == (True, "fired")


def test_a_second_record_of_a_superseded_signal_is_a_repetition() -> None:
    account = Told()
    account.remember(signal("80", "100"), all="fired")
    account.remember(signal("80"), all="superseded")
    assert account.remember(signal("80"), all="superseded") is None


def test_what_was_decided_longer_ago_than_it_is_kept_is_decided_and_not_remembered() -> None:
    account = Told()
    assert (account.remember(signal("80", time=NOW - 15 * DAY), all="fired"), account.verdicts()) == (True, {})


# -------------------------------------------------------------------------------------------- how far


def passed(*records: str, end: int = 10) -> tuple[int, int, int]:
    """Pass records from offset 0; return where it stands, and both tallies."""
    found = Passed(0)
    for offset, record in enumerate(records):
        if record == "dead":
            found.bury(offset)
        else:
            found.take(offset, decided={"decided": True, "undecided": False, "nobody's": None}[record])
    found.end(end)
    return found.offset, found.counted, found.dead_lettered


def test_where_all_is_decided_it_stands_at_the_end() -> None:
    assert passed("decided", "nobody's", "decided") == (10, 3, 0)


def test_it_stands_at_the_first_signal_that_is_not_decided() -> None:
    assert passed("decided", "nobody's", "undecided", "decided") == (2, 2, 0)


def test_a_dead_letter_before_a_decided_signal_is_out() -> None:
    assert passed("dead", "nobody's", "decided") == (10, 2, 1)


def test_a_dead_letter_that_nothing_decided_follows_is_read_again() -> None:
    assert passed("decided", "dead", "nobody's") == (1, 1, 0)


def test_a_dead_letter_before_the_first_undecided_signal_is_read_again() -> None:
    assert passed("decided", "dead", "undecided") == (1, 1, 0)
