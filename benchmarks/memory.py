"""What the state holds in Redis, as MEMORY USAGE sums it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.workload import ACCOUNTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from benchmarks.stage import Stage

KINDS = {
    "a": "accounts",
    "p": "profiles",
    "b": "day buckets",
    "u": "members",
    "s": "members",
    "i": "identities",
    "c": "identities",
}
"""By the part of a key that stands behind its shard: docs/architecture.md."""

_AT_ONCE = 5_000


def memory(stage: Stage) -> dict[str, float | Mapping[str, float]]:
    """Return bytes of an account, without and with the members of its active users, and of an identity."""
    sizes = dict.fromkeys(KINDS.values(), 0)
    identities = 0
    redis = stage.redis.client
    keys = [key.decode() for key in redis.scan_iter(match=f"{stage.prefix}*", count=_AT_ONCE)]
    for place in range(0, len(keys), _AT_ONCE):
        known = [(key, letter) for key in keys[place : place + _AT_ONCE] if (letter := _letter(key)) in KINDS]
        pipeline = redis.pipeline(transaction=False)
        for key, letter in known:
            pipeline.execute_command("MEMORY USAGE", key, "SAMPLES", 0)
            # The checks of a bucket are four bytes for each of its identities.
            pipeline.execute_command("STRLEN" if letter == "c" else "EXISTS", key)
        answers = iter(pipeline.execute())
        for (_, letter), size, length in zip(known, answers, answers, strict=True):
            sizes[KINDS[letter]] += size
            identities += length // 4
    an_account = {kind: round(sizes[kind] / ACCOUNTS) for kind in ("accounts", "profiles", "day buckets", "members")}
    return {
        "bytes_per_account": sum(an_account.values()) - an_account["members"],
        "bytes_per_account_members": an_account["members"],
        "bytes_per_account_by_kind": an_account,
        "bytes_per_identity": round(sizes["identities"] / max(1, identities), 1),
        "identities": identities,
    }


def _letter(key: str) -> str:
    return "".join(key.split(":")[2:3])
