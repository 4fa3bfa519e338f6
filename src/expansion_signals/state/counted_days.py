"""Reading the day buckets of many accounts, for people: nothing is written."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from expansion_signals.state.change_texts import read_bucket
from expansion_signals.state.keys import bucket_field, shard_keys, shard_of
from expansion_signals.state.scripts import Scripts
from expansion_signals.state.standing_deployment import standing_deployment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from expansion_signals.state.connection import Connection
    from expansion_signals.state.keys import ShardKeys


class CountedDay(NamedTuple):
    """A meter of an account on a UTC day, by its number."""

    account: str
    meter: str
    day: int


class CountedDays:
    """Reads day buckets of the deployment with this prefix."""

    def __init__(self, client: Connection, *, prefix: str) -> None:
        self._scripts = Scripts(client)
        self._prefix = prefix

    async def of(self, accounts: Sequence[str], days: Sequence[int]) -> Mapping[CountedDay, int]:
        """Return what these accounts have counted on these UTC days, in scaled amounts.

        Raises:
            StateUnavailable: Redis does not answer.
            RejectedState: there is no deployment under this prefix, or its state is of another format.
        """
        deployment = await standing_deployment(self._scripts, self._prefix)
        shards = {account: shard_keys(self._prefix, shard_of(account, deployment.shards)) for account in accounts}
        meters = await self._meters(sorted(set(shards.values())))
        months = [
            (account, key, of_month)
            for account, keys in shards.items()
            for key, of_month in _months(keys, account, days).items()
        ]
        commands = [("HGETALL", key) for _, key, _ in months]
        found = await self._scripts.commands(commands, "day buckets")
        return {
            CountedDay(account, meter, day): read_bucket(bucket.decode())
            for (account, _, of_month), stands in zip(months, found, strict=True)
            for number, meter in meters[shards[account]].items()
            for day in of_month
            if (bucket := stands.get(bucket_field(number, day).encode())) is not None
        }

    async def _meters(self, shards: Sequence[ShardKeys]) -> Mapping[ShardKeys, Mapping[str, str]]:
        """Return for each shard its meters by the numbers they have there."""
        found = await self._scripts.commands([("HGETALL", keys.names) for keys in shards], "names")
        numbers = [{number.decode(): name.decode() for name, number in names.items()} for names in found]
        return dict(zip(shards, numbers, strict=True))


def _months(keys: ShardKeys, account: str, days: Sequence[int]) -> Mapping[str, Sequence[int]]:
    """Return the keys of the months in which these days lie, each with its days."""
    months: defaultdict[str, list[int]] = defaultdict(list)
    for day in days:
        months[keys.month(account, day)].append(day)
    return months
