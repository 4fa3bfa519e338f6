"""What an event adds to which meter (semantics 1.2, 2.1, 2.2)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from expansion_signals.detect.metering import contributions
from expansion_signals.errors import RejectedRecord
from expansion_signals.model.events import USAGE_IMPORTED, UsageEvent
from expansion_signals.rules.loading import load

CATALOG = """
currency: USD
meters:
  sent: {event: com.acme.sent, aggregation: unique, value: user, unit: user}
  size: {event: com.acme.sized, aggregation: max, value: gb, precision: 1, unit: GB}
  seen: {event: com.acme.sized, aggregation: latest, value: gb, precision: 1, unit: GB}
  shots: {event: com.acme.shot, aggregation: count, unit: shot}
  shots_eu: {event: com.acme.shot, where: {dimensions.region: eu}, aggregation: count, unit: shot}
features:
  sent: {meter: sent}
plans:
  - {key: free, price: 0, includes: {sent: {limit: 5}}}
"""
CONFIGURATION = load({"catalog.yaml": CATALOG, "rules.yaml": "rules: []\n"})


def amounts(kind: str, **data: object) -> list[int]:
    event = UsageEvent("/apps/web", "e-1", kind, "acct-1", 0, data)
    return [amount for _, amount in contributions(event, CONFIGURATION) or ()]


def member(user: object) -> int:
    (number,) = amounts("com.acme.sent", user=user)
    return number


def test_a_member_is_a_signed_hash_of_64_bits() -> None:
    numbers = [member(f"u-{n}") for n in range(200)]
    assert (min(numbers) < 0 < max(numbers), all(-(2**63) <= number < 2**63 for number in numbers)) == (True, True)


def test_a_member_is_the_same_in_every_process() -> None:
    assert member("u-42") == 5_983_665_852_060_724_508


def test_two_members_have_two_numbers() -> None:
    assert len({member(f"u-{n}") for n in range(2_000)}) == 2_000


@pytest.mark.parametrize(("user", "same"), [(42, "42"), (Decimal("4.5"), "4.5")])
def test_a_member_named_by_a_number_is_the_one_named_by_its_text(user: object, same: str) -> None:
    assert member(user) == member(same)


@pytest.mark.parametrize("user", [None, "", True, ["u-1"], {"id": "u-1"}])
def test_what_names_nobody_is_invalid(user: object) -> None:
    with pytest.raises(RejectedRecord, match=r"data\.user: meter `sent` counts who or what it names"):
        member(user)


def test_an_event_may_feed_the_highest_and_the_latest_alike() -> None:
    assert amounts("com.acme.sized", gb=Decimal("-2.5")) == [-25, -25]


@pytest.mark.parametrize("value", [None, True, "much", Decimal("0.55")])
def test_a_highest_or_latest_level_needs_a_number_of_its_precision(value: object) -> None:
    with pytest.raises(RejectedRecord):
        amounts("com.acme.sized", gb=value)


@pytest.mark.parametrize(("meter", "value", "amount"), [("size", "2.5", 25), ("seen", -1, -10), ("shots", 7, 7)])
def test_a_days_total_is_of_the_meter_it_names_whatever_feeds_that(meter: str, value: object, amount: int) -> None:
    assert amounts(USAGE_IMPORTED, meter=meter, day="2026-11-20", value=value) == [amount]


def test_a_total_of_a_meter_that_nobody_names_is_unmatched() -> None:
    event = UsageEvent("/i", "e-1", USAGE_IMPORTED, "acct-1", 0, {"meter": "sizes", "day": "2026-11-20", "value": 1})
    assert contributions(event, CONFIGURATION) is None


@pytest.mark.parametrize(
    ("kind", "data", "is_known"),
    [
        ("expansion.feature.attempted.v1", {"feature": "sso"}, True),
        ("expansion.feature.atempted.v1", {"feature": "sso"}, False),
        ("expansion.account.updated.v1", {}, False),
        ("expansion.limit.hit.v1", {"meter": "shots"}, True),
        ("expansion.limit.hit.v1", {"meter": "seats"}, True),
        ("expansion.limit.hit.v1", {"meter": "chairs"}, False),
    ],
)
def test_what_is_built_in_is_counted_and_what_only_looks_so_is_unmatched(
    kind: str, data: dict[str, object], *, is_known: bool
) -> None:
    event = UsageEvent("/apps/web", "e-1", kind, "acct-1", 0, data)
    assert (contributions(event, CONFIGURATION) is not None) == is_known


@pytest.mark.parametrize(
    ("meter", "value", "code"),
    [
        ("sent", "3", "invalid_data"),
        ("shots", "-1", "invalid_data"),
        ("shots", "1.5", "precision"),
        ("size", "0.55", "precision"),
        ("size", 10**18, "overflow"),
    ],
)
def test_a_total_that_its_meter_cannot_have_is_refused(meter: str, value: object, code: str) -> None:
    with pytest.raises(RejectedRecord) as refused:
        amounts(USAGE_IMPORTED, meter=meter, day="2026-11-20", value=value)
    assert refused.value.code == code


def test_a_meter_may_take_one_value_of_a_dimension_only() -> None:
    inside, beside = amounts("com.acme.shot", dimensions={"region": "eu"}), amounts("com.acme.shot", region="eu")
    assert (inside, beside) == ([1, 1], [1])
