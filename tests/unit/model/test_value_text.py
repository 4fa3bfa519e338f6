from __future__ import annotations

from decimal import Decimal

import pytest

from expansion_signals.model.amounts import scale, value_text


@pytest.mark.parametrize(
    ("value", "text"),
    [("pro", "pro"), (True, "true"), (False, "false"), (5, "5"), (Decimal("5.0"), "5"), (Decimal("0.50"), "0.5")],
)
def test_a_value_has_the_text_a_catalog_writes_for_it(value: object, text: str) -> None:
    assert value_text(value) == text


@pytest.mark.parametrize("value", [None, [], {}, Decimal("1e500")])
def test_what_no_catalog_would_write_has_no_text(value: object) -> None:
    assert value_text(value) is None


@pytest.mark.parametrize("zero", ["0e999999999", "0", "-0", "0.000"])
def test_zero_is_zero_however_it_is_written(zero: str) -> None:
    assert scale(zero, 0) == 0
