"""The events of a run: the same from the same seed, with the limits of the accounts and the triggers that must come."""

from __future__ import annotations

import itertools
import random
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

SEED = 1
ACCOUNTS = 10_000
ZIPF = 1.1
METERS = {"api_calls": 0.6, "exports": 0.25, "storage": 0.15}
"""Each meter with its part of the events."""

USERS = 40
LARGEST = 99
DUPLICATES, INVALID = 0.01, 0.002
DUPLICATE_BEHIND = 2_000
"""So many records after the first copy, at most, comes the second."""

TRIGGERS_AN_EVENT = 0.008
LATEST = timedelta(minutes=5)
_PARTS = (0.03, 1.0)

Limits = dict[str, dict[str, int]]


@dataclass(frozen=True)
class Shape:
    """Whose events they are: of so many accounts, of which the first has this part of all where `hot` is not 0."""

    accounts: int = ACCOUNTS
    hot: float = 0.0

    def weights(self) -> list[float]:
        """Return the weight of each account."""
        weights = [1 / rank**ZIPF for rank in range(1, self.accounts + 1)]
        if self.hot:
            weights[0] = sum(weights[1:]) * self.hot / (1 - self.hot)
        return weights


USUAL = Shape()


class Threshold(NamedTuple):
    """What fires once."""

    account: str
    meter: str
    month: str
    threshold: str


class Use(NamedTuple):
    """A valid event that is no copy, by its place in the topic's order of sending."""

    place: int
    account: int
    meter: str
    value: int


@dataclass(frozen=True)
class Workload:
    """Records in the order in which they are sent.

    `due` is the place of the event that reaches each threshold; so many records are `broken`, copies among them.
    """

    accounts: Sequence[str]
    values: Sequence[bytes]
    limits: Limits
    due: Mapping[Threshold, int]
    broken: int

    @property
    def keys(self) -> Iterator[bytes]:
        """The key of each record."""
        return map(str.encode, self.accounts)


def name(number: int) -> str:
    """Return the name of an account."""
    return f"acct-{number:05}"


def levels(limit: int) -> dict[str, int]:
    """Return the level at which each threshold of a limit is reached."""
    return {"80%": -(-limit * 8 // 10), "100%": limit}


def backlog(events: int, *, plain_ids: bool = False, now: datetime | None = None, shape: Shape = USUAL) -> Workload:
    """Return events of the last minutes, all in the month of `now`."""
    end = now or datetime.now(UTC)
    month = end.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return workload(events, max(month, end - LATEST), end, plain_ids=plain_ids, shape=shape)


def workload(events: int, begin: datetime, end: datetime, *, plain_ids: bool = False, shape: Shape = USUAL) -> Workload:
    """Return so many events, evenly from `begin` to `end`."""
    draw = random.Random(SEED)  # noqa: S311 -- a load, not a secret
    weights = shape.weights()
    accounts = draw.choices(range(shape.accounts), cum_weights=list(itertools.accumulate(weights)), k=events)
    meters = draw.choices(list(METERS), weights=list(METERS.values()), k=events)
    amounts = draw.choices(range(1, LARGEST + 1), k=events)
    values = list(_written(draw, accounts, meters, amounts, begin, end, plain_ids=plain_ids))
    uses: list[Use] = []
    broken: set[int] = set()
    for place in range(events):
        chance = draw.random()
        if chance < DUPLICATES and place:
            first = max(0, place - draw.randint(1, DUPLICATE_BEHIND))
            values[place], accounts[place] = values[first], accounts[first]
            broken |= {place} if first in broken else set()
        elif chance < DUPLICATES + INVALID:
            values[place] = _spoilt(draw, values[place])
            broken.add(place)
        else:
            uses.append(Use(place, accounts[place], meters[place], amounts[place]))
    of_all = sum(weights)
    expected = {
        (rank, meter): weight / of_all * part for rank, weight in enumerate(weights) for meter, part in METERS.items()
    }
    parts = {counter: expected[counter] * events * LARGEST / 2 * draw.uniform(*_PARTS) for counter in expected}
    limits = _limits(parts, uses, round(events * TRIGGERS_AN_EVENT))
    names = [name(number) for number in range(shape.accounts)]
    by_name: Limits = defaultdict(dict)
    for (account, meter), limit in limits.items():
        by_name[names[account]][meter] = limit
    due = due_of(uses, limits, f"{begin:%Y-%m}")
    return Workload([names[number] for number in accounts], values, dict(by_name), due, len(broken))


def _written(  # noqa: PLR0913, PLR0917 -- what an event is made of
    draw: random.Random,
    accounts: Sequence[int],
    meters: Sequence[str],
    amounts: Sequence[int],
    begin: datetime,
    end: datetime,
    *,
    plain_ids: bool,
) -> Iterator[bytes]:
    first = round(begin.timestamp() * 1_000)
    step = (end - begin).total_seconds() * 1_000 / max(1, len(accounts))
    second_shown, shown = -1, ""
    for place, (account, meter, amount) in enumerate(zip(accounts, meters, amounts, strict=True)):
        at = first + int(place * step)
        if at // 1_000 != second_shown:
            second_shown = at // 1_000
            shown = datetime.fromtimestamp(second_shown, UTC).strftime("%Y-%m-%dT%H:%M:%S")
        bits = f"{draw.getrandbits(128):032x}"
        start, version = (bits[:12], "4") if plain_ids else (f"{at:012x}", "7")
        yield (
            f'{{"specversion":"1.0","id":"{start[:8]}-{start[8:]}-{version}{bits[13:16]}-a{bits[17:20]}-{bits[20:]}",'
            f'"source":"/apps/web/eu-central-1/blue","type":"expansion.usage.recorded.v1","subject":"acct-{account:05}",'
            f'"time":"{shown}.{at % 1_000:03}Z","datacontenttype":"application/json",'
            f'"data":{{"meter":"{meter}","value":"{amount}","user":"u-{account:05}-{int(bits[:3], 16) % USERS}"}}}}'
        ).encode()


def _spoilt(draw: random.Random, value: bytes) -> bytes:
    how = draw.randrange(3)
    if how == 0:
        return value[:-1]
    if how == 1:
        return value.replace(b'"id":', b'"no_id":', 1)
    return value.replace(b'"value":"', b'"value":"some ', 1)


def _limits(parts: Mapping[tuple[int, str], float], uses: Sequence[Use], wanted: int) -> dict[tuple[int, str], int]:
    """Return the limits under which as many thresholds are reached as wanted.

    An account's limit is a part of what it is expected to use, times one factor for all, which is found by bisection.
    """
    totals: dict[tuple[int, str], int] = defaultdict(int)
    for use in uses:
        totals[use.account, use.meter] += use.value
    small, large = 0.001, 100_000.0
    for _ in range(40):
        factor = (small * large) ** 0.5
        reached = sum(
            (total >= level)
            for counter, total in totals.items()
            for level in levels(_limit(parts[counter], factor)).values()
        )
        small, large = (factor, large) if reached > wanted else (small, factor)
    return {counter: _limit(part, large) for counter, part in parts.items()}


def _limit(part: float, factor: float) -> int:
    return max(1, round(part * factor))


def due_of(uses: Sequence[Use], limits: Mapping[tuple[int, str], int], month: str) -> dict[Threshold, int]:
    """Return the place of the use that reaches each threshold: the truth by which all are judged."""
    due: dict[Threshold, int] = {}
    totals: dict[tuple[int, str], int] = defaultdict(int)
    for use in uses:
        counter = (use.account, use.meter)
        before = totals[counter]
        totals[counter] = after = before + use.value
        for threshold, level in levels(limits[counter]).items():
            if before < level <= after:
                due[Threshold(name(use.account), use.meter, month, threshold)] = use.place
    return due
