"""A Redis Cluster as a whole: has every slot a node that serves it, and every node a shard to hold?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.checks.findings import error, fine, warning

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from expansion_signals.checks.findings import Finding

_SLOTS = 16_384
_WHERE = "Redis Cluster"


def judge_cluster(said: Mapping[str, str], primaries: int, shards: int) -> Iterator[Finding]:
    """Yield what is found about the Cluster; `said` are the fields of `CLUSTER INFO`."""
    served = int(said.get("cluster_slots_ok", _SLOTS))
    if said.get("cluster_state", "ok") != "ok" or served < _SLOTS:
        yield error(
            _WHERE,
            f"the Cluster is not whole: {served:,} of {_SLOTS:,} slots are served, and workers wait for the others",
            "redis-cli --cluster check host:port",
        )
    else:
        yield fine(_WHERE, f"every slot is served, by {primaries} primaries")
    if primaries > shards:
        yield warning(
            _WHERE,
            f"{primaries} primaries and {shards} shards: {primaries - shards} primaries at least hold nothing",
            "fewer primaries will do; the number of shards is fixed",
        )
