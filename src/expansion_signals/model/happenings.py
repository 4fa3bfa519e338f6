"""Happenings: what the audit topics tell of accounts, each as the value that was published."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from expansion_signals.model.decisions import Decision
from expansion_signals.model.outcomes import Outcome, Withdrawal
from expansion_signals.model.prompts import Prompt
from expansion_signals.model.signals import Signal
from expansion_signals.model.triggers import Trigger

if TYPE_CHECKING:
    from expansion_signals.model.instants import Instant

Told: TypeAlias = Signal | Decision | Trigger | Withdrawal | Outcome | Prompt


class Happening(NamedTuple):
    """One thing that was told of an account, and when it was `recorded`: decided, or reported."""

    what: Told
    recorded: Instant

    @property
    def time(self) -> Instant:
        """When it happened, of event time."""
        what = self.what
        return what.time if isinstance(what, Decision | Prompt) else what.evidence.time
