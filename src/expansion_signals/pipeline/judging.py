"""Facts to signals: the only file that knows all of `detect/`.

Facts of an account are judged in their order, each under the epoch written in it and the profile in force at it, so
any two workers derive the same signals with the same ids.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from expansion_signals.detect.beside import known_of, notes_of
from expansion_signals.detect.completeness import incomplete
from expansion_signals.detect.limits import Judgement, judge
from expansion_signals.detect.milestones import judge_milestones
from expansion_signals.detect.utilization_told import BESIDE, reading_of_level
from expansion_signals.model.entitlements import limit_in_force
from expansion_signals.model.facts import AccountFacts, AccountMark, Changed, Found, Marks, Moved
from expansion_signals.model.identities import identity_of
from expansion_signals.model.periods import closed
from expansion_signals.model.readings import Reading
from expansion_signals.model.signals import Signal
from expansion_signals.model.thresholds import Guard
from expansion_signals.pipeline.places import firing_age, period_in
from expansion_signals.rules.asked_facts import facts_beside
from expansion_signals.rules.configuration import LimitRule
from expansion_signals.rules.truth import applies

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from expansion_signals.model.accounts import Profile
    from expansion_signals.model.catalog import Meter
    from expansion_signals.model.instants import Instant
    from expansion_signals.model.readings import Cause, Counter
    from expansion_signals.model.thresholds import Arm, ArmKey
    from expansion_signals.rules.configuration import Configuration, MeterRule

_UNGUARDED = Guard(low=None, high=None)


@dataclass(frozen=True, slots=True)
class Judged:
    """What to publish for an account, and the mark to set once that is acknowledged."""

    signals: list[Signal]
    mark: AccountMark


def judge_facts(
    facts: AccountFacts,
    configurations: Mapping[int, Configuration],
    since: Instant | None = None,
    notes: Mapping[str, str] = MappingProxyType({}),
) -> Judged:
    """Judge all unmarked facts of one account; `configurations` holds every epoch that they name.

    `since` is set where the shard was rebuilt from a log that holds nothing older (`detect.completeness`). `notes` are
    the texts of those that `notes_asked` names. They may be others when the same facts are judged again, and what waits
    then is told later under the same id: a condition holds back, and nothing else hangs on it.
    """
    course = _Course(facts, since, notes)
    for fact in facts.facts:
        match fact:
            case Changed():
                course.change(fact)
            case Moved():
                course.move(fact, configurations[fact.epoch])
            case Found():
                course.signals.append(fact.signal)
    last = facts.facts[-1]
    mark = AccountMark(facts.account, facts.marked, last.number, last.nonce, course.judged, course.guards)
    return Judged(course.signals, mark)


def notes_asked(facts: AccountFacts, configurations: Mapping[int, Configuration]) -> Collection[str]:
    """Return the subjects of the notes that conditions of rules are asked of which look at these facts."""
    asked: set[str] = set()
    for fact in facts.facts:
        if isinstance(fact, Moved):
            asked.update(_notes_beside(configurations[fact.epoch], fact.counter.meter))
    return asked


@lru_cache(maxsize=1024)
def _notes_beside(configuration: Configuration, meter: str) -> Sequence[str]:
    limits = configuration.limit_rules_by_meter.get(meter, ())
    milestones = configuration.milestone_rules_by_meter.get(meter, ())
    conditions = [("limit_reached", rule.when) for rule in limits] + [("milestone", rule.when) for rule in milestones]
    beside = notes_of({fact for signal, when in conditions for fact in facts_beside(signal, when)})
    return list(dict.fromkeys([*beside, *(BESIDE if configuration.asked.tells_utilization else ())]))


class _Course:
    """The course of one account's facts: what is known before each."""

    def __init__(self, facts: AccountFacts, since: Instant | None, notes: Mapping[str, str]) -> None:
        first_change = next((fact for fact in facts.facts if isinstance(fact, Changed)), None)
        self._account = facts.account
        self._since = since
        self._notes = notes
        self._profile = first_change.before if first_change else facts.profile
        self._arrival: str | None = None
        self._marks = dict(facts.marks)
        self.judged: dict[Counter, Marks] = {}
        self.guards: dict[Counter, tuple[int, Guard]] = {}
        self.signals: list[Signal] = []

    def change(self, fact: Changed) -> None:
        """Take the new profile; what its call also reports has arrived with it."""
        self._arrival = fact.nonce if fact.before is None else None
        self._profile = fact.after
        self.signals.append(_account_changed(self._account, fact))

    def move(self, fact: Moved, configuration: Configuration) -> None:
        """Judge one counter's change; what no catalog or no profile explains fires nothing and needs no second look."""
        meter = configuration.catalog.meters.get(fact.counter.meter)
        if meter is None or self._profile is None:
            self.guards[fact.counter] = (fact.epoch, _UNGUARDED)
            return
        marks = self._marks.get(fact.counter)
        reading = self._reading(fact, meter, self._profile, marks, configuration)
        silent = closed(reading.period, fact.appended) or incomplete(
            meter, reading.period, reading.profile, self._since
        )
        arms = marks.arms if marks else {}
        judgement = _judgement(reading, configuration, arms, self._notes, silent=silent)
        self.signals += judgement.signals
        if not silent and configuration.asked.tells_utilization:
            told = reading_of_level(reading, configuration, self._notes)
            self.signals += [told] if told else []
        self.guards[fact.counter] = (fact.epoch, judgement.guard)
        limit = reading.limit.amount if reading.limit else None
        if marks and any(arm.held for arm in judgement.arms.values()):
            limit = marks.limit  # history, read again, is no change of the limit that these arms were left under
        after = Marks(limit, judgement.arms)
        self._marks[fact.counter] = self.judged[fact.counter] = after

    def _reading(
        self, fact: Moved, meter: Meter, profile: Profile, marks: Marks | None, configuration: Configuration
    ) -> Reading:
        start = fact.counter.start
        # A limit is one of a period: what is counted over the account's life beside it is not held against it.
        beside = start is None and meter.per != "never"
        return Reading(
            account=self._account,
            profile=profile.account,
            meter=meter,
            dimension=fact.counter.dimension,
            period=period_in(meter.per, profile, start) if start is not None else None,
            before=fact.before,
            quiet=fact.quiet,
            firing=fact.firing,
            evidence=fact.evidence,
            cause=self._cause(fact, marks),
            limit=None if beside else limit_in_force(configuration.catalog, profile.account, meter.key),
            last_limit=marks.limit if marks else None,
            judged=marks is not None,
            estimated=fact.estimated,
            appended=fact.appended,
            firing_age=firing_age(configuration, meter, fact.counter) or 0,
        )

    def _cause(self, fact: Moved, marks: Marks | None) -> Cause:
        if fact.nonce == self._arrival:
            return "profile_arrived"
        # A counter that stood somewhere and was never judged has only now got a rule that looks at it.
        return "rule_added" if marks is None and fact.before != 0 else "usage"


def _judgement(
    reading: Reading,
    configuration: Configuration,
    arms: Mapping[ArmKey, Arm],
    notes: Mapping[str, str],
    *,
    silent: bool,
) -> Judgement:
    """Judge a reading by the rules that look at its counter: limits at periods and stocks, milestones at lives."""
    meter = reading.meter
    is_of_life = reading.period is None
    limits = configuration.limit_rules_by_meter.get(meter.key, ()) if not is_of_life or meter.per == "never" else ()
    milestones = configuration.milestone_rules_by_meter.get(meter.key, ()) if is_of_life else ()
    waiting = _waiting(reading, configuration, [*limits, *milestones], notes)
    by_limits = judge(reading, limits, arms, silent=silent, waiting=waiting)
    if not milestones:
        return by_limits
    by_milestones = judge_milestones(reading, milestones, by_limits.arms, silent=silent, waiting=waiting)
    return Judgement(
        (*by_limits.signals, *by_milestones.signals),
        by_milestones.arms,
        by_limits.guard.within(by_milestones.guard),
    )


def _waiting(
    reading: Reading, configuration: Configuration, rules: Sequence[MeterRule], notes: Mapping[str, str]
) -> Collection[str]:
    """Return the ids of those of these rules whose condition is not true now.

    A limit rule asks of the utilization of its own reading; any other of the highest that is known.
    """
    conditional = [rule for rule in rules if rule.when is not None]
    if not conditional:
        return ()
    limit = reading.limit.amount if reading.limit else None
    own = Fraction(reading.before + reading.quiet + reading.firing, limit) if limit else None
    known = known_of(reading.profile, configuration.catalog, reading.evidence.time, notes)
    highest = max((each for each in (own, known.utilization) if each is not None), default=None)
    by_limits, by_others = known._replace(utilization=own), known._replace(utilization=highest)
    return {
        rule.id
        for rule in conditional
        if not applies(rule.when, by_limits if isinstance(rule, LimitRule) else by_others)
    }


def _account_changed(account: str, fact: Changed) -> Signal:
    """Return the signal from which outcomes are told: the profile before and after."""
    version = "" if fact.after is None else str(fact.after.version)
    return Signal(
        id=identity_of("account_changed", account, version, fact.evidence.source, fact.evidence.id),
        type="account.changed",
        account=account,
        evidence=fact.evidence,
        data={
            "from": fact.before.document() if fact.before else None,
            "to": fact.after.document() if fact.after else None,
        },
    )
