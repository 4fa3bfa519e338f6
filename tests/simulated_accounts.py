"""Accounts to which everything happens that deciding hears of: signals of all sorts, and reports of prompts."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

from expansion_signals.model.events import Evidence
from expansion_signals.model.identities import identity_of
from expansion_signals.model.instants import DAY, MINUTE, format_instant
from expansion_signals.model.records import Partition, Record
from expansion_signals.model.signals import Signal
from sample_signals import NOW, gated, signal
from simulated_deciding import ACCOUNTS, CODEC, PARTITIONS, SignalsTopic

if TYPE_CHECKING:
    from collections.abc import Iterable

    from expansion_signals.model.instants import Instant

PROMPTS = Partition("prompt-events", 0)
RESTRAINED = """\
rules:
  - {id: api-quota, signal: limit_reached, meter: api_calls, at: [80%, 100%]}
  - {id: gates, signal: feature_gated, feature: "*", cap: 2 per 7d}
  - {id: invited, signal: seat_limit_invited}
  - {id: leads, signal: pql, qualify_at: 50, cooldown: 1h, criteria: [
      {id: hits, when: limit_hits >= 3, within: 14d, points: 40},
      {id: gates, when: gated_attempts >= 3, within: 14d, points: 40}]}
policy: {account_cap: 4 per 1d}
"""
QUIET = RESTRAINED.replace("per 1d}", 'per 1d, quiet_hours: {from: "20:00", to: "08:00"}}')
"""NOW is midnight: everything that can wait does."""

QUIET_UNTIL = NOW + 8 * 60 * MINUTE
CAP_OF_GATES = 2

What: TypeAlias = Literal[
    "limit", "gate", "invite", "changed", "recovered", "reading", "cancel", "prompt", "poison", "other"
]
SIGNALS: tuple[What, ...] = ("limit", "gate", "invite", "changed", "recovered", "reading", "cancel", "other")
THRESHOLDS = ("80", "100", "+1100")
DEEDS = ("shown", "dismissed", "snoozed", "clicked")


class Happening(NamedTuple):
    """What happens to whom; `number` tells one of a kind from another."""

    who: int
    what: What
    number: int = 0


@dataclass
class _Account:
    """What a product knows of one account as it writes."""

    name: str
    version: int = 7
    plan: str = "free"
    fired: list[str] = field(default_factory=list)

    def profile(self) -> dict[str, Any]:
        return {"version": self.version, "plan": self.plan}

    def buy(self) -> None:
        self.version += 1
        self.plan = "pro" if self.plan == "free" else "free"


class AccountsTopic(SignalsTopic):
    """Both topics that deciding reads. Each record is a minute younger than the one before it."""

    def __init__(self) -> None:
        super().__init__(records={each: [] for each in (*PARTITIONS, PROMPTS)})
        self.poisoned: set[tuple[str, int, int]] = set()
        self.candidates: list[Signal] = []
        self._accounts = {name: _Account(name) for name in ACCOUNTS}
        self._written: defaultdict[str, int] = defaultdict(int)

    @classmethod
    def happened(cls, happenings: Iterable[Happening]) -> AccountsTopic:
        topic = cls()
        for each in happenings:
            topic.happen(each)
        return topic

    def happen(self, happening: Happening) -> None:
        who, what, number = happening
        account = self._accounts[ACCOUNTS[who]]
        time = NOW + sum(map(len, self.records.values())) * MINUTE
        if what == "prompt":
            self._put(PROMPTS, account, _prompt(account, number, time), time)
        elif what == "poison":
            self._bury(PARTITIONS[who % 2] if number % 2 else PROMPTS, account, number)
        else:
            told = _signal(account, what, number, time)
            self._put(PARTITIONS[who % 2], account, CODEC.signal(told, time).value or b"", time)
            if told.keys:
                self.candidates.append(told)
                account.fired.append(told.id)

    def end_hold(self, name: str, now: Instant) -> None:
        """Write what metering writes once the first hold of an account has ended."""
        account = self._accounts[name]
        told = _reading(account, "hold_ended", 0, now)
        self._put(PARTITIONS[ACCOUNTS.index(name) % 2], account, CODEC.signal(told, now).value or b"", now)

    def _put(self, partition: Partition, account: _Account, value: bytes, appended: Instant = NOW) -> None:
        # Whoever reports a prompt may key it as they like: its subject says whose it is (interfaces, Records in).
        key = None if partition == PROMPTS else account.name.encode()
        self.records[partition].append(Record(*partition, len(self.records[partition]), key, value, (), appended))

    def _bury(self, partition: Partition, account: _Account, number: int) -> None:
        reading = CODEC.signal(_reading(account, "daily", 0, NOW), NOW).value or b""
        wrong = json.loads(reading)
        wrong["data"]["facts"] = [{"fact": "limit_hits", "observed": "many"}]
        self.poisoned.add((partition.topic, partition.partition, len(self.records[partition])))
        self._put(partition, account, b"{" if number % 4 < 2 else json.dumps(wrong).encode())


def _signal(account: _Account, what: What, number: int, time: Instant) -> Signal:
    name = account.name
    match what:
        case "limit":
            crossed = THRESHOLDS[: number % 3 + 1][-2:]
            told = signal(*crossed, account=name, generation=number // 3 % 2 + 1, time=time)
        case "gate":
            told = gated(str(number % 4), account=name, time=time)
        case "invite":
            told = gated(str(number % 4), kind="seat_limit.invited", account=name, time=time)
            told = replace(told, data={**told.data, "invite": f"i-{number % 4}", "rule": _rule("invited")})
            if number >= 4:
                told = replace(told, data={**told.data, "burst_of": identity_of("the first")})
        case "changed":
            return _changed(account, time)
        case "recovered":
            of = signal(THRESHOLDS[number % 2], account=name, time=time)
            return replace(of, id=identity_of("recovered", name, str(time)), type="limit.recovered", keys=())
        case "reading":
            return _reading(account, "daily", number, time)
        case "cancel":
            told = gated(str(number % 2), kind="cancel.requested", account=name, time=time)
            told = replace(told, data={**told.data, "rule": _rule("leaving")})
        case _:
            return replace(gated("1", account=name, time=time), type="feature.attempted", keys=())
    return replace(told, data={**told.data, "plan": account.plan, "account": account.profile()})


def _rule(name: str) -> dict[str, str]:
    return {"id": name, "version": "9b1c"}


def _changed(account: _Account, time: Instant) -> Signal:
    before = account.profile()
    account.buy()
    return _told(account, "account.changed", {"from": before, "to": account.profile()}, time)


def _reading(account: _Account, reason: str, number: int, time: Instant) -> Signal:
    facts = [
        {"fact": fact, "within": "14d", "observed": str(5 * (number >> place & 1)), "evidence": [f"e-{number}"]}
        for place, fact in enumerate(("limit_hits", "gated_attempts"))
    ]
    ill = {"daily_active": 0, "monthly_active": 10, "history_days": 60}
    data = {
        "reason": reason,
        "plan": account.plan,
        "facts": facts,
        "health_inputs": ill if number >> 2 & 1 else {},
        "levels": [],
        "gone": [f"i-{number % 4}"] if number % 3 == 2 else [],
        "account": account.profile(),
    }
    return _told(account, "reading", data, time)


def _told(account: _Account, kind: str, data: dict[str, Any], time: Instant) -> Signal:
    return Signal(
        identity_of(kind, account.name, str(time)), kind, account.name, Evidence("e-9", "/apps/web", time), data
    )


def _prompt(account: _Account, number: int, time: Instant) -> bytes:
    deed = DEEDS[number % len(DEEDS)]
    about = account.fired[number % len(account.fired)] if account.fired else "none"
    until = {"until": format_instant(time + DAY)} if deed == "snoozed" else {}
    return json.dumps(
        {
            "specversion": "1.0",
            "id": f"{account.name}-{time}",
            "source": "/apps/web",
            "type": f"expansion.prompt.{deed}.v1",
            "subject": account.name,
            "time": format_instant(time),
            "data": {"trigger": about, "user": "u-42", **until},
        }
    ).encode()
