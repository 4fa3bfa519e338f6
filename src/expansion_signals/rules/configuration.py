"""The configuration in force: catalog and rules, indexed for the questions metering asks."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from expansion_signals.model.instants import HOUR, Duration

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from expansion_signals.model.catalog import Catalog, Meter
    from expansion_signals.model.thresholds import Threshold


@dataclass(frozen=True, slots=True)
class LimitRule:
    """`signal: limit_reached`: fires when a meter's level reaches one of `at` (semantics 3).

    `version` is a hash of the rule's meaning, not of its spelling.
    """

    id: str
    version: str
    meter: str
    at: tuple[Threshold, ...]
    fire_when_added: bool = False
    max_firing_age: Duration = HOUR


@dataclass(frozen=True, slots=True)
class WatchRule:
    """A rule that is judged event by event, with what notes remember (semantics 4 to 6).

    What a rule does not say is None, and its signal's default holds. `feature` may be `*`, every feature.
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
    shadow: bool = False


@dataclass(frozen=True)
class Configuration:
    """A validated catalog with its rules, and the texts they came from.

    `fingerprint` is a hash of the meaning of both files; an epoch stands for one fingerprint. `limit_rules` and
    `watch_rules` hold enabled rules that are judged, `rule_versions` every enabled one by its id. `texts` maps file
    name to content, so that another worker can load the same set.
    """

    fingerprint: str
    catalog: Catalog
    limit_rules: tuple[LimitRule, ...]
    texts: Mapping[str, str] = field(repr=False)
    warnings: tuple[str, ...] = ()
    watch_rules: tuple[WatchRule, ...] = ()
    rule_versions: Mapping[str, str] = field(default_factory=dict)

    def __hash__(self) -> int:
        """Hash what it means: what stands in it are mappings, which have no hash."""
        return hash(self.fingerprint)

    @cached_property
    def meters_by_event(self) -> Mapping[str, Sequence[Meter]]:
        """Meters by the event type that feeds them."""
        index: defaultdict[str, list[Meter]] = defaultdict(list)
        for meter in self.catalog.meters.values():
            index[meter.event].append(meter)
        return dict(index)

    @cached_property
    def limit_rules_by_meter(self) -> Mapping[str, Sequence[LimitRule]]:
        """Limit rules by the meter they watch, in the order of the file."""
        index: defaultdict[str, list[LimitRule]] = defaultdict(list)
        for rule in self.limit_rules:
            index[rule.meter].append(rule)
        return dict(index)
