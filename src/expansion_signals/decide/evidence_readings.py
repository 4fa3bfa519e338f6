"""What deciding takes from a signal of type `reading`: facts in their windows, and what health is measured by."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from expansion_signals.decide.health_parts import HealthInputs
from expansion_signals.errors import RejectedRecord
from expansion_signals.model.instants import parse_instant
from expansion_signals.rules.spellings import read_duration

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expansion_signals.decide.health_parts import Number
    from expansion_signals.model.instants import Duration, Instant

_NUMBER = re.compile(r"-?[0-9]{1,60}(\.[0-9]{1,40})?", re.ASCII)


class Observation(NamedTuple):
    """A fact as it was measured; None is not known. `evidence` are the ids of events, oldest first."""

    value: Decimal | None
    first_seen: Instant | None = None
    last_seen: Instant | None = None
    evidence: tuple[str, ...] = ()


Observations: TypeAlias = "Mapping[tuple[str, Duration | None], Observation]"
"""Facts by their name and their window; None: one of the moment."""


def observations_in(data: Mapping[str, Any]) -> Observations:
    """Return the facts of a reading's data; where one stands twice, the last one counts.

    Raises:
        RejectedRecord: `facts` that metering cannot have written.
    """
    facts = data.get("facts")
    if not isinstance(facts, list) or not all(isinstance(each, dict) for each in facts):
        raise RejectedRecord("invalid_data", "a reading needs data.facts, a list of objects")
    try:
        return {(str(each["fact"]), _within(each)): _observation(each) for each in facts}
    except (KeyError, TypeError, ValueError) as error:
        raise RejectedRecord("invalid_data", f"a fact of a reading: {error}") from None


def health_inputs_in(data: Mapping[str, Any]) -> HealthInputs:
    """Return what health is measured by; what a reading leaves out is not known.

    Raises:
        RejectedRecord: `health_inputs` that metering cannot have written.
    """
    told = data.get("health_inputs")
    if not isinstance(told, dict):
        raise RejectedRecord("invalid_data", "a reading needs data.health_inputs, an object")
    try:
        return HealthInputs(**{name: _number(told.get(name)) for name in HealthInputs._fields})
    except ValueError as error:
        raise RejectedRecord("invalid_data", f"health_inputs of a reading: {error}") from None


def _within(fact: Mapping[str, Any]) -> Duration | None:
    within = fact.get("within")
    return None if within is None else read_duration(within)


def _observation(fact: Mapping[str, Any]) -> Observation:
    observed = _number(fact.get("observed"))
    return Observation(
        None if observed is None else Decimal(observed),
        _instant(fact.get("first_seen")),
        _instant(fact.get("last_seen")),
        tuple(str(each) for each in fact.get("evidence") or ()),
    )


def _instant(text: str | None) -> Instant | None:
    return None if text is None else parse_instant(text)


def _number(value: object) -> Number | None:
    """Read a number: a count stays one, a measured amount is a decimal string."""
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return Decimal(value)
    raise ValueError(f"expected a whole number or a decimal string, got {str(value)[:40]!r}")
