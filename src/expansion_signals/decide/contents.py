"""What deciding relies on in the data of signals: whatever stands on the topic, it is checked before it is judged.

They check and change nothing; what else stands in the data is carried on as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping  # noqa: TC003 -- pydantic reads the annotations
from functools import cache
from typing import Annotated, Any, Literal, NotRequired

from pydantic import AfterValidator, ConfigDict, Field, TypeAdapter, ValidationError, with_config
from typing_extensions import TypedDict  # pydantic asks for this one before Python 3.12

from expansion_signals.errors import RejectedRecord
from expansion_signals.model.accounts import Account
from expansion_signals.model.instants import parse_instant
from expansion_signals.rules.spellings import read_duration

_AMOUNT = re.compile(r"-?[0-9]{1,60}(\.[0-9]{1,40})?", re.ASCII)
_MOST_NAMED = 3


def _amount(value: str) -> str:
    if not _AMOUNT.fullmatch(value):
        raise ValueError('expected a decimal string such as "12.5"')
    return value


def _moment(value: str) -> str:
    parse_instant(value)
    return value


def _window(value: str) -> str:
    read_duration(value)
    return value


def _profile(value: Mapping[str, Any]) -> Mapping[str, Any]:
    Account.model_validate(value)
    return value


Amount = Annotated[str, AfterValidator(_amount)]
Moment = Annotated[str, AfterValidator(_moment)]
Window = Annotated[str, AfterValidator(_window)]
Profile = Annotated[dict[str, Any], AfterValidator(_profile)]
Times = Annotated[int, Field(ge=0, le=1_000_000_000)]


@with_config(ConfigDict(strict=True, extra="ignore"))
class _Rule(TypedDict):
    id: str
    version: str


@with_config(ConfigDict(strict=True, extra="ignore"))
class _Period(TypedDict):
    start: Moment
    end: Moment


@with_config(ConfigDict(strict=True, extra="ignore"))
class _Crossing(TypedDict):
    kind: Literal["percent", "usage", "remaining", "step"]
    value: Amount


@with_config(ConfigDict(strict=True, extra="ignore"))
class _Told(TypedDict):
    rule: _Rule
    family: Literal["limit", "gate", "seat", "milestone", "trend", "pql", "retention"]
    plan: NotRequired[str | None]
    user: NotRequired[str | None]
    limit: NotRequired[Amount | None]
    allowance: NotRequired[Amount | None]
    period: NotRequired[_Period | None]
    account: NotRequired[Profile | None]
    past: NotRequired[Literal["backfill", "rule_added", "too_old_to_fire"]]


class _Every(_Told):
    threshold: NotRequired[_Crossing | None]


class _Metered(_Every):
    meter: str
    usage: Amount


class _Crossed(_Told):
    threshold: _Crossing
    crossed: list[_Crossing]


class _Limit(_Crossed):
    meter: str
    usage: Amount


class _Seats(_Every):
    used: Amount


class _SeatsCrossed(_Crossed):
    used: Amount


class _Invited(_Seats):
    invite: str
    invites: Times
    blocked: bool


class _Windowed(_Metered):
    window: Window


class _Forecast(_Metered):
    per_day: Amount


class _OfFeature(_Every):
    feature: str


class _OfFeatures(_Every):
    features: list[str]


class _OfProduct(_Every):
    product: str


class _Team(_Every):
    events: Times


@with_config(ConfigDict(strict=True, extra="ignore"))
class _Level(TypedDict):
    meter: str
    usage: Amount
    limit: NotRequired[Amount | None]
    period: NotRequired[_Period | None]


@with_config(ConfigDict(strict=True, extra="ignore"))
class _Reading(TypedDict):
    reason: Literal["daily", "evidence", "hold_ended"]
    plan: NotRequired[str | None]
    facts: list[dict[str, Any]]
    health_inputs: dict[str, Any]
    levels: list[_Level]
    gone: NotRequired[list[str]]
    cancel_requested: NotRequired[bool]
    account: NotRequired[Profile | None]


_Changed = TypedDict("_Changed", {"from": "Profile | None", "to": "Profile | None"})

_CONTENTS: Mapping[str, Any] = {
    "limit.reached": _Limit,
    "limit.recovered": _Limit,
    "milestone.reached": _Limit,
    "seat_limit.approached": _SeatsCrossed,
    "seat_limit.invited": _Invited,
    "seat_limit.last_taken": _Seats,
    "feature.gated": _OfFeature,
    "admin_feature.requested": _OfFeature,
    "support_pattern.found": _OfFeatures,
    "product.requested": _OfProduct,
    "interest.grown": _OfProduct,
    "team.grown": _Team,
    "usage.accelerated": _Windowed,
    "volume.grown": _Windowed,
    "usage.declined": _Windowed,
    "power_user.reached": _Metered,
    "usage.run_out_forecast": _Forecast,
    "reading": _Reading,
    "account.changed": _Changed,
}
"""By type; any other that is judged needs what each has."""

UNJUDGED = frozenset({"limit.hit", "feature.attempted"})
"""Types that are evidence for the audit alone."""


def check_content(kind: str, data: Mapping[str, Any]) -> None:
    """Check the data of a signal of this type.

    Raises:
        RejectedRecord: `invalid_data`, naming what is wrong.
    """
    if kind in UNJUDGED:
        return
    try:
        _adapter(kind).validate_python(data)
    except ValidationError as error:
        wrong = [f"data.{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors(include_url=False)]
        raise RejectedRecord("invalid_data", f"{kind}: {'; '.join(wrong[:_MOST_NAMED])}") from None


@cache
def _adapter(kind: str) -> TypeAdapter[Any]:
    return TypeAdapter(_CONTENTS.get(kind, _Every))
