"""Erasing all that is kept of an account, or of one person of it: each in one script call, whole or not at all."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from expansion_signals.errors import StateUnavailable
from expansion_signals.state.account_keys import account_keys
from expansion_signals.state.forgotten_user import Person, note_without, profile_without, remembered_without
from expansion_signals.state.keys import shard_keys, shard_of
from expansion_signals.state.packing import pack, read_note
from expansion_signals.state.policy import memory_fields, read_decided
from expansion_signals.state.profile_texts import pack_profile, read_profile
from expansion_signals.state.scripts import Scripts
from expansion_signals.state.standing_deployment import standing_deployment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from expansion_signals.state.account_keys import AccountKeys
    from expansion_signals.state.connection import Connection
    from expansion_signals.state.keys import ShardKeys

_TRIES = 20


class ErasedAccount(NamedTuple):
    """How many keys, facts that waited and looks went; `doubtful` keys were left, for another account may own them."""

    keys: int
    facts: int
    looks: int
    doubtful: Sequence[str]


class ErasedUser(NamedTuple):
    """Where a person was taken out of: parts in words. `waiting` facts and records under way may still name them."""

    parts: Sequence[str]
    waiting: int
    sketched: bool


class Erasure:
    """Erases accounts and people of the deployment with this prefix. Repeated, it finds nothing more."""

    def __init__(self, client: Connection, *, prefix: str) -> None:
        self._client = client
        self._scripts = Scripts(client)
        self._prefix = prefix

    async def account(self, account: str) -> ErasedAccount:
        """Erase everything that is kept of an account.

        Raises:
            StateUnavailable: Redis does not answer; asking again is right.
            RejectedState: there is no such deployment.
        """
        keys = await self._shard(account)
        found = await account_keys(self._client, self._scripts, keys, account)
        own = keys.account(account)
        named = [keys.pending, keys.due, own, *(key for key in found.all if key != own)]
        [[gone, facts, looks]] = await self._scripts.call("forget_account", [(named, account)])
        return ErasedAccount(gone, facts, looks, found.doubtful)

    async def user(self, account: str, user: str) -> ErasedUser:
        """Erase a person from all that is kept of an account; what was counted stays counted.

        Raises:
            StateUnavailable: Redis does not answer, or the account changes all the while; asking again is right.
            RejectedState: there is no such deployment.
        """
        keys = await self._shard(account)
        for _ in range(_TRIES):
            found = await account_keys(self._client, self._scripts, keys, account)
            request = await self._request(keys, account, Person(user), found)
            if not request.parts:
                return ErasedUser((), request.waiting, request.sketched)
            [done] = await self._scripts.call("forget_user", [(request.keys, request.argument)])
            if done:
                return ErasedUser(request.parts, request.waiting, request.sketched)
        raise StateUnavailable(f"account {account!r} changes all the while: run the same command again")

    async def _shard(self, account: str) -> ShardKeys:
        deployment = await standing_deployment(self._scripts, self._prefix)
        return shard_keys(self._prefix, shard_of(account, deployment.shards))

    async def _request(self, keys: ShardKeys, account: str, person: Person, found: AccountKeys) -> _Request:
        notes, sets, last = (found.by_kind.get(kind, ()) for kind in ("o", "u", "s"))
        shares = found.by_kind.get("x", ())
        number = str(person.number)
        commands = [
            ("HMGET", keys.account(account), "v", "q", "j"),
            ("GET", keys.profile(account)),
            ("HGETALL", keys.policy(account)),
            *(("GET", key) for key in notes),
            *(("SISMEMBER", key, number) for key in sets),
            *(("HEXISTS", key, number) for key in last),
            *(("HKEYS", key) for key in shares),
        ]
        (stamp, written, marked), profile, decided, *rest = await self._scripts.commands(commands, "an account")
        request = _Request(keys, account, person)
        request.sketched = bool(found.by_kind.get("y") or found.by_kind.get("z"))
        request.waiting = int(written or 0) - int(marked or 0)
        request.take_profile(stamp, profile)
        request.take_decided(decided)
        for key in notes:
            request.take_note(key, rest.pop(0))
        for key in sets:
            request.take_member(key, is_in=bool(rest.pop(0)))
        for key in last:
            request.take_field(key, number, is_in=bool(rest.pop(0)))
        for key in shares:
            request.take_shares(key, [field.decode() for field in rest.pop(0)])
        return request


class _Request:
    """One call of `forget_user.lua`: what was read, and what is to stand from now on."""

    def __init__(self, keys: ShardKeys, account: str, person: Person) -> None:
        self.keys = [keys.account(account), keys.profile(account), keys.policy(account)]
        self.parts: list[str] = []
        self.waiting = 0
        self.sketched = False
        self._note_start = keys.note(account, "")
        self._person = person
        self._stamp, self._profile = ("", ""), b""
        self._revision = 0
        self._memory: list[str] = []
        self._notes: list[object] = []
        self._members: list[object] = []
        self._fields: list[object] = []

    @property
    def argument(self) -> bytes:
        """The packed argument."""
        return pack(
            (self._stamp, self._profile, self._revision, self._memory, self._notes, self._members, self._fields)
        )

    def take_profile(self, stamp: bytes | None, text: bytes | None) -> None:
        """Take the person out of the lists of the profile."""
        self._stamp = ((stamp or b"").decode(), "")
        profile = read_profile(text)
        if profile is not None:
            after = profile_without(profile, self._person)
            if after is not profile:
                self._stamp, self._profile = (self._stamp[0], after.stamp), pack_profile(after)
                self.parts.append("the profile's lists")

    def take_decided(self, fields: Mapping[bytes, bytes]) -> None:
        """Take the person out of what deciding remembers."""
        decided = read_decided(fields)
        self._revision = decided.revision
        after = remembered_without(decided.remembered, self._person)
        # Records that are being published may name the person until they are acknowledged.
        quoted = json.dumps(self._person.user, ensure_ascii=False)[1:-1]
        self.waiting += sum(quoted in text for text in decided.unpassed.values())
        if after != decided.remembered:
            self._memory = memory_fields(after)[1:] or [""]
            self.parts.append("what deciding remembers")

    def take_note(self, key: str, text: bytes | None) -> None:
        """Take the person out of a note."""
        note, subject = read_note(text), key.removeprefix(self._note_start)
        after = note_without(subject, note.text, self._person)
        if after != note.text:
            self._notes += [self._place(key), note.revision, after]
            self.parts.append(f"the note {subject}")

    def take_member(self, key: str, *, is_in: bool) -> None:
        """Take the person out of the members of a counter."""
        if is_in:
            self._members += [self._place(key), str(self._person.number)]
            self.parts.append("the members of a counter")

    def take_field(self, key: str, field: str, *, is_in: bool) -> None:
        """Take a field out of a hash."""
        if is_in:
            self._fields += [self._place(key), field]
            self.parts.append("the days on which members were seen")

    def take_shares(self, key: str, fields: Sequence[str]) -> None:
        """Take the person out of the values of dimensions."""
        for field in fields:
            _, split, value = field.partition("=")
            if split and value in self._person.names:
                self._fields += [self._place(key), field]
                self.parts.append("the values of a dimension")

    def _place(self, key: str) -> int:
        self.keys.append(key)
        return len(self.keys)
