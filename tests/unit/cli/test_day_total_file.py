"""A file of day totals is judged whole before any of it is sent."""

from __future__ import annotations

import json

import pytest

from expansion_signals.cli.day_total_file import DayTotal, read_day_totals
from expansion_signals.errors import RejectedImport
from expansion_signals.model.instants import parse_day
from expansion_signals.rules.loading import load

CATALOG = """
currency: USD
meters:
  api_calls: {event: expansion.usage.recorded.v1, where: {meter: api_calls}, aggregation: sum, value: value, unit: call}
  storage_gb: {event: com.acme.stored, aggregation: latest, value: gb, precision: 2, unit: GB}
  members: {event: com.acme.seen, aggregation: unique, value: user, unit: user}
features:
  api_calls: {meter: api_calls}
plans:
  - {key: free, price: "0", includes: {api_calls: {limit: 1000}}}
"""
METERS = load({"catalog.yaml": CATALOG, "rules.yaml": "rules: []\n"}).catalog
TODAY = parse_day("2026-11-22")
LINE = {"account": "acct-1", "meter": "api_calls", "day": "2026-11-20", "value": "310"}


def read(*lines: object) -> list[DayTotal]:
    texts = [line if isinstance(line, bytes) else json.dumps(line).encode() + b"\n" for line in lines]
    return list(read_day_totals("totals.jsonl", texts, METERS, TODAY))


def problems(*lines: object) -> list[str]:
    with pytest.raises(RejectedImport) as rejected:
        read(*lines)
    return [str(problem).removeprefix("totals.jsonl:") for problem in rejected.value.problems]


def test_a_line_is_a_total_scaled_by_its_meter() -> None:
    [total] = read(LINE | {"meter": "storage_gb", "value": "2.5"})
    assert (total.account, total.meter.key, total.day, total.amount) == ("acct-1", "storage_gb", TODAY - 2, 250)


@pytest.mark.parametrize("value", ["310", 310, "310.0", "3.1e2"])
def test_one_number_in_any_spelling_is_one_total(value: object) -> None:
    assert read(LINE | {"value": value})[0].amount == 310


def test_a_byte_order_mark_and_empty_lines_are_no_matter() -> None:
    lines = read(b"\xef\xbb\xbf" + json.dumps(LINE).encode() + b"\r\n", b"\n", LINE | {"day": "2026-11-19"}, b"  ")
    assert [total.line for total in lines] == [1, 3]


@pytest.mark.parametrize("day", ["2026-11-22", "2026-09-21"])
def test_today_and_62_days_back_are_taken(day: str) -> None:
    assert read(LINE | {"day": day})


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"account": ""}, "1:1: account is empty"),
        ({"account": 7}, "1:1: account must be a string, got int"),
        ({"account": None}, "1:1: account is missing; expected a JSON object such as"),
        ({"meter": "api_cals"}, "1:1: meter: `api_cals` is not in the catalog; did you mean `api_calls`?"),
        ({"meter": ["api_calls"]}, "1:1: meter: a list is not in the catalog"),
        ({"meter": "members"}, "1:1: meter: `members` counts each once; a total names nobody"),
        (
            {"day": "2026-11-23"},
            "1:1: day: 2026-11-23 is out of reach; expected a UTC day from 2026-09-21 to 2026-11-22",
        ),
        ({"day": "2026-09-20"}, "1:1: day: 2026-09-20 is out of reach"),
        ({"day": "2026-11-31"}, "1:1: day: expected a day such as 2026-11-22, got '2026-11-31'"),
        ({"day": 20261120}, "1:1: day: expected a day such as 2026-11-22, got `20261120`"),
        ({"value": "many"}, '1:1: value: expected a JSON number or a decimal string such as "12.5"'),
        ({"value": True}, "1:1: value: expected a JSON number"),
        ({"value": "1.5"}, "1:1: value '1.5' has more than 0 digits after the point"),
        ({"value": 10**30}, "1:1: value"),
        ({"user": "u-1"}, "1:1: unknown field `user`; expected one of `account`, `meter`, `day`, `value`"),
        ({"acount": "acct-1"}, "1:1: unknown field `acount`; did you mean `account`?"),
    ],
)
def test_a_mistake_is_told_with_what_was_expected(change: dict[str, object], problem: str) -> None:
    [told] = problems(LINE | change)
    assert told.startswith(problem)


@pytest.mark.parametrize("line", [b"{", b"\xff", b"[]", b"null", b'{"account":"a","account":"b"}'])
def test_what_is_no_object_is_told_with_an_example(line: bytes) -> None:
    [told] = problems(line)
    assert "expected a JSON object such as {" in told


def test_a_day_that_stands_twice_names_the_line_where_it_stood_first() -> None:
    assert problems(LINE, LINE | {"day": "2026-11-19"}, LINE) == [
        "3:1: line 1 has the total of this account, meter and day already"
    ]


def test_every_mistake_of_every_line_is_told_at_once() -> None:
    wrong = {"account": "", "meter": "calls", "day": "yesterday", "value": "many"}
    assert [told.partition(":")[0] for told in problems(wrong, LINE, b"{", wrong)] == [*"1111", "3", *"4444"]


def test_an_empty_file_is_told() -> None:
    assert problems(b"\n")[0].startswith("1:1: the file is empty")


def test_the_message_ends_in_how_many_problems_there_are() -> None:
    with pytest.raises(RejectedImport, match=r"nothing is sent until all of it is right; problems: 2$"):
        read(b"{", b"{")
