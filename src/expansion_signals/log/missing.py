"""Topics that the broker does not have, told all at once and with the command that creates them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.checks.topic_settings import missing_topics
from expansion_signals.errors import RejectedState

if TYPE_CHECKING:
    from collections.abc import Collection


def reject_missing(servers: str, wanted: Collection[str], existing: Collection[str]) -> None:
    """Return if every wanted topic exists; names have the deployment's prefix.

    Raises:
        RejectedState: topics are missing; all of them are named.
    """
    missing = sorted(set(wanted).difference(existing))
    if missing:
        raise RejectedState(missing_topics(servers, missing).sentence)
