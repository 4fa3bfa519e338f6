"""Signals: evidence about an account, published for audit, for scoring and for the deciding stage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expansion_signals.model.events import Evidence
    from expansion_signals.model.instants import Instant


class Told(NamedTuple):
    """Which arm a signal tells of: the threshold in the form of rules.yaml, and the arm's generation.

    `appended` is the append time of what turned it: read again, nothing up to then turns it once more.
    """

    threshold: str
    generation: int
    appended: Instant


@dataclass(frozen=True, slots=True)
class Signal:
    """One piece of evidence.

    `type` is the short name (`limit.reached`); `data` is the JSON data of the interface. `keys` are what is decided:
    one for each crossed threshold and generation, so that a decision is made once for each whatever the division
    into polls (architecture, Deciding). `arms` are those that turned, one for each crossed threshold: marks are
    restored from them after a loss. `shadow`: its rule is being tried out, so it is kept off every real topic. `id` is
    computed (semantics 9.1): the same evidence has the same id.
    """

    id: str
    type: str
    account: str
    evidence: Evidence
    data: Mapping[str, Any]
    keys: tuple[str, ...] = ()
    arms: tuple[Told, ...] = ()
    shadow: bool = False
