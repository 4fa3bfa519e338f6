"""Accounts that a rule holds out: by a hash of rule and account, the same whenever it is asked."""

from __future__ import annotations

from decimal import Decimal

from expansion_signals.model.held_out import held_out

ACCOUNTS = [f"acct-{number}" for number in range(10_000)]


def share_of(rule: str, percent: str) -> set[str]:
    return {account for account in ACCOUNTS if held_out(rule, Decimal(percent), account)}


def test_a_rule_without_a_holdout_holds_nobody_out() -> None:
    assert held_out("quota", None, "acct-1") == {}


def test_a_tenth_of_the_accounts_is_held_out() -> None:
    assert 900 < len(share_of("quota", "10")) < 1100


def test_all_are_held_out_at_100_percent() -> None:
    assert len(share_of("quota", "100")) == len(ACCOUNTS)


def test_who_is_held_out_stays_so_when_the_share_grows() -> None:
    assert share_of("quota", "10") < share_of("quota", "20")


def test_another_rule_holds_others_out() -> None:
    assert share_of("quota", "10") != share_of("storage", "10")
