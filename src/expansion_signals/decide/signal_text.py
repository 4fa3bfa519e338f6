"""A signal as a document, so that one that is held can be judged again when its hold ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from expansion_signals.model.events import Evidence
from expansion_signals.model.signals import Signal

if TYPE_CHECKING:
    from collections.abc import Mapping


def document_of(signal: Signal) -> Mapping[str, Any]:
    """Return what `signal_in` reads; its arms are metering's and left out."""
    return {
        "id": signal.id,
        "type": signal.type,
        "account": signal.account,
        "evidence": list(signal.evidence),
        "data": signal.data,
        "keys": list(signal.keys),
    }


def signal_in(document: Mapping[str, Any]) -> Signal:
    """Return the signal of a document."""
    return Signal(
        id=document["id"],
        type=document["type"],
        account=document["account"],
        evidence=Evidence(*document["evidence"]),
        data=document["data"],
        keys=tuple(document["keys"]),
    )
