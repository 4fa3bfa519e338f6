"""What must be true after metering a simulated log, however it went."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from applied_once import LIVES, Place, days, latest, levels, place_of, profiles
from expansion_signals.detect.thresholds import Place as Standing
from expansion_signals.detect.thresholds import Series, standing
from expansion_signals.model.entitlements import limit_in_force
from expansion_signals.model.identities import identity_of
from expansion_signals.model.instants import DAY, HOUR, format_instant, parse_instant
from expansion_signals.model.levels import Level, changed
from expansion_signals.model.thresholds import Arm, ArmKey
from simulated_log import CLEAN, PARTITIONS
from simulated_workers import CONFIGURATIONS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from expansion_signals.model.readings import Counter
    from inspected import Inspected
    from simulated_workers import World

FIRST = CONFIGURATIONS[0]
"""Its thresholds stand in every later configuration, so all of them must have been judged."""

MILESTONES = {rule.id for rule in FIRST.milestone_rules}
REACHED = ("limit.reached", "milestone.reached")


class Outcome:
    """A world after its last worker has read everything, and what its store holds."""

    def __init__(self, world: World, holds: Inspected) -> None:
        self._log = world.log
        self._holds = holds
        self._published = world.publisher.signals
        self._letters = world.publisher.letters
        self._today = world.log.clock // DAY * DAY

    # -------------------------------------------------------------------------------------- counts

    def check_counts(self) -> None:
        """Invariants 1 and 4: levels as if each record was applied once; received is what became of it."""
        found = self._levels()
        sizes = {place.account: found.pop(place) for place in list(found) if place.meter == "size"}
        assert {place: level for place, level in found.items() if level} == {
            place: level for place, level in levels(self._log).items() if self._lives(place) and level
        }
        possible = latest(self._log)
        assert sizes.keys() == possible.keys()
        assert {account: size for account, size in sizes.items() if size not in possible[account]} == {}
        totals = days(self._log)
        assert self._holds.days.keys() == totals.keys()
        assert {place: total for place, total in self._holds.days.items() if total not in totals[place]} == {}
        received = {
            f"{each.topic}/{each.partition}": sum(record is not None for record in self._log.records[each])
            for each in PARTITIONS
        }
        assert {name: self._holds.tallies[name].total() for name in received} == received
        for partition in PARTITIONS:
            dead = self._holds.tallies[f"{partition.topic}/{partition.partition}"]["dead_lettered"]
            assert dead <= sum(key.startswith(f"{partition.partition}/") for key in self._letters)

    def _levels(self) -> Mapping[Place, int]:
        """Return every level; hours of accounts that are not known, or not any more, with what stands already."""
        found: dict[Place, Level | None] = {
            Place(account, counter.meter, counter.start): Level(level, members=self._holds.members[account, counter])
            for (account, counter), level in self._holds.levels.items()
        }
        for (account, meter, hour), parts in self._holds.hours.items():
            place = place_of(account, meter, hour * HOUR)
            for each in (place, Place(account, meter, None)) if meter in LIVES else (place,):
                found[each] = changed(changed(found.get(each), parts[0]), parts[1])
        return {place: level.amount for place, level in found.items() if level and self._lives(place)}

    def _lives(self, place: Place) -> bool:
        """Say whether a counter must stand: what began before may have expired while a partition lagged."""
        kept_from = place_of(*place[:2], self._log.clock - DAY).start
        return place.start is None or kept_from is None or place.start >= kept_from

    # --------------------------------------------------------------------------------------- fired

    def check_fired(self) -> None:
        """Invariant 2: each threshold at or below its level has been judged, and what is marked is published.

        What fired and what is past, each as that.
        """
        for place, level in levels(self._log).items():
            if place.account in CLEAN and self._lives(place) and not _is_life(place):
                self._check_clean(place, level)
        told = {
            "fired": {key for _, content in self._reached(*REACHED) for key in content["keys"]},
            "already_past": {key for _, content in self._past() for key in content["keys"]},
        }
        for (account, counter), marks in self._holds.marks.items():
            for arm_key, arm in marks.arms.items():
                if arm.state in told and arm.step is None and self._lives(_place(account, counter)):
                    assert _key(arm_key, account, counter.meter, counter.start, arm.generation) in told[arm.state]
        self._check_milestones()
        self._check_nothing_is_left_armed()

    def _check_clean(self, place: Place, level: int) -> None:
        """An account that only uses more has fired exactly what its levels reach."""
        crossed = [
            (each["kind"], each["value"])
            for account, content in self._reached()
            for each in content["data"]["crossed"]
            if account == place.account and content["data"]["meter"] == place.meter and _start(content) == place.start
        ]
        limit = limit_in_force(FIRST.catalog, profiles(self._log)[place.account], place.meter)
        for rule in FIRST.limit_rules_by_meter.get(place.meter, ()):
            for threshold in rule.at:
                match standing(threshold, limit, 0):
                    case Standing(at, _):
                        assert ((threshold.kind, str(threshold.value)) in crossed) == (level >= at)
                    case Series() as series:
                        steps = [int(value) for kind, value in crossed if kind == "step"]
                        assert max(steps, default=None) == series.highest(level)

    def _check_milestones(self) -> None:
        """Each milestone at or below its level has been judged; an account that only uses more has fired it once."""
        known = profiles(self._log)
        for (account, counter), level in self._holds.levels.items():
            rules = FIRST.milestone_rules_by_meter.get(counter.meter, ()) if counter.start is None else ()
            for rule in rules if known[account] else ():
                for threshold in rule.at:
                    state = self._holds.marks[account, counter].arms.get(ArmKey(rule.id, str(threshold)), Arm()).state
                    assert level < threshold.value or state != "armed"
                    # What a stock reached before its profile came is past: only hours tell usage from imports.
                    if account in CLEAN and counter.meter in LIVES:
                        assert state == ("fired" if level >= threshold.value else "armed")

    def _check_nothing_is_left_armed(self) -> None:
        known = profiles(self._log)
        for (account, counter), level in self._holds.levels.items():
            if counter.meter not in FIRST.limit_rules_by_meter or _is_life(counter):
                continue
            limit = limit_in_force(FIRST.catalog, known[account], counter.meter)
            if known[account] is None or counter.start not in (None, self._today):
                continue
            arms = self._holds.marks[account, counter].arms
            for rule in FIRST.limit_rules_by_meter.get(counter.meter, ()):
                for threshold in rule.at:
                    where = standing(threshold, limit, 0)
                    if isinstance(where, Standing) and level >= where.at:
                        assert arms.get(ArmKey(rule.id, str(threshold)), Arm()).state != "armed"

    def check_keys_are_fired_once(self) -> None:
        """Invariant 2: one id for each key; an id that is published again says the same."""
        ids = defaultdict(set)
        contents: defaultdict[str, list[Any]] = defaultdict(list)
        for account, content in self._reached(*REACHED):
            if self._lives(Place(account, content["data"]["meter"], _start(content))):
                contents[content["id"]].append(content)
                for key in content["keys"]:
                    ids[key].add(content["id"])
        assert {key: named for key, named in ids.items() if len(named) > 1} == {}
        assert [same for same in contents.values() if any(each != same[0] for each in same)] == []

    def check_what_only_grows_fires_each_threshold_once(self) -> None:
        """What only grows crosses a threshold in its first generation, and in no other; a `size` may shrink."""
        keys = defaultdict(set)
        for account, content in self._reached():
            meter, rule = content["data"]["meter"], content["data"]["rule"]["id"]
            if account in CLEAN and meter != "size":
                for threshold, key in zip(content["data"]["crossed"], content["keys"], strict=True):
                    keys[account, rule, meter, _start(content), threshold["kind"], threshold["value"]].add(key)
        assert {place: named for place, named in keys.items() if len(named) > 1} == {}

    def _reached(self, *types: str) -> Iterator[tuple[str, Any]]:
        wanted = types or ("limit.reached",)
        return (
            (account, content)
            for account, content in self._published
            if content["type"] in wanted and "past" not in content["data"]
        )

    def _past(self) -> Iterator[tuple[str, Any]]:
        return ((account, content) for account, content in self._published if "past" in content["data"])


def _is_life(counter: Counter | Place) -> bool:
    """Say whether it counts over the account's life, beside its periods: limits do not look there."""
    return counter.start is None and counter.meter in LIVES


def _place(account: str, counter: Counter) -> Place:
    return Place(account, counter.meter, counter.start)


def _start(content: Mapping[str, Any]) -> int | None:
    period = content["data"].get("period")
    return parse_instant(period["start"]) if period else None


def _key(arm: ArmKey, account: str, meter: str, start: int | None, generation: int) -> str:
    written = format_instant(start) if start is not None else ""
    kind = "milestone_reached" if arm.rule in MILESTONES else "limit_reached"
    return identity_of(kind, arm.rule, account, meter, "", written, arm.threshold, str(generation))
