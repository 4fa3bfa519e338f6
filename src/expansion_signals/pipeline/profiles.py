"""Profiles as this worker last read them; the shard checks each one that a batch assumes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from expansion_signals.model.accounts import Profile
    from expansion_signals.model.facts import HourTotals
    from expansion_signals.ports import Accounts, Patience

_KEPT = 200_000
"""Some 400 MB with profiles of 2 KB: above that, all but the needed ones are forgotten and read again."""


class Profiles:
    """A cache of profiles."""

    def __init__(self, accounts: Accounts, patience: Patience) -> None:
        self._accounts = accounts
        self._patience = patience
        self._known: dict[str, Profile | None] = {}

    async def of(self, accounts: Iterable[str]) -> Mapping[str, Profile | None]:
        """Return a mapping that holds at least these accounts' profiles."""
        needed = set(accounts)
        if len(self._known) > _KEPT:
            self._known = {account: self._known[account] for account in needed & self._known.keys()}
        await self.refresh([account for account in needed if account not in self._known])
        return self._known

    async def refresh(self, accounts: Sequence[str]) -> None:
        """Read these again."""
        if accounts:
            self._known.update(await self._patience(self._accounts.profiles, accounts))

    def forget(self, account: str) -> None:
        """Read this one again when it is next needed."""
        self._known.pop(account, None)

    async def hours(self, accounts: Iterable[str]) -> Mapping[str, HourTotals | None]:
        """Return the hour buckets of those of these accounts that are not known."""
        unknown = [account for account in accounts if self._known[account] is None]
        return {account: await self._patience(self._accounts.hours, account) for account in unknown}
