"""The shape of `catalog.yaml`, as written; what it means together is judged in `catalog_checks`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from expansion_signals.model.catalog import Aggregation, Beyond, LimitKind, Per  # noqa: TC001 -- pydantic reads them
from expansion_signals.rules.findings import shown
from expansion_signals.rules.shapes import Shape
from expansion_signals.rules.spellings import Amount, Name, Selected  # noqa: TC001 -- pydantic reads the annotations

UNLIMITED = "unlimited"


class CatalogShape(Shape):
    """The file as a whole; each part is read on its own, so that one bad part hides no other."""

    currency: str
    meters: dict[str, Any] = Field(default_factory=dict)
    features: dict[str, Any] = Field(default_factory=dict)
    plans: Annotated[list[Any], Field(min_length=1)]
    add_ons: list[Any] = Field(default_factory=list)


class MeterShape(Shape):
    """`meters: {<key>: …}`."""

    event: Annotated[str, Field(min_length=1)]
    aggregation: Aggregation
    value: Annotated[str, Field(min_length=1)] | None = None
    where: dict[str, Selected] = Field(default_factory=dict)
    unit: Annotated[str, Field(min_length=1)] | None = None
    per: Per | None = None
    precision: Annotated[int, Field(ge=0, le=9)] = 0
    dimensions: list[Name] = Field(default_factory=list)


class FeatureShape(Shape):
    """`features: {<key>: …}`: metered if it names a meter, boolean if it is empty."""

    meter: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _nothing_is_boolean(cls, written: object) -> object:
        return {} if written is None else written


class EntitlementShape(Shape):
    """`includes: {<feature>: …}`: `true`, `unlimited`, or a limit with its kind."""

    limit: Amount | None = None
    kind: LimitKind = "hard"
    beyond: Beyond | None = None
    unit_price: Amount | None = None

    @model_validator(mode="before")
    @classmethod
    def _short_forms(cls, written: object) -> object:
        if written is True or written == UNLIMITED:
            return {}
        if not isinstance(written, dict):
            raise ValueError(f"expected `true`, `unlimited` or a limit such as {{limit: 1000}}, got {shown(written)}")  # noqa: TRY004 -- pydantic collects only ValueError
        return {key: value for key, value in written.items() if (key, value) != ("limit", UNLIMITED)}


class SeatTierShape(Shape):
    """Seats up to and including number `to`."""

    to: Annotated[int, Field(ge=1)] | None = None
    price: Amount


class SeatPriceShape(Shape):
    """`seat_price`: one price a seat, `{tiers: […]}`, or `{bundle: 5, price: …}`."""

    tiers: Annotated[list[SeatTierShape], Field(min_length=1)] | None = None
    bundle: Annotated[int, Field(ge=1)] | None = None
    price: Amount | None = None

    @model_validator(mode="before")
    @classmethod
    def _one_price(cls, written: object) -> object:
        return written if isinstance(written, dict) else {"price": written}


class CapacityShape(Shape):
    """Pre-purchased capacity of a meter."""

    meter: str
    amount: Amount
    price: Amount


class PlanShape(Shape):
    """One entry of `plans`, cheapest first."""

    key: Name
    price: Amount | None = None
    per: Literal["month", "year"] = "month"
    contact_sales: bool = False
    includes: dict[str, EntitlementShape] = Field(default_factory=dict)
    seat_price: SeatPriceShape | None = None
    capacity: list[CapacityShape] = Field(default_factory=list)


class AddOnShape(Shape):
    """One entry of `add_ons`: what each piece bought adds to the limits."""

    key: Name
    price: Amount | None = None
    per: Literal["month", "year"] = "month"
    adds: dict[str, Amount]
