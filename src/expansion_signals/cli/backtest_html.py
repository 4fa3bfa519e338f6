"""The report of a backtest as one page of HTML: nothing is loaded, no script runs, everything told is escaped."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from expansion_signals.cli.backtest_plots import by_day, course, part
from expansion_signals.cli.backtest_words import days_between, span
from expansion_signals.cli.html_page import html_page
from expansion_signals.decide.reason_words import SENTENCES
from expansion_signals.model.units import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_ACCOUNTS = 20
_LETTERS = 20


def page_of(document: Mapping[str, Any]) -> str:
    """Return the whole page of what `document_of` or `came_of` holds."""
    return html_page(f"{_title(document)}: {document['input']['source']}", "backtest.css", _body(document))


def _title(document: Mapping[str, Any]) -> str:
    return "Backtest" if "configuration" in document else "Shadow rules"


def _body(document: Mapping[str, Any]) -> Iterator[str]:
    told, in_force = document["input"], document.get("in_force")
    yield f'<header><p class="over">{_title(document)}</p>'
    place = document["configuration"]["directory"] if "configuration" in document else told["source"]
    yield f"<h1>{escape(place)}</h1>"
    when = "" if told["from"] is None else f" · {span(told)}"
    on = f"on {escape(told['source'])}" if "configuration" in document else "what they would have published"
    yield f'<p class="under">{on}{when}</p></header>'
    yield from _glances(document, in_force)
    if document["days"]:
        yield '<section class="whole"><h2>Day by day<small>UTC</small></h2>'
        yield by_day(document["days"], in_force["days"] if in_force else None)
        yield from _key(in_force)
        yield "</section>"
    yield from _rules(document, in_force)
    if in_force:
        yield from _difference(in_force)
    yield from _reasons(document["rules"])
    yield from _accounts(document["accounts"])
    yield from _examples(document["rules"])
    yield from _letters(document["dead_letters"])
    yield "<footer>Made by Expansion Signals. Nothing was published.</footer>"


def _glances(document: Mapping[str, Any], in_force: Mapping[str, Any] | None) -> Iterator[str]:
    totals, records = document["totals"], document["input"]["records"]
    before = f"{in_force['totals']['fired']:,} under the rules in force" if in_force else ""
    letters = records.get("dead_lettered", 0)
    glances = [
        ("Records", records["received"], f"{letters:,} can never be counted" if letters else ""),
        ("Triggers", totals["fired"], before),
        ("Accounts", totals["accounts"], ""),
        ("Not sent", totals["silent"], f"{totals['held']:,} held for a while" if totals["held"] else ""),
    ]
    glances += [("Withdrawn", totals["withdrawn"], "")] if totals["withdrawn"] else []
    glances += [("Of shadow rules", totals["shadow"], "")] if totals["shadow"] else []
    yield '<dl class="glances">'
    for name, count, more in glances:
        yield f"<div><dt>{name}</dt><dd>{count:,}</dd>{f'<dd>{more}</dd>' if more else ''}</div>"
    yield "</dl>"


def _key(in_force: Mapping[str, Any] | None) -> Iterator[str]:
    rect = '<svg viewBox="0 0 18 10" aria-hidden="true"><rect class="{}" width="18" height="10"/></svg>'
    yield f'<p class="key"><span>{rect.format("fired")}fired</span><span>{rect.format("silent")}not sent</span>'
    if in_force:
        line = '<svg viewBox="0 0 18 10" aria-hidden="true"><line class="before" x2="18" y1="5" y2="5"/></svg>'
        yield f"<span>{line}fired under the rules in force</span>"
    yield "</p>"


def _rules(document: Mapping[str, Any], in_force: Mapping[str, Any] | None) -> Iterator[str]:
    yield "<h2>Rules</h2>"
    if not document["rules"]:
        yield '<p class="soft">Nothing came of any rule.</p>'
        return
    before = {each["rule"]: each for each in in_force["rules"]} if in_force else {}
    numbers = days_between(document["days"])
    yield '<div class="scrolls"><table><tr><th>Rule</th><th>Day by day</th><th class="number">Fired</th>'
    if in_force:
        yield '<th class="number">In force</th><th></th>'
    yield '<th class="number">Accounts</th><th>Not sent</th></tr>'
    for each in document["rules"]:
        shadow = "<small>shadow: tried out, nothing decided</small>" if each["shadow"] else ""
        yield f"<tr><td>{escape(each['rule'])}{shadow}</td><td>{course(each['days'], numbers)}</td>"
        yield f'<td class="number"><b>{each["fired"]:,}</b></td>'
        if in_force:
            was = before[each["rule"]]["fired"]
            yield f'<td class="number">{was:,}</td><td>{_change(each["fired"] - was)}</td>'
        yield f'<td class="number">{len(each["accounts"]):,}</td><td class="reasons">{_silent(each)}</td></tr>'
    yield "</table></div>"


def _change(change: int) -> str:
    kind = "more" if change > 0 else "fewer" if change < 0 else ""
    return f'<span class="pill {kind}">{f"{change:+,}" if change else "same"}</span>'


def _silent(rule: Mapping[str, Any]) -> str:
    told = [f"{count:,} {escape(reason.replace('_', ' '))}" for reason, count in rule["silent"].items()]
    told += [f"{rule['held']:,} held for a while"] if rule["held"] else []
    return ", ".join(told)


def _difference(in_force: Mapping[str, Any]) -> Iterator[str]:
    yield f"<h2>Against the rules in force<small>{escape(in_force['directory'])}</small></h2>"
    if in_force["changes"]:
        yield '<ul class="changes">'
        yield from (f"<li>{escape(change)}</li>" for change in in_force["changes"])
        yield "</ul>"
    others = [each for each in in_force["rules"] if each["more"] or each["fewer"]]
    if not others:
        yield "<p>The same triggers, each of them.</p>"
    for each in others:
        for how in ("more", "fewer"):
            if each[how]:
                pill = f'<span class="pill {how}">{each[how]:,} {how}</span>'
                yield f'<section class="whole"><h3>{escape(each["rule"])} {pill}</h3>'
                yield from _table_of(each[f"examples_{how}"], each[how])
                yield "</section>"


def _reasons(rules: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    reasons: dict[str, int] = {}
    for rule in rules:
        for reason, count in rule["silent"].items():
            reasons[reason] = reasons.get(reason, 0) + count
    if not reasons:
        return
    sentences: dict[str, str] = {reason: told for reason, told in SENTENCES.items()}  # noqa: C416 -- by any text
    most = max(reasons.values())
    yield '<section class="whole"><h2>Why not sent</h2><table>'
    for reason, count in sorted(reasons.items(), key=lambda each: -each[1]):
        said = f"<small>{escape(sentences[reason])}</small>" if reason in sentences else ""
        yield f"<tr><td>{escape(reason.replace('_', ' '))}{said}</td>"
        yield f'<td class="wide">{part(count, most)}</td><td class="number">{count:,}</td></tr>'
    yield "</table></section>"


def _accounts(accounts: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if not accounts:
        return
    shown, most = accounts[:_ACCOUNTS], max(each["fired"] for each in accounts)
    note = f"<small>those with most triggers, of {len(accounts):,}</small>" if len(accounts) > len(shown) else ""
    yield f"<h2>Accounts{note}</h2>"
    yield '<table><tr><th>Account</th><th class="wide"></th><th class="number">Fired</th>'
    yield '<th class="number">Not sent</th></tr>'
    for each in shown:
        yield f'<tr><td>{escape(each["account"])}</td><td class="wide">{part(each["fired"], most)}</td>'
        yield f'<td class="number">{each["fired"]:,}</td><td class="number">{each["silent"]:,}</td></tr>'
    yield "</table>"


def _examples(rules: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    fired = [each for each in rules if each["examples"]]
    if fired:
        yield "<h2>Examples</h2>"
    for each in fired:
        yield f'<section class="whole"><h3>{escape(each["rule"])}</h3>'
        yield from _table_of(each["examples"], each["fired"])
        yield "</section>"


def _table_of(examples: Sequence[Mapping[str, Any]], count: int) -> Iterator[str]:
    yield "<table>"
    for each in examples:
        time = f"{each['time'][:10]} {each['time'][11:16]}"
        yield f'<tr><td class="when">{time}</td><td>{escape(each["account"])}</td><td>{escape(each["why"])}</td></tr>'
    yield "</table>"
    if count > len(examples):
        yield f'<p class="soft">and {count - len(examples):,} others</p>'


def _letters(letters: Mapping[str, Any]) -> Iterator[str]:
    total = sum(letters["codes"].values())
    if not total:
        return
    note = f"<small>{total:,} {counted('record', one=total == 1)}</small>"
    yield f"<h2>What can never be counted{note}</h2><table>"
    for each in letters["first"][:_LETTERS]:
        told = "</td><td>".join(escape(each[name]) for name in ("place", "code", "message"))
        yield f"<tr><td>{told}</td></tr>"
    yield "</table>"
