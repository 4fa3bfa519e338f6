"""What is remembered of an account to which everything has happened."""

from __future__ import annotations

from expansion_signals.decide.qualification import CriterionStanding, Qualification
from expansion_signals.decide.remembered import Fired, Held, Prompted, Remembered
from expansion_signals.decide.signal_text import document_of
from expansion_signals.model.instants import DAY, HOUR
from sample_signals import NOW, signal

FIRED = Fired(
    trigger="f" * 32,
    type="limit.reached",
    rule={"id": "quota", "version": "3f2a"},
    time=NOW,
    expires=NOW + 7 * DAY,
    user='Müller & \N{FIRE} | "x"',
    prompt="limit_approaching",
    subject="calls|2026-11-01T00:00:00Z",
    level="800",
    need={"family": "limit", "meter": "calls", "threshold": {"kind": "percent", "value": "80"}},
    route="owner",
    owner="dana@example.com",
    offered=("plan", "pro"),
    withdrawn=True,
)
PROMPTED = Prompted("snoozed", NOW, "u-42", "f" * 32, "s-9", NOW + DAY, "limit_approaching", "calls", "800")
HELD = Held(document_of(signal("80", "100")), "0:17", [1], NOW + 8 * HOUR)
QUALIFIED = Qualification(
    at=NOW,
    criteria={"hits": CriterionStanding(met=True, required=">= 3", observed={"limit_hits": "5"}, evidence=("e-1",))},
    qualified=True,
    tier="B",
    score=72,
    qualified_at=NOW,
    changed_on=20_000,
    published=3,
)
EVERYTHING = Remembered(
    through={"signals/0": 18, "prompts/0": 4},
    profile={"version": 8, "plan": "pro"},
    fired=(FIRED, Fired("e" * 32, "feature.gated", {"id": "gates", "version": "1"}, NOW, NOW + DAY)),
    prompted=(PROMPTED, Prompted("clicked", NOW, "u-1", "e" * 32)),
    held=(HELD,),
    cancelled=NOW,
    upgrades=(NOW - DAY, NOW),
    contractions=(NOW - 2 * DAY,),
    leads={"leads": {"state": QUALIFIED.document(), "kept_until": NOW + 400 * DAY}},
    health={"score": 42, "band": "at_risk", "at": NOW},
)
