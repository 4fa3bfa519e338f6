"""What was published so far, for tests to look at: all of it, of one account, of one rule."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from expansion_signals.errors import RejectedRehearsal
from expansion_signals.rules.findings import meant
from expansion_signals.sdk.triggers import Trigger
from expansion_signals.testing.published import (
    OUTCOMES,
    SHADOW,
    SIGNALS,
    WITHDRAWN,
    DeadLetter,
    Decision,
    PublishedEvent,
)
from expansion_signals.testing.subjects import named

if TYPE_CHECKING:
    from collections.abc import Collection

    from expansion_signals.testing.published import Told

_Kind = TypeVar("_Kind", Trigger, PublishedEvent, Decision, DeadLetter)

__tracebackhide__ = True  # a test that asks for what cannot be is shown where it asks, not where we refuse


class Audit:
    """Everything in the order of its publication.

    Each method takes an `account`, and most a `rule`, and tells then of these alone. An account of which nothing was
    sent, or a rule that is not in force, is a RejectedRehearsal: a test would take an empty list for silence. `rules`
    and `accounts` are those that there are, and may grow.
    """

    def __init__(self, rules: Collection[str], accounts: Collection[str]) -> None:
        self._rules = rules
        self._accounts = accounts
        self._told: list[Told] = []

    def fired(self, account: str | None = None, *, rule: str | None = None) -> list[str]:
        """Return the triggers in a few words each, the rule and what it is about: `["api-quota 80%", "gates sso"]`."""
        return [named(trigger.type, trigger.data) for trigger in self.triggers(account, rule=rule)]

    def triggers(self, account: str | None = None, *, rule: str | None = None) -> list[Trigger]:
        """Return the triggers as the SDK's subscriber would hand them out."""
        told = self._of(Trigger, account, rule)
        return [each for each in told if each.topic != SHADOW and each.type != WITHDRAWN]

    def withdrawals(self, account: str | None = None, *, rule: str | None = None) -> list[Trigger]:
        """Return what takes triggers back: `data.trigger` is the id of one, `data.reason` says why."""
        return [each for each in self._of(Trigger, account, rule) if each.type == WITHDRAWN]

    def shadowed(self, account: str | None = None, *, rule: str | None = None) -> list[Trigger]:
        """Return what rules with `shadow: true` would have published."""
        return [each for each in self._of(Trigger, account, rule) if each.topic == SHADOW]

    def decided(self, account: str | None = None, *, rule: str | None = None) -> list[str]:
        """Return the decisions in a few words each: `["api-quota 80% fired", "gates sso suppressed: opted_out"]`."""
        return [str(decision) for decision in self.decisions(account, rule=rule)]

    def decisions(self, account: str | None = None, *, rule: str | None = None) -> list[Decision]:
        """Return what became of all that rules found: what fired and what did not, with every reason."""
        return self._of(Decision, account, rule)

    def signals(self, account: str | None = None, *, rule: str | None = None) -> list[PublishedEvent]:
        """Return the evidence, as it is before policy judges it."""
        return [each for each in self._of(PublishedEvent, account, rule) if each.topic == SIGNALS]

    def outcomes(self, account: str | None = None) -> list[PublishedEvent]:
        """Return what accounts bought or gave up, and the triggers before it."""
        return [each for each in self._of(PublishedEvent, account) if each.topic == OUTCOMES]

    def dead_letters(self, account: str | None = None) -> list[DeadLetter]:
        """Return the events that can never be counted, with the cause of each."""
        return self._of(DeadLetter, account)

    def _of(self, kind: type[_Kind], account: str | None, rule: str | None = None) -> list[_Kind]:
        if account is not None and account not in self._accounts:
            raise RejectedRehearsal(f"no event of account {account!r} was sent{meant(account, self._accounts)}")
        if rule is not None and rule not in self._rules:
            raise RejectedRehearsal(f"no rule {rule!r} is in force{meant(rule, self._rules)}")
        found = [each for each in self._told if isinstance(each, kind) and account in (None, each.account)]
        return found if rule is None else [each for each in found if _rule_of(each) == rule]


def _rule_of(told: Told) -> str | None:
    match told:
        case Decision():
            return told.rule
        case Trigger() | PublishedEvent():
            rule = told.data.get("rule")
            return None if rule is None else str(rule["id"])
        case DeadLetter():
            return None
