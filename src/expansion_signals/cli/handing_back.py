"""Handing parked triggers back to their groups: what can be, what cannot, and what it came to.

Each is a transaction of its own, so a crash in between leaves the rest parked: the same command goes on.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from expansion_signals.cli.readable_bytes import one_line
from expansion_signals.cli.sightings import TRIGGER_TOPICS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from expansion_signals.sdk.parked_triggers import ParkedTrigger


@dataclass(slots=True)
class HandedBack:
    """What became of the triggers that were asked for: by type what was handed back, by reason what was refused."""

    types: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    first_refused: dict[str, str] = field(default_factory=dict)

    def refuse(self, trigger: ParkedTrigger, reason: str) -> None:
        """Note that a trigger is not handed back."""
        self.refused[reason] += 1
        self.first_refused.setdefault(reason, trigger.id)


def hand_back(found: Sequence[ParkedTrigger], prefix: str, *, dry_run: bool) -> HandedBack:
    """Hand these back, but for those that cannot be.

    Raises:
        LogUnavailable: Kafka does not answer; the same command goes on where it ended.
        RejectedState: the broker refuses us.
    """
    done, now = HandedBack(), datetime.now(UTC)
    for trigger in found:
        reason = why_not(trigger, prefix, now)
        if reason is not None:
            done.refuse(trigger, reason)
            continue
        if not (dry_run or trigger.hand_out_again()):
            done.refuse(trigger, "it was handed back meanwhile, or parked anew")
            continue
        done.types[trigger.type] += 1
    return done


def why_not(trigger: ParkedTrigger, prefix: str, now: datetime) -> str | None:
    """Return why a trigger cannot be handed back, None where it can."""
    # Anyone may write headers: another topic would be theirs to write to, in our name.
    if trigger.topic not in {prefix + topic for topic in TRIGGER_TOPICS}:
        return "it is not of a topic of triggers of this deployment"
    if trigger.expires <= now:
        return "it has expired: its group would drop it"
    return None


def document_of(done: HandedBack, *, dry_run: bool) -> Mapping[str, Any]:
    """Return how many triggers were handed back, by type, and were refused, by reason."""
    return {
        "dry_run": dry_run,
        "replayed": done.types.total(),
        "by_type": dict(done.types),
        "refused": [
            {"reason": reason, "triggers": count, "first": done.first_refused[reason]}
            for reason, count in done.refused.items()
        ],
    }


def lines_of(done: HandedBack, *, dry_run: bool) -> Iterator[str]:
    """Yield what became of the triggers that were asked for."""
    types = ", ".join(f"{count:,} {kind}" for kind, count in done.types.most_common())
    yield f"{'would hand back' if dry_run else 'handed back'}: {types or 'no parked trigger'}"
    for reason, count in done.refused.items():
        yield f"cannot be handed back: {count:,}, the first {one_line(done.first_refused[reason])}: {reason}"
