"""A file of day totals, judged line by line before any of it is sent (`expansion-signals import`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from expansion_signals.detect.metering import day_total
from expansion_signals.errors import Problem, RejectedImport, RejectedRecord
from expansion_signals.model.instants import format_day, parse_day
from expansion_signals.rules.findings import meant, shown
from expansion_signals.wire import attributes, contracts
from expansion_signals.wire.day_totals import DAYS_BACK
from expansion_signals.wire.json_text import parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from expansion_signals.model.catalog import Catalog, Meter

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_FIELDS = ("account", "meter", "day", "value")
_AN_OBJECT = 'a JSON object such as {"account":"acct-1","meter":"api_calls","day":"2026-11-21","value":"310"}'


class DayTotal(NamedTuple):
    """One line: what a meter of an account came to on a UTC day, scaled by the meter's precision."""

    line: int
    account: str
    meter: Meter
    day: int
    amount: int


def read_day_totals(file: str, lines: Iterable[bytes], catalog: Catalog, today: int) -> Sequence[DayTotal]:
    """Return the totals of all lines; empty ones are passed over. `today` is the number of the UTC day it is.

    Raises:
        RejectedImport: every problem of every line at once; problems name the `file` as it is called here.
    """
    reading = _Reading(file, catalog, today)
    for number, line in enumerate(lines, 1):
        text = line.removeprefix(_BYTE_ORDER_MARK) if number == 1 else line
        if text.strip():
            reading.take(number, text)
    if not reading.totals and not reading.problems:
        reading.wrong(1, f"the file is empty; expected on each line {_AN_OBJECT}")
    if reading.problems:
        raise RejectedImport(reading.problems)
    return reading.totals


class _Reading:
    """The lines so far: totals of those that are right, problems of the others."""

    def __init__(self, file: str, catalog: Catalog, today: int) -> None:
        self.totals: list[DayTotal] = []
        self.problems: list[Problem] = []
        self._file = file
        self._catalog = catalog
        self._today = today
        self._first: dict[tuple[str, str, int], int] = {}
        """On which line a day's total stood first."""

    def wrong(self, line: int, message: str) -> None:
        """Report what is wrong with a line."""
        self.problems.append(Problem(self._file, line, 1, message))

    def take(self, line: int, text: bytes) -> None:
        """Judge one line."""
        try:
            written = parse(text)
        except RejectedRecord as rejected:
            self.wrong(line, f"{rejected.message}; expected {_AN_OBJECT}")
            return
        if not isinstance(written, dict):
            self.wrong(line, f"got {shown(written)}; expected {_AN_OBJECT}")
            return
        for name in sorted(written.keys() - set(_FIELDS)):
            self.wrong(line, f"unknown field {shown(name)}{meant(name, _FIELDS)}")
        account = self._field(line, written, "account", _account)
        meter = self._field(line, written, "meter", self._meter)
        day = self._field(line, written, "day", self._day)
        value = self._field(line, written, "value", contracts.amount)
        if meter is None or value is None:
            return
        try:
            amount = day_total(meter, value)
        except RejectedRecord as rejected:
            self.wrong(line, rejected.message.removeprefix("data."))
            return
        if account is not None and day is not None:
            self._keep(DayTotal(line, account, meter, day, amount))

    def _field(self, line: int, written: dict[str, Any], name: str, check: Callable[[object], Any]) -> Any:  # noqa: ANN401 -- what the check returns
        """Return a field of the line; None where it is missing or wrong, which is reported."""
        if written.get(name) is None:
            self.wrong(line, f"{name} is missing; expected {_AN_OBJECT}")
            return None
        try:
            return check(written[name])
        except RejectedRecord as rejected:
            self.wrong(line, rejected.message)
        except ValueError as error:
            self.wrong(line, f"{name}: {error}")
        return None

    def _meter(self, written: object) -> Meter:
        meter = self._catalog.meters.get(written) if isinstance(written, str) else None
        if meter is None:
            raise ValueError(f"{shown(written)} is not in the catalog{meant(str(written), self._catalog.meters)}")
        return meter

    def _day(self, written: object) -> int:
        if not isinstance(written, str):
            raise ValueError(f"expected a day such as 2026-11-22, got {shown(written)}")  # noqa: TRY004 -- one kind for all
        day = parse_day(written)
        if not self._today - DAYS_BACK <= day <= self._today:
            first, last = format_day(self._today - DAYS_BACK), format_day(self._today)
            raise ValueError(f"{written} is out of reach; expected a UTC day from {first} to {last}")
        return day

    def _keep(self, total: DayTotal) -> None:
        first = self._first.setdefault((total.account, total.meter.key, total.day), total.line)
        if first != total.line:
            self.wrong(total.line, f"line {first} has the total of this account, meter and day already")
            return
        self.totals.append(total)


def _account(written: object) -> str:
    return attributes.name("account", written)
