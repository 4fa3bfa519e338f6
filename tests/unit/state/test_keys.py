from __future__ import annotations

import pytest

from expansion_signals.model.instants import parse_instant
from expansion_signals.model.readings import Counter
from expansion_signals.state.keys import counter_of, day_of_month, shard_keys, shard_of, suffix_of

NOVEMBER = parse_instant("2026-11-01T00:00:00Z")
COUNTERS = {
    "1793491200": Counter("calls", "", NOVEMBER),
    "": Counter("calls", "", None),
    ":europe": Counter("calls", "europe", None),
    "1793491200:europe": Counter("calls", "europe", NOVEMBER),
    "1793491200:a:b": Counter("calls", "a:b", NOVEMBER),
    "1793491200u17": Counter("calls", "", NOVEMBER + 17),
    "-86400": Counter("calls", "", -86_400_000_000),
    "-86401u999999": Counter("calls", "", -86_400_000_001),
}


@pytest.mark.parametrize("suffix", COUNTERS)
def test_a_counter_stands_under_where_its_period_starts_and_its_dimension(suffix: str) -> None:
    assert suffix_of(COUNTERS[suffix]) == suffix


@pytest.mark.parametrize("suffix", COUNTERS)
def test_a_suffix_reads_back_as_its_counter(suffix: str) -> None:
    assert counter_of("calls", suffix) == COUNTERS[suffix]


def test_the_shard_of_an_account_never_changes() -> None:
    assert [shard_of(account, 64) for account in ("acct-1", "acct-2", "ünï", "")] == [53, 15, 42, 0]


def test_shards_share_accounts_evenly() -> None:
    shards = [shard_of(f"acct-{number}", 64) for number in range(6_400)]
    assert min(shards.count(shard) for shard in range(64)) > 60


def test_all_keys_of_a_shard_share_its_hash_tag() -> None:
    keys = shard_keys("demo-", 7)
    found = [keys.state, keys.watermarks, keys.names, keys.pending, keys.account("a"), keys.profile("a")]
    found += [keys.month("a", 1), keys.hours("a", 1), keys.identities("h1", 8, 3), keys.checks("h1", 8, 3)]
    assert all(key.startswith("demo-es:{7}:") for key in found)
    assert len(set(found)) == len(found)


def test_day_buckets_stand_by_month_and_day_of_the_month() -> None:
    leap_day = 19_782
    assert (shard_keys("", 0).month("a", leap_day), day_of_month(leap_day)) == ("es:{0}:b:a:2024-02", 29)
