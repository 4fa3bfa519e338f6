"""The contracts of the built-in event types: what the data of each must hold (interfaces, Records in).

They check and change nothing: an event's data stays as it was parsed, unknown properties included, because its
identity covers the parsed data (semantics 1.4). An optional property may be null, which is as if it were absent.
"""

from __future__ import annotations

import re
from collections.abc import Callable  # noqa: TC003 -- pydantic reads the annotations when the contracts are built
from decimal import Decimal
from typing import Annotated, Any, Literal, NotRequired

from pydantic import AfterValidator, ConfigDict, Field, PlainValidator, TypeAdapter, ValidationError, with_config
from typing_extensions import TypedDict  # pydantic asks for this one before Python 3.12

from expansion_signals.errors import RejectedRecord
from expansion_signals.model.events import BUILT_IN_PREFIX
from expansion_signals.model.instants import parse_day, parse_instant
from expansion_signals.model.names import LONGEST_NAME

_MOST_CHARACTERS_OF_A_NUMBER = 400
_MOST_DIMENSIONS = 64
_MOST_PROBLEMS_NAMED = 20
_DECIMAL = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?", re.ASCII)
_SMALL = 1 << 63


def _written(value: object) -> str | None:
    """Return a number as its sender wrote it, up to its spelling; None for what is no number."""
    if isinstance(value, str):
        return value if _DECIMAL.fullmatch(value) else None
    if isinstance(value, Decimal):
        return str(value)
    # Far above any counter, and far below where Python refuses to print a whole number.
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None


def amount(value: object) -> object:
    """Return the value if it is a number as usage is reported: a JSON number, or a decimal string.

    Raises:
        ValueError: it is not, or has more than 400 digits.
    """
    if type(value) is int and -_SMALL < value < _SMALL:
        return value
    if isinstance(value, str) and len(value) > _MOST_CHARACTERS_OF_A_NUMBER:
        raise ValueError(f"has {len(value)} characters; at most {_MOST_CHARACTERS_OF_A_NUMBER} are read")
    written = _written(value)
    if written is None:
        raise ValueError('expected a JSON number or a decimal string such as "12.5"')
    if len(written) > _MOST_CHARACTERS_OF_A_NUMBER:
        raise ValueError(f"has {len(written)} characters; at most {_MOST_CHARACTERS_OF_A_NUMBER} are read")
    return value


def _number(low: int | None = None, high: int | None = None) -> Callable[[object], object]:
    def check(value: object) -> object:
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            raise ValueError("expected a JSON number")  # noqa: TRY004 -- pydantic collects ValueError only
        if (low is not None and value < low) or (high is not None and value > high):
            raise ValueError(f"expected a number from {low} to {high}")
        return value

    return check


def _moment(value: str) -> str:
    parse_instant(value)
    return value


def _calendar_day(value: str) -> str:
    parse_day(value)
    return value


Name = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME, pattern=r"^[^\u0000-\u001f\u007f-\u009f]*$")]
"""Names something: a user, a meter, a feature."""

Amount = Annotated[Any, PlainValidator(amount)]
Moment = Annotated[str, AfterValidator(_moment)]
Day = Annotated[str, AfterValidator(_calendar_day)]


@with_config(ConfigDict(strict=True, extra="ignore"))
class _Contract(TypedDict):
    session: NotRequired[Name | None]


class UsageRecorded(_Contract):
    """`usage.recorded`: an amount of a meter was used. Precision and size are judged when the meter is known."""

    meter: Name
    value: Amount
    user: NotRequired[Name | None]
    dimensions: NotRequired[Annotated[dict[Name, Name], Field(max_length=_MOST_DIMENSIONS)] | None]


class UsageImported(_Contract):
    """`usage.imported`: the total of a meter on a UTC day, from before it was counted here."""

    meter: Name
    day: Day
    value: Amount


class LimitHit(_Contract):
    """`limit.hit`: the app refused an action at the limit."""

    meter: Name
    user: NotRequired[Name | None]


class FeatureAttempted(_Contract):
    """`feature.attempted`: a user tried a feature."""

    feature: Name
    user: Name
    surface: NotRequired[Name | None]


class FeatureUsed(_Contract):
    """`feature.used`: a feature that the plan includes was used."""

    feature: Name
    user: NotRequired[Name | None]


class SeatInvited(_Contract):
    """`seat.invited`: `user` invited somebody, whose `invitee` is an opaque id or hash."""

    invite: Name
    user: Name
    invitee: NotRequired[Name | None]
    role: NotRequired[Name | None]
    blocked: NotRequired[bool | None]
    guest: NotRequired[bool | None]
    expires_at: NotRequired[Moment | None]


class SeatChanged(_Contract):
    """`seat.activated` and `seat.removed`."""

    member: Name
    invite: NotRequired[Name | None]


class InviteEnded(_Contract):
    """`invite.expired` and `invite.revoked`."""

    invite: Name


class UserActive(_Contract):
    """`user.active`: a user was there, and from where."""

    user: Name
    network: NotRequired[Name | None]
    department: NotRequired[Name | None]
    role: NotRequired[Name | None]
    region: NotRequired[Name | None]


class ContentShared(_Contract):
    """`content.shared`: something was shared, perhaps with people who are not users (`external`)."""

    user: Name
    recipient: NotRequired[Name | None]
    external: NotRequired[bool | None]


class IntegrationConnected(_Contract):
    """`integration.connected`."""

    integration: Name
    user: NotRequired[Name | None]


class DataExported(_Contract):
    """`data.exported`: something left for another tool, the `destination`."""

    user: Name
    destination: NotRequired[Name | None]


class InterestShown(_Contract):
    """`interest.shown`: another product of the catalog was looked at or searched for."""

    product: Name
    user: NotRequired[Name | None]
    how: NotRequired[Literal["view", "search"] | None]


class SupportTicketOpened(_Contract):
    """`support.ticket_opened`; `sentiment` from -1 to 1."""

    feature: NotRequired[Name | None]
    sentiment: NotRequired[Annotated[Any, PlainValidator(_number(-1, 1))] | None]
    product: NotRequired[Name | None]


class FeedbackGiven(_Contract):
    """`feedback.given`."""

    kind: Literal["nps", "csat", "request"]
    score: NotRequired[Annotated[Any, PlainValidator(_number())] | None]
    product: NotRequired[Name | None]
    feature: NotRequired[Name | None]


class CancelRequested(_Contract):
    """`subscription.cancel_requested`."""

    user: NotRequired[Name | None]
    reason: NotRequired[Name | None]


_CONTRACTS: dict[str, type] = {
    "usage.recorded": UsageRecorded,
    "usage.imported": UsageImported,
    "limit.hit": LimitHit,
    "feature.attempted": FeatureAttempted,
    "feature.used": FeatureUsed,
    "seat.invited": SeatInvited,
    "seat.activated": SeatChanged,
    "seat.removed": SeatChanged,
    "invite.expired": InviteEnded,
    "invite.revoked": InviteEnded,
    "user.active": UserActive,
    "content.shared": ContentShared,
    "integration.connected": IntegrationConnected,
    "data.exported": DataExported,
    "interest.shown": InterestShown,
    "support.ticket_opened": SupportTicketOpened,
    "feedback.given": FeedbackGiven,
    "subscription.cancel_requested": CancelRequested,
}

BUILT_IN_TYPES = frozenset(f"{BUILT_IN_PREFIX}{name}.v1" for name in _CONTRACTS)
"""The event types with a fixed meaning (semantics 1.2)."""

_CHECKS = {f"{BUILT_IN_PREFIX}{name}.v1": TypeAdapter(contract).validator for name, contract in _CONTRACTS.items()}
_BUILT_IN_NAME = re.compile(
    re.escape(BUILT_IN_PREFIX) + "(" + "|".join(re.escape(name) for name in _CONTRACTS) + r")(\..*)?"
)


def checked(event_type: str, data: object) -> dict[str, Any]:
    """Return the data as it is, once it is known to fulfil the contract of its type.

    A type without a contract takes anything: what is no object has no property that a meter could name, and stands
    under the empty name, so that its payload is still told from another.

    Raises:
        RejectedRecord: `invalid_data` with every problem found, `unknown_version` for a built-in type in a version
            that this program does not know.
    """
    if data is None:
        data = {}
    check = _CHECKS.get(event_type)
    if check is None:
        _refuse_unknown_version(event_type)
        return data if isinstance(data, dict) else {"": data}
    if not isinstance(data, dict):
        raise RejectedRecord("invalid_data", f"data must be a JSON object, got {type(data).__name__}")
    try:
        check.validate_python(data)
    except ValidationError as error:
        raise RejectedRecord("invalid_data", explained(error)) from None
    return data


def explained(error: ValidationError) -> str:
    """Return all problems as one line: where each stands and what was expected there."""
    problems = error.errors(include_url=False, include_context=False, include_input=False)
    lines = [_line(problem["loc"], problem["msg"]) for problem in problems[:_MOST_PROBLEMS_NAMED]]
    if len(problems) > _MOST_PROBLEMS_NAMED:
        lines.append(f"and {len(problems) - _MOST_PROBLEMS_NAMED} more")
    return "; ".join(lines)


def _line(location: tuple[int | str, ...], message: str) -> str:
    place = ".".join(str(part)[:64] for part in ("data", *location))
    return f"{place}: {message.removeprefix('Value error, ')}"


def _refuse_unknown_version(event_type: str) -> None:
    match = _BUILT_IN_NAME.fullmatch(event_type)
    if match:
        raise RejectedRecord(
            "unknown_version", f"{event_type[:80]} is not known; known: {BUILT_IN_PREFIX}{match[1]}.v1"
        )
