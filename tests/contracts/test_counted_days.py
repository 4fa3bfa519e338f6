"""Day buckets of many accounts, read for an import: on one Redis, Valkey, and shards on several nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from expansion_signals.errors import RejectedState
from expansion_signals.model.batches import Applied, DayMove
from expansion_signals.model.changes import Add, Replace
from expansion_signals.model.instants import DAY, day_of
from expansion_signals.rules.loading import load
from expansion_signals.state.connection import connect
from expansion_signals.state.counted_days import CountedDay, CountedDays
from expansion_signals.state.deployment import Deployment
from expansion_signals.state.redis import RedisStore
from outside.deployment import CONFIGURATION
from sample_batches import ACCOUNT, ELSEWHERE, NOW, SHARDS, apply, asked, poll

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from expansion_signals.state.connection import Connection

pytestmark = pytest.mark.servers

TODAY = day_of(NOW)
DAYS = range(TODAY - 62, TODAY + 1)


@pytest.fixture(params=["redis_url", "valkey_url", "cluster_url"])
async def client(request: pytest.FixtureRequest) -> AsyncIterator[Connection]:
    client = connect(request.getfixturevalue(request.param))
    yield client
    await client.aclose()


async def opened(client: Connection, prefix: str) -> RedisStore:
    deployment = Deployment(client, prefix=prefix, shards=SHARDS)
    await deployment.open()
    await deployment.accept(load({path.name: path.read_text() for path in CONFIGURATION.glob("*.yaml")}))
    return RedisStore(client, prefix=prefix, shards=SHARDS, window=DAY)


async def test_each_accounts_days_are_told_across_months_and_shards(client: Connection, prefix: str) -> None:
    store = await opened(client, prefix)
    calls = [DayMove("calls", TODAY - back, Add(back)) for back in (1, 40, 62, 63)]
    size = DayMove("size", TODAY, Replace(7, NOW, 3))
    for days, account in ((calls, ACCOUNT), ([size], ELSEWHERE)):
        assert isinstance(await apply(store, poll(asked(account=account, days=days))), Applied)
    found = await CountedDays(client, prefix=prefix).of([ACCOUNT, ELSEWHERE, "acct-unheard"], DAYS)
    assert found == {
        **{CountedDay(ACCOUNT, "calls", TODAY - back): back for back in (1, 40, 62)},
        CountedDay(ELSEWHERE, "size", TODAY): 7,
    }


async def test_where_no_worker_ever_started_there_is_nothing_to_compare_with(client: Connection, prefix: str) -> None:
    with pytest.raises(RejectedState, match="no worker has ever started"):
        await CountedDays(client, prefix=prefix).of([ACCOUNT], DAYS)
