"""What is told of an account, as happenings: only what a case is about must be named."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from expansion_signals.model.decisions import Decision
from expansion_signals.model.events import Evidence
from expansion_signals.model.happenings import Happening
from expansion_signals.model.identities import identity_of
from expansion_signals.model.instants import MINUTE
from expansion_signals.model.kinds import KINDS
from expansion_signals.model.outcomes import Outcome, Withdrawal
from expansion_signals.model.prompts import Prompt
from expansion_signals.model.signals import Signal
from expansion_signals.model.triggers import Trigger
from sample_signals import NOW, signal

if TYPE_CHECKING:
    from expansion_signals.model.decisions import Reason, Verdict
    from expansion_signals.model.happenings import Told
    from expansion_signals.model.instants import Instant

ADD_ON = {
    "kind": "add_on",
    "to": "extra-api",
    "price": {"amount": "20.00", "currency": "USD", "per": "month"},
    "charge_now": {"amount": "6.00", "currency": "USD"},
    "charge_next_period": {"amount": "20.00", "currency": "USD"},
}
SELF_SERVE = {"to": "self_serve", "owner": None}
WHY = "800 of 1,000 calls used (80 %) with 9 days of the period left"


def told(what: Told, recorded: Instant | None = None) -> Happening:
    """Return a happening that was recorded when it happened."""
    happening = Happening(what, 0)
    return happening._replace(recorded=happening.time if recorded is None else recorded)


def found(threshold: str = "80", *, account: str = "acct-1", time: Instant = NOW, why: str = WHY) -> Signal:
    """Return the signal that a threshold was crossed."""
    crossed = signal(threshold, account=account, time=time)
    return Signal(
        crossed.id, crossed.type, account, crossed.evidence, {**crossed.data, "why": why}, crossed.keys, crossed.arms
    )


def decided(
    of: Signal | Trigger,
    verdict: Verdict = "fired",
    *reasons: Reason,
    until: Instant | None = None,
    rule: str | None = None,
) -> Decision:
    """Return the decision on a signal, or on what would be this trigger."""
    named = {"id": rule, "version": "3f2a"} if rule else of.data["rule"]
    return Decision(
        id=identity_of("decision", of.id, verdict, str(until), named["id"]),
        signal=of.id,
        trigger=of.id,
        decision=verdict,
        reason=reasons[0] if reasons else None,
        reasons=reasons,
        until=until,
        rule=named,
        account=of.account,
        time=of.evidence.time,
    )


def trigger(of: Signal | None = None, **data: Any) -> Trigger:  # noqa: ANN401 -- any JSON
    """Return the trigger that a signal became."""
    of = of or found()
    kind = KINDS[of.type]
    offered = {"recommendation": ADD_ON, "route": SELF_SERVE, "prompt": None, "copy": None}
    content = {**of.data, **offered, **data}
    return Trigger(of.id, of.type, kind.family.topic, of.account, of.evidence, content, NOW + kind.family.lasts)


def prompted(deed: Any, of: Trigger, *, after: int = MINUTE, **more: Any) -> Prompt:  # noqa: ANN401 -- any JSON
    """Return the report that a person did something with a trigger."""
    name = f"p-{of.id[:6]}-{deed}-{after}"
    return Prompt(name, "/apps/mailer", deed, of.account, of.id, "u-42", of.evidence.time + after, **more)


def came_of(of: Trigger | None, *, account: str = "acct-1", time: Instant = NOW, **data: Any) -> Outcome:  # noqa: ANN401 -- any JSON
    """Return an outcome, attributed to this trigger."""
    since = None if of is None else (time - of.evidence.time) // 1_000_000
    content = {
        "kind": "upgrade",
        "from": "free",
        "to": "pro",
        "mrr_change": {"amount": "49.00", "currency": "USD"},
        "trigger": of and of.id,
        "first_trigger": of and of.id,
        "seconds_since_trigger": since,
        "route": of and of.data["route"],
        "rule": of and of.data["rule"],
        **data,
    }
    name = identity_of("outcome", account, str(time), str(content["kind"]), str(content["to"]))
    return Outcome(name, account, Evidence(f"e-{name[:8]}", "/billing", time), content)


def withdrawn(of: Trigger, *, time: Instant = NOW) -> Withdrawal:
    """Return the withdrawal of a trigger."""
    evidence = Evidence("e-9", "/billing", time)
    return Withdrawal(
        identity_of(of.id, "withdrawn"),
        of.id,
        of.topic,
        of.account,
        evidence,
        "upgraded",
        of.data["rule"],
        of.data["family"],
        of.expires,
    )


def changed(
    before: dict[str, Any] | None, after: dict[str, Any] | None, *, account: str = "acct-1", time: Instant = NOW
) -> Signal:
    """Return the signal that a profile changed."""
    evidence = Evidence(f"e-{time}", "/billing", time)
    return Signal(
        identity_of("changed", account, str(time)), "account.changed", account, evidence, {"from": before, "to": after}
    )
