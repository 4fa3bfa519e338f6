from __future__ import annotations

import pytest

from expansion_signals.model.units import counted


@pytest.mark.parametrize(
    ("unit", "several"),
    [("call", "calls"), ("entry", "entries"), ("day", "days"), ("box", "boxes"), ("seats", "seats"), ("GB", "GB")],
)
def test_units_follow_a_number_as_people_write_them(unit: str, several: str) -> None:
    assert counted(unit, one=False) == several
