"""Reading parked triggers: all that are asked for, or one by its id."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from expansion_signals.cli.following import trigger_type
from expansion_signals.cli.since import instant_before
from expansion_signals.errors import RejectedState
from expansion_signals.log.topics import is_embedded
from expansion_signals.sdk import Parking
from expansion_signals.sdk.parking import TOPIC
from expansion_signals.sdk.triggers import moment

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from expansion_signals.sdk.parked_triggers import ParkedTrigger
    from expansion_signals.settings import Settings


class Options(NamedTuple):
    """What was said on the command line; None where nothing was."""

    group: str | None = None
    kind: str | None = None
    account: str | None = None
    since: str | None = None


@contextmanager
def parked_triggers(settings: Settings, options: Options) -> Iterator[Sequence[ParkedTrigger]]:
    """Read those that are asked for, the first that was parked first; they can be handed back inside the context.

    Raises:
        BadParameter: the time is none.
        RejectedSettings: no trigger has this type.
        LogUnavailable: the broker does not answer.
        RejectedState: the topic is missing, or the broker refuses us.
    """
    kind = options.kind and trigger_type(options.kind)
    since = moment(instant_before(options.since or "1970-01-01T00:00:00Z", time.time_ns() // 1_000, "--since"))
    # What `dev` starts is no Kafka: what it says of itself is not so.
    connection = {"api_version": (2, 3), "check_crcs": False} if is_embedded(settings.kafka, settings.security) else {}
    # Of every group, also where one is asked for: an operator has no right to the transactional ids of a group.
    with Parking(settings.kafka, prefix=settings.prefix, security=settings.security, connection=connection) as parking:
        yield [each for each in parking if _is_asked_for(each, options, kind) and each.parked >= since]


@contextmanager
def parked_trigger(settings: Settings, options: Options, trigger: str) -> Iterator[Sequence[ParkedTrigger]]:
    """Read this trigger, once for each group that has parked it.

    Raises what `parked_triggers` raises, and RejectedState where nobody has parked it.
    """
    with parked_triggers(settings, options) as there:
        found = [each for each in there if each.id == trigger]
        if not found:
            raise RejectedState(
                f"{trigger!r} does not lie on {settings.prefix}{TOPIC}: it was handed back, or retention took it, or "
                "another was parked. What there is: expansion-signals parked list"
            )
        yield found


def _is_asked_for(trigger: ParkedTrigger, options: Options, kind: str | None) -> bool:
    asked = ((options.group, trigger.group), (kind, trigger.type), (options.account, trigger.account))
    return all(each in (None, of_trigger) for each, of_trigger in asked)
