"""What value an event has of a dimension (architecture, Keys in Redis)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from expansion_signals.detect.dimensions import property_of, values_of
from expansion_signals.model.dimensions import LONGEST_DIMENSION, LONGEST_VALUE, OTHER, VALUES_KEPT, kept_as
from expansion_signals.model.events import USAGE_IMPORTED, USAGE_RECORDED, UsageEvent

OWN = "com.acme.report.exported"


def values(kind: str, *names: str, **data: object) -> dict[str, str]:
    return dict(values_of(UsageEvent("/apps/web", "e-1", kind, "acct-1", 0, data), names or ("region",)))


def test_recorded_usage_has_the_values_of_its_dimensions() -> None:
    found = values(USAGE_RECORDED, "region", "model", dimensions={"region": "eu", "model": "m-1", "team": "a"})
    assert found == {"region": "eu", "model": "m-1"}


@pytest.mark.parametrize("dimensions", [None, {}, {"team": "a"}, "eu", {"region": None}, {"region": ["eu"]}])
def test_an_event_without_a_dimension_is_not_split_by_it(dimensions: object) -> None:
    assert values(USAGE_RECORDED, dimensions=dimensions) == {}


def test_an_own_event_may_have_a_dimension_as_a_property() -> None:
    assert values(OWN, region="eu") == {"region": "eu"}


def test_the_dimensions_of_an_own_event_come_before_its_properties() -> None:
    assert values(OWN, region="eu", dimensions={"region": "us"}) == {"region": "us"}


@pytest.mark.parametrize("kind", [USAGE_RECORDED, USAGE_IMPORTED])
def test_a_property_of_recorded_or_imported_usage_is_no_dimension(kind: str) -> None:
    assert values(kind, region="eu") == {}


@pytest.mark.parametrize(("value", "text"), [(True, "true"), (5, "5"), (Decimal("5.0"), "5"), ("", "")])
def test_a_value_is_its_text(value: object, text: str) -> None:
    assert values(OWN, region=value) == {"region": text}


def test_a_value_of_the_longest_length_stays_as_it_is() -> None:
    assert values(OWN, region="é" * 20) == {"region": "é" * 20}


@pytest.mark.parametrize("value", ["x" * 41, "é" * 21, "x" + "é" * 500, "😀" * 40])
def test_a_longer_value_is_cut_to_whole_characters_and_a_hash(value: str) -> None:
    short = values(OWN, region=value)["region"]
    beginning, _, digits = short.rpartition("~")
    assert (len(short.encode()) <= LONGEST_VALUE, value.startswith(beginning), len(digits)) == (True, True, 12)


def test_two_long_values_stay_apart_though_they_begin_alike() -> None:
    assert values(OWN, region="x" * 60) != values(OWN, region="x" * 61)


def test_a_field_of_redis_is_shorter_than_64_bytes() -> None:
    assert LONGEST_DIMENSION + len("=") + LONGEST_VALUE < 64


def test_a_property_may_be_named_inside_the_dimensions() -> None:
    found = {"region": "us", "dimensions": {"region": "eu"}}
    assert (property_of(found, "region"), property_of(found, "dimensions.region")) == ("us", "eu")


def test_what_is_no_object_has_nothing_inside() -> None:
    assert property_of({"dimensions": "eu"}, "dimensions.region") is None


def test_the_hundredth_value_is_kept_and_the_next_one_is_other() -> None:
    known = {f"v{n}" for n in range(VALUES_KEPT - 1)}
    assert (kept_as("new", known), kept_as("newer", known | {"new"})) == ("new", OTHER)


def test_a_known_value_stays_itself_and_other_takes_no_place() -> None:
    known = {f"v{n}" for n in range(VALUES_KEPT - 1)} | {OTHER}
    assert (kept_as("v1", known | {"last"}), kept_as("last", known)) == ("v1", "last")
