"""How far a partition was decided before its shard was lost."""

from __future__ import annotations

from expansion_signals.decide.passed import Passed


def passed(*records: str, end: int = 10) -> tuple[int, int, int]:
    """Pass records from offset 0; return where it stands, and both tallies."""
    found = Passed(0)
    for offset, record in enumerate(records):
        if record in ("decided", "held"):
            found.prove()
        found.take(offset, {"decided": "known", "held": "unknown"}.get(record, record))
    found.end(end)
    return found.offset, found.counted, found.dead_lettered


def test_where_all_is_decided_it_stands_at_the_end() -> None:
    assert passed("decided", "known", "decided") == (10, 3, 0)


def test_without_a_record_it_stands_at_the_end() -> None:
    assert passed() == (10, 0, 0)


def test_it_stands_at_the_first_candidate_that_is_not_decided() -> None:
    assert passed("decided", "known", "unknown", "decided") == (2, 2, 0)


def test_it_stands_at_the_first_candidate_that_is_held() -> None:
    assert passed("decided", "held", "decided", "known") == (1, 1, 0)


def test_a_dead_letter_before_a_decided_signal_is_out() -> None:
    assert passed("dead", "known", "decided") == (10, 2, 1)


def test_a_dead_letter_that_nothing_decided_follows_is_read_again() -> None:
    assert passed("decided", "dead", "known") == (1, 1, 0)


def test_a_dead_letter_before_a_candidate_that_is_not_decided_is_read_again() -> None:
    assert passed("decided", "dead", "unknown") == (1, 1, 0)


def test_what_was_published_before_a_decision_is_out() -> None:
    assert passed("waiting", "known", "decided") == (10, 3, 0)


def test_a_hold_that_was_told_proves_what_came_before_it() -> None:
    assert passed("waiting", "held") == (1, 1, 0)


def test_what_may_not_be_published_yet_is_read_again() -> None:
    assert passed("decided", "waiting", "known") == (1, 1, 0)


def test_records_are_counted_up_to_where_it_stands_alone() -> None:
    assert passed("decided", "waiting", "unknown", "dead", "decided") == (2, 2, 0)
