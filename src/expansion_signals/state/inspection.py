"""Reading one account's state as it stands, for people: nothing is written, no shard is made."""

from __future__ import annotations

from collections import Counter as Tally
from collections import defaultdict
from typing import TYPE_CHECKING

from expansion_signals.model.instants import DAY
from expansion_signals.model.months import read_month
from expansion_signals.model.standing import AccountStanding
from expansion_signals.state.active_members import active_members
from expansion_signals.state.change_texts import read_bucket
from expansion_signals.state.keys import bucket_field, counter_of, shard_keys, shard_of
from expansion_signals.state.packing import read_guard, read_marks, read_note
from expansion_signals.state.policy import read_decided
from expansion_signals.state.profile_texts import read_profile
from expansion_signals.state.redis import RedisStore
from expansion_signals.state.scripts import Scripts
from expansion_signals.state.shares import read_shares
from expansion_signals.state.standing_deployment import standing_deployment

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from expansion_signals.model.facts import HourTotals, Marks
    from expansion_signals.model.last_seen import Active
    from expansion_signals.model.notes import Note
    from expansion_signals.model.readings import Counter
    from expansion_signals.model.thresholds import Guard
    from expansion_signals.state.connection import Connection
    from expansion_signals.state.keys import ShardKeys


class Inspection:
    """Reads accounts of the deployment with this prefix; the shard count is the deployment's own."""

    def __init__(self, client: Connection, *, prefix: str) -> None:
        self._client = client
        self._scripts = Scripts(client)
        self._prefix = prefix

    async def account(
        self, account: str, days: Sequence[int], windows: Sequence[range] = (), subjects: Sequence[str] = ()
    ) -> AccountStanding:
        """Return all that is kept of the account, with the day buckets of these UTC days (by number).

        Counters, marks and profile are read by one script, so that they are of one moment; shares of dimensions,
        members active within `windows` and the notes of these `subjects` are read after it.

        Raises:
            StateUnavailable: Redis does not answer.
            RejectedState: there is no deployment under this prefix, or its state is of another format.
        """
        deployment = await standing_deployment(self._scripts, self._prefix)
        keys = shard_keys(self._prefix, shard_of(account, deployment.shards))
        months = {keys.month(account, day): None for day in days}
        hashes = (keys.account(account), keys.policy(account), keys.names, keys.totals(account), keys.state, *months)
        ((profile, *found),) = await self._scripts.call("account", [([keys.profile(account), *hashes],)])
        kept, policy, names, totals, state, *buckets = (dict(zip(flat[::2], flat[1::2], strict=True)) for flat in found)
        meters = {number.decode(): name.decode() for name, number in names.items()}
        fields = _Fields(kept, meters)
        by_month = dict(zip(months, buckets, strict=True))
        levels = fields.levels()
        return AccountStanding(
            account=account,
            epoch=deployment.epoch,
            profile=read_profile(profile),
            levels=levels,
            marks=fields.marks(),
            guards=fields.guards(),
            waiting=int(kept.get(b"q", 0)) - int(kept.get(b"j", 0)),
            days={
                (meter, day): read_bucket(by_month[keys.month(account, day)][field].decode())
                for number, meter in meters.items()
                for day in days
                if (field := bucket_field(number, day).encode()) in by_month[keys.month(account, day)]
            },
            hours=await self._hours(account, deployment.shards) if b"H" in kept else None,
            decided=Tally(entry.verdict for entry in read_decided(policy).entries.values()),
            shares=await self._shares(keys, account, levels),
            active=await self._active(keys, account, meters.values(), windows),
            months={
                (meters[number], read_month(month)): read_bucket(total.decode())
                for field, total in totals.items()
                for number, _, month in [field.decode().partition(".")]
            },
            since=int(state[b"since"]) if b"since" in state else None,
            notes=await self._notes(keys, account, subjects),
        )

    async def _notes(self, keys: ShardKeys, account: str, subjects: Sequence[str]) -> Mapping[str, Note]:
        commands = [("GET", keys.note(account, subject)) for subject in subjects]
        found = await self._scripts.commands(commands, "notes") if commands else ()
        return {subject: read_note(text) for subject, text in zip(subjects, found, strict=True) if text is not None}

    async def _shares(
        self, keys: ShardKeys, account: str, counters: Iterable[Counter]
    ) -> Mapping[Counter, Mapping[tuple[str, str], int]]:
        asked = list(counters)
        commands = [("HGETALL", keys.shares(account, counter)) for counter in asked]
        found = await self._scripts.commands(commands, "shares of dimensions")
        return {counter: read_shares(fields) for counter, fields in zip(asked, found, strict=True) if fields}

    async def _active(
        self, keys: ShardKeys, account: str, meters: Iterable[str], windows: Sequence[range]
    ) -> Mapping[tuple[str, int], Active]:
        active = {}
        for meter in sorted(meters):
            found = await active_members(self._scripts, keys, account, meter, windows)
            active.update({(meter, len(window)): each for window, each in zip(windows, found, strict=True)})
        return {place: each for place, each in active.items() if each.members}

    async def _hours(self, account: str, shards: int) -> HourTotals | None:
        # The window is of identities, which are not looked at.
        return await RedisStore(self._client, prefix=self._prefix, shards=shards, window=DAY).hours(account)


class _Fields:
    """The counters of `a:<account>`, by the first letter of their fields (`lua/facts_kept.lua`)."""

    def __init__(self, kept: Mapping[bytes, bytes], meters: Mapping[str, str]) -> None:
        self._meters = meters
        self._texts: defaultdict[str, dict[str, str]] = defaultdict(dict)
        for field, value in kept.items():
            name = field.decode()
            if ":" in name:
                letter = name[0] if name[0] in "gko" else ""
                self._texts[letter][name.removeprefix(letter)] = value.decode()

    def levels(self) -> Mapping[Counter, int]:
        """Return each counter's level."""
        return {self._counter(name): int(level) for name, level in self._texts[""].items()}

    def guards(self) -> Mapping[Counter, tuple[int, Guard]]:
        """Return each counter's guard, with the epoch it was computed under."""
        return {self._counter(name): read_guard(text) for name, text in self._texts["g"].items()}

    def marks(self) -> Mapping[Counter, Marks]:
        """Return what is remembered of each counter that was judged, its chunks joined in their order."""
        chunks: defaultdict[str, dict[int, str]] = defaultdict(dict)
        for name, text in self._texts["k"].items():
            counter, _, index = name.partition("~")
            chunks[counter][int(index or 0)] = text
        return {
            self._counter(name): read_marks("".join(text for _, text in sorted(texts.items())))
            for name, texts in chunks.items()
        }

    def _counter(self, name: str) -> Counter:
        number, _, suffix = name.partition(":")
        return counter_of(self._meters[number], suffix)
