from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from expansion_signals.model.readings import Counter
from expansion_signals.state.account_keys import owners_of
from expansion_signals.state.keys import shard_keys

if TYPE_CHECKING:
    from collections.abc import Callable

KEYS = shard_keys("", 7)
METERS = ("calls", "7")


@pytest.mark.parametrize("account", ["acct-1", "a:b", "a:calls", "a:2026-11", "*", "", "a:calls:7"])
@pytest.mark.parametrize(
    "key",
    [
        KEYS.account,
        KEYS.profile,
        KEYS.policy,
        KEYS.totals,
        lambda account: KEYS.month(account, 20_000),
        lambda account: KEYS.hours(account, 20_000),
        lambda account: KEYS.note(account, "seats"),
        lambda account: KEYS.note(account, "interest:a:b"),
        lambda account: KEYS.members(account, Counter("calls", "", 1_700_000_000_000_000)),
        lambda account: KEYS.members(account, Counter("calls", "", None)),
        lambda account: KEYS.sketch(account, Counter("calls", "region=a:b", 1_700_000_000_000_001)),
        lambda account: KEYS.shares(account, Counter("calls", "plan=x", None)),
        lambda account: KEYS.hour_members(account, "calls", 480_000, 1),
        lambda account: KEYS.last_seen(account, "calls"),
        lambda account: KEYS.seen_on(account, "calls", 20_000),
    ],
)
def test_the_account_of_a_key_is_among_its_owners(key: Callable[[str], str], account: str) -> None:
    kind, _, rest = key(account).removeprefix(f"{KEYS.tag}:").partition(":")
    assert account in set(owners_of(kind, rest, METERS))


@pytest.mark.parametrize(
    ("kind", "rest", "owners"),
    [
        ("a", "a:b", {"a:b"}),
        ("b", "a:calls:2026-11", {"a:calls"}),
        ("s", "a:calls:calls", {"a:calls"}),
        ("u", "a:calls:1700000000", {"a"}),
        ("u", "a:b:1700000000", set()),
        ("u", "a:calls:7:1700000000", {"a", "a:calls"}),
        ("x", "a:calls:calls:", {"a:calls"}),
        ("o", "a:b:c", {"a", "a:b"}),
    ],
)
def test_only_who_could_have_made_a_key_may_own_it(kind: str, rest: str, owners: set[str]) -> None:
    assert set(owners_of(kind, rest, METERS)) == owners
