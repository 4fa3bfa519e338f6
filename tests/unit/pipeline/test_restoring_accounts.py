"""What a shard that is made anew knows of its accounts: as it was decided, told by three topics."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from expansion_signals.decide.leads import lead_id
from expansion_signals.model.decisions import Decision
from expansion_signals.model.events import Evidence
from expansion_signals.model.identities import identity_of
from expansion_signals.model.instants import DAY, HOUR, MINUTE, format_instant
from expansion_signals.model.records import Record
from expansion_signals.model.signals import Signal
from expansion_signals.pipeline.restoring import Restoring
from expansion_signals.wire.codec import CloudEventsCodec
from sample_ground import configuration
from sample_signals import NOW, gated, signal

if TYPE_CHECKING:
    from expansion_signals.decide.qualifying import PublicationType
    from expansion_signals.decide.remembered import Remembered
    from expansion_signals.decide.restored import RestoredShard
    from expansion_signals.model.decisions import Verdict

ACCOUNT = "acct-1"
CODEC = CloudEventsCodec()
NAMES = {"expansion-signals": "signals", "prompt-events": "prompts"}
RULES = """\
rules:
  - {id: api-quota, signal: limit_reached, meter: api_calls, at: [80%, 100%]}
  - {id: leads, signal: pql, qualify_at: 50, criteria: [{id: hits, when: limit_hits >= 3, within: 14d, points: 60},
     {id: gates, when: gated_attempts >= 3, within: 14d, points: 30}]}
"""


class Log:
    """Three topics as they are written, each record a minute after the one before."""

    def __init__(self) -> None:
        self._signals: list[Record] = []
        self._decisions: list[Record] = []
        self._prompts: list[Record] = []
        self._minutes = 0

    def tell(self, asked: Signal, *verdicts: Verdict, trigger: str | None = None) -> int:
        """Write a signal, and what was decided of it; return its offset."""
        self._append(self._signals, "expansion-signals", ACCOUNT, CODEC.signal(asked, NOW).value)
        for verdict in verdicts:
            self.decide(asked, verdict, trigger or asked.id)
        return len(self._signals) - 1

    def decide(self, asked: Signal, verdict: Verdict, trigger: str) -> None:
        """Write a decision."""
        parts = identity_of(asked.id, trigger, verdict), asked.id, trigger, verdict
        decision = Decision(*parts, None, (), None, None, ACCOUNT, asked.evidence.time)
        self._append(self._decisions, "expansion-decisions", ACCOUNT, CODEC.decision(decision, NOW).value)

    def report(self, deed: str, trigger: str, key: str | None = None, **more: Any) -> None:  # noqa: ANN401
        """Write a report of a prompt, by ada, under any key."""
        event = {
            "specversion": "1.0",
            "id": f"p-{self._minutes}",
            "source": "/app",
            "type": f"expansion.prompt.{deed}.v1",
            "subject": ACCOUNT,
            "time": format_instant(NOW),
            "data": {"trigger": trigger, "user": "u-42", **more},
        }
        self._append(self._prompts, "prompt-events", key, json.dumps(event).encode())

    def spoil(self, topic: str = "prompt-events") -> None:
        """Write what can never be decided."""
        where = self._prompts if topic == "prompt-events" else self._signals
        self._append(where, topic, ACCOUNT, b"{")

    def shard(self, now: int = NOW + DAY) -> RestoredShard:
        """Return what is gathered of it."""
        restoring = Restoring(
            CODEC,
            lambda account: int(account != ACCOUNT),
            configuration("", RULES),
            NAMES,
            shards=[0],
            epoch=1,
            now=now,
            late=False,
        )
        restoring.decisions(self._decisions)
        restoring.prompts(self._prompts)
        restoring.signals(self._signals)
        (found,) = restoring.restored({"signals/0": len(self._signals), "prompts/0": len(self._prompts)}, None)
        return found

    def remembered(self, now: int = NOW + DAY) -> Remembered:
        """Return what is remembered of the account."""
        return self.shard(now).accounts[ACCOUNT].remembered

    def _append(self, records: list[Record], topic: str, key: str | None, value: bytes | None) -> None:
        self._minutes += 1
        coded = None if key is None else key.encode()
        records.append(Record(topic, 0, len(records), coded, value, (), NOW + self._minutes * MINUTE))


@pytest.fixture
def log() -> Log:
    return Log()


def told(kind: str, data: dict[str, Any], time: int = NOW) -> Signal:
    return Signal(identity_of(kind, str(time)), kind, ACCOUNT, Evidence("e-9", "/app", time), data)


def changed(before: str = "free", after: str = "pro", version: int = 8) -> Signal:
    profiles = {"from": {"version": version - 1, "plan": before}, "to": {"version": version, "plan": after}}
    return told("account.changed", profiles, NOW + version * HOUR)


def reading(hits: int = 5, gates: int = 0, hours: int = 1, reason: str = "daily", **more: Any) -> Signal:  # noqa: ANN401
    facts = [
        {"fact": fact, "within": "14d", "observed": str(observed)}
        for fact, observed in (("limit_hits", hits), ("gated_attempts", gates))
    ]
    profile = {"version": 7, "plan": "free"}
    data = {"reason": reason, "plan": "free", "facts": facts, "health_inputs": {}, "levels": [], "account": profile}
    return told("reading", data | more, NOW + hours * HOUR)


def lead(kind: PublicationType = "pql.qualified", ordinal: int = 1) -> str:
    return lead_id("leads", ACCOUNT, kind, ordinal)


# -------------------------------------------------------------------------------------------------- what fired


def test_what_fired_is_remembered_with_what_caps_and_attribution_ask_for(log: Log) -> None:
    log.tell(signal("80"), "fired")
    (fired,) = log.remembered().fired
    assert (fired.trigger, fired.rule["id"], fired.time, fired.prompt, fired.level, fired.route, fired.offered) == (
        signal("80").id,
        "api-quota",
        NOW,
        "limit_approaching",
        "800",
        "self_serve",
        ("add_on", "extra-api"),
    )


def test_what_was_suppressed_has_not_fired(log: Log) -> None:
    log.tell(signal("80"), "suppressed")
    assert log.remembered().fired == ()


def test_what_was_held_and_fired_then_is_remembered(log: Log) -> None:
    log.tell(signal("80"), "held")
    log.tell(reading(0, reason="hold_ended"))
    log.decide(signal("80"), "fired", signal("80").id)
    assert [each.trigger for each in log.remembered().fired] == [signal("80").id]


def test_what_was_bought_before_a_hold_ended_withdraws_nothing(log: Log) -> None:
    """A trend is as true on a higher plan: it fired after that, so it was sent knowing it."""
    asked = gated(kind="team.grown")
    log.tell(asked, "held")
    log.tell(changed("free", "pro"))
    log.tell(reading(0, reason="hold_ended"))
    log.decide(asked, "fired", asked.id)
    assert [each.withdrawn for each in log.remembered().fired] == [False]


def test_a_request_to_cancel_is_remembered_with_its_time(log: Log) -> None:
    log.tell(gated(kind="cancel.requested"), "fired")
    assert log.remembered().cancelled == NOW


# -------------------------------------------------------------------------------- what no decision tells of


def test_what_was_bought_is_remembered_once_a_decision_follows(log: Log) -> None:
    log.tell(changed())
    log.tell(signal("80"), "fired")
    found = log.shard()
    assert (found.accounts[ACCOUNT].remembered.upgrades, found.passed["signals/0"].offset) == ((NOW + 8 * HOUR,), 2)


def test_what_was_bought_last_is_read_again(log: Log) -> None:
    log.tell(signal("80"), "fired")
    offset = log.tell(changed())
    found = log.shard()
    assert (found.accounts[ACCOUNT].remembered.upgrades, found.passed["signals/0"].offset) == ((), offset)


def test_what_follows_one_that_is_read_again_is_read_again_with_it(log: Log) -> None:
    log.tell(signal("80"), "fired")
    log.tell(changed())
    log.tell(changed("pro", "free", 9))
    remembered = log.remembered()
    assert (remembered.upgrades, remembered.contractions) == ((), ())


def test_what_was_withdrawn_is_so_once_a_decision_follows(log: Log) -> None:
    log.tell(signal("80"), "fired")
    log.tell(replace(signal("80"), type="limit.recovered", keys=()))
    log.tell(gated(), "fired")
    assert [each.withdrawn for each in log.remembered().fired] == [True, False]


def test_what_was_not_withdrawn_yet_is_read_again(log: Log) -> None:
    log.tell(signal("80"), "fired")
    offset = log.tell(replace(signal("80"), type="limit.recovered", keys=()))
    found = log.shard()
    assert (found.accounts[ACCOUNT].remembered.fired[0].withdrawn, found.passed["signals/0"].offset) == (False, offset)


# -------------------------------------------------------------------------------------------- what is read again


def test_what_is_held_is_read_again_and_what_came_after_it_known(log: Log) -> None:
    held = log.tell(signal("80"), "held")
    after = log.tell(gated(), "fired")
    found = log.shard()
    assert (found.passed["signals/0"].offset, found.accounts[ACCOUNT].known) == (held, [("signals/0", after)])


def test_a_fall_before_what_fired_is_known_though_it_changed_nothing_then(log: Log) -> None:
    """Taken in once more, it would withdraw what fired after it."""
    log.tell(gated(), "held")
    fall = log.tell(replace(signal("80"), type="limit.recovered", keys=()))
    fired = log.tell(signal("80", generation=2), "fired")
    assert log.shard().accounts[ACCOUNT].known == [("signals/0", fall), ("signals/0", fired)]


def test_where_nothing_is_read_again_nothing_need_be_known_by_its_record(log: Log) -> None:
    log.tell(changed())
    log.tell(signal("80"), "fired")
    assert log.shard().accounts[ACCOUNT].known == []


# -------------------------------------------------------------------------------------------------- leads


def standing(remembered: Remembered) -> dict[str, Any]:
    state = remembered.leads["leads"]["state"]
    return {name: state.get(name) for name in ("qualified", "tier", "score", "qualified_at", "published")}


LEAD = {"qualified": True, "tier": "C", "score": 60, "qualified_at": NOW + HOUR, "published": 1}
NO_LEAD = {"qualified": False, "tier": None, "score": None, "qualified_at": None, "published": 0}


def test_a_lead_that_was_sent_is_one(log: Log) -> None:
    log.tell(reading(), "fired", trigger=lead())
    remembered = log.remembered()
    assert (standing(remembered), [each.trigger for each in remembered.fired]) == (LEAD, [lead()])


def test_a_lead_that_was_suppressed_is_none_yet(log: Log) -> None:
    log.tell(reading(), "suppressed", trigger=lead())
    remembered = log.remembered()
    assert (standing(remembered), remembered.fired) == (NO_LEAD, ())


def test_a_lead_of_which_nothing_is_told_is_judged_again_where_nothing_follows(log: Log) -> None:
    offset = log.tell(reading())
    found = log.shard()
    assert (found.passed["signals/0"].offset, found.accounts[ACCOUNT].remembered.leads) == (offset, {})


def test_a_lead_of_which_nothing_is_told_was_none_where_a_decision_follows(log: Log) -> None:
    """By the rules of that day; by those of today the next reading will find it."""
    log.tell(reading())
    log.tell(signal("80"), "fired")
    found = log.shard()
    assert (found.passed["signals/0"].offset, standing(found.accounts[ACCOUNT].remembered)) == (2, NO_LEAD)


def test_a_lead_that_was_told_stands_though_it_would_be_none_today(log: Log) -> None:
    log.tell(reading(0, 5), "fired", trigger=lead())
    assert standing(log.remembered()) == {**LEAD, "score": 30}


def test_what_was_told_of_a_lead_keeps_its_number(log: Log) -> None:
    """The readings before it have left the log: the next publication is the eighth."""
    log.tell(reading(), "fired", trigger=lead(ordinal=7))
    assert standing(log.remembered())["published"] == 7


def test_a_change_of_score_that_was_told_is_the_last_score(log: Log) -> None:
    log.tell(reading(), "fired", trigger=lead())
    log.tell(reading(5, 5, hours=30), "fired", trigger=lead("pql.score_changed", 2))
    assert standing(log.remembered()) == {**LEAD, "score": 90, "published": 2}


def test_a_lead_that_ended_is_none_any_more(log: Log) -> None:
    log.tell(reading(), "fired", trigger=lead())
    log.tell(reading(0, 5, hours=30), "fired", trigger=lead("pql.disqualified", 2))
    assert standing(log.remembered())["qualified"] is False


def test_health_is_remembered_from_the_last_reading(log: Log) -> None:
    log.tell(reading(0, health_inputs={"daily_active": 0, "monthly_active": 10, "history_days": 60}))
    health = log.remembered().health
    assert health is not None
    assert (health["band"], health["at"]) == ("at_risk", NOW + HOUR)


# -------------------------------------------------------------------------------------------------- prompts


@pytest.mark.parametrize("key", [ACCOUNT, None, "another"])
def test_a_report_is_of_its_subject_whatever_its_key(log: Log, key: str | None) -> None:
    log.tell(signal("80"), "fired")
    log.report("dismissed", signal("80").id, key)
    (prompted,) = log.remembered().prompted
    assert (prompted.deed, prompted.user, prompted.prompt, prompted.level) == (
        "dismissed",
        "u-42",
        "limit_approaching",
        "800",
    )


def test_a_snooze_is_remembered_until_when(log: Log) -> None:
    log.tell(signal("80"), "fired")
    log.report("snoozed", signal("80").id, until=format_instant(NOW + DAY))
    assert [each.until for each in log.remembered().prompted] == [NOW + DAY]


def test_a_report_of_what_fired_long_ago_still_tells_its_family(log: Log) -> None:
    """A third dismissal silences, however old the triggers of the first two are."""
    log.tell(signal("80"), "fired")
    log.report("dismissed", signal("80").id)
    log.tell(signal("80", generation=2, time=NOW + 90 * DAY), "fired")
    remembered = log.remembered(NOW + 90 * DAY)
    assert (len(remembered.fired), [each.prompt for each in remembered.prompted]) == (1, ["limit_approaching"])


def test_reports_are_taken_in_once(log: Log) -> None:
    log.report("clicked", "t")
    log.spoil()
    log.report("clicked", "t")
    found = log.shard()
    assert (found.passed["prompts/0"].offset, found.accounts[ACCOUNT].remembered.through) == (1, {"prompts/0": 3})


def test_no_report_proves_that_a_dead_letter_is_out(log: Log) -> None:
    log.spoil()
    log.report("clicked", "t")
    assert log.shard().passed["prompts/0"].offset == 0


def test_reports_that_nothing_spoils_are_passed_to_their_end(log: Log) -> None:
    log.report("clicked", "t")
    passed = log.shard().passed["prompts/0"]
    assert (passed.offset, passed.counted) == (1, 1)


def test_health_knows_what_was_made_of_offers_by_then(log: Log) -> None:
    """Shown and clicked before the reading; dismissed after it."""
    log.tell(signal("80"), "fired")
    log.report("shown", signal("80").id)
    log.report("clicked", signal("80").id)
    log.tell(reading(0))
    log.report("dismissed", signal("80").id)
    health = log.remembered().health
    assert health is not None
    assert health["score"] == 100
