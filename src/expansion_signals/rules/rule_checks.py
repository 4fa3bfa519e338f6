"""What `rules.yaml` means: every rule read, checked against the catalog, and those judged now built."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypedDict

from expansion_signals.model.thresholds import Threshold
from expansion_signals.rules.built_in import SEATS
from expansion_signals.rules.conditions import facts_compared
from expansion_signals.rules.configuration import LimitRule, MilestoneRule, WatchRule
from expansion_signals.rules.copy_checks import copies_of
from expansion_signals.rules.findings import meant, shown
from expansion_signals.rules.gate_checks import EVERY_FEATURE, check_own_events, own_events_of
from expansion_signals.rules.policy_checks import check_policy, check_restraints
from expansion_signals.rules.pql import TIERS
from expansion_signals.rules.pql_checks import pql_rule, tiers_of
from expansion_signals.rules.rules_file import (
    SHAPES,
    FeatureGatedShape,
    LimitReachedShape,
    MeterTrendShape,
    MilestoneShape,
    PowerUserShape,
    PqlShape,
    RuleShape,
    RulesShape,
)
from expansion_signals.rules.shapes import read
from expansion_signals.rules.threshold_checks import check_milestones, check_thresholds
from expansion_signals.rules.trend_checks import check_growth_window, check_trend
from expansion_signals.rules.unjudged import why_unjudged
from expansion_signals.rules.version import version_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from decimal import Decimal

    from expansion_signals.model.instants import Duration
    from expansion_signals.rules.asked_facts import Criterion
    from expansion_signals.rules.conditions import Comparison, Condition
    from expansion_signals.rules.copy_templates import Copies
    from expansion_signals.rules.findings import Findings
    from expansion_signals.rules.offered import Offered
    from expansion_signals.rules.pql import PqlRule, Tiers
    from expansion_signals.rules.rules_file import PolicyShape
    from expansion_signals.rules.yaml_source import Node, Path


@dataclass(slots=True)
class RuleBook:
    """The rules that are enabled, as written, with their copy, and those of them that this version judges."""

    policy: PolicyShape | None = None
    enabled: list[RuleShape] = field(default_factory=list)
    limit_rules: list[LimitRule] = field(default_factory=list)
    milestone_rules: list[MilestoneRule] = field(default_factory=list)
    watch_rules: list[WatchRule] = field(default_factory=list)
    copies: dict[str, Copies] = field(default_factory=dict)
    pql_rules: list[PqlRule] = field(default_factory=list)
    tiers: Tiers = TIERS
    criteria: list[Criterion] = field(default_factory=list)


def rules_of(findings: Findings, offered: Offered | None) -> RuleBook:
    """Return the rules as far as they are right; names are checked only where the catalog could be read."""
    head = read(RulesShape, findings.root, (), findings)
    book = RuleBook(policy=head.policy if head else None)
    if book.policy is not None:
        check_policy(book.policy, findings)
    book.tiers = tiers_of(book.policy, findings)
    seen: set[str] = set()
    for index, node in enumerate(findings.entries("rules")):
        path: Path = ("rules", index)
        shape = _rule(node, path, findings)
        if shape is None:
            continue
        if shape.id in seen:
            findings.at((*path, "id"), f"the rule `{shape.id}` stands twice")
        seen.add(shape.id)
        if offered is not None:
            _check_rule(shape, node, path, offered, findings)
        check_restraints(shape, path, findings)
        copies = copies_of(shape, path, findings)
        if shape.enabled:
            book.enabled.append(shape)
            book.copies |= {shape.id: copies} if copies else {}
            if isinstance(shape, PqlShape):
                book.criteria += _criteria_of(shape)
            _judge(shape, path, book, findings)
    return book


def _rule(node: Node, path: Path, findings: Findings) -> RuleShape | None:
    """Read a rule by the shape of its signal; of an unknown signal, at least what every rule takes."""
    written = node.child("signal")
    signal = written.value if written is not None else None
    shape = SHAPES.get(signal) if isinstance(signal, str) else None
    if shape is not None:
        return read(shape, node, path, findings)
    if not isinstance(node.value, dict):
        findings.at(path, f"expected a rule: a mapping with `id` and `signal`, got {shown(node.plain())}")
    elif written is None:
        findings.at(path, "`signal` is missing")
    else:
        findings.at((*path, "signal"), f"unknown signal {shown(written.plain())}{meant(str(written.plain()), SHAPES)}")
    return None


def _check_rule(shape: RuleShape, node: Node, path: Path, offered: Offered, findings: Findings) -> None:
    meter = getattr(shape, "meter", None)
    if meter is not None and meter not in offered.meters:
        findings.at((*path, "meter"), f"unknown meter {shown(meter)}{meant(meter, offered.meters)}")
    feature = getattr(shape, "feature", None)
    starred = isinstance(shape, FeatureGatedShape) and feature == EVERY_FEATURE
    if feature is not None and not starred and feature not in offered.features:
        findings.at((*path, "feature"), f"unknown feature {shown(feature)}{meant(feature, offered.features)}")
    _check_condition(shape.when, (*path, "when"), offered, findings)
    if isinstance(shape, FeatureGatedShape):
        check_own_events(shape, path, offered, findings)
    if isinstance(shape, PqlShape):
        _check_criteria(shape, path, offered, findings)
    if isinstance(shape, LimitReachedShape) and shape.meter == SEATS:
        findings.at((*path, "meter"), "seats have signals of their own; expected `signal: seat_limit_approached`")
    elif isinstance(shape, MilestoneShape):
        check_milestones(node, (*path, "at"), shape.meter, offered, findings)
    elif isinstance(shape, MeterTrendShape | PowerUserShape):
        check_trend(shape, path, offered, findings)
    elif "at" in type(shape).model_fields:
        check_thresholds(node, (*path, "at"), str(meter or SEATS), offered, findings)


def _check_condition(condition: Condition | None, path: Path, offered: Offered, findings: Findings) -> None:
    for comparison in _comparisons(condition):
        if comparison.fact != "plan" and isinstance(comparison.value, str):
            findings.at(path, f"`{comparison.fact}` is a number; expected one, got {shown(comparison.value)}")
        elif comparison.fact == "plan" and comparison.operator not in ("==", "!="):
            findings.at(path, f"`plan` is a name; expected == or !=, got `{comparison.operator}`")
        elif comparison.fact == "plan" and comparison.value not in offered.plans:
            plan = str(comparison.value)
            findings.at(path, f"unknown plan {shown(plan)}{meant(plan, offered.plans)}")


def _comparisons(condition: Condition | None) -> Iterable[Comparison]:
    return () if condition is None else facts_compared(condition)


def _check_criteria(shape: PqlShape, path: Path, offered: Offered, findings: Findings) -> None:
    _check_condition(shape.disqualify_when, (*path, "disqualify_when"), offered, findings)
    ids = [criterion.id for criterion in shape.criteria]
    for index, criterion in enumerate(shape.criteria):
        at: Path = (*path, "criteria", index)
        if criterion.id in ids[:index]:
            findings.at((*at, "id"), f"the criterion `{criterion.id}` stands twice")
        _check_condition(criterion.when, (*at, "when"), offered, findings)
        check_growth_window(criterion, at, findings)
    reachable = sum(criterion.points for criterion in shape.criteria)
    if reachable < shape.qualify_at:
        said = f"all criteria together give {reachable} points, so `qualify_at: {shape.qualify_at}` is never reached"
        findings.at((*path, "qualify_at"), said)


def _criteria_of(shape: PqlShape) -> Iterable[Criterion]:
    """Return the conditions that qualifying hangs on; the rule's own is one of them, with each fact's own window."""
    if shape.when is not None:
        yield shape.when, None
    if shape.disqualify_when is not None:
        yield shape.disqualify_when, None
    for criterion in shape.criteria:
        yield criterion.when, criterion.within


def _judge(shape: RuleShape, path: Path, book: RuleBook, findings: Findings) -> None:
    reason = why_unjudged(shape)
    if reason is not None:
        findings.warn(path, f"rule `{shape.id}`: {reason}")
        return
    if isinstance(shape, PqlShape):
        book.pql_rules.append(pql_rule(shape, book.tiers))
        return
    if isinstance(shape, LimitReachedShape):
        book.limit_rules.append(LimitRule(at=tuple(shape.at), meter=shape.meter, **_taken_by_each(shape)))
    elif isinstance(shape, MilestoneShape):
        milestones = tuple(Threshold("usage", amount) for amount in shape.at)
        book.milestone_rules.append(MilestoneRule(at=milestones, meter=shape.meter, **_taken_by_each(shape)))
    else:
        book.watch_rules.append(_watch_rule(shape))


class _Taken(TypedDict):
    """What every rule that is judged takes."""

    id: str
    version: str
    fire_when_added: bool
    max_firing_age: Duration
    when: Condition | None
    shadow: bool
    holdout: Decimal | None


def _taken_by_each(shape: RuleShape) -> _Taken:
    return {
        "id": shape.id,
        "version": version_of(shape),
        "fire_when_added": shape.fire_when_added,
        "max_firing_age": shape.max_firing_age,
        "when": shape.when,
        "shadow": shape.shadow,
        "holdout": shape.holdout,
    }


def _watch_rule(shape: RuleShape) -> WatchRule:
    """Return what watches look at; an option that a signal does not take is left at its default."""
    return WatchRule(
        signal=shape.signal,
        meter=getattr(shape, "meter", None),
        feature=getattr(shape, "feature", None),
        attempts=getattr(shape, "attempts", None),
        users=getattr(shape, "users", None),
        within=getattr(shape, "within", None),
        at=tuple(getattr(shape, "at", ())),
        cooldown=shape.cooldown,
        own=own_events_of(shape) if isinstance(shape, FeatureGatedShape) else None,
        **_taken_by_each(shape),
    )
