"""An account's story as scripts see it: the JSON of `explain`, instants as RFC 3339."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from expansion_signals.cli.outlook import lead_lines, silences, upcoming
from expansion_signals.cli.story import story_of
from expansion_signals.model.instants import format_instant

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expansion_signals.cli.explaining import Explained
    from expansion_signals.cli.outlook import Silence
    from expansion_signals.cli.story import Episode
    from expansion_signals.model.instants import Instant


def document_of(found: Explained) -> Mapping[str, Any]:
    """Return the story, what comes next, and what is silent."""
    overview, profile = found.overview, found.overview.standing.profile
    return {
        "account": overview.standing.account,
        "at": format_instant(overview.now),
        "since": format_instant(found.since),
        "plan": profile.account.plan if profile else None,
        "story": [_episode(each) for each in story_of(found.past.happenings, found.zone)],
        "unreadable": found.past.unreadable,
        "next": [{"says": each.says, **each.about} for each in upcoming(overview)],
        "leads": list(lead_lines(found.remembered, overview.configuration)),
        "silent": [_silence(each) for each in silences(overview, found.remembered, found.mutes, found.zone)],
    }


def _episode(each: Episode) -> Mapping[str, Any]:
    about = dict(each.about)
    if about.get("until") is not None:
        about["until"] = format_instant(about["until"])
    return {
        "at": format_instant(each.at),
        "kind": each.kind,
        "says": each.says,
        "then": list(each.then),
        "times": each.times,
        "last": _written(each.last),
        **about,
    }


def _silence(each: Silence) -> Mapping[str, Any]:
    return {"kind": each.kind, "says": each.says, "until": _written(each.until), **each.about}


def _written(instant: Instant | None) -> str | None:
    return None if instant is None else format_instant(instant)
