"""What a deployment needs, from what `make bench` measured: `make capacity ARGS="--events 50000 --accounts 1000000"`.

Figures come from `benchmarks/figures.json`, the last complete run. What they leave out is said in docs/capacity.md.
"""

from __future__ import annotations

import argparse
import json
import math
import random
from collections import Counter
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from zlib import crc32

from rich.console import Console

from benchmarks.report import OURS, cpu
from benchmarks.workload import Shape

if TYPE_CHECKING:
    from collections.abc import Mapping

FIGURES = Path(__file__).with_name("figures.json")
WORKER_BUSY, REDIS_BUSY = 0.6, 0.5
"""How much of a core is planned for: the rest is for bursts, for catching up, and for the node that dies."""

MEASURED_METERS = 3
NODE_GIB = 32
DRAWN = 200_000
SIMULATED_ACCOUNTS = 1_000_000
"""More take long to draw from, and would make the busiest somewhat less busy: the largest has less of a longer tail."""


class Need(NamedTuple):
    """What is asked for: events a second in all, accounts, meters, hours of identities, shards."""

    events: float
    accounts: int
    meters: int
    hours: float
    shards: int


def needed(need: Need, figures: Mapping[str, Any]) -> dict[str, Any]:
    """Return workers, partitions, Redis nodes and memory for this."""
    [ours] = [each for each in figures["contenders"] if each["name"] == OURS]
    memory, live = figures["memory"], figures["live"]
    # A worker waits for Redis, so both count; a live one has smaller polls, and pays more for each event.
    workers = math.ceil(need.events * cpu(live) / 1e6 / WORKER_BUSY)
    redis_cores = need.events * live["redis_us_per_event"] / 1e6
    of_accounts = need.accounts * memory["bytes_per_account"] * max(need.meters, 1) / MEASURED_METERS
    of_identities = need.events * 3600 * need.hours * memory["bytes_per_identity"]
    gib = (of_accounts + of_identities) / 2**30
    nodes = max(math.ceil(redis_cores / REDIS_BUSY), math.ceil(gib / NODE_GIB))
    return {
        "workers": workers,
        "workers_to_keep_up": math.ceil(need.events * cpu(ours) / 1e6 / WORKER_BUSY),
        "partitions": 2 * workers,
        "redis_cores": round(redis_cores, 2),
        "redis_gib": {"accounts": round(of_accounts / 2**30, 1), "identities": round(of_identities / 2**30, 1)},
        "redis_primaries": nodes,
        "shards_suffice": nodes <= need.shards,
    }


def spread(partitions: int, shards: int, accounts: int) -> dict[str, float]:
    """Return what part of all events the busiest account, partition and shard have, drawn from Zipf accounts."""
    drawn = _drawn(min(accounts, SIMULATED_ACCOUNTS))
    by_partition: Counter[int] = Counter()
    by_shard: Counter[int] = Counter()
    for account, events in drawn.items():
        name = f"acct-{account}".encode()
        by_shard[crc32(name) % shards] += events
        by_partition[crc32(name[::-1]) % partitions] += events
    return {
        place: round(max(found.values()) / DRAWN, 4)
        for place, found in (("account", drawn), ("partition", by_partition), ("shard", by_shard))
    }


@cache  # three rows of the page are drawn from the same million accounts
def _drawn(accounts: int) -> Mapping[int, int]:
    """Return how many events each account has that was drawn at all."""
    draw = random.Random(7)  # noqa: S311 -- a load, not a secret
    weights = list(accumulate(Shape(accounts).weights()))
    return Counter(draw.choices(range(accounts), cum_weights=weights, k=DRAWN))


def main() -> None:
    """Say it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=float, required=True, help="events a second, at the busiest time")
    parser.add_argument("--accounts", type=int, required=True)
    parser.add_argument("--meters", type=int, default=MEASURED_METERS)
    parser.add_argument("--hours", type=float, default=24, help="how long identities are remembered")
    parser.add_argument("--shards", type=int, default=64)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    need = Need(asked.events, asked.accounts, asked.meters, asked.hours, asked.shards)
    found = needed(need, json.loads(FIGURES.read_text()))
    found["busiest"] = spread(found["partitions"], need.shards, need.accounts)
    if asked.json:
        print(json.dumps(found))  # noqa: T201 -- what it is for
        return
    console, memory = Console(highlight=False), found["redis_gib"]
    busiest = ", ".join(f"{place} {part:.1%}" for place, part in found["busiest"].items())
    lines = {
        "workers": f"{found['workers']:,}, level with events; {found['workers_to_keep_up']:,} keep up, seconds behind",
        "partitions": f"{found['partitions']:,} of usage-events",
        "Redis primaries": f"{found['redis_primaries']:,} of {NODE_GIB} GiB, up to half busy",
        "Redis memory": f"{memory['accounts']:,} GiB of accounts, {memory['identities']:,} GiB of identities",
        "busiest": busiest,
    }
    console.print(f"{need.events:,.0f} events/s, {need.accounts:,} accounts, {need.meters} meters")
    for what, how_much in lines.items():
        console.print(f"  {what:18}{how_much}")
    if not found["shards_suffice"]:
        console.print(f"  [yellow]more primaries than the {need.shards} shards: choose more when it is made[/yellow]")


if __name__ == "__main__":
    main()
