"""Every profile of a deployment, some at a time: for figures over all accounts. Nothing is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.state.keys import shard_keys
from expansion_signals.state.profile_texts import read_profile
from expansion_signals.state.scanning import Scan
from expansion_signals.state.scripts import Scripts

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from expansion_signals.model.accounts import Profile
    from expansion_signals.state.connection import Connection

_KEYS_A_STEP = 2_000


class Profiles:
    """The profiles of the deployment with this prefix."""

    def __init__(self, client: Connection, *, prefix: str) -> None:
        self._client = client
        self._scripts = Scripts(client)
        self._prefix = prefix

    async def all(self) -> AsyncIterator[Mapping[str, Profile]]:
        """Yield profiles by account; one that stands all the while comes at least once.

        Raises:
            StateUnavailable: Redis does not answer.
        """
        scan, begun = Scan(self._client, prefix=self._prefix, count=_KEYS_A_STEP), False
        while not begun or not scan.between_walks:
            begun = True
            found = [key for key in await scan.step() if key.kind == "p"]
            commands = [("GET", shard_keys(self._prefix, key.shard).profile(key.rest)) for key in found]
            texts = await self._scripts.commands(commands, "profiles") if commands else ()
            read = {key.rest: read_profile(text) for key, text in zip(found, texts, strict=True)}
            yield {account: profile for account, profile in read.items() if profile is not None}
