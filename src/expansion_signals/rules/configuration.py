"""The configuration in force: catalog and rules, indexed for the questions metering asks."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar

from expansion_signals.model.instants import HOUR, Duration
from expansion_signals.rules.asked_facts import AskedFacts, asked_facts
from expansion_signals.rules.own_events import attempts_by_type
from expansion_signals.rules.policy import Policy

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from decimal import Decimal

    from expansion_signals.model.catalog import Catalog, Meter
    from expansion_signals.model.thresholds import Threshold
    from expansion_signals.rules.asked_facts import Criterion
    from expansion_signals.rules.conditions import Condition
    from expansion_signals.rules.copy_templates import Copies
    from expansion_signals.rules.own_events import ByValues, OwnEvents
    from expansion_signals.rules.policy import Restraint
    from expansion_signals.rules.pql import PqlRule


class ThresholdRule(Protocol):
    """What judging thresholds asks of a rule."""

    @property
    def id(self) -> str:
        """Its name."""

    @property
    def version(self) -> str:
        """A hash of its meaning."""

    @property
    def at(self) -> tuple[Threshold, ...]:
        """Where it fires."""

    @property
    def fire_when_added(self) -> bool:
        """Whether a threshold that is added below the level fires."""

    @property
    def max_firing_age(self) -> Duration:
        """How old an event may be and still fire it."""

    @property
    def when(self) -> Condition | None:
        """The condition under which it applies."""

    @property
    def shadow(self) -> bool:
        """Whether it is tried out."""

    @property
    def holdout(self) -> Decimal | None:
        """The percentage of accounts for which it is decided and not sent."""


@dataclass(frozen=True, slots=True)
class MeterRule:
    """A rule that fires when a level of its meter reaches one of `at`.

    `version` is a hash of the rule's meaning, not of its spelling. `when` is the condition under which it applies;
    `holdout` the percentage of accounts for which it is decided and not sent.
    """

    id: str
    version: str
    meter: str
    at: tuple[Threshold, ...]
    fire_when_added: bool = False
    max_firing_age: Duration = HOUR
    when: Condition | None = None
    shadow: bool = False
    holdout: Decimal | None = None


class LimitRule(MeterRule):
    """`signal: limit_reached`: looks at the level beside its limit (semantics 3)."""

    __slots__ = ()


class MilestoneRule(MeterRule):
    """`signal: milestone`: looks at the level over the account's life; `at` are of kind `usage` (semantics 6.3)."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class WatchRule:
    """A rule that is judged event by event, with what notes remember (semantics 4 to 6).

    What a rule does not say is None, and its signal's default holds. `feature` may be `*`, every feature. `own` are the
    product's own events that it looks at in place of the built-in ones.
    """

    id: str
    version: str
    signal: str
    meter: str | None = None
    feature: str | None = None
    attempts: int | None = None
    users: int | None = None
    within: Duration | None = None
    at: tuple[Threshold, ...] = ()
    cooldown: Duration | None = None
    fire_when_added: bool = False
    max_firing_age: Duration = HOUR
    when: Condition | None = None
    shadow: bool = False
    holdout: Decimal | None = None
    own: OwnEvents | None = None


class Feed(NamedTuple):
    """What feeds a meter: events that hold this much more (`where`), with their property `value`.

    `unit` is what one of a sum comes to at the meter's precision; None for any other aggregation.
    """

    meter: Meter
    value: str
    where: Sequence[tuple[str, str]]
    unit: int | None


@dataclass(frozen=True)
class Configuration:
    """A validated catalog with its rules, and the texts they came from.

    `fingerprint` is a hash of the meaning of both files; an epoch stands for one fingerprint. `limit_rules` and
    `watch_rules` hold enabled rules that are judged, `rule_versions` every enabled one by its id, `copies` the copy of
    those that have some, `restraints` what keeps those that are restrained from firing again. `criteria` are the
    conditions under which accounts become leads, each with its window. `texts` maps file name to content, so that
    another worker can load the same set.
    """

    fingerprint: str
    catalog: Catalog
    limit_rules: tuple[LimitRule, ...]
    texts: Mapping[str, str] = field(repr=False)
    warnings: tuple[str, ...] = ()
    watch_rules: tuple[WatchRule, ...] = ()
    milestone_rules: tuple[MilestoneRule, ...] = ()
    pql_rules: tuple[PqlRule, ...] = ()
    rule_versions: Mapping[str, str] = field(default_factory=dict)
    policy: Policy = field(default_factory=Policy)
    restraints: Mapping[str, Restraint] = field(default_factory=dict)
    copies: Mapping[str, Copies] = field(default_factory=dict)
    criteria: tuple[Criterion, ...] = ()

    def __hash__(self) -> int:
        """Hash what it means: what stands in it are mappings, which have no hash."""
        return hash(self.fingerprint)

    @cached_property
    def asked(self) -> AskedFacts:
        """What its rules ask of an account beside what each knows by itself."""
        of_meters = [("limit_reached", rule.when) for rule in self.limit_rules]
        of_lives = [("milestone", rule.when) for rule in self.milestone_rules]
        watched = [(rule.signal, rule.when) for rule in self.watch_rules]
        return asked_facts([*of_meters, *of_lives, *watched], self.criteria)

    @cached_property
    def feeds(self) -> Mapping[tuple[str, str | None], Sequence[Feed]]:
        """What an event may feed, by its type and the `meter` that its data names; None: any that no meter asks for.

        So an event looks at the meters that may take it, however many the catalog has.
        """
        index: defaultdict[tuple[str, str | None], list[Feed]] = defaultdict(list)
        for meter in self.catalog.meters.values():
            index[meter.event, meter.where.get("meter")].append(_feed(meter))
        return {
            (event_type, name): feeds if name is None else [*feeds, *index.get((event_type, None), ())]
            for (event_type, name), feeds in index.items()
        }

    @cached_property
    def own_attempts(self) -> Mapping[str, Sequence[ByValues]]:
        """What a product's own events are attempts on, by their type and what they hold."""
        return attempts_by_type(self.watch_rules)

    @cached_property
    def limit_rules_by_meter(self) -> Mapping[str, Sequence[LimitRule]]:
        """Limit rules by the meter they watch, in the order of the file."""
        return _by_meter(self.limit_rules)

    @cached_property
    def milestone_rules_by_meter(self) -> Mapping[str, Sequence[MilestoneRule]]:
        """Milestone rules by the meter they watch, in the order of the file."""
        return _by_meter(self.milestone_rules)

    @cached_property
    def limit_ages(self) -> Mapping[str, Duration]:
        """The longest `max_firing_age` of the limit rules of each meter that one watches."""
        return _longest_ages(self.limit_rules_by_meter)

    @cached_property
    def milestone_ages(self) -> Mapping[str, Duration]:
        """The same of milestone rules."""
        return _longest_ages(self.milestone_rules_by_meter)


_MeterRule = TypeVar("_MeterRule", bound=MeterRule)


def _feed(meter: Meter) -> Feed:
    where = tuple((name, value) for name, value in meter.where.items() if name != "meter")
    return Feed(meter, meter.value or "value", where, 10**meter.precision if meter.aggregation == "sum" else None)


def _by_meter(rules: Iterable[_MeterRule]) -> Mapping[str, Sequence[_MeterRule]]:
    index: defaultdict[str, list[_MeterRule]] = defaultdict(list)
    for rule in rules:
        index[rule.meter].append(rule)
    return dict(index)


def _longest_ages(rules_by_meter: Mapping[str, Sequence[_MeterRule]]) -> Mapping[str, Duration]:
    return {meter: max(rule.max_firing_age for rule in rules) for meter, rules in rules_by_meter.items()}
