"""Use case added: features or endpoints that an account uses for the first time, when it is no longer new itself.

rule {signal: use_case_added}: 2 features first used within 14 d

1 Oct   `tasks` is used          the first of the account: nothing was there before, so it is not new
1 Nov   `exports` is used        new: 1
1 Nov   `exports`, all day long  nothing to remember, the note stays as it is
14 Nov  `api` is used            new: 2: `use_case.added`, exports and api; then silent for 30 days
15 Nov, in its place: `exports` is no longer new, 1

An attempt on a feature that the plan includes is a use of it (semantics 5.4).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.detect.first_seen import FirstSeen
from expansion_signals.detect.gates import ATTEMPTED
from expansion_signals.detect.sightings import MOST_NAMED
from expansion_signals.detect.wanted import wanted
from expansion_signals.detect.watches import Noticed
from expansion_signals.detect.why import counted
from expansion_signals.model.entitlements import is_included

if TYPE_CHECKING:
    from collections.abc import Iterator

    from expansion_signals.detect.watches import Seen
    from expansion_signals.model.events import UsageEvent
    from expansion_signals.model.signals import Signal

FEATURE_USED = "expansion.feature.used.v1"

_FEATURE = "feature"


class UseCases:
    """The watch of features in use."""

    events = frozenset({FEATURE_USED, ATTEMPTED})
    signals = frozenset({"use_case_added"})

    def subject(self, event: UsageEvent) -> str:  # noqa: ARG002 -- one note for all of them
        """Return the note of the features that the account uses."""
        return "features"

    def notice(self, text: str, seen: Seen) -> Noticed:
        """Remember a feature used for the first time, and fire the rules that are reached."""
        feature = seen.event.data["feature"]
        if seen.event.type == ATTEMPTED and not is_included(seen.catalog, seen.profile, feature):
            return Noticed(text)
        known = FirstSeen.read(text)
        news = known.take(_FEATURE, feature, seen.event.time)
        found = list(_fired(known, seen))
        return Noticed(known.written() if news or found else text, found)


def _fired(known: FirstSeen, seen: Seen) -> Iterator[Signal]:
    for rule in known.firings.ready(seen, "use_case_added"):
        want = wanted(rule)
        new = known.new(_FEATURE, seen.event.time, want.within)
        if want.is_reached(len(new)):
            named = new[:MOST_NAMED]
            features = f"{len(new)} {counted('feature', one=len(new) == 1)}"
            content = {
                "count": len(new),
                "features": named,
                "window": want.window,
                "why": f"{features} used for the first time within {want.span}: {', '.join(named)}",
            }
            yield from known.firings.fire("use_case.added", seen, rule, content)
