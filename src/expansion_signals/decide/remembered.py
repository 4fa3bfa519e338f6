"""What deciding remembers of an account besides its decided keys: what fired, what was shown, what is held.

It is one value with one text, changed only together with the keys and under their revision (architecture, Deciding).
What nothing can ask for any more goes with the next change.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic_core import from_json, to_json

from expansion_signals.model.instants import DAY, HOUR

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping, Sequence

    from expansion_signals.model.instants import Duration, Instant
    from expansion_signals.model.outcomes import Outcome

MOST_FIRED, MOST_PROMPTED, MOST_HELD = 300, 300, 50
"""How many of each are kept of one account, the newest."""

KEPT: Duration = 62 * DAY
"""How long what fired is remembered at the least: the longest window of a cap."""

PROMPTS_KEPT: Duration = 400 * DAY

_GROWING = frozenset({"members", "usage"})


class Fired(NamedTuple):
    """A trigger that fired.

    `user` is whom it is for, `prompt` its prompt family, `subject` what the rule looked at, with the period. `level` is
    the usage at which its threshold stands, a decimal string; `need` what must be so for it to be worth acting on.
    `route` and `owner` are where it was sent, `offered` the kind and the name of what it recommends.
    """

    trigger: str
    type: str
    rule: Mapping[str, str]
    time: Instant
    expires: Instant
    user: str | None = None
    prompt: str | None = None
    subject: str = ""
    level: str | None = None
    need: Mapping[str, Any] = {}
    route: str | None = None
    owner: str | None = None
    offered: Sequence[str | None] = (None, None)
    withdrawn: bool = False


class Prompted(NamedTuple):
    """What a user did with the prompt of a trigger; what is known of the trigger by then is beside it."""

    deed: str
    time: Instant
    user: str
    trigger: str
    session: str | None = None
    until: Instant | None = None
    prompt: str | None = None
    subject: str = ""
    level: str | None = None


class Held(NamedTuple):
    """A candidate that waits: its signal as a document, the keys it would fire for by place, and until when."""

    signal: Mapping[str, Any]
    record: str
    rest: Sequence[int]
    until: Instant


@dataclass(frozen=True, slots=True)
class Remembered:
    """What is remembered of one account.

    `through` says by partition up to which offset records are taken in: asked again, they change nothing. `profile` is
    the last snapshot that was told, None where none was or the account is gone. `cancelled` is when its cancellation
    was begun. `upgrades` and `contractions` are when there was one. `leads` holds what is remembered of each pql rule,
    `health` the last one told.
    """

    through: Mapping[str, int] = field(default_factory=dict)
    profile: Mapping[str, Any] | None = None
    fired: tuple[Fired, ...] = ()
    prompted: tuple[Prompted, ...] = ()
    held: tuple[Held, ...] = ()
    cancelled: Instant | None = None
    upgrades: tuple[Instant, ...] = ()
    contractions: tuple[Instant, ...] = ()
    leads: Mapping[str, Any] = field(default_factory=dict)
    health: Mapping[str, Any] | None = None

    @classmethod
    def read(cls, text: str) -> Remembered:
        """Read what `written` wrote; an empty text is an account of which nothing is remembered."""
        if not text:
            return cls()
        kept = from_json(text)
        return cls(
            through=kept.get("through", {}),
            profile=kept.get("profile"),
            fired=tuple(_fired(each) for each in kept.get("fired", ())),
            prompted=tuple(Prompted(*each) for each in kept.get("prompted", ())),
            held=tuple(Held(*each) for each in kept.get("held", ())),
            cancelled=kept.get("cancelled"),
            upgrades=tuple(kept.get("upgrades", ())),
            contractions=tuple(kept.get("contractions", ())),
            leads=kept.get("leads", {}),
            health=kept.get("health"),
        )

    def written(self) -> str:
        """Return it as text without what is empty: named tuples in the order of their fields, so new ones come last."""
        kept: dict[str, Any] = {
            "through": self.through,
            "profile": self.profile,
            "fired": self.fired,
            "prompted": self.prompted,
            "held": self.held,
            "cancelled": self.cancelled,
            "upgrades": self.upgrades,
            "contractions": self.contractions,
            "leads": self.leads,
            "health": self.health,
        }
        return to_json({name: value for name, value in kept.items() if value}).decode()

    def taken_in(self, partition: str, offset: int) -> bool:
        """Say whether this record was taken in before."""
        return offset < self.through.get(partition, 0)

    def past(self, partition: str, offset: int) -> Remembered:
        """Return what is remembered once this record is taken in."""
        return replace(self, through={**self.through, partition: max(offset + 1, self.through.get(partition, 0))})

    def trigger(self, trigger: str) -> Fired | None:
        """Return the trigger of this id, if it fired and is remembered."""
        return next((each for each in self.fired if each.trigger == trigger), None)

    def with_fired(self, fired: Fired, now: Instant) -> Remembered:
        """Remember one more trigger that fired; a repetition takes the place of the first."""
        others = [each for each in self.fired if each.trigger != fired.trigger and _is_of_use(each, now)]
        return replace(self, fired=(*others, fired)[-MOST_FIRED:])

    def with_all_fired(self, fired: Iterable[Fired]) -> Remembered:
        """Remember these triggers instead of those before."""
        return replace(self, fired=tuple(fired))

    def with_held(self, held: Held) -> Remembered:
        """Remember one more candidate that waits; of the same signal the last."""
        others = [each for each in self.held if each.signal["id"] != held.signal["id"]]
        return replace(self, held=(*others, held)[-MOST_HELD:])

    def without_held(self, ended: Container[str]) -> Remembered:
        """Forget what waited, by the ids of its signals."""
        return replace(self, held=tuple(each for each in self.held if each.signal["id"] not in ended))

    def with_cancelled(self, time: Instant) -> Remembered:
        """Remember when the account began to cancel; the latest counts."""
        return replace(self, cancelled=max(time, self.cancelled or time))

    def with_profile(self, profile: Mapping[str, Any] | None) -> Remembered:
        """Remember the snapshot that was told last, without the parts that grow with the account."""
        slim = None if profile is None else {name: each for name, each in profile.items() if name not in _GROWING}
        return replace(self, profile=slim)

    def with_lead(self, rule: str, lead: Mapping[str, Any]) -> Remembered:
        """Remember how the account stands by a pql rule."""
        return replace(self, leads={**self.leads, rule: lead})

    def with_health(self, health: Mapping[str, Any] | None) -> Remembered:
        """Remember the health that was worked out last; None leaves the one before."""
        return self if health is None else replace(self, health=health)

    def with_outcomes(self, outcomes: Iterable[Outcome]) -> Remembered:
        """Remember when the account bought more, or gave something up."""
        made = list(outcomes)
        less = tuple(each.evidence.time for each in made if each.data["kind"] == "contraction")
        more = tuple(each.evidence.time for each in made if each.data["kind"] != "contraction")
        return replace(
            self,
            upgrades=(*self.upgrades, *more)[-MOST_FIRED:],
            contractions=(*self.contractions, *less)[-MOST_FIRED:],
        )

    @property
    def next_look(self) -> Instant | None:
        """Return when the first hold ends."""
        return min((each.until for each in self.held), default=None)

    @property
    def is_empty(self) -> bool:
        """Say whether there is anything worth remembering."""
        told = (self.fired, self.prompted, self.held, self.upgrades, self.contractions, self.leads, self.health)
        return self.cancelled is None and not any(told)

    def with_prompted(self, prompted: Prompted) -> Remembered:
        """Remember one more report of a prompt."""
        kept = [each for each in self.prompted if each.time > prompted.time - PROMPTS_KEPT]
        return replace(self, prompted=(*kept, prompted)[-MOST_PROMPTED:])

    def kept_until(self) -> Instant:
        """Return from when on nothing that is remembered can be asked for, a whole hour."""
        ends = [
            *(max(each.expires, each.time + KEPT) for each in self.fired),
            *(each.time + PROMPTS_KEPT for each in self.prompted),
            *(each.until + KEPT for each in self.held),
            *(each + PROMPTS_KEPT for each in (*self.upgrades, *self.contractions)),
            *([self.cancelled + KEPT] if self.cancelled is not None else ()),
            *(lead["kept_until"] for lead in self.leads.values()),
            *([self.health["at"] + KEPT] if self.health is not None else ()),
        ]
        return -(-max(ends, default=0) // HOUR) * HOUR


def _is_of_use(fired: Fired, now: Instant) -> bool:
    return max(fired.expires, fired.time + KEPT) > now


_OFFERED = Fired._fields.index("offered")


def _fired(parts: list[Any]) -> Fired:
    parts[_OFFERED] = tuple(parts[_OFFERED])
    return Fired(*parts)
