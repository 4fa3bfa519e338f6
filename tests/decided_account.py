"""One account as deciding takes it in, record after record: signals of all kinds, and reports of its prompts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from expansion_signals.decide.candidates import candidate_in
from expansion_signals.decide.course import take
from expansion_signals.decide.decided import Decided
from expansion_signals.decide.heard import Heard
from expansion_signals.decide.remembered import Remembered
from expansion_signals.model.decisions import Decision
from expansion_signals.model.events import Evidence
from expansion_signals.model.identities import identity_of
from expansion_signals.model.outcomes import Outcome, Withdrawal
from expansion_signals.model.prompts import Prompt
from expansion_signals.model.signals import Signal
from expansion_signals.model.triggers import Trigger
from sample_ground import RULES, UNRESTRAINED, ground
from sample_signals import NOW

if TYPE_CHECKING:
    from collections.abc import Sequence

    from expansion_signals.decide.cases import Mutes
    from expansion_signals.decide.course import Publication
    from expansion_signals.model.instants import Instant
    from expansion_signals.model.prompts import Deed

FREE = {"version": 7, "plan": "free"}


class DecidedAccount:
    """What is decided and remembered of an account, and what was published because of each record."""

    def __init__(self, policy: str = UNRESTRAINED, *, rules: str = RULES, mutes: Mutes | None = None) -> None:
        self.decided = Decided()
        self.mutes = mutes
        self._policy, self._rules = policy, rules
        self._offset = 0

    @property
    def remembered(self) -> Remembered:
        return self.decided.remembered

    def hear(self, what: Signal | Prompt, *, now: Instant | None = None) -> Sequence[Publication]:
        """Take one more record in, by default at the time that it tells of."""
        self._offset += 1
        time = what.time if isinstance(what, Prompt) else what.evidence.time
        candidate = candidate_in(what, f"0:{self._offset}") if isinstance(what, Signal) else None
        heard = Heard("expansion-signals/0", self._offset, what, candidate)
        on = ground(time if now is None else now, policy=self._policy, rules=self._rules, mutes=self.mutes)
        taken = take(heard, self.decided, on)
        # As the store keeps it: what is not written is not remembered.
        kept = Remembered.read(taken.decided.remembered.written())
        self.decided = replace(taken.decided, remembered=kept)
        return list(taken.published)

    def told(self, what: Signal | Prompt, *, now: Instant | None = None) -> list[str]:
        """Take one more record in; return in short what follows: `fired`, `suppressed muted`, `withdrawn upgraded`.

        Of a decision the reason that is named, of several; triggers stand beside their decisions.
        """
        return [_short(each) for each in self.hear(what, now=now) if not isinstance(each, Trigger)]


def _short(published: Publication) -> str:
    match published:
        case Decision():
            return " ".join([published.decision, *published.reasons[:1]])
        case Withdrawal():
            return f"withdrawn {published.reason}"
        case Outcome():
            return f"{published.data['kind']} {published.data['from']} {published.data['to']}"
    raise TypeError(published)


def triggers(published: Sequence[Publication]) -> list[Trigger]:
    return [each for each in published if isinstance(each, Trigger)]


def decisions(published: Sequence[Publication]) -> list[Decision]:
    return [each for each in published if isinstance(each, Decision)]


def report(  # noqa: PLR0913 -- what a report says
    deed: Deed,
    trigger: str,
    time: Instant = NOW,
    *,
    user: str = "u-42",
    session: str | None = None,
    until: Instant | None = None,
) -> Prompt:
    """Return what a notification service reports of the prompt of a trigger."""
    return Prompt(f"{deed}-{time}", "/mailer", deed, "acct-1", trigger, user, time, session, until)


def changed(before: dict[str, Any] | None, after: dict[str, Any] | None, time: Instant = NOW) -> Signal:
    """Return the signal that the account has another profile."""
    version = "" if after is None else str(after["version"])
    return _told("account.changed", version, time, {"from": before, "to": after})


def reading(time: Instant = NOW, reason: str = "daily", **told: Any) -> Signal:  # noqa: ANN401 -- parts of JSON
    """Return a reading of the account; `told` takes the place of what it says."""
    data = {"reason": reason, "plan": "free", "facts": [], "levels": [], "health_inputs": {}, "account": FREE}
    return _told("reading", f"{reason} {time}", time, data | told)


def level(usage: str, limit: str | None = "1000", month: str = "2026-11") -> dict[str, Any]:
    """Return a level of the meter `api_calls` as readings tell it, in the period that begins with this month."""
    period = {"start": f"{month}-01T00:00:00Z", "end": f"{month}-28T00:00:00Z"}
    return {"meter": "api_calls", "usage": usage, "limit": limit, "period": period}


def _told(kind: str, name: str, time: Instant, data: dict[str, Any]) -> Signal:
    return Signal(identity_of(kind, "acct-1", name), kind, "acct-1", Evidence(f"e-{name}", "/crm", time), data)
