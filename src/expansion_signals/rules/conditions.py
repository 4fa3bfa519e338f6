"""The condition language of `when:`: facts compared with numbers, percentages and names.

condition := all ("or" all)*        all := not ("and" not)*        not := "not" not | "(" condition ")" | comparison
comparison := fact (">" | ">=" | "<" | "<=" | "=" | "==" | "!=") (number | percentage | name)
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

from expansion_signals.rules.findings import meant, shown
from expansion_signals.rules.spellings import read_by

if TYPE_CHECKING:
    from collections.abc import Iterator

FACTS = (
    "usage_growth",
    "limit_hits",
    "active_users",
    "features_used",
    "next_plan_features",
    "gated_attempts",
    "gated_users",
    "invites",
    "utilization",
    "seats_used",
    "health",
    "plan",
    "annual_value",
    "account_age",
    "days_to_renewal",
)

LONGEST = 2_000
"""Characters that one condition may have."""

_DEEPEST = 16
_TOKEN = re.compile(
    r"\s*(?:(?P<number>-?[0-9]+(?:\.[0-9]+)?)(?P<percent> ?%)?|(?P<comparison>>=|<=|==|!=|=|>|<)|(?P<bracket>[()])"
    r"|(?P<word>[A-Za-z_][A-Za-z0-9_.-]*)|'(?P<single>[^']*)'|\"(?P<double>[^\"]*)\")",
    re.ASCII,
)
_COMPARISONS = {"=": "==", **{each: each for each in (">", ">=", "<", "<=", "==", "!=")}}


@dataclass(frozen=True, slots=True)
class Comparison:
    """`fact` against a number, or against a name; a percentage is its number of hundredths."""

    fact: str
    operator: str
    value: Decimal | str


@dataclass(frozen=True, slots=True)
class Combination:
    """Parts joined by `and` or `or`, or one part turned round by `not`."""

    word: Literal["and", "or", "not"]
    parts: tuple[Condition, ...]


Condition: TypeAlias = Comparison | Combination


def read_condition(value: object) -> Condition:
    """Read a condition.

    Raises:
        ValueError: not a condition, or an unknown fact; the message says at which character.
    """
    if not isinstance(value, str) or len(value) > LONGEST:
        raise ValueError(f"expected a condition such as `usage_growth > 50%`, got {shown(value)}")
    reader = _Reader(value)
    condition = reader.any_of(0)
    reader.end()
    return condition


def facts_compared(condition: Condition) -> Iterator[Comparison]:
    """Yield every comparison of a condition, from left to right."""
    if isinstance(condition, Comparison):
        yield condition
        return
    for part in condition.parts:
        yield from facts_compared(part)


class _Reader:
    """One way through the text; every method reads what its name says and stands behind it."""

    def __init__(self, text: str) -> None:
        self._text = text.strip()
        self._position = 0
        self._token = self._next()

    def any_of(self, depth: int) -> Condition:
        parts = [self._all_of(depth)]
        while self._took_word("or"):
            parts.append(self._all_of(depth))
        return parts[0] if len(parts) == 1 else Combination("or", tuple(parts))

    def end(self) -> None:
        if self._token is not None:
            raise self._unexpected("expected `and`, `or` or the end")

    def _all_of(self, depth: int) -> Condition:
        parts = [self._one(depth)]
        while self._took_word("and"):
            parts.append(self._one(depth))
        return parts[0] if len(parts) == 1 else Combination("and", tuple(parts))

    def _one(self, depth: int) -> Condition:
        if depth > _DEEPEST:
            raise self._unexpected(f"nested deeper than {_DEEPEST} levels")
        if self._took_word("not"):
            return Combination("not", (self._one(depth + 1),))
        if self._took("bracket", "("):
            inner = self.any_of(depth + 1)
            if not self._took("bracket", ")"):
                raise self._unexpected("expected `)`")
            return inner
        return self._comparison()

    def _comparison(self) -> Comparison:
        fact = self._token["word"] if self._token else None
        if fact is None:
            raise self._unexpected("expected a fact such as `usage_growth`")
        if fact not in FACTS:
            raise ValueError(f"unknown fact {shown(fact)} at character {self._start()}{meant(fact, FACTS)}")
        self._token = self._next()
        sign = self._token["comparison"] if self._token else None
        if sign is None:
            raise self._unexpected(f"expected a comparison after `{fact}`: > >= < <= == !=")
        self._token = self._next()
        return Comparison(fact, _COMPARISONS[sign], self._value())

    def _value(self) -> Decimal | str:
        token = self._token
        if token is None or (token["bracket"] or token["comparison"]):
            raise self._unexpected("expected a number, a percentage or a name")
        self._token = self._next()
        if token["number"]:
            number = Decimal(token["number"])
            return number / 100 if token["percent"] else number
        return next(text for text in (token["word"], token["single"], token["double"]) if text is not None)

    def _took_word(self, word: str) -> bool:
        return self._took("word", word)

    def _took(self, kind: str, text: str) -> bool:
        if self._token is None or self._token[kind] != text:
            return False
        self._token = self._next()
        return True

    def _next(self) -> re.Match[str] | None:
        if self._position >= len(self._text):
            return None
        match = _TOKEN.match(self._text, self._position)
        if match is None:
            rest = self._text[self._position :].lstrip()
            raise ValueError(
                f"cannot read {shown(rest)} at character {len(self._text) - len(rest) + 1} of the condition"
            )
        self._position = match.end()
        return match

    def _start(self) -> int:
        token = self._token
        return len(self._text) + 1 if token is None else token.start() + len(token[0]) - len(token[0].lstrip()) + 1

    def _unexpected(self, expected: str) -> ValueError:
        got = "the end" if self._token is None else shown(self._token[0].strip())
        return ValueError(f"{expected} at character {self._start()} of the condition, got {got}")


When = Annotated[Condition, read_by(read_condition)]
