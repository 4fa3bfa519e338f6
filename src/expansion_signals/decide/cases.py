"""A case: one candidate with everything that is known when it is judged."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import ValidationError

from expansion_signals.decide.recommendation import recommendation_for
from expansion_signals.decide.routing import route_for
from expansion_signals.model.accounts import Account
from expansion_signals.model.kinds import KINDS, SEAT, Kind, PromptFamily
from expansion_signals.rules.built_in import SEATS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expansion_signals.decide.recommendation import Recommendation
    from expansion_signals.decide.remembered import Remembered
    from expansion_signals.model.decisions import Verdict
    from expansion_signals.model.instants import Instant
    from expansion_signals.model.outcomes import Ended
    from expansion_signals.model.signals import Signal
    from expansion_signals.rules.configuration import Configuration

_FULL = 100
"""From this percentage of a limit on, its prompts are of the family `limit_reached` (semantics 7.3)."""


class Mutes(NamedTuple):
    """Until when rules and accounts are silent: by rule and account, either of them None for any."""

    until: Mapping[tuple[str | None, str | None], Instant]

    def silence(self, rule: str, account: str, now: Instant) -> bool:
        """Say whether a rule is silent now for an account."""
        return any(
            now < until
            for (muted_rule, muted_account), until in self.until.items()
            if muted_rule in (None, rule) and muted_account in (None, account)
        )


class Ground(NamedTuple):
    """What decisions stand on besides what is remembered: the configuration, what is muted, and the time now.

    `told`: where a shard is made anew, what was decided of a reading's leads, by trigger; None: it is decided now.
    """

    configuration: Configuration
    mutes: Mutes
    now: Instant
    told: Mapping[str | None, Verdict] | None = None


@dataclass(frozen=True)
class Case:
    """One candidate. `ended` is why its need is gone, where what came since says so; profiles are looked at anyway."""

    signal: Signal
    remembered: Remembered
    ground: Ground
    ended: Ended | None = None

    @property
    def kind(self) -> Kind:
        """The kind of the signal."""
        return KINDS[self.signal.type]

    @property
    def rule(self) -> str:
        """The id of the rule that found it."""
        return str(self.signal.data["rule"]["id"])

    @property
    def time(self) -> Instant:
        """The event time of the evidence."""
        return self.signal.evidence.time

    @property
    def expires(self) -> Instant:
        """From when on what follows from it is not worth acting on (semantics 7.7)."""
        return expiry(self.signal, self.ground.configuration)

    @cached_property
    def profile(self) -> Account | None:
        """The profile it was judged under."""
        return account_in(self.signal)

    @cached_property
    def newest(self) -> Account | None:
        """The newest profile that is known: a candidate may be judged again once another has come."""
        told, known = self.profile, self.remembered.profile
        is_newer = known is not None and (told is None or known["version"] > told.version)
        return snapshot(known) if is_newer else told

    @property
    def user(self) -> str | None:
        """Whom the trigger is for; a lead is for nobody inside the account."""
        return self.signal.data.get("user")

    @cached_property
    def prompt(self) -> PromptFamily | None:
        """The family of its prompts."""
        return prompt_family(self.signal)

    @cached_property
    def subject(self) -> str:
        """What the rule looked at, with the period: two thresholds of one subject are one matter."""
        return subject_of(self.signal)

    @cached_property
    def offered(self) -> Mapping[str, Any]:
        """What is recommended, as payloads carry it."""
        return self._recommendation.document()

    @cached_property
    def route(self) -> Mapping[str, Any]:
        """Who acts, as payloads carry it."""
        configuration = self.ground.configuration
        currency, borders = configuration.catalog.currency, configuration.policy.route_borders
        return route_for(self.signal, self.newest, self._recommendation, currency, borders)

    @cached_property
    def _recommendation(self) -> Recommendation:
        configuration = self.ground.configuration
        by_day = configuration.policy.by_day
        return recommendation_for(self.signal, self.newest, configuration.catalog, by_day=by_day)

    @cached_property
    def level(self) -> Decimal | None:
        """The usage at which its threshold stands."""
        return level_of(self.signal)


def expiry(signal: Signal, configuration: Configuration) -> Instant:
    """Return from when on what follows from a signal is not worth acting on (semantics 7.7)."""
    family = KINDS[signal.type].family
    return signal.evidence.time + configuration.policy.lasts.get(family.name, family.lasts)


def account_in(signal: Signal) -> Account | None:
    """Return the profile that a signal was judged under."""
    return snapshot(signal.data.get("account"))


def snapshot(document: object) -> Account | None:
    """Return a profile from its document; None where there is none, or none that could be read."""
    if not isinstance(document, dict):
        return None
    try:
        return Account.model_validate(document)
    except ValidationError:
        return None


def prompt_family(signal: Signal) -> PromptFamily | None:
    """Return the family of the prompts that a trigger leads to; of limits by the utilization it stands at (7.3)."""
    kind = KINDS[signal.type]
    if kind.prompt is not None or not kind.crosses:
        return kind.prompt
    threshold = signal.data["threshold"]
    if threshold["kind"] == "percent":
        # By the percentage, for a limit of zero too.
        return "limit_reached" if Decimal(threshold["value"]) >= _FULL else "limit_approaching"
    level, limit = level_of(signal), limit_told(signal.data)
    return "limit_reached" if level is not None and limit is not None and level >= limit else "limit_approaching"


def subject_of(signal: Signal) -> str:
    """Return what a rule looked at, with the period where there is one."""
    data = signal.data
    period = data.get("period") or {}
    meter = SEATS if KINDS[signal.type].family is SEAT else data.get("meter")
    thing = [meter, data.get("dimension")] if meter else [data.get("feature")]
    return "|".join(str(part) for part in (*thing, period.get("start")) if part)


def level_of(signal: Signal) -> Decimal | None:
    """Return the usage at which a signal's threshold stands, None where it has none or cannot be said."""
    threshold = signal.data.get("threshold")
    return None if threshold is None else level_at(threshold, limit_told(signal.data))


def level_at(threshold: Mapping[str, str], limit: Decimal | None) -> Decimal | None:
    """Return the usage at which a threshold stands under a limit, None where it needs one and there is none."""
    value = Decimal(threshold["value"])
    match threshold["kind"]:
        case "percent":
            return None if limit is None else value * limit / 100
        case "remaining":
            return None if limit is None else limit - value
        case _:
            return value


def limit_told(data: Mapping[str, Any]) -> Decimal | None:
    """Return the limit, or the allowance of seats, that a signal tells of."""
    return amount(data.get("limit", data.get("allowance")))


def amount(value: object) -> Decimal | None:
    """Return an amount as payloads carry it, None for null."""
    return Decimal(value) if isinstance(value, str) else None
