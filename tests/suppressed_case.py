"""A case against which nothing speaks, and for each reason of semantics 7.2 what makes it apply."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from expansion_signals.decide.cases import Case, Ground, Mutes
from expansion_signals.decide.remembered import Fired, Prompted, Remembered
from expansion_signals.model.instants import DAY, HOUR, SECOND
from sample_ground import CATALOG, configuration
from sample_signals import NOW, gated, key, signal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from expansion_signals.model.decisions import Reason
    from expansion_signals.model.outcomes import Ended
    from expansion_signals.model.signals import Signal

WITHOUT_A_STEP = CATALOG[: CATALOG.index("  - {key: pro")]
"""A catalog in which nothing is above the plan `free`, and that sells nothing beside it."""

_RULE = {
    "api-quota": "signal: limit_reached, meter: api_calls, at: [80%, 100%]",
    "leads": "signal: pql, qualify_at: 5, criteria: [{id: a, when: invites > 1, points: 5}]",
}


@dataclass
class Scene:
    """What a case is made of; `limit.reached` of 80 % for u-42, or a lead."""

    is_lead: bool = False
    told: dict[str, Any] = field(default_factory=dict)
    profile: dict[str, Any] = field(default_factory=dict)
    newest: dict[str, Any] | None = None
    remembered: Remembered = field(default_factory=Remembered)
    policy: dict[str, str] = field(default_factory=dict)
    options: dict[str, str] = field(default_factory=dict)
    catalog: str = CATALOG
    mutes: Mutes = field(default_factory=lambda: Mutes({}))
    ended: Ended | None = None

    @property
    def rule(self) -> str:
        """The rule that found the signal."""
        return "leads" if self.is_lead else "api-quota"

    def fired(self, rule: str, ago: int) -> None:
        """Remember a trigger of this rule, on another matter."""
        trigger = Fired(f"{rule}-{ago}", "limit.reached", {"id": rule}, NOW - ago, NOW + DAY, prompt="limit_reached")
        self.remembered = replace(self.remembered, fired=(*self.remembered.fired, trigger))

    def prompted(self, count: int, deed: str, **changes: Any) -> None:  # noqa: ANN401 -- what a report says
        """Remember reports of so many prompts of the signal's family, each of a trigger and a matter of its own."""
        found = [
            Prompted("", NOW - HOUR, "u-42", f"t-{place}", "s-9", prompt="limit_approaching", subject=f"m-{place}")
            for place in range(count)
        ]
        reports = (each._replace(deed=deed, **changes) for each in found)
        self.remembered = replace(self.remembered, prompted=(*self.remembered.prompted, *reports))

    def case(self) -> Case:
        """Return the case, a second after the signal."""
        profile = {"version": 7, "plan": "free", **self.profile}
        if self.newest is not None:
            self.remembered = self.remembered.with_profile({**profile, "version": 8, **self.newest})
        asked = _lead() if self.is_lead else signal("80")
        told = {**asked.data, "account": profile, "rule": {"id": self.rule, "version": "3f2a"}, **self.told}
        rule = ", ".join([f"id: {self.rule}", _RULE[self.rule], *_written(self.options)])
        policy = f"policy: {{{', '.join(_written({'account_cap': '300 per 1h', **self.policy}))}}}\n"
        in_force = configuration(policy, f"rules: [{{{rule}}}]\n", self.catalog)
        ground = Ground(in_force, self.mutes, NOW + SECOND)
        return Case(replace(asked, data=told), self.remembered, ground, self.ended)


def _lead() -> Signal:
    return gated(kind="pql.qualified", user=None)


def _written(options: Mapping[str, str]) -> list[str]:
    return [f"{name}: {value}" for name, value in options.items()]


# ------------------------------------------------------------------------------------------ the reasons


def _past(scene: Scene, why: str) -> None:
    scene.told["past"] = why


def _too_old(scene: Scene) -> None:
    scene.policy["expires"] = "{limit: 1s, pql: 1s}"


def _muted(scene: Scene) -> None:
    scene.mutes = Mutes({(scene.rule, None): NOW + DAY})


def _upgraded(scene: Scene) -> None:
    scene.newest = {"plan": "pro"} if scene.is_lead else {"limits": {"api_calls": "5000"}}


def _need_gone(scene: Scene) -> None:
    scene.ended = "need_gone"


def _leaving(scene: Scene) -> None:
    scene.remembered = scene.remembered.with_cancelled(NOW - DAY)


def _at_risk(scene: Scene) -> None:
    scene.remembered = scene.remembered.with_health({"score": 30, "band": "at_risk", "at": NOW})


def _without_a_step(scene: Scene) -> None:
    scene.catalog = WITHOUT_A_STEP


def _opportunity(scene: Scene) -> None:
    scene.profile["open_opportunity"] = True


def _rule_cap(scene: Scene) -> None:
    scene.options["cap"] = "1 per 30d"
    scene.fired(scene.rule, 9 * DAY)


def _account_cap(scene: Scene) -> None:
    scene.policy["account_cap"] = "1 per 1d"
    scene.fired("another", HOUR)


def _quiet(scene: Scene) -> None:
    scene.policy["quiet_hours"] = '{from: "23:00", to: "06:00"}'


def _cooldown(scene: Scene) -> None:
    scene.options["cooldown"] = "10d"
    scene.fired(scene.rule, 9 * DAY)


APPLIES: Mapping[Reason, Callable[[Scene], None]] = {
    "backfill": lambda scene: _past(scene, "backfill"),
    "rule_added": lambda scene: _past(scene, "rule_added"),
    "too_old_to_fire": _too_old,
    "muted": _muted,
    "holdout": lambda scene: scene.told.update(holdout=True),
    "account_status": lambda scene: scene.profile.update(status="paused"),
    "opted_out": lambda scene: scene.profile.update(opted_out=["u-42"]),
    "upgraded": _upgraded,
    "need_gone": _need_gone,
    "burst": lambda scene: scene.told.update(burst_of=key("80")),
    "cancel_pending": _leaving,
    "at_risk": _at_risk,
    "plan_cannot_grow": _without_a_step,
    "open_opportunity": _opportunity,
    "snoozed": lambda scene: scene.prompted(1, "snoozed", until=NOW + DAY),
    "dismissed": lambda scene: scene.prompted(3, "dismissed"),
    "rule_cap": _rule_cap,
    "session_cap": lambda scene: scene.prompted(3, "shown"),
    "account_cap": _account_cap,
    "quiet_hours": _quiet,
    "cooldown": _cooldown,
}
