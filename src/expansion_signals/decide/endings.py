"""Triggers whose need is gone before they expire: each is withdrawn once (semantics 9.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.decide.needs_left import ended_by_profile, is_over, is_recovered
from expansion_signals.model.identities import identity_of
from expansion_signals.model.kinds import KINDS, RETENTION
from expansion_signals.model.outcomes import Withdrawal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TypeAlias

    from expansion_signals.decide.cases import Ground
    from expansion_signals.decide.remembered import Fired, Remembered
    from expansion_signals.model.accounts import Account
    from expansion_signals.model.instants import Instant
    from expansion_signals.model.outcomes import Ended
    from expansion_signals.model.signals import Signal

    Ending: TypeAlias = Callable[[Fired], Ended | None]


def by_profile(profile: Account | None, ground: Ground) -> Ending:
    """Return why the need of what fired is gone under a new profile: bought, it fits now, or the account left."""
    catalog = ground.configuration.catalog

    def ended(fired: Fired) -> Ended | None:
        if profile is not None and KINDS[fired.type].family is not RETENTION and _is_bought(fired, profile):
            return "upgraded"
        return ended_by_profile(fired.need, profile, catalog)

    return ended


def by_recovery(recovered: Signal) -> Ending:
    """Return why the need of what fired is gone after a fall."""

    def ended(fired: Fired) -> Ended | None:
        return "need_gone" if is_recovered(fired.rule["id"], fired.subject, fired.need, recovered) else None

    return ended


def by_reading(reading: Signal) -> Ending:
    """Return why the need of what fired is gone by a reading: an invite that ended, a period that is over.

    Not by a level alone: what fell and is not armed again would not fire again, either.
    """

    def ended(fired: Fired) -> Ended | None:
        return "need_gone" if is_over(fired.need, reading) else None

    return ended


def withdrawn(
    remembered: Remembered, ending: Ending, signal: Signal, now: Instant
) -> tuple[Remembered, Sequence[Withdrawal]]:
    """Withdraw what is still worth acting on and whose need is gone; each once."""
    found: list[Withdrawal] = []
    kept: list[Fired] = []
    for fired in remembered.fired:
        is_open = not fired.withdrawn and fired.need and now < fired.expires
        reason = ending(fired) if is_open else None
        kept.append(fired if reason is None else fired._replace(withdrawn=True))
        if reason is not None:
            found.append(_withdrawal(fired, reason, signal))
    return (remembered.with_all_fired(kept) if found else remembered), found


def _withdrawal(fired: Fired, reason: Ended, signal: Signal) -> Withdrawal:
    family = KINDS[fired.type].family
    return Withdrawal(
        id=identity_of(fired.trigger, "withdrawn"),
        trigger=fired.trigger,
        topic=family.topic,
        account=signal.account,
        evidence=signal.evidence,
        reason=reason,
        rule=fired.rule,
        family=family.name,
        expires=fired.expires,
    )


def _is_bought(fired: Fired, profile: Account) -> bool:
    """Say whether the plan that was recommended is the account's now; bought add-ons and seats show in its limits."""
    kind, name = fired.offered
    return kind in ("plan", "contact_sales") and profile.plan == name and fired.need.get("plan") != name
