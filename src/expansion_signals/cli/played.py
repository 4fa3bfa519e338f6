"""What came of recorded events: triggers and decisions, by rule, by UTC day and by account. Events in, figures out."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from expansion_signals.model.events import BUILT_IN_PREFIX
from expansion_signals.model.instants import day_of, parse_instant
from expansion_signals.model.kinds import FAMILIES, KINDS
from expansion_signals.wire import dead_letters, decisions, outcomes, shadow, signals

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expansion_signals.model.instants import Instant
    from expansion_signals.model.records import Outgoing

_TRIGGER_TOPICS = {family.topic for family in FAMILIES}
_SIGNAL_PREFIX = f"{BUILT_IN_PREFIX}signal."
_NOBODY = "-"
"""Stands for the rule of a decision on what no rule in the files asks for."""

_LETTERS_KEPT = 100


class Fired(NamedTuple):
    """What a report tells of a trigger."""

    account: str
    time: Instant
    type: str
    why: str


class Letter(NamedTuple):
    """Why a record can never be counted; `place` is its line, or where it stands on the log."""

    place: str
    code: str
    message: str


@dataclass(slots=True)
class RulePlayed:
    """One rule. `fired` has its triggers by id; `silent` counts decisions that were not to fire, by what they say.

    `held` counts those that wait: each ends in one of the others. `shadow`: its triggers are tried out, so nothing was
    decided on them. `days` and `accounts` have how many fired, and how many did not.
    """

    shadow: bool = False
    fired: dict[str, Fired] = field(default_factory=dict)
    silent: Counter[str] = field(default_factory=Counter)
    held: int = 0
    withdrawn: int = 0
    days: defaultdict[int, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    accounts: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def count(self, what: str, account: str, time: Instant) -> None:
        """Count what was `fired`, or `silent`."""
        self.days[day_of(time)][what] += 1
        self.accounts[account][what] += 1


@dataclass(slots=True)
class Played:
    """What came of a play. `records` counts those of metering and of prompts by what became of them.

    `since` is the time of the first, None where there was none; `until` what the clock had reached at the end.
    """

    since: Instant | None = None
    until: Instant = 0
    records: Counter[str] = field(default_factory=Counter)
    rules: defaultdict[str, RulePlayed] = field(default_factory=lambda: defaultdict(RulePlayed))
    signals: Counter[str] = field(default_factory=Counter)
    letters: list[Letter] = field(default_factory=list)
    codes: Counter[str] = field(default_factory=Counter)

    def take(self, record: Outgoing, place: str) -> None:
        """Count one record that would have been published because of what stands at this place."""
        topic = record.topic
        if topic == dead_letters.TOPIC:
            self._bury(record, place)
            return
        event = json.loads(record.value or b"{}")
        if topic == decisions.TOPIC:
            self._decision(event)
        elif topic in _TRIGGER_TOPICS and event["type"] == outcomes.WITHDRAWN:
            self.rules[event["data"]["rule"]["id"]].withdrawn += 1
        elif topic in _TRIGGER_TOPICS:
            self._trigger(event)
        elif topic == shadow.TOPIC:
            self._tried_out(event)
        elif topic == signals.TOPIC:
            self.signals[_short(event["type"].removeprefix(_SIGNAL_PREFIX))] += 1

    def _bury(self, record: Outgoing, place: str) -> None:
        cause = dead_letters.cause_of(record.headers)
        self.codes[cause.code] += 1
        if len(self.letters) < _LETTERS_KEPT:
            self.letters.append(Letter(place, cause.code, cause.message))

    def _decision(self, event: Mapping[str, Any]) -> None:
        decided, reason = event["data"]["decision"], event["data"]["reason"]
        rule = self.rules[(event["data"]["rule"] or {"id": _NOBODY})["id"]]
        if decided == "held":
            rule.held += 1
        elif decided != "fired":
            rule.silent[reason or decided] += 1
            rule.count("silent", event["subject"], parse_instant(event["time"]))

    def _trigger(self, event: Mapping[str, Any]) -> None:
        time = parse_instant(event["time"])
        rule = self.rules[event["data"]["rule"]["id"]]
        if event["id"] in rule.fired:
            return  # a crash of a worker puts a trigger on its topic twice
        rule.fired[event["id"]] = Fired(event["subject"], time, _short(event["type"]), event["data"]["why"])
        rule.count("fired", event["subject"], time)

    def _tried_out(self, event: Mapping[str, Any]) -> None:
        if _short(event["type"]) in KINDS and KINDS[_short(event["type"])].fires:
            self._trigger(event)
            self.rules[event["data"]["rule"]["id"]].shadow = True


def _short(event_type: str) -> str:
    return event_type.removeprefix(BUILT_IN_PREFIX).removesuffix(".v1")
