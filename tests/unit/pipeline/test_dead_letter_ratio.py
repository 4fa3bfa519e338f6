from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expansion_signals.model.records import Partition
from expansion_signals.pipeline.dead_letter_ratio import DeadLetterRatio

ONE, OTHER = Partition("usage-events", 1), Partition("usage-events", 2)


def half_of_ten() -> DeadLetterRatio:
    return DeadLetterRatio(0.5, 10)


def taken(ratio: DeadLetterRatio, offsets: range, dead: range | tuple[int, ...]) -> bool:
    return ratio.take({ONE: offsets}, {ONE: set(dead)}) is None


def test_as_many_dead_letters_as_may_be_are_taken() -> None:
    assert taken(half_of_ten(), range(10), range(5))


def test_one_more_is_refused() -> None:
    assert not taken(half_of_ten(), range(10), range(6))


def test_the_partition_that_is_past_is_named() -> None:
    ratio = half_of_ten()
    assert ratio.take({ONE: range(10), OTHER: range(10)}, {OTHER: set(range(6))}) == OTHER


def test_a_short_log_is_taken_as_if_good_records_had_come_before() -> None:
    assert taken(half_of_ten(), range(5), range(5))


def test_dead_letters_of_several_polls_add_up() -> None:
    ratio = half_of_ten()
    assert (taken(ratio, range(4), range(4)), taken(ratio, range(4, 6), (4, 5))) == (True, False)


def test_good_records_push_dead_letters_out() -> None:
    ratio = half_of_ten()
    taken(ratio, range(5), range(5))
    taken(ratio, range(5, 13), ())
    assert taken(ratio, range(13, 16), (13, 14, 15))


def test_a_spell_in_the_middle_of_a_poll_is_refused_though_it_ends_well() -> None:
    assert not taken(half_of_ten(), range(100), range(40, 46))


def test_what_is_refused_is_not_remembered() -> None:
    ratio = half_of_ten()
    taken(ratio, range(10), range(6))
    assert not ratio.remembers


def test_of_a_poll_that_is_refused_no_other_partition_is_taken_in_either() -> None:
    ratio = half_of_ten()
    ratio.take({ONE: range(10), OTHER: range(10)}, {ONE: {0}, OTHER: set(range(6))})
    assert not ratio.remembers


def test_what_is_read_again_is_not_counted_again() -> None:
    ratio = half_of_ten()
    assert [taken(ratio, range(5), range(5)) for _ in range(3)] == [True, True, True]


def test_partitions_do_not_add_up() -> None:
    assert half_of_ten().take({ONE: range(5), OTHER: range(5)}, {ONE: set(range(5)), OTHER: set(range(5))}) is None


def test_a_partition_without_dead_letters_among_its_last_records_is_forgotten() -> None:
    ratio = half_of_ten()
    taken(ratio, range(1), (0,))
    taken(ratio, range(1, 11), ())
    assert not ratio.remembers


def test_a_partition_is_past_by_what_was_found_too_late() -> None:
    ratio = half_of_ten()
    ratio.take({ONE: range(10)}, {ONE: {0}}, {ONE: range(1, 6)})
    assert (ratio.is_past(ONE), ratio.is_past(OTHER)) == (True, False)


def test_what_was_found_of_long_ago_does_not_matter() -> None:
    ratio = half_of_ten()
    ratio.take({ONE: range(20)}, {}, {ONE: range(9)})
    assert not ratio.is_past(ONE)


def test_a_limit_of_1_is_none() -> None:
    assert taken(DeadLetterRatio(1, 10), range(100), range(100))


@pytest.mark.parametrize(("limit", "most"), [(0.29, 29), (0.57, 57), (0.001, 0)])
def test_a_limit_is_as_it_is_written(limit: float, most: int) -> None:
    ratio = DeadLetterRatio(limit, 100)
    assert (taken(ratio, range(most), range(most)), taken(ratio, range(most, most + 1), (most,))) == (True, False)


@given(dead=st.sets(st.integers(0, 59)), cuts=st.sets(st.integers(1, 59)))
def test_any_division_into_polls_refuses_the_same(dead: set[int], cuts: set[int]) -> None:
    edges = [0, *sorted(cuts), 60]
    ratio = half_of_ten()
    in_polls = all(ratio.take({ONE: range(a, b)}, {ONE: dead}) is None for a, b in pairwise(edges))
    worst = max(len(dead & set(range(end - 10, end))) for end in range(1, 61))
    assert in_polls == (worst <= 5)


def test_letters_of_one_poll_that_come_in_two_calls_add_up() -> None:
    ratio = half_of_ten()
    assert (taken(ratio, range(10), range(3)), taken(ratio, range(10), range(3, 6))) == (True, False)
