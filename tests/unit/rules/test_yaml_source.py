from __future__ import annotations

from decimal import Decimal
from time import perf_counter

import pytest

from expansion_signals.rules.yaml_source import Mark, parse


def _problems(text: str) -> list[str]:
    return [str(problem) for problem in parse("rules.yaml", text).problems]


def _plain(text: str) -> object:
    root = parse("rules.yaml", text).root
    assert root is not None
    return root.plain()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("20:00", "20:00"),
        ("yes", "yes"),
        ("80%", "80%"),
        ("0.10", Decimal("0.10")),
        ("12", 12),
        ('"12"', "12"),
        ("true", True),
        ("~", None),
        ("1e999999999", "1e999999999"),
        (".inf", ".inf"),
    ],
)
def test_plain_scalars_are_read_as_in_yaml_1_2_and_exactly(text: str, value: object) -> None:
    assert _plain(f"a: {text}") == {"a": value}


def test_a_value_knows_its_line_and_column() -> None:
    root = parse("rules.yaml", "a:\n  - {b: 1}\n").root
    assert root is not None
    assert root.members()["a"].items()[0].members()["b"].mark == Mark(2, 9)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: 1\nb: 2\na: 3\n", "rules.yaml:3:1: `a` stands twice in this mapping; the first is at line 1"),
        ("a: &x 1\n", "rules.yaml:1:4: anchors and aliases (`&`, `*`) are not read; write the value out"),
        ("a: *x\n", "rules.yaml:1:4: anchors and aliases (`&`, `*`) are not read; write the value out"),
        ("a: !!python/name:os.system 1\n", "rules.yaml:1:4: tags (`tag:yaml.org,2002:python/name:os.system`) are not"),
        ("a: 1\n---\nb: 2\n", "rules.yaml:2:1: expected one document; a second one starts here"),
        ("", "rules.yaml:1:1: the file is empty; expected a mapping"),
        ("# only a comment\n", "rules.yaml:1:1: the file is empty; expected a mapping"),
        ("a: [1, 2\nb: 3\n", "rules.yaml:2:2: not YAML:"),
        ("a: \x07\n", "rules.yaml:1:4: not YAML: control characters are not allowed"),
        ("a: \ud800\n", "rules.yaml:1:4: not Unicode text: half of a surrogate pair"),
        ("? [1, 2]\n: 3\n", "rules.yaml:1:3: expected a name as the key, got a collection"),
    ],
)
def test_what_cannot_be_read_is_a_problem_with_its_place(text: str, problem: str) -> None:
    assert [found[: len(problem)] for found in _problems(text)] == [problem]


@pytest.mark.parametrize(
    "text",
    [
        "[" * 1_000_000,
        "{a: " * 200_000,
        "- " * 500_000,
        "a: &a [x, x]\nb: &b [*a, *a, *a, *a]\nc: [*b, *b, *b, *b]\n",
        "a: " + "9" * 1_000_000,
        "a" * 2_000_000,
    ],
    ids=["brackets", "braces", "dashes", "billion laughs", "digits", "too large"],
)
def test_a_bomb_costs_nothing(text: str) -> None:
    started = perf_counter()
    parse("rules.yaml", text)
    assert perf_counter() - started < 1


def test_nesting_deeper_than_32_is_a_problem() -> None:
    assert _problems("[" * 33 + "]" * 33) == ["rules.yaml:1:33: nested deeper than 32 levels"]


def test_more_than_a_mebibyte_is_a_problem() -> None:
    assert _problems("a" * (1 << 20) + "a") == [
        "rules.yaml:1:1: the file has 1,048,577 bytes; at most 1,048,576 are read"
    ]
