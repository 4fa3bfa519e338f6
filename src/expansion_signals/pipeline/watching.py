"""Which watches look at which events and profiles under a configuration: those that have rules, or that it asks."""

from __future__ import annotations

from collections import defaultdict
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from expansion_signals.detect.activity_told import ActivityTold
from expansion_signals.detect.activity_watch import ActivityWatch
from expansion_signals.detect.beside import notes_of
from expansion_signals.detect.cancel_requests import CancelRequests
from expansion_signals.detect.evidence_watches import EVIDENCE_WATCHES
from expansion_signals.detect.gates import Gates
from expansion_signals.detect.seat_limits import SeatLimits
from expansion_signals.detect.use_cases import FEATURE_USED
from expansion_signals.rules.asked_facts import facts_beside
from expansion_signals.rules.built_in import SEATS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from expansion_signals.detect.watches import ProfileWatch, Watch
    from expansion_signals.rules.configuration import Configuration, WatchRule

ByFeature: TypeAlias = "Mapping[str | None, Sequence[WatchRule]]"
"""Rules of a watch by the feature that an event may be about; under None those for any other."""

_SEATS = SeatLimits()
_GATES = Gates()
_OTHERS: tuple[Watch, ...] = (_GATES, *EVIDENCE_WATCHES)
_NO_RULES: ByFeature = {None: ()}


class Watching(NamedTuple):
    """A watch with its rules, and the notes `beside` its own that it, or their conditions, are asked of.

    `asked`: somebody asks for what it sees, so it looks without own rules, too.
    """

    watch: Watch
    rules: ByFeature
    beside: Sequence[str] = ()
    asked: bool = False

    @property
    def takes_own(self) -> bool:
        """Whether it looks at a product's own attempts: those on what the plan includes are a use (semantics 5.4)."""
        return FEATURE_USED in self.watch.events or isinstance(self.watch, ActivityWatch)


class WatchingProfiles(NamedTuple):
    """The same of a watch that looks at account updates."""

    watch: ProfileWatch
    rules: Sequence[WatchRule]
    beside: Sequence[str] = ()


@lru_cache(maxsize=8)
def watches_by_event(configuration: Configuration) -> Mapping[str, Sequence[Watching]]:
    """Return watches by the types of the events they look at, in the order in which they do.

    Activity stands first: what a rule is asked of an event counts the event itself. What is told of all facts together
    stands last.
    """
    asked, index = configuration.asked, defaultdict[str, list[Watching]](list)
    activity = ActivityWatch(asked, configuration.criteria)
    watching = [Watching(activity, _NO_RULES, (SEATS,) if asked.tells else (), asked=True)]
    for watch in (_SEATS, *_OTHERS):
        rules, is_asked = _rules(watch, configuration), _is_asked(watch, configuration)
        if rules or is_asked:
            watching.append(Watching(watch, _by_feature(rules), _beside(rules), is_asked))
    if asked.tells:
        told = ActivityTold(asked, configuration.criteria)
        watching.append(Watching(told, _NO_RULES, (SEATS,), asked=True))
    for each in watching:
        for event_type in each.watch.events:
            index[event_type].append(each)
    return dict(index)


def _is_asked(watch: Watch, configuration: Configuration) -> bool:
    """Say whether a watch looks without rules: at seats for conditions, at cancellations for what they pause."""
    return (watch is _SEATS and configuration.asked.seats) or isinstance(watch, CancelRequests)


@lru_cache(maxsize=8)
def watching_own_attempts(configuration: Configuration) -> Watching:
    """Return the watch of gates for a product's own events; which rules look at one is said by what it is."""
    own = [rule for rule in configuration.watch_rules if rule.own is not None]
    return Watching(_GATES, _NO_RULES, _beside(own))


@lru_cache(maxsize=8)
def watches_of_profiles(configuration: Configuration) -> Sequence[WatchingProfiles]:
    """Return the watches of account updates, in the order in which they look at one."""
    asked, rules = configuration.asked, _rules(_SEATS, configuration)
    watching = [WatchingProfiles(_SEATS, rules, _beside(rules))] if rules or asked.seats else []
    if asked.tells:
        watching.append(WatchingProfiles(ActivityTold(asked, configuration.criteria), (), (SEATS,)))
    return watching


def _beside(rules: Iterable[WatchRule]) -> Sequence[str]:
    """Return the notes that conditions of these rules are asked of."""
    return notes_of({fact for rule in rules for fact in facts_beside(rule.signal, rule.when)})


def _by_feature(rules: Sequence[WatchRule]) -> ByFeature:
    """Return rules by the feature they name, with those that name none or all; under None these alone.

    Only where the note is one feature's, too: what another note remembers hangs on all of its rules.
    """
    named = {rule.feature for rule in rules if rule.signal == "feature_gated"} - {None, "*"}
    return {feature: [rule for rule in rules if rule.feature in (None, "*", feature)] for feature in (None, *named)}


def _rules(watch: Watch, configuration: Configuration) -> Sequence[WatchRule]:
    return [rule for rule in configuration.watch_rules if rule.signal in watch.signals and rule.own is None]
