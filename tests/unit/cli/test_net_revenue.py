from __future__ import annotations

from fractions import Fraction

import pytest

from expansion_signals.cli.net_revenue import Movement, NetRevenue, net_revenues
from expansion_signals.cli.revenue import Revenue


def _usd(amount: int) -> Revenue:
    return Revenue(Fraction(amount), "USD", "billing")


def _parts(now: dict[str, int], *movements: Movement) -> NetRevenue:
    return net_revenues({account: _usd(amount) for account, amount in now.items()}, movements).by_currency["USD"]


def test_the_worked_example_of_the_domain_is_107_percent() -> None:
    parts = _parts(
        {"steady": 800_000, "grown": 250_000, "shrunk": 20_000, "left": 0},
        Movement("grown", _usd(100_000), _usd(250_000)),
        Movement("shrunk", _usd(50_000), _usd(20_000)),
        Movement("left", _usd(50_000), _usd(0), gone=True),
    )
    assert (parts.start, parts.expansion, parts.contraction, parts.churn) == (1_000_000, 150_000, 30_000, 50_000)
    assert parts.retention == Fraction(107, 100)


def test_expansion_rate_is_expansion_of_the_start() -> None:
    assert NetRevenue(start=Fraction(1_000_000), expansion=Fraction(150_000)).expansion_rate == Fraction(15, 100)


def test_who_paid_nothing_at_the_start_is_new_and_in_no_part_of_it() -> None:
    parts = _parts({"old": 100, "converted": 49}, Movement("converted", _usd(0), _usd(49)))
    assert (parts.start, parts.expansion, parts.new, parts.retention) == (100, 0, 49, 1)


def test_an_account_that_left_and_is_kept_no_more_was_there_at_the_start() -> None:
    parts = _parts({"other": 100}, Movement("left", _usd(100), _usd(0), gone=True))
    assert (parts.start, parts.churn, parts.retention) == (200, 100, Fraction(1, 2))


def test_each_change_counts_by_itself() -> None:
    there = Movement("a", _usd(100), _usd(150))
    parts = _parts({"a": 120}, there, Movement("a", _usd(150), _usd(120)))
    assert (parts.start, parts.expansion, parts.contraction) == (100, 50, 30)


def test_the_parts_add_up_to_what_is_paid_now() -> None:
    movements = (
        Movement("a", _usd(100), _usd(150)),
        Movement("b", _usd(80), _usd(0), gone=True),
        Movement("c", _usd(0), _usd(10)),
    )
    parts = _parts({"a": 150, "b": 0, "c": 10, "d": 40}, *movements)
    assert parts.start + parts.expansion - parts.contraction - parts.churn + parts.new == parts.now


def test_revenue_per_account_is_of_those_that_pay() -> None:
    parts = _parts({"a": 100, "b": 50, "free": 0})
    assert (parts.per_account_now, parts.paying_now) == (75, 2)


def test_without_revenue_at_the_start_there_is_no_rate() -> None:
    parts = _parts({"free": 0})
    assert (parts.retention, parts.expansion_rate, parts.per_account_now) == (None, None, None)


def test_currencies_are_told_apart() -> None:
    euros = Revenue(Fraction(10), "EUR", "billing")
    assert list(net_revenues({"a": _usd(1), "b": euros}, ()).by_currency) == ["EUR", "USD"]


@pytest.mark.parametrize("after", [None, Revenue(Fraction(90), "EUR", "billing")])
def test_what_nobody_can_say_is_counted_as_unknown(after: Revenue | None) -> None:
    found = net_revenues({"a": after}, [Movement("a", _usd(100), after)])
    assert (found.unknown, found.by_currency["USD"].contraction) == (1, 0)
