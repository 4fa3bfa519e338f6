"""Why what is due is not sent: every reason that applies, in the order of semantics 7.2; the first is the one named.

backfill, rule_added, too_old_to_fire   already past when it was found (metering says so)
too_old_to_fire                         past its expiry when it is judged
muted, holdout                          switched off for now; held out for comparison
account_status, opted_out               nobody is to be sold anything; this person is not to be asked
upgraded, need_gone, burst              nothing is left to be done; another trigger says it
cancel_pending, at_risk                 retention comes first
plan_cannot_grow                        nothing that is sold would help
open_opportunity                        a seller talks to them already (leads only, semantics 8.4)
snoozed, dismissed                      the person has said so
rule_cap, session_cap, account_cap      enough for now; `session_cap` is whatever limits showing (`showing`)
quiet_hours                             it can wait, and is held; suppressed where no more can be held
cooldown                                the rule has fired lately
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from expansion_signals.decide.needs_left import need_left
from expansion_signals.decide.quiet_hours import quiet_until
from expansion_signals.decide.remembered import MOST_HELD
from expansion_signals.decide.showing import is_dismissed, is_lower, is_shown_enough, is_snoozed
from expansion_signals.model.windows import bounds
from expansion_signals.rules.policy import Restraint

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from expansion_signals.decide.cases import Case
    from expansion_signals.decide.remembered import Fired
    from expansion_signals.model.decisions import Reason, Verdict
    from expansion_signals.model.instants import Duration, Instant

SOLD_TO = frozenset({"active", "trialing"})
"""Statuses of accounts that get expansion triggers (interfaces, Records in)."""

_RETENTION = frozenset({"retention"})
_WAITING = frozenset({"limit", "gate", "milestone", "trend"})
"""Families that quiet hours hold."""

_NEVER_CAPPED = frozenset({"seat", "pql", "retention"})
"""Families that the account cap never holds back; it counts what is shown to a person, whatever its family."""

_NEEDS_A_STEP = frozenset({"limit", "gate", "seat", "pql"})
"""Families whose trigger is pointless where nothing that is sold would help."""


class Judged(NamedTuple):
    """What becomes of a case, and why; `until` is when a hold ends."""

    verdict: Verdict
    reasons: tuple[Reason, ...] = ()
    until: Instant | None = None


def judge(case: Case) -> Judged:
    """Judge a case: every reason is asked, and the first that applies gives the decision (semantics 7.2)."""
    reasons = tuple(reason for reason, applies in CHECKS.items() if applies(case))
    verdict = _verdict(reasons[0], case) if reasons else "fired"
    return Judged(verdict, reasons, _quiet_until(case) if verdict == "held" else None)


def _verdict(reason: Reason, case: Case) -> Verdict:
    match reason:
        case "backfill" | "rule_added":
            return "already_past"
        case "too_old_to_fire":
            return "already_past" if _past(case) == "too_old_to_fire" else "suppressed"
        case "upgraded" | "need_gone" | "burst":
            return "superseded"
        case "quiet_hours" if len(case.remembered.held) < MOST_HELD:
            return "held"
        case _:
            return "suppressed"


def _past(case: Case) -> object:
    """Return what metering says of what was past when it was found: `backfill`, `rule_added` or `too_old_to_fire`."""
    return case.signal.data.get("past")


def _family(case: Case) -> str:
    return case.kind.family.name


def _expands(case: Case) -> bool:
    return _family(case) not in _RETENTION


def _is_too_old(case: Case) -> bool:
    return _past(case) == "too_old_to_fire" or case.ground.now >= case.expires


def _is_muted(case: Case) -> bool:
    return case.ground.mutes.silence(case.rule, case.signal.account, case.ground.now)


def _has_status(case: Case) -> bool:
    return _expands(case) and case.newest is not None and case.newest.status not in SOLD_TO


def _has_opted_out(case: Case) -> bool:
    return case.newest is not None and case.user is not None and case.user in case.newest.opted_out


def _is_pending(case: Case) -> bool:
    return _expands(case) and case.remembered.wants_to_leave(case.time, case.ground.configuration.policy.pause)


def _is_at_risk(case: Case) -> bool:
    health = case.remembered.health
    return _expands(case) and health is not None and health["band"] == "at_risk"


def _cannot_grow(case: Case) -> bool:
    return _family(case) in _NEEDS_A_STEP and case.offered["kind"] == "none"


def _has_opportunity(case: Case) -> bool:
    return _family(case) == "pql" and case.newest is not None and case.newest.open_opportunity


def _is_capped(case: Case) -> bool:
    cap = _restraint(case).cap
    return cap is not None and sum(_is_of_rule(fired, case) for fired in _lately(case, cap.within)) >= cap.times


def _cools(case: Case) -> bool:
    cooldown = _restraint(case).cooldown
    return cooldown is not None and any(
        case.time - fired.time < cooldown and _is_of_rule(fired, case) and not _is_lower(fired, case)
        for fired in case.remembered.fired
    )


def _is_capped_for_account(case: Case) -> bool:
    if _family(case) in _NEVER_CAPPED:
        return False
    times, window = case.ground.configuration.policy.account_cap
    return sum(fired.prompt is not None for fired in _lately(case, window)) >= times


def _restraint(case: Case) -> Restraint:
    return case.ground.configuration.restraints.get(case.rule, Restraint())


def _lately(case: Case, window: Duration) -> list[Fired]:
    """Return what fired in the window that ends now, without lower thresholds of the same matter (semantics 7.4)."""
    start, end = bounds(case.time, window)
    return [fired for fired in case.remembered.fired if start <= fired.time < end and not _is_lower(fired, case)]


def _is_of_rule(fired: Fired, case: Case) -> bool:
    return fired.rule["id"] == case.rule


def _is_lower(fired: Fired, case: Case) -> bool:
    return is_lower(fired.subject, fired.level, case.subject, case.level)


def _quiet_until(case: Case) -> Instant | None:
    zone = case.newest.time_zone if case.newest else "UTC"
    return quiet_until(case.ground.configuration.policy.quiet_hours, zone, case.ground.now)


def _is_quiet(case: Case) -> bool:
    return _family(case) in _WAITING and _quiet_until(case) is not None


CHECKS: Mapping[Reason, Callable[[Case], bool]] = {
    "backfill": lambda case: _past(case) == "backfill",
    "rule_added": lambda case: _past(case) == "rule_added",
    "too_old_to_fire": _is_too_old,
    "muted": _is_muted,
    "holdout": lambda case: case.signal.data.get("holdout") is True,
    "account_status": _has_status,
    "opted_out": _has_opted_out,
    "upgraded": lambda case: need_left(case) == "upgraded",
    "need_gone": lambda case: need_left(case) == "need_gone",
    "burst": lambda case: "burst_of" in case.signal.data,
    "cancel_pending": _is_pending,
    "at_risk": _is_at_risk,
    "plan_cannot_grow": _cannot_grow,
    "open_opportunity": _has_opportunity,
    "snoozed": lambda case: is_snoozed(case, case.ground.now),
    "dismissed": lambda case: is_dismissed(case, case.ground.now),
    "rule_cap": _is_capped,
    "session_cap": lambda case: is_shown_enough(case, case.ground.now),
    "account_cap": _is_capped_for_account,
    "quiet_hours": _is_quiet,
    "cooldown": _cools,
}
"""Every reason with what makes it apply, in the order in which they are asked."""
