"""Writes what this version leaves behind to `tests/fixtures/<version>`: state and records, for later versions to read.

`make fixtures`, once for each release. It plays the sample's season on a Redis of its own, and a day with what the
season has not: members, levels, dimensions, an account not yet known, a prompt that was dismissed, an upgrade, and what
waits for the morning. A folder that is there already is what was released: it is not written again.
"""

from __future__ import annotations

import asyncio
import sys
import tomllib
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from expansion_signals.local.season import season
from expansion_signals.local.stack import SAMPLE
from expansion_signals.model.records import Outgoing
from expansion_signals.rules.loading import load
from expansion_signals.sdk.recollection import TOPIC as MEMORY
from expansion_signals.sdk.recollection import memory_key, memory_value
from expansion_signals.sdk.triggers import read
from expansion_signals.state.connection import connect
from left_behind import FIXTURES, LeftBehind, first_of_each_type, state_of, write_down
from played_on_redis import DECIDED, METERED, Log, PlayedOnRedis
from servers.redis import RedisProcess

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

OWN_METERS = """meters:
  readers: {event: com.acme.page.read, aggregation: unique, value: reader, unit: reader}
  pages: {event: com.acme.page.read, aggregation: count, per: day, unit: page, dimensions: [section]}
  size: {event: com.acme.size.measured, aggregation: latest, value: size, unit: MB}
"""
OWN_RULES = """rules:
  - {id: readers, signal: limit_reached, meter: readers, at: [3]}
  - {id: tried-out, signal: limit_reached, meter: pages, at: [4], shadow: true}
"""
DAY = "2026-11-23"
"""The season's last day."""


def main() -> None:
    """Write the folder of this version."""
    root = Path(__file__).parents[1]
    version = tomllib.loads((root / "pyproject.toml").read_text())["project"]["version"]
    directory = FIXTURES / version
    if directory.exists():
        sys.exit(f"{directory.relative_to(root)} is there: what was released is not changed; delete it if it was not")
    with TemporaryDirectory() as scratch:
        redis = RedisProcess(Path(scratch))
        redis.start()
        try:
            left = asyncio.run(_played(redis.url))
        finally:
            redis.remove()
    write_down(directory, left)
    print(f"{directory.relative_to(root)}: {len(left.state)} keys, {len(left.records)} records")  # noqa: T201


async def _played(url: str) -> LeftBehind:
    texts = _texts()
    log = Log()
    async with connect(url) as client:
        played = await PlayedOnRedis.open(client, "", load(texts), log)
        await played.tell(*[event for event in season() if not event["subject"].startswith(("quiet-", "busy"))])
        await played.tell(*_own_events())
        first = read(log.records["expansion-limit-reached"][0].value)
        await played.tell(_event("quota", "expansion.prompt.dismissed.v1", "19:00", trigger=first.id, user="ada"))
        await played.tell(*_evening())
        log.append(Outgoing("usage-events", b"quota", b"no event", ()))
        await played.tell(_event("quota", "com.acme.report.exported", "22:00"))
        log.append(Outgoing(MEMORY, memory_key("mailer", first.id), memory_value(first.expires)))
        await played.end()
        state = await state_of(client)
    records = first_of_each_type(record for topic in sorted(log.records) for record in log.records[topic])
    return LeftBehind(texts, state, records, {topic: log.end(topic) for topic in (*METERED, *DECIDED)}, log.now)


def _texts() -> Mapping[str, str]:
    """Return the sample's files, with what is more."""
    catalog, rules = ((SAMPLE / name).read_text() for name in ("catalog.yaml", "rules.yaml"))
    return {
        "catalog.yaml": catalog.replace("meters:\n", OWN_METERS, 1),
        "rules.yaml": rules.replace("rules:\n", OWN_RULES, 1).replace("# quiet_hours:", "quiet_hours:"),
    }


def _own_events() -> Iterator[Mapping[str, Any]]:
    yield _event("reading", "expansion.account.updated.v1", "10:00", version=1, plan="team", language="de")
    for number in range(5):
        page = {"reader": f"r-{number % 4}", "section": ("news", "sport")[number % 2]}
        yield _event("reading", "com.acme.page.read", f"10:0{number + 1}", **page)
    yield _event("reading", "com.acme.size.measured", "10:10", size=12)
    yield _event("unknown", "expansion.usage.recorded.v1", "10:11", meter="api_calls", value="7")
    yield _event("reading", "com.acme.never.heard", "10:12")
    for minute, account in ((20, "near"), (30, "bought")):
        yield _event(account, "expansion.account.updated.v1", f"10:{minute}", version=1, plan="free")
        yield _event(account, "expansion.usage.recorded.v1", f"10:{minute + 1}", meter="api_calls", value="850")
    yield _event("bought", "expansion.account.updated.v1", "10:40", version=2, plan="team")


def _evening() -> Iterator[Mapping[str, Any]]:
    """What is reached in quiet hours waits for the morning."""
    yield _event("waiting", "expansion.account.updated.v1", "20:30", version=1, plan="free")
    yield _event("waiting", "expansion.usage.recorded.v1", "20:31", meter="api_calls", value="850")


def _event(account: str, kind: str, at: str, **data: object) -> Mapping[str, Any]:
    return {
        "specversion": "1.0",
        "id": f"{account}-{at}",
        "source": "/fixtures",
        "type": kind,
        "subject": account,
        "time": f"{DAY}T{at}:00Z",
        "datacontenttype": "application/json",
        "data": data,
    }


if __name__ == "__main__":
    main()
