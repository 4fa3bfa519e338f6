from __future__ import annotations

from expansion_signals.cli.parked_view import lines_of_all


def test_nothing_parked_is_told_apart_from_a_choice_that_nothing_meets() -> None:
    told = [list(lines_of_all([], 50, chosen=chosen)) for chosen in (False, True)]
    assert told == [["no trigger is parked"], ["no trigger is parked as asked for"]]
