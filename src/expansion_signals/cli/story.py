"""An account's story: what was told of it, in order of time, each in a sentence with what came of it.

22 Nov 10:00   800 of 1,000 calls used (80 %) with 9 days of the period left
               Rule api-quota fired for u-42, self-serve: add-on extra-api at 20.00 USD a month (6.00 USD now).
       10:01   u-42 was shown it (rule api-quota)
       12:30   Moved up from plan free to plan pro, +49.00 USD a month
               2 hours after the trigger of rule api-quota, self-serve.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from expansion_signals.cli import offer_words
from expansion_signals.cli.account_words import moment
from expansion_signals.cli.change_words import changes
from expansion_signals.decide.reason_words import ENDINGS, SENTENCES
from expansion_signals.model.decisions import Decision
from expansion_signals.model.instants import DAY, SECOND
from expansion_signals.model.outcomes import Outcome, Withdrawal
from expansion_signals.model.prompts import Prompt
from expansion_signals.model.signals import Signal
from expansion_signals.model.triggers import Trigger

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import tzinfo

    from expansion_signals.model.happenings import Happening
    from expansion_signals.model.instants import Instant

EpisodeKind = Literal["signal", "decision", "prompt", "outcome", "withdrawal", "change"]

_ORDER: tuple[EpisodeKind, ...] = ("change", "signal", "decision", "outcome", "withdrawal", "prompt")
"""Of what happened at one instant, what comes first."""

_REPEATED = frozenset({"limit.hit", "feature.attempted"})
"""Signals that are told once a day, however often they came."""


@dataclass(frozen=True, slots=True)
class Episode:
    """One thing that happened: `says` it in a sentence, `then` what came of it.

    `about` holds the same for scripts. `times` is how often it happened, up to `last`.
    """

    at: Instant
    kind: EpisodeKind
    says: str
    then: tuple[str, ...] = ()
    about: Mapping[str, Any] = field(default_factory=dict)
    times: int = 1
    last: Instant | None = None


def story_of(happenings: Iterable[Happening], zone: tzinfo) -> Sequence[Episode]:
    """Return the story that these happenings of one account make, told in the account's time zone.

    A record that a crash has put on its topic twice is told once; so is a decision asked again.
    """
    told = _Told(happenings, zone)
    episodes = [episode for happening in told.happenings for episode in told.episodes(happening)]
    episodes.sort(key=lambda each: (each.at, _ORDER.index(each.kind)))
    return list(_gathered(episodes))


class _Told:
    """The happenings of an account, and what belongs to what."""

    def __init__(self, happenings: Iterable[Happening], zone: tzinfo) -> None:
        self._zone = zone
        first: dict[tuple[str, str], Happening] = {}
        for each in sorted(happenings, key=lambda each: each.recorded):
            what = each.what
            name = f"{what.source} {what.id}" if isinstance(what, Prompt) else what.id
            first.setdefault((type(what).__name__, name), each)
        self.happenings: Sequence[Happening] = list(first.values())
        self._triggers = {each.what.id: each.what for each in self.happenings if isinstance(each.what, Trigger)}
        self._signals = {each.what.id: each.what for each in self.happenings if isinstance(each.what, Signal)}
        decided: defaultdict[str, list[Happening]] = defaultdict(list)
        for each in self.happenings:
            if isinstance(each.what, Decision):
                decided[each.what.signal].append(each)
        # The first decision of a signal belongs to it; what was decided anew, when a hold ended, comes later.
        self._first = {signal: found[0] for signal, found in decided.items() if self._is_told(signal)}
        self._later = {each.what.id for signal, found in decided.items() for each in self._apart(signal, found)}

    def _is_told(self, signal: str) -> bool:
        return signal in self._signals and self._signals[signal].type != "reading"

    def _apart(self, signal: str, found: Sequence[Happening]) -> Sequence[Happening]:
        return found[1:] if self._is_told(signal) else found

    def episodes(self, happening: Happening) -> Iterator[Episode]:
        """Yield what a happening is in the story; a trigger is told with its decision, a reading not at all."""
        match happening.what:
            case Signal() as signal:
                yield from self._signal(signal)
            case Decision() as decision if decision.id in self._later:
                yield self._decided_later(decision, happening.recorded)
            case Prompt() as prompt:
                yield self._prompt(prompt)
            case Outcome() as outcome:
                yield self._outcome(outcome)
            case Withdrawal() as withdrawal:
                yield self._withdrawal(withdrawal)

    # -------------------------------------------------------------------------------- signals and decisions

    def _signal(self, signal: Signal) -> Iterator[Episode]:
        about: dict[str, Any] = {"type": signal.type, "signal": signal.id}
        if signal.type == "reading":
            return
        if signal.type == "account.changed":
            for change in changes(signal.data.get("from"), signal.data.get("to")):
                yield Episode(signal.evidence.time, "change", change, about=about)
            return
        says = str(signal.data.get("why") or _fallen(signal))
        first = self._first.get(signal.id)
        then: tuple[str, ...] = ()
        if first is not None and isinstance(first.what, Decision):
            then, decided = self._decided(first.what)
            about |= decided
        yield Episode(signal.evidence.time, "signal", says, then, about)

    def _decided_later(self, decision: Decision, recorded: Instant) -> Episode:
        """Return a decision that is told by itself: its signal lies before the story, or it was decided anew."""
        then, about = self._decided(decision)
        trigger, signal = self._triggers.get(decision.trigger or ""), self._signals.get(decision.signal)
        why = trigger.data["why"] if trigger else signal.data.get("why") if signal else None
        again = signal is not None and signal.type != "reading"
        at = recorded if again or trigger is None else decision.time
        says = str(why) if why else f"What rule {_rule(decision.rule)} found on {self._moment(decision.time)}"
        return Episode(at, "decision", f"Looked at again: {says}" if again else says, then, about)

    def _decided(self, decision: Decision) -> tuple[tuple[str, ...], Mapping[str, Any]]:
        trigger = self._triggers.get(decision.trigger or "")
        about: dict[str, Any] = {
            "decision": decision.decision,
            "rule": decision.rule,
            "trigger": decision.trigger,
            "reasons": [{"reason": reason, "says": SENTENCES[reason]} for reason in decision.reasons],
            "until": decision.until,
        }
        if trigger is not None:
            about |= {name: trigger.data.get(name) for name in ("recommendation", "route", "user")}
        return tuple(self._verdict(decision, trigger)), about

    def _verdict(self, decision: Decision, trigger: Trigger | None) -> Iterator[str]:
        rule = f"Rule {_rule(decision.rule)}"
        if decision.decision == "fired":
            yield f"{rule} fired{_sent(trigger)}."
            return
        first, *others = [SENTENCES[reason] for reason in decision.reasons] or ["it was decided before"]
        match decision.decision:
            case "held":
                until = f" until {self._moment(decision.until)}" if decision.until is not None else ""
                yield f"{rule} waits{until}: {first}."
            case "superseded":
                yield f"{rule} had nothing left to say: {first}."
            case _:
                yield f"{rule} stayed silent: {first}."
        if others:
            yield f"Also: {'; '.join(others)}."

    # ------------------------------------------------------------------------------------ what came of it

    def _prompt(self, prompt: Prompt) -> Episode:
        until = f" until {self._moment(prompt.until)}" if prompt.until is not None else ""
        deed = {"shown": "was shown", "dismissed": "dismissed", "snoozed": "put off", "clicked": "clicked on"}
        about = {"deed": prompt.deed, "user": prompt.user, "trigger": prompt.trigger, "until": prompt.until}
        says = f"{prompt.user} {deed[prompt.deed]} {self._named(prompt.trigger)}{until}"
        return Episode(prompt.time, "prompt", says, about=about)

    def _outcome(self, outcome: Outcome) -> Episode:
        data = outcome.data
        names = ("from", "to", "mrr_change", "trigger", "first_trigger", "seconds_since_trigger", "route")
        about = {"outcome": data["kind"], **{name: data.get(name) for name in names}}
        after = data.get("seconds_since_trigger")
        if data.get("trigger") is None or after is None:
            then = "No trigger came before it."
        else:
            by = offer_words.way(data.get("route"))
            since = offer_words.lasted(after * SECOND)
            then = f"{since} after {self._named(data['trigger'])}{f', {by}' if by else ''}."
        return Episode(outcome.evidence.time, "outcome", offer_words.outcome(data), (_capital(then),), about)

    def _withdrawal(self, withdrawal: Withdrawal) -> Episode:
        says = f"{_capital(self._named(withdrawal.trigger))} was withdrawn: {ENDINGS[withdrawal.reason]}"
        about = {"trigger": withdrawal.trigger, "reason": withdrawal.reason, "rule": withdrawal.rule}
        return Episode(withdrawal.evidence.time, "withdrawal", says, about=about)

    def _named(self, trigger: str) -> str:
        """Return how a trigger is called: by its rule and its time, where it is known here."""
        known = self._triggers.get(trigger)
        if known is None:
            return f"a trigger from before ({trigger[:8]})"
        return f"the trigger of {self._moment(known.evidence.time)} (rule {_rule(known.data['rule'])})"

    def _moment(self, instant: Instant) -> str:
        return moment(instant, self._zone)


def _sent(trigger: Trigger | None) -> str:
    if trigger is None:
        return ""
    data = trigger.data
    user, by = data.get("user"), offer_words.way(data.get("route"))
    told = (f" for {user}" if user else "") + (f", {by}" if by else "")
    return f"{told}: {offer_words.offer(data['recommendation'])}" if data.get("recommendation") else told


def _fallen(signal: Signal) -> str:
    threshold = signal.data.get("threshold") or {}
    value = f"{threshold.get('value')} %" if threshold.get("kind") == "percent" else threshold.get("value")
    return f"{signal.data.get('meter') or 'Usage'} fell below {value}; reached again, it will be told again"


def _gathered(episodes: Iterable[Episode]) -> Iterator[Episode]:
    """Yield episodes; of those that say the same again within a UTC day, with nothing between them, one for all."""
    held: Episode | None = None
    for each in episodes:
        if held is not None and _repeats(held, each):
            held = replace(held, times=held.times + 1, last=each.at)
            continue
        if held is not None:
            yield held
        held = each
    if held is not None:
        yield held


def _repeats(before: Episode, after: Episode) -> bool:
    same = (before.kind, before.says, before.about.get("type")) == (after.kind, after.says, after.about.get("type"))
    return same and after.about.get("type") in _REPEATED and before.at // DAY == after.at // DAY


def _rule(rule: Mapping[str, str] | None) -> str:
    return rule["id"] if rule else "of an unknown name"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
