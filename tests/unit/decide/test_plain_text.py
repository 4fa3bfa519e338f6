from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expansion_signals.decide.plain_text import LONGEST, in_a_line


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("u-42", "u-42"),
        ("Zoë Müller 李明", "Zoë Müller 李明"),
        ("<b>{usage}</b> & co.", "<b>{usage}</b> & co."),
        ("two\r\nlines", "two lines"),
        ("two\u2028lines\u2029or\x85four\x1cfive", "two lines or four five"),
        ("  a \t  b\xa0\u3000c ", "a b c"),
        ("bell\x07 and \x1b[31mred", "bell and [31mred"),
        ("exe\u202etxt.pdf\u202c", "exetxt.pdf"),
        ("\u2066isolated\u2069\u200f\u061c", "isolated"),
        ("ze\u200bro\u200dwi\ufeffdth\u2060", "zerowidth"),
        ("so\xadft", "soft"),
        ("filled\u3164\u115f\uffa0\u2800\ufe0f\u034f", "filled"),
        ("tagged\U000e0041\U000e0100", "tagged"),
        ("half \ud83d", "half"),
        ("private \ue000 and none \u0378\uffff", "private and none"),
        ("\u200b \u202e\n", ""),
        ("", ""),
        ("a" * 120, "a" * 120),
        ("a" * 121, "a" * 119 + "…"),
        ("a" * 118 + " bcd", "a" * 118 + "…"),
    ],
)
def test_a_value_stands_on_one_line_and_shows_itself(written: str, shown: str) -> None:
    assert in_a_line(written) == shown


def test_a_text_may_have_a_length_of_its_own() -> None:
    assert in_a_line("a few words", 7) == "a few…"


@given(st.text(st.characters()))
def test_nothing_that_is_not_seen_is_left(text: str) -> None:
    line = in_a_line(text)
    assert len(line) <= LONGEST
    assert [each for each in line if unicodedata.category(each)[0] == "C" or (each.isspace() and each != " ")] == []


@given(st.text(st.characters()))
def test_what_is_in_a_line_stays_as_it_is(text: str) -> None:
    assert in_a_line(in_a_line(text)) == in_a_line(text)
