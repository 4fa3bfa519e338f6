"""Decided keys that no signal to come can ask for go, of accounts that get no more decisions, too (semantics 7.7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.state.expiration import Expiration
from expansion_signals.state.policy import read_entry

if TYPE_CHECKING:
    from collections.abc import Sequence

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
        entries = {field.decode(): read_entry(text.decode()) for field, text in fields.items() if field != b"rev"}
        old = [field for field, entry in entries.items() if entry.kept_until <= shard.decided.lowest]
        if old:
            expiration = Expiration(shard.keys, shard.decided)
            expiration.same(key, {"rev": fields.get(b"rev")})
            if len(old) < len(entries):
                expiration.drop(key, old)
                expiration.put(key, "rev", str(int(fields.get(b"rev", 0)) + 1))
            else:
                expiration.drop_whole([key])
            expirations.append(expiration)
    return expirations
