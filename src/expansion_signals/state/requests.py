"""How a shard's batch becomes the keys and the packed argument of `apply.lua`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.model.instants import SECOND
from expansion_signals.state.keys import ShardKeys, day_of_month, suffix_of
from expansion_signals.state.packing import pack, pack_evidence, pack_profile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from expansion_signals.model.batches import AccountBatch, ProfileChange, ShardBatch
    from expansion_signals.state.identity_slices import Layout, Plan

_HOURS_A_DAY = 24


def layout_text(layout: Layout) -> str:
    """Return bucket counts as they stand in a shard: `8,32`."""
    return ",".join(map(str, layout))


def read_layout(text: bytes) -> Layout:
    """Read what `layout_text` wrote."""
    return tuple(int(count) for count in text.decode().split(",")) if text else ()


class ApplyRequest:
    """One call of `apply.lua`: `keys` in the order the packed `argument` refers to them, and the `names` it uses.

    `layouts` are those of the identity slices once it is applied.
    """

    def __init__(self, keys: ShardKeys, batch: ShardBatch, plan: Plan, *, conflicts: bool) -> None:
        self.keys = [keys.state, keys.watermarks, keys.names, keys.pending]
        self.names: list[str] = []
        self.layouts = {name: wanted for name, _, wanted in plan.slices}
        self._shard = keys
        self._places: dict[str, int] = {}
        self._numbers: dict[str, int] = {}
        self.argument = pack(
            (
                batch.epoch,
                batch.nonce,
                # Filled while the accounts are written; packed after them.
                self.names,
                [
                    (
                        passed.partition,
                        "" if passed.start is None else str(passed.start),
                        str(passed.end),
                        passed.reached,
                        passed.counted,
                        passed.duplicate,
                        passed.unmatched,
                        passed.dead_lettered,
                    )
                    for passed in batch.ranges
                ],
                [
                    part
                    for name, assumed, wanted in plan.slices
                    for part in (name, layout_text(assumed), layout_text(wanted))
                ],
                self._groups(plan, conflicts=conflicts),
                [str(identity.number) for identity in batch.identities],
                [identity.check for identity in batch.identities] if conflicts else [],
                [self._account(account) for account in batch.accounts],
            )
        )

    def _key(self, key: str) -> int:
        place = self._places.get(key)
        if place is None:
            self.keys.append(key)
            place = self._places[key] = len(self.keys)
        return place

    def _name(self, meter: str) -> int:
        number = self._numbers.get(meter)
        if number is None:
            self.names.append(meter)
            number = self._numbers[meter] = len(self.names)
        return number

    def _groups(self, plan: Plan, *, conflicts: bool) -> list[tuple[int, ...]]:
        return [
            (
                self._key(self._shard.identities(*probe.bucket)),
                self._key(self._shard.checks(*probe.bucket)) if conflicts else 0,
                1 if probe.lives else 0,
                *(index + 1 for index in probe.indexes),
            )
            for probe in plan.probes
        ]

    def _account(self, account: AccountBatch) -> tuple[object, ...]:
        name = account.account
        return (
            name,
            self._key(self._shard.account(name)),
            "" if account.profile is None else str(account.profile.version),
            account.keep_from // SECOND,
            [
                part
                for move in account.moves
                for part in (
                    self._name(move.counter.meter),
                    suffix_of(move.counter),
                    str(move.quiet),
                    str(move.firing),
                    1 if move.watched else 0,
                    pack_evidence(move.evidence),
                    move.appended,
                )
            ],
            [
                part
                for day in account.days
                for part in (
                    self._key(self._shard.month(name, day.day)),
                    str(day_of_month(day.day)),
                    self._name(day.meter),
                    str(day.amount),
                    str(day.day),
                )
            ],
            [
                part
                for hour in account.hours
                for part in self._hour(name, hour.meter, hour.hour, (hour.quiet, hour.firing))
            ],
            self._change(name, account.change) if account.change else (),
        )

    def _hour(self, account: str, meter: str, hour: int, parts: tuple[int, int]) -> list[object]:
        day, hour_of_day = divmod(hour, _HOURS_A_DAY)
        key = self._key(self._shard.hours(account, day))
        return [
            part
            for firing, amount in enumerate(parts)
            if amount
            for part in (
                key,
                day,
                str(2 * hour_of_day + firing),
                self._name(meter),
                str(amount),
                str(2 * hour + firing),
            )
        ]

    def _change(self, account: str, change: ProfileChange) -> Sequence[object]:
        hours = change.hours
        return (
            self._key(self._shard.profile(account)),
            "" if change.profile is None else str(change.profile.version),
            pack_profile(change.profile),
            pack_evidence(change.evidence),
            change.appended,
            hours.revision if hours else "",
            *(self._key(self._shard.hours(account, day)) for day in (hours.days if hours else ())),
        )
