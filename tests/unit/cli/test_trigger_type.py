from __future__ import annotations

import pytest

from expansion_signals.cli.following import trigger_type
from expansion_signals.errors import RejectedSettings


@pytest.mark.parametrize("text", ["limit.reached", "expansion.limit.reached.v1"])
def test_a_type_is_named_short_or_whole(text: str) -> None:
    assert trigger_type(text) == "limit.reached"


def test_a_slip_is_told_with_what_was_meant() -> None:
    with pytest.raises(RejectedSettings, match=r"did you mean limit\.reached\?"):
        trigger_type("limit.reachd")


def test_a_type_like_none_is_told_with_all_there_are() -> None:
    with pytest.raises(RejectedSettings, match=r"there are: .*limit\.reached"):
        trigger_type("xyz")
