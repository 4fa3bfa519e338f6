"""Durations, as they are written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expansion_signals.rules.spellings import duration_text, read_duration


@pytest.mark.parametrize(
    ("written", "text"), [("14d", "14d"), ("1w", "7d"), ("90m", "90m"), ("120 m", "2h"), ("86400s", "1d"), ("1s", "1s")]
)
def test_a_duration_is_written_in_the_largest_unit_that_takes_it_whole(written: str, text: str) -> None:
    assert duration_text(read_duration(written)) == text


@given(st.integers(1, 99_999), st.sampled_from("smhdw"))
def test_a_duration_that_is_written_reads_back(number: int, unit: str) -> None:
    duration = read_duration(f"{number}{unit}")
    assert read_duration(duration_text(duration)) == duration
