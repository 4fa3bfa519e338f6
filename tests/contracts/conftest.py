"""Both stores: each contract is held in memory, and in Redis, Valkey and a Redis Cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from expansion_signals.state.connection import connect
from expansion_signals.state.deployment import Deployment
from kept_state import Kept, KeptInMemory, KeptInRedis, WholeStore
from sample_batches import SHARDS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


ADDRESSES = {"redis": "redis_url", "valkey": "valkey_url", "cluster": "cluster_url"}
"""The fixture that says where each server is."""


@pytest.fixture(params=["memory", *(pytest.param(name, marks=pytest.mark.servers) for name in ADDRESSES)])
async def kept(request: pytest.FixtureRequest) -> AsyncIterator[Kept]:
    """The state of a deployment that was just opened."""
    if request.param == "memory":
        yield KeptInMemory(SHARDS)
        return
    url, prefix = request.getfixturevalue(ADDRESSES[request.param]), request.getfixturevalue("prefix")
    client = connect(url)
    try:
        await Deployment(client, prefix=prefix, shards=SHARDS).open()
        yield KeptInRedis(client, prefix, SHARDS)
    finally:
        await client.aclose()


@pytest.fixture
def store(kept: Kept) -> WholeStore:
    return kept.store
