"""Signals: evidence about an account, published for audit, for scoring and for the deciding stage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expansion_signals.model.events import Evidence


@dataclass(frozen=True, slots=True)
class Signal:
    """One piece of evidence.

    `type` is the short name (`limit.reached`); `data` is the JSON data of the interface. `keys` are what is decided:
    one for each crossed threshold and generation, so that a decision is made once for each whatever the division
    into polls (architecture, Deciding). `id` is computed (semantics 9.1): the same evidence has the same id.
    """

    id: str
    type: str
    account: str
    evidence: Evidence
    data: Mapping[str, Any]
    keys: tuple[str, ...] = ()
