"""Outcomes: what an account bought or gave up, and the trigger before it (semantics 7.8)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expansion_signals.model.events import Evidence
    from expansion_signals.model.instants import Instant

OutcomeKind = Literal["upgrade", "add_on", "seats", "contraction"]
Ended = Literal["upgraded", "need_gone"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """One change of what an account pays for; `data` is the JSON data of the interface."""

    id: str
    account: str
    evidence: Evidence
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A trigger whose need is gone before it expires, on the trigger's own topic (semantics 9.4)."""

    id: str
    trigger: str
    topic: str
    account: str
    evidence: Evidence
    reason: Ended
    rule: Mapping[str, str]
    family: str
    expires: Instant
