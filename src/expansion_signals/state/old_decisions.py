"""Decided keys that no signal to come can ask for go, of accounts that get no more decisions, too (semantics 7.7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.state.expiration import Expiration
from expansion_signals.state.policy import MEMORY, read_entry, read_kept_until

if TYPE_CHECKING:
    from collections.abc import Sequence

    from expansion_signals.model.instants import Instant
    from expansion_signals.state.expiration import AgingShard
    from expansion_signals.state.scripts import Scripts


async def old_decisions(scripts: Scripts, found: Sequence[tuple[AgingShard, str]]) -> Sequence[Expiration]:
    """Return the entries of accounts that are past their time; the revision rises, and goes with the last of them.

    A revision that begins anew is no danger: entries go when every record that could be decided by them is applied.
    """
    keys = [shard.keys.policy(account) for shard, account in found]
    expirations = []
    for (shard, _), key, fields in zip(
        found, keys, await scripts.commands([("HGETALL", key) for key in keys], "decisions"), strict=True
    ):
        kept_until = {field.decode(): _kept_until(field, text.decode()) for field, text in fields.items()}
        ends = {field: until for field, until in kept_until.items() if until is not None}
        old = [field for field, until in ends.items() if until <= shard.decided.lowest]
        if old:
            expiration = Expiration(shard.keys, shard.decided)
            expiration.same(key, {"rev": fields.get(b"rev")})
            if len(old) < len(ends):
                expiration.drop(key, old)
                expiration.put(key, "rev", str(int(fields.get(b"rev", 0)) + 1))
            else:
                expiration.drop_whole([key])
            expirations.append(expiration)
    return expirations


def _kept_until(field: bytes, text: str) -> Instant | None:
    """Return until when a field is of use; None for what goes with the last of the others."""
    if field == MEMORY.encode():
        return read_kept_until(text)
    return read_entry(text).kept_until if field.startswith(b"k") else None
