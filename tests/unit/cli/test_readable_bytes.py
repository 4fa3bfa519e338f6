from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expansion_signals.cli.readable_bytes import MOST_CHARACTERS, readable


def test_json_is_indented() -> None:
    assert readable(b'{"a":[1,{"b":null}],"c":{}}') == (
        '{\n  "a": [\n    1,\n    {\n      "b": null\n    }\n  ],\n  "c": {}\n}'
    )


@pytest.mark.parametrize("number", ["1e999", "0.10", "123456789012345678901234567890", "-0.0"])
def test_numbers_are_shown_as_they_were_written(number: str) -> None:
    assert readable(f"[{number}]".encode()) == f"[\n  {number}\n]"


def test_brackets_in_a_text_are_no_structure() -> None:
    assert readable(rb'["{\"a\":[1,2]}"]') == '[\n  "{\\"a\\":[1,2]}"\n]'


def test_what_is_no_json_is_shown_as_it_is() -> None:
    assert readable(b'{"a":1,"a":2}') == '{"a":1,"a":2}'


def test_what_is_no_utf_8_is_escaped() -> None:
    assert readable(b"a\xff") == "a\\xff"


def test_a_direction_that_a_terminal_would_obey_is_escaped() -> None:
    assert readable("\u202eabc\x9b".encode()) == "\\u202eabc\\x9b"


def test_a_long_value_is_cut_and_says_so() -> None:
    shown = readable(b"x" * 3_000_000)
    assert (len(shown) < MOST_CHARACTERS + 100, "3,000,000 bytes in all" in shown) == (True, True)


BOMBS = [
    b"[" * 150 + b"1," * 400_000 + b"1" + b"]" * 150,
    b"[" * 900_000,
    b'"' * 900_000,
    b'["' + b"\\\\" * 400_000,
]


@pytest.mark.parametrize("bomb", BOMBS, ids=["deep", "deeper", "quotes", "escapes"])
def test_showing_takes_no_longer_than_its_length(bomb: bytes) -> None:
    began = time.process_time()
    assert len(readable(bomb)) < MOST_CHARACTERS + 100
    assert time.process_time() - began < 2


@given(st.binary() | st.text().map(str.encode))
def test_nothing_that_a_terminal_obeys_is_left(content: bytes) -> None:
    assert {each for each in readable(content) if not each.isprintable()} <= {"\n"}


texts = st.text('ab"\\[]{},: ')
documents = st.recursive(
    st.none() | st.integers() | texts, lambda inner: st.lists(inner) | st.dictionaries(texts, inner)
)


@given(documents)
def test_indented_json_is_the_same_json(document: object) -> None:
    text = json.dumps([document])
    assert json.loads(readable(text.encode())) == [document]
