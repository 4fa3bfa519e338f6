from __future__ import annotations

import pytest

from expansion_signals.checks.findings import error, fine, refuse, warning
from expansion_signals.errors import RejectedState


def test_a_finding_reads_as_what_is_wrong_and_what_to_do() -> None:
    assert warning("Redis", "it is old", "run a newer one").sentence == "it is old; run a newer one"


def test_a_finding_of_which_nothing_is_wrong_asks_for_nothing() -> None:
    assert fine("Redis", "it is new").sentence == "it is new"


def test_a_worker_goes_on_in_spite_of_errors_that_lose_nothing() -> None:
    refuse([fine("a", "b"), warning("a", "b", "c"), error("a", "b", "c")])


def test_a_worker_is_refused_with_every_error_that_would_lose_data() -> None:
    with pytest.raises(RejectedState, match=r"^it evicts; set it\nit is half; name the whole$"):
        refuse(
            [
                error("a", "it evicts", "set it", stops=True),
                error("a", "it is old", "run a newer one"),
                error("a", "it is half", "name the whole", stops=True),
            ]
        )
