"""Names of keys in Redis. All keys of a shard share a hash tag, so that one script sees them atomically."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache
from typing import NamedTuple
from zlib import crc32

from expansion_signals.model.instants import SECOND
from expansion_signals.model.readings import Counter

STATE_FORMAT = 1
"""Raised when a worker that knows only the older form must not touch the state."""

_FIRST_DAY = date(1970, 1, 1)


def shard_of(account: str, shards: int) -> int:
    """Return the shard an account belongs to, whatever partition its events came from."""
    return crc32(account.encode()) % shards


class ShardKeys(NamedTuple):
    """The keys of one shard; `tag` is its prefix, hash tag included."""

    tag: str

    @property
    def state(self) -> str:
        """Format, epoch and identity layouts."""
        return f"{self.tag}:m"

    @property
    def watermarks(self) -> str:
        """Partition → next offset, append time reached and tallies."""
        return f"{self.tag}:wm"

    @property
    def names(self) -> str:
        """Meter → its number in this shard."""
        return f"{self.tag}:n"

    @property
    def pending(self) -> str:
        """Fact number and account → fact not yet marked."""
        return f"{self.tag}:pending"

    @property
    def due(self) -> str:
        """Reason and account → when to look at it."""
        return f"{self.tag}:due"

    @property
    def used(self) -> str:
        """What the shard's accounts used on the last UTC day that was summed up: `<day>|<JSON>`."""
        return f"{self.tag}:used"

    def lease(self, stage: str) -> str:
        """Who brings the shard up in this stage, while it is late; who looks at what is due."""
        return f"{self.tag}:lease:{stage}"

    def account(self, account: str) -> str:
        """Fact numbers, counters, guards and marks of an account."""
        return f"{self.tag}:a:{account}"

    def profile(self, account: str) -> str:
        """The profile of an account (`state.profile_texts`)."""
        return f"{self.tag}:p:{account}"

    def note(self, account: str, subject: str) -> str:
        """What is remembered of one subject of an account: `<revision>|<text>`."""
        return f"{self.tag}:o:{account}:{subject}"

    def policy(self, account: str) -> str:
        """What is decided for an account, with a revision."""
        return f"{self.tag}:d:{account}"

    def month(self, account: str, day: int) -> str:
        """Day buckets of the month in which this UTC day lies."""
        return self.month_named(account, month_name(day))

    def month_named(self, account: str, month: str) -> str:
        """Day buckets of this month, `2026-11`."""
        return f"{self.tag}:b:{account}:{month}"

    def totals(self, account: str) -> str:
        """Totals of months whose day buckets are gone: `<number of the meter>.<month>` → total."""
        return f"{self.tag}:t:{account}"

    def hours(self, account: str, day: int) -> str:
        """Hour buckets of one UTC day of an account not yet known."""
        return f"{self.tag}:h:{account}:{day}"

    def members(self, account: str, counter: Counter) -> str:
        """Members seen of a counter, as long as they are few enough to keep."""
        return f"{self.tag}:u:{account}:{counter.meter}:{suffix_of(counter)}"

    def sketch(self, account: str, counter: Counter) -> str:
        """The sketch of members that takes over."""
        return f"{self.tag}:y:{account}:{counter.meter}:{suffix_of(counter)}"

    def hour_members(self, account: str, meter: str, hour: int, part: int) -> str:
        """Members seen in one hour of an account not yet known; `part` 0 is quiet, 1 may fire."""
        return f"{self.tag}:u:{account}:{meter}:h{hour}.{part}"

    def last_seen(self, account: str, meter: str) -> str:
        """Member of a `unique` meter → the last UTC day it was seen on; or that sketches of days have taken over."""
        return f"{self.tag}:s:{account}:{meter}"

    def seen_on(self, account: str, meter: str, day: int) -> str:
        """The sketch of members seen on one UTC day; it may go once the day is not among the last `DAYS_KEPT`."""
        return f"{self.tag}:z:{account}:{meter}:{day}"

    def shares(self, account: str, counter: Counter) -> str:
        """What the values of a meter's dimensions have of a counter: `<dimension>=<value>` → level."""
        return f"{self.tag}:x:{account}:{counter.meter}:{suffix_of(counter)}"

    def identities(self, slice_name: str, buckets: int, bucket: int) -> str:
        """One bucket of a slice's identities."""
        return f"{self.tag}:i:{slice_name}:{buckets}:{bucket}"

    def checks(self, slice_name: str, buckets: int, bucket: int) -> str:
        """Four bytes for each identity of that bucket, by which a conflict is told from a duplicate."""
        return f"{self.tag}:c:{slice_name}:{buckets}:{bucket}"


def shard_keys(prefix: str, shard: int) -> ShardKeys:
    """Return the keys of a shard of the deployment with this prefix."""
    return ShardKeys(f"{prefix}es:{{{shard}}}")


def deployment_key(prefix: str) -> str:
    """Return the key that holds state format, shard count and epochs."""
    return f"{prefix}es:{{deployment}}"


def configurations_key(prefix: str) -> str:
    """Return the key that holds the texts of every accepted configuration."""
    return f"{prefix}es:{{deployment}}:configurations"


def mutes_key(prefix: str) -> str:
    """Return the key of the hash of what is muted for now."""
    return f"{prefix}es:{{deployment}}:mutes"


def replayed_key(prefix: str) -> str:
    """Return the key of the sorted set of dead letters that were replayed."""
    return f"{prefix}es:{{deployment}}:replayed"


def due_member(account: str, reason: str) -> str:
    """Return how a look stands in `due`; the account last, because it may hold anything."""
    return f"{reason}|{account}"


_DAYS_A_FIELD = 32
"""More than a month has days: what a meter's number is multiplied by in fields of day buckets."""


def bucket_field(number: str, day: int) -> str:
    """Return the field of a day bucket in its month's hash: a small whole number, half as long as a text."""
    return str(_DAYS_A_FIELD * int(number) + day_of_month(day))


def read_bucket_field(field: str) -> tuple[str, int]:
    """Return the number of the meter, and the day of the month: the inverse of `bucket_field`."""
    number, day = divmod(int(field), _DAYS_A_FIELD)
    return str(number), day


@lru_cache(maxsize=1024)
def month_name(day: int) -> str:
    """Return the month of a UTC day number: `2026-11`."""
    return f"{_calendar_day(day):%Y-%m}"


@lru_cache(maxsize=1024)
def day_of_month(day: int) -> int:
    """Return the day of the month of a UTC day number: its field in the month's hash."""
    return _calendar_day(day).day


def _calendar_day(day: int) -> date:
    return _FIRST_DAY + timedelta(days=day)


@lru_cache(maxsize=65_536)
def suffix_of(counter: Counter) -> str:
    """Return what stands behind a counter's meter number: where its period starts, and its dimension.

    Starts are whole seconds in all sane calendars; one that is not carries its microseconds behind a `u`.
    """
    if counter.start is None:
        start = ""
    elif counter.start % SECOND == 0:
        start = str(counter.start // SECOND)
    else:
        start = f"{counter.start // SECOND}u{counter.start % SECOND}"
    return f"{start}:{counter.dimension}" if counter.dimension else start


def counter_of(meter: str, suffix: str) -> Counter:
    """Return the counter that a suffix stands for: the inverse of `suffix_of`."""
    start, _, dimension = suffix.partition(":")
    if not start:
        return Counter(meter, dimension, None)
    seconds, _, micros = start.partition("u")
    return Counter(meter, dimension, int(seconds) * SECOND + int(micros or 0))
