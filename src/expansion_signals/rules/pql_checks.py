"""What `pql` rules and the tiers of `policy` mean: checked, and built."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.rules.findings import meant, shown
from expansion_signals.rules.pql import COOLDOWN, TIERS, Criterion, PqlRule, Tiers
from expansion_signals.rules.version import version_of

if TYPE_CHECKING:
    from expansion_signals.rules.findings import Findings
    from expansion_signals.rules.rules_file import PolicyShape, PqlShape
    from expansion_signals.rules.yaml_source import Path

_TIERS: Path = ("policy", "tiers")


def tiers_of(policy: PolicyShape | None, findings: Findings) -> Tiers:
    """Return the tiers that a policy sets, each at its default where it says nothing of it."""
    written = policy.tiers or {} if policy is not None else {}
    for name in written:
        if name == "C":
            findings.at_key((*_TIERS, name), "tier C begins at the `qualify_at` of each rule; leave it out")
        elif name not in ("A", "B"):
            findings.at_key((*_TIERS, name), f"unknown tier {shown(name)}{meant(name, ('A', 'B'))}")
    tiers = Tiers(written.get("A", TIERS.a), written.get("B", TIERS.b))
    # One that could not be read has been told of: against the default in its place, the other may be right.
    if findings.written(_TIERS) == (written or None) and tiers.a <= tiers.b:
        said = f"expected tiers that fall, such as {{A: 85, B: 70}}; A begins at {tiers.a} and B at {tiers.b}"
        findings.at(_TIERS, said)
    return tiers


def pql_rule(shape: PqlShape, tiers: Tiers) -> PqlRule:
    """Return the rule that a shape means, with the tiers of all rules."""
    return PqlRule(
        id=shape.id,
        version=version_of(shape),
        qualify_at=shape.qualify_at,
        criteria=tuple(Criterion(each.id, each.when, each.points, each.within) for each in shape.criteria),
        half_life=shape.half_life,
        hysteresis=shape.hysteresis,
        cooldown=COOLDOWN if shape.cooldown is None else shape.cooldown,
        tiers=tiers,
        disqualify_when=shape.disqualify_when,
        when=shape.when,
        shadow=shape.shadow,
        holdout=shape.holdout,
        cap=shape.cap,
    )
