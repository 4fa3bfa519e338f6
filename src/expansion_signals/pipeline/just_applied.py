"""Identities that a shard has just acknowledged: most duplicates are retries, and follow within seconds.

A shard that finds one duplicate among the records of a poll writes nothing, and is asked once more without it. Whoever
knows already that it has the identity need not ask. That is known for as long as the watermarks go on unbroken: a
roll-back takes identities only together with the records that brought them, and those are read again.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from expansion_signals.model.instants import MINUTE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from expansion_signals.model.batches import Identity
    from expansion_signals.model.instants import Duration

_KEPT, _MOST_KEPT = 500, 1_000
"""At least and at most so many of each shard are: some 20 MB with 64 shards."""

_A_MOMENT: Duration = MINUTE
"""Less than identities are kept for: what lies further apart is for the shard to judge (semantics 1.4)."""


class JustApplied:
    """What one shard has acknowledged last."""

    def __init__(self) -> None:
        self._known: dict[int, Identity] = {}

    def add(self, identities: Sequence[Identity]) -> None:
        """Note what the shard has now."""
        self._known.update({identity.number: identity for identity in identities})
        if len(self._known) > _MOST_KEPT:
            self._known = dict(islice(self._known.items(), len(self._known) - _KEPT, None))

    def has(self, identity: Identity) -> bool:
        """Say whether it is known to be a duplicate; another payload is a conflict, and the shard's to find."""
        known = self._known.get(identity.number)
        return (
            known is not None and known.check == identity.check and abs(identity.appended - known.appended) <= _A_MOMENT
        )
