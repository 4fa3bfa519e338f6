"""What is muted for now: the switch for an incident (port `Silences`).

A hash of the deployment: `<rule>|<account>`, either of them empty for any, → until when, in µs. It is kept in Redis
alone: an incident is shorter than what Redis survives. Rule ids hold no `|`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.state.keys import mutes_key
from expansion_signals.state.scripts import Scripts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expansion_signals.model.instants import Instant
    from expansion_signals.state.connection import Connection


class RedisMutes:
    """Mutes of one deployment."""

    def __init__(self, client: Connection, *, prefix: str) -> None:
        self._scripts = Scripts(client)
        self._key = mutes_key(prefix)

    async def mutes(self) -> Mapping[tuple[str | None, str | None], Instant]:
        """Return until when rules and accounts are silent: by rule and account, either of them None for any."""
        [fields] = await self._scripts.commands([("HGETALL", self._key)], "mutes")
        return {_place(name.decode()): int(until) for name, until in fields.items()}

    async def mute(self, rule: str | None, account: str | None, until: Instant) -> None:
        """Silence a rule, an account, or a rule for an account."""
        await self._scripts.commands([("HSET", self._key, _field(rule, account), str(until))], "mutes")

    async def unmute(self, rule: str | None, account: str | None) -> None:
        """End the silence of a rule, an account, or a rule for an account."""
        await self._scripts.commands([("HDEL", self._key, _field(rule, account))], "mutes")


class MemoryMutes:
    """Mutes in memory: the reference that those in Redis must equal."""

    def __init__(self) -> None:
        self._until: dict[tuple[str | None, str | None], Instant] = {}

    async def mutes(self) -> Mapping[tuple[str | None, str | None], Instant]:
        """Return until when rules and accounts are silent: by rule and account, either of them None for any."""
        return dict(self._until)

    async def mute(self, rule: str | None, account: str | None, until: Instant) -> None:
        """Silence a rule, an account, or a rule for an account."""
        self._until[rule, account] = until

    async def unmute(self, rule: str | None, account: str | None) -> None:
        """End the silence of a rule, an account, or a rule for an account."""
        self._until.pop((rule, account), None)


def _field(rule: str | None, account: str | None) -> str:
    return f"{rule or ''}|{account or ''}"


def _place(field: str) -> tuple[str | None, str | None]:
    rule, _, account = field.partition("|")
    return rule or None, account or None
