"""Accounts: who pays, on which plan, and since when (`account-updates`, interfaces: Records in)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from hashlib import blake2b
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, NonNegativeInt, PlainSerializer

from expansion_signals.model.amounts import plain
from expansion_signals.model.instants import DAY, Duration, Instant, format_instant, parse_instant
from expansion_signals.model.periods import calendar_anchor, same_periods

if TYPE_CHECKING:
    from expansion_signals.model.events import Evidence

PeriodUnit = Literal["day", "week", "month", "quarter", "year"]
AccountStatus = Literal["active", "trialing", "past_due", "paused", "cancelled", "internal"]


def _known_zone(name: str) -> str:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError  # noqa: PLC0415 -- only profiles that name a zone pay for it

    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"time zone {name[:64]!r} is not in the IANA database") from None
    return name


_MOST_DIGITS = 18


def _within_reach(value: object) -> object:
    """Refuse a number of more than 18 digits before or behind the point, which a few bytes can write.

    Ten bytes, `1e99999999`, make a whole number of 40 MB: whoever turns them into one stands still.
    """
    if isinstance(value, Decimal) and not (value.is_finite() and abs(value.adjusted()) < _MOST_DIGITS):
        raise ValueError(f"expected a number of at most {_MOST_DIGITS} digits")
    if isinstance(value, int) and abs(value) >= 10**_MOST_DIGITS:
        raise ValueError(f"expected a number of at most {_MOST_DIGITS} digits")
    return value


def _instant(value: object) -> object:
    if isinstance(value, Decimal):
        raise ValueError("expected a time as text")  # noqa: TRY004 -- pydantic collects ValueError only
    return parse_instant(value) if isinstance(value, str) else value


_ANCHORS = (parse_instant("1900-01-01T00:00:00Z"), parse_instant("2200-01-01T00:00:00Z"))


def _countable(anchor: Instant) -> Instant:
    """Refuse an anchor whose wall-clock time in some zone would lie outside the years a calendar has."""
    if not _ANCHORS[0] <= anchor < _ANCHORS[1]:
        raise ValueError(f"expected an anchor from 1900 to 2199, got {format_instant(anchor)}")
    return anchor


def _written(instant: Instant) -> str:
    return format_instant(instant)


Moment = Annotated[Instant, BeforeValidator(_instant), PlainSerializer(_written, return_type=str)]
"""An instant that stands as RFC 3339 in JSON."""

Amount = Annotated[
    Decimal,
    Field(allow_inf_nan=False, max_digits=60, decimal_places=20),
    PlainSerializer(plain, return_type=str),
]
"""A decimal that stands as a string without trailing zeros in JSON."""


_Small = BeforeValidator(_within_reach)


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Money(_Part):
    """An amount of a currency."""

    amount: Amount
    currency: str = Field(min_length=3, max_length=3)


class Anchor(_Part):
    """From when (`valid_from`) periods of this `unit` are counted from this `anchor` (semantics 2.4)."""

    valid_from: Moment
    anchor: Moment
    unit: PeriodUnit


class Subscription(_Part):
    """`period` of an account update: the unit of its periods and the instant they are counted from."""

    unit: PeriodUnit = "month"
    anchor: Annotated[Moment, AfterValidator(_countable)]


class Baseline(_Part):
    """A level as of an instant: later events add to it (semantics 2.9)."""

    value: Amount
    as_of: Moment


class Account(_Part):
    """The full snapshot of one account update; a `version` that is not greater than the last is ignored."""

    version: Annotated[int, _Small, Field(strict=True, ge=0)]
    plan: str = Field(min_length=1)
    # From factories: pydantic makes a deep copy of any other default, and half of reading a snapshot went there.
    add_ons: dict[str, Annotated[NonNegativeInt, _Small]] = Field(default_factory=dict)
    limits: dict[str, Annotated[Amount, Field(ge=0)]] = Field(default_factory=dict)
    period: Subscription | None = None
    time_zone: Annotated[str, AfterValidator(_known_zone)] = "UTC"
    annual_value: Money | None = None
    owner: str | None = None
    open_opportunity: bool = False
    members: list[str] | None = None
    roles_exempt: list[str] = Field(default_factory=list)
    mrr: Money | None = None
    first_purchase_at: Moment | None = None
    renewal_at: Moment | None = None
    language: str | None = None
    nps: Annotated[int | None, _Small] = None
    csat: Annotated[Decimal | None, AfterValidator(_within_reach)] = None
    status: AccountStatus = "active"
    opted_out: list[str] = Field(default_factory=list)
    partner: str | None = None
    usage: dict[str, Baseline] = Field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """Return the snapshot as signals carry it: the JSON of `account-updates`, what is unset left out."""
        return self.model_dump(mode="json", exclude_defaults=True)


class Profile(_Part):
    """What is kept of an account: its last snapshot and its last four anchors, oldest first (semantics 2.4).

    `baselines` says as of when levels were set by earlier snapshots, for meters of which the last one says nothing.
    """

    account: Account
    anchors: tuple[Anchor, ...]
    baselines: dict[str, Moment] = Field(default_factory=dict)

    @property
    def version(self) -> int:
        """The version of the snapshot this profile was made from."""
        return self.account.version

    @cached_property
    def stamp(self) -> str:
        """What tells this profile from any other of its account, one of the same version after a tombstone too."""
        text = self.model_dump_json(exclude_defaults=True)
        return f"{self.version}-{blake2b(text.encode(), digest_size=6).hexdigest()}"

    def level_set(self, meter: str) -> Instant | None:
        """Return as of when the last baseline of a meter was: it holds what happened before (semantics 2.9)."""
        told = self.account.usage.get(meter)
        return told.as_of if told else self.baselines.get(meter)

    def document(self) -> dict[str, Any]:
        """Return the snapshot as signals carry it."""
        return self.account.document()


ANCHORS_KEPT = 4

BASELINES_KEPT: Duration = 62 * DAY
"""How long it is known that a level was set: longer than any event from before it may be accepted (semantics 1.3)."""


def succeed(previous: Profile | None, account: Account, since: Instant) -> Profile:
    """Return the profile after this snapshot: a new anchor is valid from `since`, the first one from ever.

    An account update without a period counts the months of the calendar in the account's time zone. One whose anchor
    names the periods that run already changes none.
    """
    zone = account.time_zone
    subscription = account.period or Subscription(unit="month", anchor=calendar_anchor(zone))
    kept = previous.anchors if previous else ()
    anchor = Anchor(valid_from=since if kept else 0, anchor=subscription.anchor, unit=subscription.unit)
    if not kept or not same_periods(kept[-1], anchor, zone):
        kept = (*kept, anchor)[-ANCHORS_KEPT:]
    return Profile(account=account, anchors=kept, baselines=_carried(previous, account, since))


def _carried(previous: Profile | None, account: Account, since: Instant) -> dict[str, Moment]:
    """Return as of when levels were set that this snapshot does not set again."""
    if previous is None:
        return {}
    told = {meter: baseline.as_of for meter, baseline in previous.account.usage.items()}
    return {
        meter: as_of
        for meter, as_of in {**previous.baselines, **told}.items()
        if meter not in account.usage and since - as_of < BASELINES_KEPT
    }


@dataclass(frozen=True, slots=True)
class AccountUpdate:
    """One record of `account-updates`: the account's snapshot, None for a tombstone, and the event that brought it."""

    account: str
    snapshot: Account | None
    evidence: Evidence
