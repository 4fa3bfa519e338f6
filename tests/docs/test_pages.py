"""What the pages point to is there: links, commands, targets, settings, metrics, codes, keys, tests."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, get_args

import pytest
import typer.main
import yaml

from documents import PAGES, ROOT, blocks, code, name, rows, section
from expansion_signals.cli import app
from expansion_signals.decide.copies import copy_for
from expansion_signals.errors import DeadLetterCode
from expansion_signals.model.readings import Counter as Place
from expansion_signals.rules.copy_fields import FIELDS
from expansion_signals.rules.loading import load
from expansion_signals.settings import ENVIRONMENT_PREFIX, Settings
from expansion_signals.state.keys import configurations_key, deployment_key, mutes_key, replayed_key, shard_keys
from sample_readings import Counter, crossed, fired, recovered

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from expansion_signals.model.signals import Signal
    from expansion_signals.rules.configuration import Configuration

LINK = re.compile(r"\[[^\]]+\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)")
RULES_PER_CHAPTER = {1: 5, 2: 9, 3: 8, 4: 3, 5: 4, 6: 4, 7: 8, 8: 4, 9: 4, 10: 6}
"""How many numbered rules each chapter of the semantics has."""
COUNTING = re.compile(r"[123]\.\d|9\.[12]|10\.[125]")
"""The rules of what is counted and which thresholds fire: each is implemented, and has a test."""
MONTHLY = {"amount": "20.00", "currency": "USD", "per": "month"}
EDGE_CASES = 26
EDGE_CASE = re.compile(r"test_edge_cases.py::test_(\d+)_")

SEMANTICS = ROOT / "docs/semantics.md"
OPERATIONS = ROOT / "docs/operations.md"
RULES = ROOT / "docs/rules.md"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    broken = [match[0] for match in LINK.finditer(page.read_text()) if not _leads_somewhere(page, *match.groups())]
    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_command_and_option_exists(page: Path) -> None:
    lines = [line for block in blocks(page) for line in block.splitlines()]
    assert [line for line in lines if "expansion-signals " in line and not _is_understood(line)] == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_make_target_exists(page: Path) -> None:
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    asked = {match for block in blocks(page) for match in re.findall(r"^make ([a-z-]+)", block, re.MULTILINE)}
    assert asked - set(targets) == set()


def test_the_table_of_settings_is_that_of_the_program() -> None:
    table = rows((ROOT / "docs/settings.md").read_text())
    written = {name: (code(row[1]) or [""])[0] for row in table for name in code(row[0])}
    fields = Settings.model_fields
    assert written == {ENVIRONMENT_PREFIX + field.upper(): _default(fields[field].default) for field in fields}


def test_the_dead_letter_codes_are_those_of_the_program() -> None:
    told = [code(row[0])[0] for row in rows(section(OPERATIONS, "## Dead letters"))]
    assert sorted(told) == sorted(get_args(DeadLetterCode))


def test_the_worker_says_what_operations_quotes() -> None:
    sources = "".join(path.read_text() for path in (ROOT / "src").rglob("*.py"))
    said = re.sub(r'"\s*f?"', "", sources)
    table = rows(section(OPERATIONS, "## When the worker refuses to start"))
    quoted = [part.strip() for row in table for part in code(row[0])[0].split("…") if part.strip()]
    assert [part for part in quoted if part not in said] == []


def test_the_keys_in_redis_are_those_of_the_program() -> None:
    told = {code(row[0])[0] for row in rows(section(ROOT / "docs/architecture.md", "## Keys in Redis"))}
    shard = shard_keys("", 7)
    keys = [shard.state, shard.watermarks, shard.names, shard.pending, shard.due, shard.used, shard.lease("<stage>")]
    keys += [of("<account>") for of in (shard.account, shard.profile, shard.policy, shard.totals)]
    keys += [shard.month("<account>", 0).replace("1970-01", "<month>"), shard.hours("<account>", 0)[:-1] + "<day>"]
    keys += [shard.note("<account>", "<subject>")]
    keys += [key[:-4] for key in (shard.identities("<slice>", 1, 0), shard.checks("<slice>", 1, 0))]
    period = Place("<meter>", "", 0)
    keys += [key("<account>", period)[:-1] + "<start>" for key in (shard.members, shard.sketch, shard.shares)]
    keys += [shard.last_seen("<account>", "<meter>"), shard.seen_on("<account>", "<meter>", 0)[:-1] + "<day>"]
    deployment = [deployment_key(""), configurations_key(""), mutes_key(""), replayed_key("")]
    expected = [key.replace("{7}", "{<shard>}") for key in keys] + deployment
    assert sorted(key.removesuffix(":<buckets>:<bucket>") for key in told) == sorted(expected)


def test_every_numbered_rule_of_the_semantics_is_in_the_table() -> None:
    numbers = [row[0] for row in rows(section(SEMANTICS, "## Rules and their tests"))]
    expected = [f"{chapter}.{rule}" for chapter, count in RULES_PER_CHAPTER.items() for rule in range(1, count + 1)]
    assert list(dict.fromkeys(numbers)) == expected


def test_every_rule_of_counting_is_implemented_and_has_a_test() -> None:
    table = [row for row in rows(section(SEMANTICS, "## Rules and their tests")) if COUNTING.fullmatch(row[0])]
    assert [row[0] for row in table if "::" not in row[-1] or row[-2].startswith("not yet")] == []


def test_every_edge_case_is_in_the_table_with_its_tests_or_marked() -> None:
    table = rows(section(SEMANTICS, "## Edge cases others got wrong"))
    assert [row[0] for row in table] == [str(number) for number in range(1, EDGE_CASES + 1)]
    assert [row[0] for row in table if "::" not in row[-1] and not row[-1].startswith("not yet: ")] == []


def test_the_edge_cases_seen_from_outside_stand_under_their_numbers() -> None:
    table = rows(section(SEMANTICS, "## Edge cases others got wrong"))
    numbered = {(row[0], match[1]) for row in table for each in code(row[-1]) if (match := EDGE_CASE.search(each))}
    assert [pair for pair in numbered if pair[0] != pair[1]] == []


def test_every_test_that_the_semantics_name_exists() -> None:
    named = [each for row in rows(SEMANTICS.read_text()) for each in code(row[-1]) if "::" in each]
    assert [each for each in named if not _is_a_test(each)] == []


def test_a_rule_without_a_test_is_marked() -> None:
    table = rows(section(SEMANTICS, "## Rules and their tests"))
    assert [row[0] for row in table if "::" not in row[-1] and not row[-2].startswith("not yet")] == []


def test_the_folders_of_the_tour_are_the_folders_of_the_source() -> None:
    source = ROOT / "src/expansion_signals"
    [tour] = [block for block in blocks(ROOT / "CONTRIBUTING.md", "") if "errors.py" in block]
    told = {line.split()[0].rstrip("/") for line in tour.splitlines()[1:]}
    there = {path.name for path in source.iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()}
    assert told == {each for each in there if not each.startswith("__")}


def test_the_files_shown_load_without_a_warning() -> None:
    assert _shown_configuration().warnings == ()


def test_the_month_of_one_account_goes_as_told() -> None:
    [quota] = [rule for rule in _shown_configuration().limit_rules if rule.id == "api-quota"]
    counter = Counter([quota])
    told = rows(section(RULES, "### A month of one account"))
    assert [(level, _said(counter.to(int(level)))) for level, _ in told] == [
        (level, re.split("[:;]", said)[0]) for level, said in told
    ]


def test_the_fields_of_copy_are_those_of_the_program() -> None:
    table = rows(section(RULES, "### Fields of copy"))
    own = {signal: code(row[1])[0].split() for row in table for signal in code(row[0])}
    common = [field for row in table if not code(row[0]) for field in code(row[1])[0].split()]
    assert {signal: (*fields, *common) for signal, fields in own.items()} == FIELDS


def test_the_copy_of_one_trigger_is_as_told() -> None:
    shown = _shown_configuration()
    [worded] = [rule for rule in shown.limit_rules if rule.id == "calls-worded"]
    [signal] = Counter([worded]).to(800)
    add_on = {"kind": "add_on", "to": "extra-api", "price": MONTHLY, "gain": "50000"}
    for language, recommended, *told in rows(section(RULES, "## Copy"))[:4]:
        copy = copy_for(signal, shown.copies["calls-worded"], add_on if code(recommended) else None, code(language)[0])
        assert [copy["title"], copy["body"]] == told


def test_the_compose_file_has_the_services_that_operations_names() -> None:
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    assert set(code(section(OPERATIONS, "## In containers").splitlines()[1])) >= set(compose["services"])


def _shown_configuration() -> Configuration:
    catalog, *rules = blocks(RULES, "yaml")
    shown = "".join(block.removeprefix("rules:\n") for block in rules)
    return load({"catalog.yaml": catalog, "rules.yaml": f"rules:\n{shown}"})


def _said(signals: Sequence[Signal]) -> str:
    said = [f"recovered {value}" for value in recovered(signals)]
    for value in fired(signals):
        several = crossed(signals)
        said.append(f"reached {value}" + (f", crossed {' '.join(several)}" if len(several) > 1 else ""))
    return "; ".join(said) or "nothing"


def _leads_somewhere(page: Path, path: str, heading: str | None) -> bool:
    target = (page.parent / path).resolve() if path else page
    if not target.exists():
        return False
    return heading is None or heading in {_anchor(line) for line in target.read_text().splitlines()}


def _anchor(line: str) -> str | None:
    return re.sub(r"[^\w -]", "", line.lstrip("# ")).lower().replace(" ", "-") if line.startswith("#") else None


def _is_understood(line: str) -> bool:
    words = shlex.split(line, comments=True)
    words = words[words.index("expansion-signals") + 1 :]
    command = typer.main.get_command(app)
    while hasattr(command, "commands"):
        command = command.commands.get(words.pop(0))
    options = {option for parameter in command.params for option in parameter.opts} if command else set()
    return command is not None and {word for word in words if word.startswith("--")} <= options


def _default(value: object) -> str:
    if value is None:
        return ""
    secret = getattr(value, "get_secret_value", None)
    if secret is not None:
        return str(secret())
    return str(value).lower() if isinstance(value, bool) else str(value)


def _is_a_test(named: str) -> bool:
    path, _, test = named.partition("::")
    file = ROOT / path
    return file.is_file() and re.search(rf"^(async )?def {test}\(", file.read_text(), re.MULTILINE) is not None
