"""`policy:` of `rules.yaml`, and what restrains each rule: checked, and with defaults for what is not said."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from expansion_signals.rules.policy import Policy, QuietHours, Restraint
from expansion_signals.rules.spellings import read_kept

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from expansion_signals.rules.findings import Findings
    from expansion_signals.rules.rules_file import PolicyShape, QuietHoursShape, RuleShape
    from expansion_signals.rules.yaml_source import Path

_COOLED_BY_DECIDING = frozenset(
    {
        "limit_reached",
        "milestone",
        "seat_limit_approached",
        "seat_limit_last_taken",
        "integration_connected",
        "usage_run_out_forecast",
        "renewal_near",
    }
)
"""Signals whose `cooldown` is kept by deciding; every other keeps its own where it is found, or is never restrained."""

_NEVER_RESTRAINED: Mapping[str, str] = {
    "seat_limit_invited": "somebody is blocked and wants help",  # semantics 4.2
    "limit_hit": "nothing is sent of it",
}
"""Signals that neither a cap nor a cooldown holds back, and why."""


def check_restraints(rule: RuleShape, path: Path, findings: Findings) -> None:
    """Report a cooldown for longer than what fired is remembered; warn of what would hold nothing back."""
    if rule.signal in _COOLED_BY_DECIDING and rule.cooldown is not None:
        try:
            read_kept(findings.written((*path, "cooldown")))
        except ValueError as error:
            findings.at((*path, "cooldown"), str(error))
    if rule.signal in _NEVER_RESTRAINED:
        for name in ("cap", "cooldown"):
            if getattr(rule, name) is not None:
                why = _NEVER_RESTRAINED[rule.signal]
                findings.warn(path, f"rule `{rule.id}`: no `{name}` holds back {rule.signal}: {why}; leave it out")


def check_policy(policy: PolicyShape, findings: Findings) -> None:
    """Report what cannot hold together."""
    borders = policy.route_borders
    if borders is not None and borders[0] >= borders[1]:
        findings.at(("policy", "route_borders"), "expected two rising amounts such as [1000, 25000]")
    quiet = policy.quiet_hours
    if quiet is not None and quiet.start == quiet.to:
        findings.at(("policy", "quiet_hours", "to"), "quiet hours end when they begin; expected another time of day")


def policy_of(shape: PolicyShape | None) -> Policy:
    """Return what holds for all rules together."""
    default = Policy()
    if shape is None:
        return default
    borders = shape.route_borders
    return Policy(
        quiet_hours=_quiet_hours(shape.quiet_hours) if shape.quiet_hours else None,
        account_cap=shape.account_cap or default.account_cap,
        session_cap=shape.session_cap or default.session_cap,
        route_borders=(Decimal(borders[0]), Decimal(borders[1])) if borders else default.route_borders,
        by_day=shape.proration == "day",
        pause=shape.cancel_pause or default.pause,
        attribution=shape.attribution or default.attribution,
        lasts=shape.expires,
    )


def restraints_of(rules: Iterable[RuleShape]) -> Mapping[str, Restraint]:
    """Return what restrains each rule that is restrained, by its id."""
    found = {
        rule.id: Restraint(rule.cap, rule.cooldown if rule.signal in _COOLED_BY_DECIDING else None)
        for rule in rules
        if rule.signal not in _NEVER_RESTRAINED
    }
    return {rule: restraint for rule, restraint in found.items() if restraint != Restraint()}


def _quiet_hours(shape: QuietHoursShape) -> QuietHours:
    return QuietHours(_minutes(shape.start), _minutes(shape.to))


def _minutes(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)
