"""How a shard's batch becomes the keys and the packed argument of `apply.lua`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.model.batches import moves_of
from expansion_signals.model.changes import Add, Become, See
from expansion_signals.model.events import evidence_of
from expansion_signals.model.instants import SECOND
from expansion_signals.model.looks import DAILY
from expansion_signals.model.windows import DAYS_KEPT
from expansion_signals.state.change_texts import OPERATIONS, change_text
from expansion_signals.state.identity_slices import layout_text
from expansion_signals.state.keys import ShardKeys, day_of_month, due_member, suffix_of
from expansion_signals.state.lane_texts import lane_text
from expansion_signals.state.packing import pack, pack_evidence, pack_signal
from expansion_signals.state.profile_texts import pack_profile

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from expansion_signals.model.batches import AccountBatch, HourMove, Identity, Move, ProfileChange, ShardBatch
    from expansion_signals.model.changes import Change
    from expansion_signals.model.facts import HourTotals
    from expansion_signals.model.lanes import LaneMove
    from expansion_signals.model.readings import Counter
    from expansion_signals.state.identity_slices import Plan

_HOURS_A_DAY = 24
_MOST_IN_BUNCH = 1_000
"""Lua cannot unpack more than some thousands."""


class ApplyRequest:
    """One call of `apply.lua`: `keys` in the order the packed `argument` refers to them, and the `names` it uses.

    `evidences` is its second argument.

    `layouts` are those of the identity slices once it is applied. `bunches` are the identities, by index in the batch,
    that are looked for together: plain ids are, in every slice of one layout. `crowded` tells by account and meter the
    newest day of members that need sketches.
    """

    def __init__(
        self,
        keys: ShardKeys,
        batch: ShardBatch,
        plan: Plan,
        *,
        conflicts: bool,
        crowded: Mapping[tuple[str, str], int],
    ) -> None:
        self.keys = [keys.state, keys.watermarks, keys.names, keys.pending]
        self.names: list[str] = []
        self.layouts = {name: wanted for name, _, wanted in plan.slices}
        self._shard = keys
        self._places: dict[str, int] = {}
        self._numbers: dict[str, int] = {}
        self._crowded = crowded
        self._evidences: list[bytes] = []
        self.bunches: list[Sequence[int]] = []
        groups = self._groups(plan, conflicts=conflicts)
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
                        passed.reserved,
                    )
                    for passed in batch.ranges
                ],
                [
                    part
                    for name, assumed, wanted in plan.slices
                    for part in (name, layout_text(assumed), layout_text(wanted))
                ],
                [_bunch(batch.identities, indexes, conflicts=conflicts) for indexes in self.bunches],
                groups,
                [self._account(account) for account in batch.accounts],
                int(batch.roomy),
            )
        )
        self.evidences = pack(self._evidences)

    def _key(self, key: str) -> int:
        place = self._places.get(key)
        if place is None:
            self.keys.append(key)
            place = self._places[key] = len(self.keys)
        return place

    def _only_key(self, key: str) -> int:
        """Return the place of a key that is named once, or that may as well stand twice."""
        self.keys.append(key)
        return len(self.keys)

    def _name(self, meter: str) -> int:
        number = self._numbers.get(meter)
        if number is None:
            self.names.append(meter)
            number = self._numbers[meter] = len(self.names)
        return number

    def _groups(self, plan: Plan, *, conflicts: bool) -> list[int]:
        places: dict[tuple[int, ...], int] = {}
        groups: list[int] = []
        for probe in plan.probes:
            key = self._only_key(self._shard.identities(*probe.bucket))
            checks = self._only_key(self._shard.checks(*probe.bucket)) if conflicts else 0
            for start in range(0, len(probe.indexes), _MOST_IN_BUNCH):
                indexes = tuple(probe.indexes[start : start + _MOST_IN_BUNCH])
                place = places.setdefault(indexes, len(places) + 1)
                groups += (key, checks, 1 if probe.lives else 0, place)
        self.bunches = list(places)
        return groups

    def _account(self, account: AccountBatch) -> tuple[object, ...]:
        name = account.account
        moves, months = list[object](), dict[str, list[object]]()
        for lane in account.lanes:
            self._lane(name, lane, moves, months)
        for move in account.moves:
            self._evidences.append(pack_evidence(move.evidence) if move.watched else b"")
            self._move(name, move, moves)
        for meter, day, change in account.days:
            operation = OPERATIONS[type(change)]
            if operation != "s":
                month = self._month(self._shard.month(name, day), months)
                month += (self._name(meter), day_of_month(day), operation, change_text(change), day)
        return (
            name,
            self._only_key(self._shard.account(name)),
            "" if account.profile is None else account.profile.stamp,
            moves,
            [*months.values()],
            *(() if _is_plain(account) else self._rare(account)),
        )

    def _lane(self, name: str, asked: LaneMove, moves: list[object], months: dict[str, list[object]]) -> None:
        lane, change, event, appended = asked
        meter, month_name, day_number, counters, is_watched = lane_text(lane)
        # No fact can come of a counter that no rule looks at.
        evidence = pack_evidence(evidence_of(event)) if is_watched else b""
        operation = OPERATIONS[type(change)]
        if operation == "s":
            for move in moves_of(asked):
                self._evidences.append(evidence)
                self._move(name, move, moves)
            return
        number, text = self._name(meter), change_text(change)
        for suffix, watched, keep_from in counters:
            self._evidences.append(evidence)
            if watched:
                moves += (number, suffix, operation, "", text, 1, appended, keep_from, "")
            else:
                moves += (number, suffix, operation, text, "", 0, appended, keep_from, "")
        month = self._month(self._shard.month_named(name, month_name), months)
        month += (number, day_number, operation, text, lane.day)

    def _month(self, key: str, months: dict[str, list[object]]) -> list[object]:
        month = months.get(key)
        if month is None:
            month = months[key] = [self._only_key(key)]
        return month

    def _move(self, name: str, move: Move, moves: list[object]) -> None:
        counter, quiet, firing, watched, _, appended, keep_from, _, shares = move
        operation = OPERATIONS[type(firing or quiet)]
        moves += (
            self._name(counter.meter),
            suffix_of(counter),
            operation,
            "" if quiet is None else self._part(name, counter, quiet),
            "" if firing is None else self._part(name, counter, firing),
            1 if watched else 0,
            appended,
            keep_from // SECOND,
            "" if operation != "s" and shares is None else self._forgotten(name, move),
        )

    def _rare(self, account: AccountBatch) -> Sequence[object]:
        """Return hours, change, shares, members by day, notes, what was found, the look; nothing where none is."""
        name = account.account
        shares = [self._shares(name, move) for move in account.moves if move.shares]
        seen = self._seen(account)
        looks = account.look is not None
        if not (account.hours or account.change or shares or seen or account.notes or looks):
            return ()
        return (
            [part for hour in account.hours for part in self._hour(name, hour)],
            self._change(name, account.change) if account.change else (),
            shares,
            seen,
            [
                part
                for subject, revision, text in account.notes
                for part in (self._key(self._shard.note(name, subject)), revision, False if text is None else text)
            ],
            [pack_signal(signal) for signal in account.found],
            (self._key(self._shard.due), due_member(name, DAILY), str(account.look)) if looks else (),
        )

    def _shares(self, account: str, move: Move) -> list[object]:
        shares = move.shares or ()
        return [
            self._key(self._shard.shares(account, move.counter)),
            self._name(move.counter.meter),
            suffix_of(move.counter),
            OPERATIONS[type(shares[0].change)],
            *(part for share in shares for part in (share.dimension, share.value, change_text(share.change))),
        ]

    def _seen(self, account: AccountBatch) -> list[list[object]]:
        """Return by meter the members of each day, and the sketches that may be written."""
        name = account.account
        by_meter: dict[str, list[tuple[int, See]]] = {}
        in_lanes = [(lane.meter.key, lane.day, change) for lane, change, _, _ in account.lanes]
        for meter, day, change in (*in_lanes, *account.days):
            if isinstance(change, See):
                by_meter.setdefault(meter, []).append((day, change))
        asked = []
        for meter, seen in by_meter.items():
            days = dict.fromkeys(day for day, _ in seen)
            newest = self._crowded.get((name, meter))
            if newest is not None:
                days |= dict.fromkeys(range(newest - DAYS_KEPT + 1, newest + 1))
            sketches = [part for day in days for part in (day, self._key(self._shard.seen_on(name, meter, day)))]
            members = ([day, *map(str, change.members)] for day, change in seen)
            asked.append([self._key(self._shard.last_seen(name, meter)), self._name(meter), sketches, *members])
        return asked

    def _part(self, account: str, counter: Counter, change: Change) -> object:
        if type(change) is Add:
            return str(change[0])
        if isinstance(change, Become):
            days = ((self._key(self._shard.month(account, day)), day_of_month(day)) for day in change.days)
            return (str(change.level), *(part for day in days for part in day))
        if isinstance(change, See):
            keys = (self._shard.members(account, counter), self._shard.sketch(account, counter))
            return (*map(self._key, keys), *map(str, change.members))
        return change_text(change)

    def _forgotten(self, account: str, move: Move) -> object:
        if move.forgotten is None:
            return ""
        keys: list[str] = []
        if isinstance(move.firing or move.quiet, See):
            keys += (self._shard.members(account, move.forgotten), self._shard.sketch(account, move.forgotten))
        if move.shares is not None:
            keys.append(self._shard.shares(account, move.forgotten))
        return [self._key(key) for key in keys] or ""

    def _hour(self, account: str, move: HourMove) -> list[object]:
        day, hour_of_day = divmod(move.hour, _HOURS_A_DAY)
        key = self._key(self._shard.hours(account, day))
        described: list[object] = []
        for part, change in enumerate((move.quiet, move.firing)):
            if change is not None:
                operation = OPERATIONS[type(change)]
                if isinstance(change, See):
                    members = self._shard.hour_members(account, move.meter, move.hour, part)
                    asked: object = (self._key(members), *map(str, change.members))
                else:
                    asked = change_text(change)
                field = f"{2 * hour_of_day + part}{operation}"
                described += (key, day, field, self._name(move.meter), operation, asked, str(2 * move.hour + part))
        return described

    def _change(self, account: str, change: ProfileChange) -> Sequence[object]:
        hours = change.hours
        return (
            self._key(self._shard.profile(account)),
            "" if change.profile is None else change.profile.stamp,
            pack_profile(change.profile),
            pack_evidence(change.evidence),
            change.appended,
            hours.revision if hours else "",
            *(self._key(key) for key in (self._hour_keys(account, hours) if hours else ())),
        )

    def _hour_keys(self, account: str, hours: HourTotals) -> Iterable[str]:
        for day in hours.days:
            yield self._shard.hours(account, day)
        for (meter, hour), parts in hours.totals.items():
            for part, change in enumerate(parts):
                if isinstance(change, See):
                    yield self._shard.hour_members(account, meter, hour, part)


def _is_plain(account: AccountBatch) -> bool:
    """Say whether the account is asked for nothing but that levels move, as nearly all are."""
    if account.moves or account.days or account.hours or account.change or account.notes or account.look is not None:
        return False
    return all(type(asked[1]) is not See for asked in account.lanes)


def _bunch(identities: Sequence[Identity], indexes: Iterable[int], *, conflicts: bool) -> list[object]:
    chosen = [identities[index] for index in indexes]
    checks = b"".join([identity.check for identity in chosen]) if conflicts else b""
    return [checks, *[str(identity.number) for identity in chosen]]
