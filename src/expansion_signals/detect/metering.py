"""What an event adds to which meter (semantics 1.2, 2.1)."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, TypeAlias

from xxhash import xxh3_64_intdigest

from expansion_signals.detect.dimensions import property_of
from expansion_signals.errors import RejectedRecord
from expansion_signals.model.amounts import PLAIN_DIGITS, scale, value_text
from expansion_signals.model.events import LIMIT_HIT, USAGE_IMPORTED, USAGE_RECORDED
from expansion_signals.rules.built_in import EVENT_TYPES, SEATS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from expansion_signals.model.catalog import Meter
    from expansion_signals.model.events import UsageEvent
    from expansion_signals.rules.configuration import Configuration, Feed


Contribution: TypeAlias = "tuple[Meter, int]"
"""What one event adds to one meter: an amount scaled by its precision; for `unique`, the hash of a member."""


def contributions(event: UsageEvent, configuration: Configuration) -> Sequence[Contribution] | None:
    """Return what the event adds to each meter it feeds; None where nothing names it: `unmatched`.

        usage.recorded, meter known to the catalog     what it adds
        usage.imported, meter known                    the day's total, whatever feeds the meter otherwise
        any of these or limit.hit, meter unknown       None
        any other built-in type                        what it adds, mostly nothing: counted all the same
        any other type, fed to a meter                 what it adds
        any other type, ours misspelt as well          None

    Raises:
        RejectedRecord: `invalid_data` where a meter's value property is missing or no number, `precision`, `overflow`.
    """
    if event.type == USAGE_IMPORTED:
        named = configuration.catalog.meters.get(event.data["meter"])
        return None if named is None else [(named, day_total(named, event.data["value"]))]
    data, fed = event.data, []
    for meter, name, where, unit in _candidates(event, configuration):
        if where and not _holds(data, where):
            continue
        value = data.get(name)
        if (
            unit is not None
            and type(value) is str
            and len(value) <= PLAIN_DIGITS
            and value.isdecimal()
            and value.isascii()
        ):
            fed.append((meter, int(value) * unit))  # what `_amount` comes to, in one go
        else:
            fed.append((meter, _amount(meter, name, data)))
    return fed if fed or _known(event, configuration) else None


def day_total(meter: Meter, value: Decimal | int | str) -> int:
    """Return the total of a day, scaled by the meter's precision (semantics 2.9).

    Raises:
        RejectedRecord: `invalid_data` for what no total of this meter can be, `precision`, `overflow`.
    """
    if meter.aggregation == "unique":
        raise RejectedRecord("invalid_data", f"data.meter: `{meter.key}` counts each once; a total names nobody")
    total = scale(value, meter.precision)
    if meter.aggregation == "count" and total < 0:
        raise RejectedRecord("invalid_data", f"data.value: `{meter.key}` counts events; there are no fewer than none")
    return total


def _candidates(event: UsageEvent, configuration: Configuration) -> Sequence[Feed]:
    """Return what the event's type feeds: the meters that ask for the `meter` it names, or for none."""
    feeds, named = configuration.feeds, event.data.get("meter")
    if type(named) is not str:
        named = value_text(named)
    return feeds.get((event.type, named)) or feeds.get((event.type, None)) or ()


def _known(event: UsageEvent, configuration: Configuration) -> bool:
    if event.type == LIMIT_HIT:
        return event.data.get("meter") in {SEATS, *configuration.catalog.meters}
    return event.type in EVENT_TYPES and event.type != USAGE_RECORDED


def _holds(data: Mapping[str, object], where: Sequence[tuple[str, str]]) -> bool:
    return all(value_text(property_of(data, name)) == value for name, value in where)


def _amount(meter: Meter, name: str, data: Mapping[str, object]) -> int:
    if meter.aggregation == "count":
        return scale(1, meter.precision)
    value = data.get(name)
    if meter.aggregation == "unique":
        return _member(meter, name, value)
    # A bool is an int to Python, and no amount to anyone else.
    if value is None or isinstance(value, bool) or not isinstance(value, (str, int, Decimal)):
        raise RejectedRecord("invalid_data", f"data.{name}: meter `{meter.key}` counts it and needs a decimal number")
    return scale(value, meter.precision)


def _member(meter: Meter, name: str, value: object) -> int:
    """Return the hash that stands for a member: signed 64 bit, so that two members of a counter never meet."""
    if isinstance(value, bool) or not isinstance(value, (str, int, Decimal)) or value == "":
        raise RejectedRecord("invalid_data", f"data.{name}: meter `{meter.key}` counts who or what it names")
    number = xxh3_64_intdigest(str(value).encode())
    return number - (1 << 64) if number >> 63 else number
