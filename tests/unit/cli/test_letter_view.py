from __future__ import annotations

from collections import Counter

from expansion_signals.cli.letter_view import told_of


def test_an_empty_topic_is_told_apart_from_a_choice_that_nothing_meets() -> None:
    told = [list(told_of(Counter(), 0, chosen=chosen)) for chosen in (False, True)]
    assert told == [["there is no dead letter"], ["there is no dead letter as asked for"]]


def test_the_sum_stands_before_its_parts() -> None:
    assert list(told_of(Counter(unparsable=3, precision=1), 4, chosen=False)) == [
        "4 dead letters: 3 unparsable, 1 precision"
    ]


def test_a_code_that_a_stranger_made_up_is_escaped() -> None:
    assert list(told_of(Counter({"\x1b[31m": 1}), 1, chosen=False)) == ["1 dead letter: 1 \\x1b[31m"]
