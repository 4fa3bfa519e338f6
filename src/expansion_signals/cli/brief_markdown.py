"""A brief as Markdown: to paste into a mail, a wiki or a CRM."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from expansion_signals.cli import brief_words as words
from expansion_signals.cli.account_words import moment
from expansion_signals.cli.opportunities import LOOKED_BACK

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import tzinfo

    from expansion_signals.cli.brief import Brief
    from expansion_signals.cli.feature_use import FeatureUse
    from expansion_signals.cli.opportunities import Opportunity

_MARKED = re.compile(r"([\\`*_{}\[\]<>#|~!])")


def markdown_of(brief: Brief, zone: tzinfo) -> str:
    """Return the whole brief; what stands in it is text, never markup."""
    return "\n".join(_lines(brief, zone)) + "\n"


def _lines(brief: Brief, zone: tzinfo) -> Iterator[str]:
    yield f"# {_text(brief.account)}: account brief"
    yield ""
    owner = f" Owner: {_text(brief.profile.owner)}." if brief.profile.owner else ""
    yield f"As of {moment(brief.at, zone)} ({zone}).{owner}"
    if brief.retention_first is not None:
        yield ""
        yield f"> **Retention first.** {_text(brief.retention_first)}"
    yield ""
    yield from _table(
        ("", "", ""), [(f"**{each.name}**", _text(each.value), _text(each.more)) for each in words.glances(brief, zone)]
    )
    yield from _health(brief, zone)
    yield from _use(brief)
    yield from _features(brief)
    yield from _readiness(brief)
    yield from _opportunities(brief, zone)
    yield ""
    yield "## Questions to ask"
    yield ""
    for question in brief.questions:
        yield f"- {_text(question)}"


def _health(brief: Brief, zone: tzinfo) -> Iterator[str]:
    yield ""
    yield "## Health"
    yield ""
    if brief.health is None:
        yield words.NO_HEALTH
        return
    at = f", measured on {moment(brief.health_at, zone)}" if brief.health_at is not None else ""
    yield f"**{brief.health['score']} of 100**, {brief.health['band'].replace('_', ' ')}{at}."
    parts = brief.health.get("parts", ())
    if parts:
        yield ""
        rows = [
            (words.PARTS[part["part"]], str(part["score"]), f"{part['weight']} %", _text(words.health_inputs(part)))
            for part in parts
        ]
        yield from _table(("Part", "Score", "Weight", "Measured by"), rows)


def _use(brief: Brief) -> Iterator[str]:
    yield ""
    yield "## Use, against the quarter before"
    yield ""
    if not brief.uses:
        yield "Nothing was counted in the last six months."
        return
    quarter, before = words.months_of(brief.uses)
    rows = []
    for use in brief.uses:
        now, then, compared = words.use_text(use)
        rows.append((f"{_text(use.meter.key)} ({_text(use.meter.unit)}, {words.use_note(use)})", now, then, compared))
    yield from _table(("Meter", quarter, before, "Change"), rows)


def _features(brief: Brief) -> Iterator[str]:
    yield ""
    yield "## Features"
    yield ""
    for title, state in (
        ("Near a limit", "near"),
        ("In use", "used"),
        ("Not used", "unused"),
        ("Not known", "unknown"),
    ):
        named = [each for each in brief.features if each.state == state]
        if named:
            yield f"- **{title}**: " + ", ".join(map(_feature, named))
    if not brief.features:
        yield "The catalog does not know the account's plan."


def _feature(each: FeatureUse) -> str:
    return _text(each.key) + (f" ({_text(each.reading)})" if each.reading else "")


def _readiness(brief: Brief) -> Iterator[str]:
    yield ""
    yield "## Readiness"
    yield ""
    rows = [(each.asks, _text(each.reading), f"**{each.answer or 'not known'}**", each.means) for each in brief.answers]
    yield from _table(("Question", "Reading", "Answer", "What it means"), rows)


def _opportunities(brief: Brief, zone: tzinfo) -> Iterator[str]:
    if brief.opportunities.retention:
        yield ""
        yield "## To keep them"
        yield from _ranked(brief.opportunities.retention, zone)
    yield ""
    yield "## Opportunities" + (", once they are safe" if brief.retention_first is not None else "")
    if not brief.opportunities.expansion:
        yield ""
        yield f"No trigger of the last {LOOKED_BACK} days is open."
    yield from _ranked(brief.opportunities.expansion, zone)


def _ranked(found: Sequence[Opportunity], zone: tzinfo) -> Iterator[str]:
    for place, each in enumerate(found, 1):
        yield ""
        yield f"{place}. **{_text(each.title)}** ({words.case_of(each)}; last {moment(each.last, zone)})"
        for reason in each.case:
            yield f"   - {_text(reason)}"
        yield f"   - {_text(words.step_of(each))}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"| {' | '.join('---' for _ in head)} |"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def _text(text: str) -> str:
    """Return a text in which nothing is markup."""
    return _MARKED.sub(r"\\\1", " ".join(text.split()))
