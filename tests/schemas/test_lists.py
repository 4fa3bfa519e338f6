"""A list of values that a schema and the program both have is the same list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

import pytest

from expansion_signals.model.decisions import Reason, Verdict
from expansion_signals.model.kinds import PromptFamily
from expansion_signals.rules.conditions import FACTS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from jsonschema import Draft7Validator

DECISION = "expansion-decisions/decision.made.v1.schema.json"
READING = "expansion-signals/signal.reading.v1.schema.json"
TRIGGER = "expansion-limit-reached/limit.reached.v1.schema.json"


@pytest.mark.parametrize(
    ("schema", "place", "program"),
    [
        (READING, "definitions fact properties fact", FACTS),
        (DECISION, "properties decision", get_args(Verdict)),
        (DECISION, "properties reason", (*get_args(Reason), None)),
        (DECISION, "properties reasons items", get_args(Reason)),
        (TRIGGER, "definitions prompt properties family", get_args(PromptFamily)),
    ],
)
def test_a_list_in_a_schema_is_that_of_the_program(
    schema: str, place: str, program: Sequence[str], validator: Callable[[str], Draft7Validator]
) -> None:
    found: Any = validator(schema).schema
    for name in place.split():
        found = found[name]

    assert sorted(found["enum"], key=str) == sorted(program, key=str)
