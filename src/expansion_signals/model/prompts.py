"""Prompts: what notification services report back of triggers that they showed (`prompt-events`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from expansion_signals.model.instants import Instant

Deed = Literal["shown", "dismissed", "snoozed", "clicked"]


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a `user` did with the prompt of a `trigger`; `until` is when a snooze ends, None for any other deed.

    `session` None: the app names none; then one ends after 30 min without activity (semantics 7.3).
    """

    id: str
    source: str
    deed: Deed
    account: str
    trigger: str
    user: str
    time: Instant
    session: str | None = None
    until: Instant | None = None
