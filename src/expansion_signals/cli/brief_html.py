"""A brief as one page of HTML: nothing is loaded, no script runs, everything that is told is escaped, and it prints."""

from __future__ import annotations

from fractions import Fraction
from html import escape
from math import pi
from typing import TYPE_CHECKING

from expansion_signals.cli import brief_words as words
from expansion_signals.cli.account_words import moment
from expansion_signals.cli.html_page import html_page
from expansion_signals.cli.opportunities import LOOKED_BACK
from expansion_signals.cli.readiness import FULL, HALF
from expansion_signals.cli.words_of_numbers import percent

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import tzinfo

    from expansion_signals.cli.brief import Brief
    from expansion_signals.cli.feature_use import FeatureUse
    from expansion_signals.cli.opportunities import Opportunity
    from expansion_signals.cli.quarters import MeterUse

_GOOD, _FAIR, _BAD, _TRACK = "#2e7d5b", "#b7791f", "#b3423a", "#e4e8ee"
_ACCENT, _ACCENT_SOFT = "#1f5f5b", "#bcd6d2"
_RADIUS = 62
_BANDS = {"champion": _GOOD, "healthy": _GOOD, "moderate": _FAIR, "at_risk": _BAD}
_PILLS = {
    "high": "good",
    "rising": "good",
    "broad": "good",
    "fair": "fair",
    "steady": "fair",
    "low": "fair",
    "narrow": "fair",
    "falling": "bad",
}
_STATES = {"near": ("near its limit", "fair"), "used": ("in use", "good"), "unused": ("not used", "")}


def page_of(brief: Brief, zone: tzinfo) -> str:
    """Return the whole page."""
    return html_page(f"{brief.account}: account brief", "brief.css", _body(brief, zone))


def _body(brief: Brief, zone: tzinfo) -> Iterator[str]:
    owner = f" · {escape(brief.profile.owner)}" if brief.profile.owner else ""
    yield '<header><p class="over">Account brief</p>'
    yield f"<h1>{escape(brief.account)}</h1>"
    yield f'<p class="under">{escape(moment(brief.at, zone))} ({zone}){owner}</p></header>'
    if brief.retention_first is not None:
        yield f'<p class="first"><b>Retention first.</b> {escape(brief.retention_first)}</p>'
    yield '<dl class="glances">'
    for each in words.glances(brief, zone):
        more = f"<dd>{escape(each.more)}</dd>" if each.more else ""
        yield f"<div><dt>{escape(each.name)}</dt><dd>{escape(each.value)}</dd>{more}</div>"
    yield "</dl>"
    for chapter in (_health(brief, zone), _use(brief), _features(brief), _readiness(brief)):
        yield '<section class="whole">'
        yield from chapter
        yield "</section>"
    yield from _opportunities(brief, zone)
    yield '<section class="whole"><h2>Questions to ask</h2>\n<ul class="questions">'
    yield from (f"<li>{escape(question)}</li>" for question in brief.questions)
    yield "</ul></section>"
    yield "<footer>Made by Expansion Signals, from the evidence alone. Months are those of UTC.</footer>"


# ------------------------------------------------------------------------------------------------- health


def _health(brief: Brief, zone: tzinfo) -> Iterator[str]:
    at = f"<small>measured on {escape(moment(brief.health_at, zone))}</small>" if brief.health_at is not None else ""
    yield f"<h2>Health{at}</h2>"
    if brief.health is None:
        yield f'<p class="soft">{escape(words.NO_HEALTH)}</p>'
        return
    yield f'<div class="health">{_gauge(brief.health["score"], brief.health["band"])}<div class="parts">'
    parts = brief.health.get("parts", ())
    for part in parts:
        weight = f'<span class="soft">{escape(str(part["weight"]))} %</span>'
        yield f"<span>{escape(words.PARTS[part['part']])} {weight}</span>"
        yield f"{_bar(Fraction(part['score'], 100), _by_score(part['score']))}<b>{escape(str(part['score']))}</b>"
        yield f'<p class="how">{escape(words.health_inputs(part))}</p>'
    if not parts:
        yield '<p class="how">Its parts stand in the next daily reading.</p>'
    yield "</div></div>"


def _gauge(score: int, band: str) -> str:
    around = 2 * pi * _RADIUS
    filled = around * score / 100
    circle = f'<circle cx="74" cy="74" r="{_RADIUS}" fill="none" stroke-width="11"'
    return (
        f'<svg viewBox="0 0 148 148" role="img" aria-label="Health {score} of 100">'
        f'{circle} stroke="{_TRACK}"/>'
        f'{circle} stroke="{_BANDS[band]}" stroke-linecap="round" stroke-dasharray="{filled:.1f} {around:.1f}" '
        'transform="rotate(-90 74 74)"/>'
        f'<text class="score" x="74" y="82" text-anchor="middle">{score}</text>'
        f'<text class="band" x="74" y="102" text-anchor="middle">{escape(band.replace("_", " "))}</text></svg>'
    )


def _by_score(score: int) -> str:
    return _GOOD if score >= 70 else _FAIR if score >= 50 else _BAD  # noqa: PLR2004 -- the bands of domain.md


# ---------------------------------------------------------------------------------------------------- use


def _use(brief: Brief) -> Iterator[str]:
    yield "<h2>Use, against the quarter before</h2>"
    if not brief.uses:
        yield '<p class="soft">Nothing was counted in the last six months.</p>'
        return
    quarter, before = words.months_of(brief.uses)
    yield f'<table><tr><th>Meter</th><th>Month by month</th><th class="number">{before}</th>'
    yield f'<th class="number">{quarter}</th><th class="number">Change</th></tr>'
    for use in brief.uses:
        now, then, compared = words.use_text(use)
        way = "" if not use.growth else "up" if use.growth > 0 else "down"
        yield f"<tr><td>{escape(use.meter.key)}<small>{escape(use.meter.unit)}, {words.use_note(use)}</small></td>"
        yield f'<td>{_months(use)}</td><td class="number">{escape(then)}</td><td class="number">{escape(now)}</td>'
        yield f'<td class="number {way}">{escape(compared)}</td></tr>'
    yield "</table>"


def _months(use: MeterUse) -> str:
    highest = max((total or 0 for _, total in use.months), default=0)
    columns = []
    for place, (month, total) in enumerate(use.months):
        height = 2 + (24 * max(0, total or 0) // highest if highest > 0 else 0)
        colour = _ACCENT if place >= len(use.months) // 2 else _ACCENT_SOFT
        name = words.month_name(month.number)
        columns.append(
            f'<rect x="{place * 20}" y="{26 - height}" width="14" height="{height}" rx="1.5" fill="{colour}"/>'
            f'<text x="{place * 20 + 7}" y="35" font-size="7" fill="#8b95a3" text-anchor="middle">{name}</text>'
        )
    return f'<svg class="months" viewBox="0 0 116 36" aria-hidden="true">{"".join(columns)}</svg>'


def _features(brief: Brief) -> Iterator[str]:
    yield "<h2>Features</h2>"
    if not brief.features:
        yield '<p class="soft">The catalog does not know the account\'s plan.</p>'
        return
    yield '<table><tr><th>Feature</th><th class="wide">Utilization</th><th class="number">Used</th><th></th></tr>'
    for each in brief.features:
        full = each.utilization is not None and each.utilization >= 1
        said, colour = ("at its limit", "bad") if full else _STATES.get(each.state, ("not known", ""))
        yield f'<tr><td>{escape(each.key)}</td><td class="wide">{_utilization(each)}</td>'
        yield f'<td class="number">{escape(each.reading)}</td>'
        yield f'<td class="number"><span class="pill {colour}">{said}</span></td></tr>'
    yield "</table>"


def _utilization(each: FeatureUse) -> str:
    part = each.utilization
    if part is None:
        return ""
    colour = _FAIR if part >= FULL else _GOOD if part >= HALF else _ACCENT_SOFT
    return _bar(part, _BAD if part >= 1 else colour) + f"<small>{percent(part)}</small>"


def _bar(part: Fraction, colour: str) -> str:
    width = min(1000, max(0, part.numerator * 1000 // part.denominator))
    rect = '<rect width="{}" height="8" rx="4" fill="{}"/>'
    return (
        '<svg class="bar" viewBox="0 0 1000 8" preserveAspectRatio="none" aria-hidden="true">'
        f"{rect.format(1000, _TRACK)}{rect.format(width, colour)}</svg>"
    )


# -------------------------------------------------------------------------------- what to do, what to ask


def _readiness(brief: Brief) -> Iterator[str]:
    yield '<h2>Readiness</h2>\n<div class="answers">'
    for each in brief.answers:
        pill = f'<span class="pill {_PILLS.get(each.answer or "", "")}">{each.answer or "not known"}</span>'
        yield f'<section><p class="asks"><span>{each.asks}</span>{pill}</p>'
        yield f'<p class="reading">{escape(each.reading)}</p><p class="soft">{each.means}</p></section>'
    yield "</div>"


def _opportunities(brief: Brief, zone: tzinfo) -> Iterator[str]:
    if brief.opportunities.retention:
        yield "<h2>To keep them</h2>"
        yield from _ranked(brief.opportunities.retention, zone, "ranked")
    later = brief.retention_first is not None
    yield f"<h2>Opportunities{'<small>once they are safe</small>' if later else ''}</h2>"
    if not brief.opportunities.expansion:
        yield f'<p class="soft">No trigger of the last {LOOKED_BACK} days is open.</p>'
    yield from _ranked(brief.opportunities.expansion, zone, "ranked later" if later else "ranked")


def _ranked(found: Sequence[Opportunity], zone: tzinfo, kind: str) -> Iterator[str]:
    if not found:
        return
    yield f'<ol class="{kind}">'
    for each in found:
        yield f"<li><h3>{escape(each.title)}</h3>"
        yield f'<p class="case">{escape(words.case_of(each))} · last {escape(moment(each.last, zone))}</p><ul>'
        yield from (f"<li>{escape(reason)}</li>" for reason in each.case)
        yield f'</ul><p class="step">{escape(words.step_of(each))}</p></li>'
    yield "</ol>"
