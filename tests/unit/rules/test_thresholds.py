from __future__ import annotations

from decimal import Decimal

import pytest

from expansion_signals.model.thresholds import Threshold
from expansion_signals.rules.thresholds import read_threshold


@pytest.mark.parametrize(
    ("text", "threshold"),
    [
        ("80%", Threshold("percent", Decimal(80))),
        ("80 %", Threshold("percent", Decimal(80))),
        ("110%", Threshold("percent", Decimal(110))),
        ("99.5%", Threshold("percent", Decimal("99.5"))),
        (800, Threshold("usage", Decimal(800))),
        ("800", Threshold("usage", Decimal(800))),
        (Decimal("0.0000001"), Threshold("usage", Decimal("0.0000001"))),
        ("200 remaining", Threshold("remaining", Decimal(200))),
        ("0 remaining", Threshold("remaining", Decimal(0))),
        ("every 1000", Threshold("step", Decimal(1000))),
        ("every 1000 after 0", Threshold("step", Decimal(1000))),
        ("every 1000 after 100%", Threshold("step", Decimal(1000), after_percent=Decimal(100))),
        ("every 1000 after 5000", Threshold("step", Decimal(1000), after_usage=Decimal(5000))),
    ],
)
def test_each_form_is_read(text: object, threshold: Threshold) -> None:
    assert read_threshold(text) == threshold


@pytest.mark.parametrize(
    "text",
    [
        "",
        "80 percent",
        "-1",
        -1,
        True,
        None,
        "1,000",
        "1e3",
        "every",
        "every 0",
        "0%",
        0,
        "NaN",
        "every 5 after",
        "٨٠%",
        [],
    ],
)
def test_every_other_form_says_what_was_expected(text: object) -> None:
    with pytest.raises(ValueError, match=r"expected a (threshold such as 80%|percentage|usage|step)"):
        read_threshold(text)


@pytest.mark.parametrize("text", ["80%", "800", "200 remaining", "every 1000", "every 1000 after 100%"])
def test_a_threshold_reads_back_as_it_is_written(text: str) -> None:
    assert str(read_threshold(text)) == text
