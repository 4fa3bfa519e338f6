"""`mute` run as an operator runs it, on a real Redis."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from accepted_configuration import accept
from expansion_signals.model.instants import HOUR, format_instant
from expansion_signals.state.connection import connect
from expansion_signals.state.mutes import RedisMutes

if TYPE_CHECKING:
    from collections.abc import Callable

    Run: TypeAlias = Callable[..., subprocess.CompletedProcess[str]]

NOW = time.time_ns() // 1_000


@pytest.fixture
def run(redis_url: str, prefix: str) -> Run:
    def run(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        given = {"EXPANSION_SIGNALS_REDIS": redis_url, "EXPANSION_SIGNALS_PREFIX": prefix} | settings
        return subprocess.run(
            [sys.executable, "-m", "expansion_signals", "mute", *arguments],
            env=os.environ | given,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    return run


@pytest.fixture(autouse=True)
async def deployment(redis_url: str, prefix: str) -> None:
    await accept(redis_url, prefix)


def _muted(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)["muted"]
    return found


async def _stands(redis_url: str, prefix: str) -> dict[tuple[str | None, str | None], int]:
    redis = connect(redis_url)
    stands = dict(await RedisMutes(redis, prefix=prefix).mutes())
    await redis.aclose()
    return stands


async def test_a_rule_is_muted_until_a_time(run: Run, redis_url: str, prefix: str) -> None:
    until = (NOW // 1_000_000 + 7_200) * 1_000_000
    assert run("--rule", "api-quota", "--until", format_instant(until)).returncode == 0
    assert await _stands(redis_url, prefix) == {("api-quota", None): until}


@pytest.mark.parametrize(
    ("arguments", "place"),
    [
        (("--rule", "api-quota"), ("api-quota", None)),
        (("--account", "acct-1"), (None, "acct-1")),
        (("--rule", "api-quota", "--account", "acct-1"), ("api-quota", "acct-1")),
        ((), (None, None)),
    ],
)
def test_a_place_is_muted_for_a_while(run: Run, arguments: tuple[str, ...], place: tuple[str, str]) -> None:
    [muted] = _muted(run(*arguments, "--until", "2h", "--json"))
    assert (muted["rule"], muted["account"]) == place


def test_what_is_muted_is_listed_without_options(run: Run) -> None:
    run("--rule", "api-quota", "--until", "2h")
    run("--account", "acct-1", "--until", "1h")
    lines = [line.partition(", until")[0] for line in run().stdout.splitlines()]
    assert lines == ["muted: every rule for account acct-1", "muted: rule api-quota for every account"]


def test_off_ends_what_was_muted_so_and_nothing_else(run: Run) -> None:
    run("--rule", "api-quota", "--until", "2h")
    run("--rule", "api-quota", "--account", "acct-1", "--until", "2h")
    [left] = _muted(run("--rule", "api-quota", "--off", "--json"))
    assert left["account"] == "acct-1"


def test_off_may_be_repeated(run: Run) -> None:
    assert [run("--account", "acct-1", "--off").stdout for _ in range(2)] == ["nothing is muted\n"] * 2


async def test_what_has_ended_is_neither_listed_nor_kept(run: Run, redis_url: str, prefix: str) -> None:
    redis = connect(redis_url)
    await RedisMutes(redis, prefix=prefix).mute("gone", None, NOW - HOUR)
    await redis.aclose()
    assert run().stdout == "nothing is muted\n"
    run("--account", "acct-1", "--until", "1h")
    assert list(await _stands(redis_url, prefix)) == [(None, "acct-1")]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--rule", "api-quotas", "--until", "2h"), "did you mean api-quota?"),
        (("--rule", "zzz", "--until", "2h"), "there are: api-quota, storage-full"),
        (("--rule", "api-quota"), "expected how long"),
        (("--rule", "api-quota", "--until", "soon"), "expected a duration such as"),
        (("--rule", "api-quota", "--until", "2020-01-01T00:00:00Z"), "has passed"),
        (("--rule", "api-quota", "--off", "--until", "2h"), "what ends now has no other end"),
    ],
)
def test_what_is_wrong_is_told_with_2(run: Run, arguments: tuple[str, ...], said: str) -> None:
    failed = run(*arguments)
    told = " ".join(failed.stderr.split())
    assert (failed.returncode, said in told) == (2, True), told


def test_a_rule_that_is_gone_may_be_ended(run: Run) -> None:
    assert run("--rule", "gone", "--off").returncode == 0


def test_a_prefix_under_which_no_worker_has_started_is_told_with_1(run: Run) -> None:
    failed = run(EXPANSION_SIGNALS_PREFIX="elsewhere-")
    assert (failed.returncode, "expansion-signals worker" in failed.stderr) == (1, True)
