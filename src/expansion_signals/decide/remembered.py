"""What deciding remembers of an account besides its decided keys: what fired, what was shown, what is held.

It is one value with one text, changed only together with the keys and under their revision (architecture, Deciding).
What nothing can ask for any more goes with the next change.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec.json import Encoder
from pydantic_core import from_json

from expansion_signals.model.instants import DAY, HOUR
from expansion_signals.rules.spellings import LARGEST_CAP, LONGEST_WINDOW

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from expansion_signals.model.instants import Duration, Instant
    from expansion_signals.model.outcomes import Outcome

MOST_FIRED: int = LARGEST_CAP
MOST_PROMPTED, MOST_HELD = 300, 50
"""How many of each are kept of one account: of what fired the newest; of reports those that silence somebody longest;
and no more is held than this."""

KEPT: Duration = LONGEST_WINDOW
"""How long what fired is remembered at the least: the longest window of a cap, a cooldown or an attribution."""

PROMPTS_KEPT: Duration = 400 * DAY
"""How long reports of prompts and outcomes are remembered: longer than the year that health looks at."""

# To read it back, pydantic: msgspec makes a fraction of a whole number above 64 bits.
_encode = Encoder().encode
_GROWING = frozenset({"members", "usage"})
_SILENCING = frozenset({"dismissed", "snoozed"})


class Fired(NamedTuple):
    """A trigger that fired.

    `user` is whom it is for, `prompt` its prompt family, `subject` what the rule looked at, with the period. `level` is
    the usage at which its threshold stands, a decimal string; `need` what must be so for it to be worth acting on,
    empty once it has expired. `route` and `owner` are where it was sent, `offered` the kind and the name of what it
    recommends.
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
    offered: tuple[str | None, str | None] = (None, None)
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
    `health` the last one told, and when. `used` is the utilization that a level has told of since the last look
    at a day, when, and until when that level's period runs.
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
    used: Mapping[str, Any] | None = None

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
            used=kept.get("used"),
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
            "used": self.used,
        }
        return _encode({name: value for name, value in kept.items() if value}).decode()

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
        others = [_as_of(now, each) for each in self.fired if each.trigger != fired.trigger and _is_of_use(each, now)]
        return replace(self, fired=(*others, fired)[-MOST_FIRED:])

    def with_all_fired(self, fired: Iterable[Fired]) -> Remembered:
        """Remember these triggers instead of those before."""
        return replace(self, fired=tuple(fired))

    def with_held(self, held: Held) -> Remembered:
        """Remember one more candidate that waits; whoever holds it has seen to it that no more than `MOST_HELD` do."""
        return replace(self, held=(*self.without_held(held.signal["id"]).held, held))

    def without_held(self, signal: str) -> Remembered:
        """Forget a candidate that waited, by the id of its signal."""
        return replace(self, held=tuple(each for each in self.held if each.signal["id"] != signal))

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
        """Remember the health that was worked out last; None: there is no evidence of any."""
        return replace(self, health=health)

    def with_used(self, used: Mapping[str, Any] | None) -> Remembered:
        """Remember the utilization that a level has told of; None: the last look knows better."""
        return replace(self, used=used)

    def with_outcomes(self, outcomes: Iterable[Outcome]) -> Remembered:
        """Remember when the account bought more, or gave something up; all that one update brought is one time."""
        more, less = dict.fromkeys(self.upgrades), dict.fromkeys(self.contractions)
        for each in outcomes:
            (less if each.data["kind"] == "contraction" else more)[each.evidence.time] = None
        return replace(self, upgrades=tuple(more)[-MOST_FIRED:], contractions=tuple(less)[-MOST_FIRED:])

    @property
    def next_look(self) -> Instant | None:
        """Return when the first hold ends."""
        return min((each.until for each in self.held), default=None)

    @property
    def is_empty(self) -> bool:
        """Say whether there is anything worth remembering."""
        told = (self.fired, self.prompted, self.held, self.upgrades, self.contractions, self.leads)
        return not any(told) and (self.cancelled, self.health, self.used) == (None, None, None)

    def with_prompted(self, prompted: Prompted) -> Remembered:
        """Remember one more report of a prompt; the same report again changes nothing.

        What makes room is what was only shown or clicked, and last what somebody dismissed or put off.
        """
        if any(each[:4] == prompted[:4] for each in self.prompted):
            return self
        kept = [*(each for each in self.prompted if prompted.time - each.time < PROMPTS_KEPT), prompted]
        if len(kept) > MOST_PROMPTED:
            kept.remove(next((each for each in kept if each.deed not in _SILENCING), kept[0]))
        return replace(self, prompted=tuple(kept))

    def wants_to_leave(self, time: Instant, pause: Duration) -> bool:
        """Say whether what was found at this time comes before the pause after a request to cancel is over."""
        return self.cancelled is not None and time < self.cancelled + pause

    def kept_until(self) -> Instant:
        """Return from when on nothing that is remembered can be asked for, a whole hour."""
        ends = [
            *(max(each.expires, each.time + KEPT) for each in self.fired),
            *(each.time + PROMPTS_KEPT for each in self.prompted),
            *(each.until + KEPT for each in self.held),
            *(each + PROMPTS_KEPT for each in (*self.upgrades, *self.contractions)),
            *([self.cancelled + KEPT] if self.cancelled is not None else ()),
            *(lead["kept_until"] for lead in self.leads.values()),
            *(each["at"] + KEPT for each in (self.health, self.used) if each is not None),
        ]
        return -(-max(ends, default=0) // HOUR) * HOUR


def _is_of_use(fired: Fired, now: Instant) -> bool:
    return max(fired.expires, fired.time + KEPT) > now


def _as_of(now: Instant, fired: Fired) -> Fired:
    """Return what is still of use: what is not worth acting on any more is not withdrawn, either."""
    return fired if now < fired.expires else fired._replace(need={}, offered=(None, None))


_OFFERED = Fired._fields.index("offered")


def _fired(parts: list[Any]) -> Fired:
    parts[_OFFERED] = tuple(parts[_OFFERED])
    return Fired(*parts)
