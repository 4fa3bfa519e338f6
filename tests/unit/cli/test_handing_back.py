from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

from expansion_signals.cli.handing_back import HandedBack, hand_back
from expansion_signals.cli.sightings import TRIGGER_TOPICS
from expansion_signals.sdk.parked_triggers import ParkedTrigger
from expansion_signals.sdk.triggers import TriggerData

NOW = datetime.now(UTC)


def parked(trigger: str, *, is_there: bool) -> ParkedTrigger:
    return ParkedTrigger(
        id=trigger,
        type="limit.reached",
        account="acct-1",
        expires=NOW + timedelta(1),
        data=TriggerData({}),
        group="mailer",
        topic=TRIGGER_TOPICS[0],
        reason="no address",
        attempts=1,
        first_failed=NOW,
        parked=NOW,
        value=b"{}",
        release=lambda: is_there,
    )


def test_what_another_replay_has_handed_back_meanwhile_is_told_as_refused() -> None:
    done = hand_back([parked("a", is_there=False), parked("b", is_there=True)], "", dry_run=False)
    reason = "it was handed back meanwhile, or parked anew"
    assert done == HandedBack(Counter({"limit.reached": 1}), Counter({reason: 1}), {reason: "a"})
