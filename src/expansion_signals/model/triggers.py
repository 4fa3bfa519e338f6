"""Triggers: decisions that someone should act, published for consumers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expansion_signals.model.events import Evidence
    from expansion_signals.model.instants import Instant


@dataclass(frozen=True, slots=True)
class Trigger:
    """One trigger, its payload frozen when it was decided (semantics 7.6).

    `type` is the short name (`limit.reached`), `topic` the name without the deployment's prefix; `data` is the JSON
    data of the interface. `id` is computed (semantics 9.1). Subscribers drop it from `expires` on (semantics 7.7).
    `shadow`: its rule is being tried out, so it is kept off every real topic.
    """

    id: str
    type: str
    topic: str
    account: str
    evidence: Evidence
    data: Mapping[str, Any]
    expires: Instant
    shadow: bool = False
