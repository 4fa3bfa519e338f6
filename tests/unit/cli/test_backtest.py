"""The report of a backtest against the lines that the same backtest writes, counted here a second time."""

from __future__ import annotations

import json
import re
import shutil
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

import expansion_signals.local
from expansion_signals.cli import app
from expansion_signals.cli.backtest_html import page_of
from expansion_signals.local.season import season

if TYPE_CHECKING:
    from click.testing import Result

SAMPLE = Path(str(expansion_signals.local.__file__)).parent / "sample"
DECISIONS, SHADOW = "expansion-decisions", "expansion-shadow"


def backtested(tried: Path, recorded: Path, *options: str, in_force: Path | None = None) -> Result:
    settings = {"EXPANSION_SIGNALS_CONFIG": str(in_force) if in_force else None}
    arguments = ["backtest", "--config", str(tried), "--input", str(recorded), *options]
    return CliRunner().invoke(app, arguments, env=settings)


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the first weeks of the season, one line of it broken, and rules of which one is another."""
    directory = tmp_path_factory.mktemp("backtest")
    lines = [json.dumps(event) for _, event in zip(range(250), season(), strict=False)]
    directory.joinpath("events.jsonl").write_text("\n".join([*lines[:100], "", "{broken", *lines[100:]]) + "\n")
    shutil.copytree(SAMPLE, directory / "tried")
    rules = directory / "tried/rules.yaml"
    text = rules.read_text().replace("at: [80%, 100%, every 5000 after 100%]", "at: [50%, 80%, 100%]", 1)
    rules.write_text(text.replace("{id: integrations, ", "{id: integrations, shadow: true, ", 1))
    return directory


@pytest.fixture(scope="module")
def lines(directory: Path) -> list[dict[str, Any]]:
    said = backtested(directory / "tried", directory / "events.jsonl", "--json")
    assert said.exit_code == 0, said.output
    return [json.loads(line) for line in said.stdout.splitlines()]


@pytest.fixture(scope="module")
def report(directory: Path) -> dict[str, Any]:
    file = directory / "report.json"
    tried, recorded = directory / "tried", directory / "events.jsonl"
    said = backtested(tried, recorded, "--report", str(file), in_force=SAMPLE)
    assert said.exit_code == 0, said.output
    document: dict[str, Any] = json.loads(file.read_text())
    return document | {"terminal": said.stdout}


def decided(lines: list[dict[str, Any]], *verdicts: str) -> list[tuple[str, str, str]]:
    """Return rule, account and day of each decision that is one of these."""
    events = [line["event"] for line in lines if line["topic"] == DECISIONS]
    return [
        (event["data"]["rule"]["id"], event["subject"], event["time"][:10])
        for event in events
        if event["data"]["decision"] in verdicts
    ]


def test_each_rule_fires_as_often_as_the_lines_say(report: dict[str, Any], lines: list[dict[str, Any]]) -> None:
    told = {each["rule"]: each["fired"] for each in report["rules"] if each["fired"] and not each["shadow"]}
    assert told == Counter(rule for rule, _, _ in decided(lines, "fired"))


def test_what_is_not_sent_is_counted_by_rule(report: dict[str, Any], lines: list[dict[str, Any]]) -> None:
    told = {each["rule"]: sum(each["silent"].values()) for each in report["rules"] if each["silent"]}
    assert told == Counter(rule for rule, _, _ in decided(lines, "suppressed", "superseded", "already_past"))


def test_triggers_are_counted_by_account(report: dict[str, Any], lines: list[dict[str, Any]]) -> None:
    tried_out = [line["event"]["subject"] for line in lines if line["topic"] == SHADOW]
    told = {each["account"]: each["fired"] for each in report["accounts"] if each["fired"]}
    assert told == Counter([account for _, account, _ in decided(lines, "fired")] + tried_out)


def test_triggers_are_counted_by_day(report: dict[str, Any], lines: list[dict[str, Any]]) -> None:
    [rule] = [each for each in report["rules"] if each["rule"] == "heavy-users" or each["rule"] == "api-quota"][:1]
    told = {each["day"]: each["fired"] for each in rule["days"] if each["fired"]}
    assert told == Counter(day for name, _, day in decided(lines, "fired") if name == rule["rule"])


def test_a_shadow_rule_is_told_apart(report: dict[str, Any], lines: list[dict[str, Any]]) -> None:
    told = {each["rule"]: each["fired"] for each in report["rules"] if each["shadow"]}
    assert told == Counter(line["event"]["data"]["rule"]["id"] for line in lines if line["topic"] == SHADOW)


def test_a_lower_threshold_fires_more_and_nothing_else_changes(report: dict[str, Any]) -> None:
    others = {each["rule"]: (each["more"], each["fewer"]) for each in report["in_force"]["rules"]}
    changed = {rule for rule, (more, fewer) in others.items() if more or fewer}
    assert (changed, others["api-quota"][1]) == ({"api-quota"}, 0)


def test_the_examples_of_a_difference_are_of_the_new_threshold(report: dict[str, Any]) -> None:
    [quota] = [each for each in report["in_force"]["rules"] if each["rule"] == "api-quota"]
    percents = [int(match[1]) for each in quota["examples_more"] if (match := re.search(r"\((\d+) %\)", each["why"]))]
    assert percents
    assert all(50 <= percent < 80 for percent in percents)


def test_a_broken_line_is_told_with_its_number(report: dict[str, Any], directory: Path) -> None:
    [letter] = report["dead_letters"]["first"]
    assert (letter["place"], letter["code"]) == (f"{directory / 'events.jsonl'}:102", "unparsable")


def test_a_broken_line_has_its_number_among_the_lines(lines: list[dict[str, Any]]) -> None:
    assert [line["line"] for line in lines if line["topic"] == "usage-events-dlq"] == [102]


def test_the_terminal_names_the_rule_that_changed(report: dict[str, Any]) -> None:
    assert "rule api-quota: changed" in report["terminal"]


def test_the_page_loads_nothing_and_runs_nothing(report: dict[str, Any]) -> None:
    assert re.findall(r"<script|<link|src=|url\(|https?://", page_of(report)) == []


def test_the_page_has_a_column_for_each_day_with_triggers(report: dict[str, Any]) -> None:
    [plot] = re.findall(r'<svg class="plot".*?</svg>', page_of(report))
    assert plot.count('class="fired"') == sum(each["fired"] > 0 for each in report["days"])


def test_what_accounts_are_called_is_escaped_on_the_page(tmp_path: Path) -> None:
    hostile = '<script>alert("x")</script>'
    event = {"specversion": "1.0", "id": "1", "source": "/s", "subject": hostile, "time": "2026-09-01T00:00:00Z"}
    said = {"type": "expansion.subscription.cancel_requested.v1", "data": {"user": "u"}}
    known = {"type": "expansion.account.updated.v1", "id": "0", "data": {"version": 1, "plan": "team"}}
    recorded = tmp_path / "events.jsonl"
    recorded.write_text("".join(json.dumps(event | each) + "\n" for each in (known, said)))
    backtested(SAMPLE, recorded, "--report", str(tmp_path / "report.html"))
    page = (tmp_path / "report.html").read_text()
    assert ("<script" in page, "&lt;script&gt;" in page) == (False, True)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ((), "--input, --from-topic"),
        (("--input", "{file}", "--from-topic", "--since", "7d"), "--input, --from-topic"),
        (("--input", "{file}", "--since", "7d"), "--from-topic, --since"),
        (("--from-topic",), "--from-topic, --since"),
        (("--input", "{file}", "--report", "report.pdf"), "ends in .html or .json"),
        (("--input", "{file}", "--report", "nowhere/report.html"), "there is no directory nowhere"),
    ],
)
def test_options_that_do_not_fit_are_refused_with_2(options: tuple[str, ...], told: str, tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.touch()
    given = [each.format(file=file) for each in options]
    said = CliRunner().invoke(app, ["backtest", "--config", str(SAMPLE), *given])
    assert (said.exit_code, told in " ".join(re.sub(r"[│╭╮╰╯─]", " ", said.output).split())) == (2, True)
