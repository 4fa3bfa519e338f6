from __future__ import annotations

from calendar import monthrange
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import assume, given
from hypothesis import strategies as st

from expansion_signals.model.accounts import Anchor
from expansion_signals.model.instants import parse_instant
from expansion_signals.model.periods import period_at, period_of

ZONES = st.sampled_from(
    [
        "UTC",
        "Europe/Berlin",
        "America/New_York",
        "Australia/Lord_Howe",
        "Pacific/Apia",
        "Asia/Kathmandu",
        "Africa/Cairo",
    ]
)
UNITS = st.sampled_from(["day", "week", "month", "quarter", "year"])
INSTANTS = st.integers(parse_instant("1995-01-01T00:00:00Z"), parse_instant("2050-01-01T00:00:00Z"))
ANCHORS = st.builds(Anchor, valid_from=st.just(0), anchor=INSTANTS, unit=UNITS)
PER_YEAR = {"day": 365, "week": 52, "month": 12, "quarter": 4, "year": 1}


@st.composite
def histories(draw: st.DrawFn) -> list[Anchor]:
    """Return one to four anchors, oldest first, valid from different instants."""
    changes = sorted(draw(st.sets(INSTANTS, max_size=3)))
    return [draw(ANCHORS).model_copy(update={"valid_from": since}) for since in (0, *changes)]


@given(ANCHORS, ZONES, INSTANTS)
def test_a_period_contains_its_instant(anchor: Anchor, zone: str, instant: int) -> None:
    period = period_at(anchor, zone, instant)
    assert period.start <= instant < period.end


@given(ANCHORS, ZONES, INSTANTS)
def test_periods_tile_five_years_without_gap_or_overlap(anchor: Anchor, zone: str, instant: int) -> None:
    period = period_at(anchor, zone, instant)
    for _ in range(min(5 * PER_YEAR[anchor.unit], 60)):
        following = period_at(anchor, zone, period.end)
        assert (following.start, period_at(anchor, zone, period.end - 1)) == (period.end, period)
        period = following


@given(histories(), ZONES, INSTANTS)
def test_periods_tile_time_whatever_anchors_follow_each_other(anchors: list[Anchor], zone: str, instant: int) -> None:
    period = period_of(anchors, zone, instant)
    neighbours = (period_of(anchors, zone, period.start - 1).end, period_of(anchors, zone, period.end).start)
    assert (period.start <= instant < period.end, neighbours) == (True, period)


@given(histories(), ZONES, INSTANTS)
def test_every_instant_of_a_period_names_the_same_period(anchors: list[Anchor], zone: str, instant: int) -> None:
    period = period_of(anchors, zone, instant)
    assert [period_of(anchors, zone, at) for at in (period.start, period.end - 1)] == [period, period]


@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2040, 1, 1)),  # noqa: DTZ001 -- a clock on the wall has no zone
    ZONES,
    st.sampled_from([1, 3, 12]),
    st.integers(-60, 60),
)
def test_a_boundary_is_the_anchors_wall_clock_time_moved_by_whole_months(
    wall: datetime, zone: str, months: int, steps: int
) -> None:
    unit = {1: "month", 3: "quarter", 12: "year"}[months]
    month = wall.month - 1 + months * steps
    year, month = wall.year + month // 12, month % 12 + 1
    moved = wall.replace(year=year, month=month, day=min(wall.day, monthrange(year, month)[1]))
    expected = _instant(moved, zone)
    anchored = _instant(wall, zone)
    # An anchor is an instant: a wall-clock time inside a gap, which no instant shows, cannot be one.
    assume(_wall(anchored, zone) == wall)
    assert period_at(Anchor(valid_from=0, anchor=anchored, unit=unit), zone, expected).start == expected


def _instant(wall: datetime, zone: str) -> int:
    return (wall.replace(tzinfo=ZoneInfo(zone)) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def _wall(instant: int, zone: str) -> datetime:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=instant)
    return moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
