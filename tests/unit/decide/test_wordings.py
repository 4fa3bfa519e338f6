from __future__ import annotations

import pytest

from expansion_signals.decide.wordings import wording_of


@pytest.mark.parametrize(
    ("language", "number"),
    [
        ("en", "1,234.5"),
        ("en-GB", "1,234.5"),
        ("ja", "1,234.5"),
        ("xx", "1,234.5"),
        ("de", "1.234,5"),
        ("de-AT", "1.234,5"),
        ("PT-br", "1\xa0234,5"),
        ("fr", "1\xa0234,5"),
    ],
)
def test_a_number_is_written_as_its_readers_write_it(language: str, number: str) -> None:
    assert wording_of(language).number("1234.5") == number


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("0", "0"),
        ("-1000", "-1,000"),
        ("20.00", "20.00"),
        ("9223372036854775807.123456789", "9,223,372,036,854,775,807.123456789"),
        (1000, "1,000"),
        (0, "0"),
        (2**63, None),
        pytest.param(10**5000, None, id="more digits than Python prints"),
        (True, None),
        (None, None),
        (["1"], None),
        ("1e9", None),
        ("1_000", None),
        ("٣", None),
        ("NaN", None),
        (" 1", None),
        ("1\n", None),
        ("9" * 41, None),
    ],
)
def test_what_is_no_number_of_a_payload_is_none(value: object, number: str | None) -> None:
    assert wording_of("en").number(value) == number
