from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from expansion_signals.decide.recurring_revenue import mrr_change
from sold import account, sold

if TYPE_CHECKING:
    from expansion_signals.model.accounts import Account


def paying(amount: str, currency: str = "USD", plan: str = "team") -> Account:
    return account(plan, mrr={"amount": amount, "currency": currency})


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [
        pytest.param(paying("1000"), paying("1200.5"), "200.50", id="told by both"),
        pytest.param(paying("1000"), paying("900"), "-100.00", id="a contraction is negative"),
        pytest.param(paying("5", "EUR"), paying("6", "EUR"), "1.00", id="in another currency"),
        pytest.param(paying("1000", "EUR"), paying("900", plan="business"), "50.00", id="in two currencies"),
        pytest.param(paying("1000"), account("business"), "50.00", id="told by one of them"),
        pytest.param(account("free"), account("team"), "50.00", id="a plan"),
        pytest.param(account("business"), account("free"), "-100.00", id="a lower plan"),
        pytest.param(account("team"), account("team", limits={"seats": "12"}), "24.00", id="seats"),
        pytest.param(account("team", add_ons={"extra-api": 3}), account("team"), "-60.00", id="add-ons given up"),
        pytest.param(account("team"), account("team", owner="dana"), "0.00", id="nothing that costs"),
        pytest.param(account("team"), account("team", status="cancelled"), "-50.00", id="cancelled"),
        pytest.param(account("team", status="trialing"), account("team"), "50.00", id="a trial that is paid"),
        pytest.param(account("team"), account("team", status="past_due"), "0.00", id="late in paying"),
        pytest.param(account("team"), account("enterprise"), None, id="no price in the catalog"),
        pytest.param(account("retired"), account("team"), None, id="a plan that nobody sells"),
        pytest.param(None, account("team"), None, id="a first profile"),
        pytest.param(account("team"), None, None, id="a tombstone"),
    ],
)
def test_revenue_changes_by_what_is_paid_more(
    before: Account | None, after: Account | None, change: str | None
) -> None:
    expected = None if change is None else Decimal(change)
    assert str(mrr_change(before, after, sold())) == str(expected)


def test_back_again_is_the_opposite() -> None:
    there, back = account("free"), account("business", limits={"seats": "53"})
    changes = (mrr_change(there, back, sold()), mrr_change(back, there, sold()))
    assert changes == (Decimal(121), -Decimal(121))
