"""The rules of the house that no linter knows: names, sizes, and a reason for each exception."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "src").rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))

LONGEST_FILE = 320
SAY_NOTHING = {"util", "utils", "helper", "helpers", "manager", "managers", "info"}
SAY_NOTHING_IN_FRONT = {"process", "handle"}
EXCEPTION = re.compile(r"# *(noqa|type: *ignore)\b")
EXCEPTION_WITH_REASON = re.compile(r"# (noqa: [A-Z]+\d+(, [A-Z]+\d+)* -- \S|type: ignore\[[a-z, -]+\])")
WHERE_TESTS_WAIT = ROOT / "tests/servers/waiting.py"
WHERE_A_DELAY_IS_MADE = ROOT / "tests/nemesis/proxy.py"
MAY_SLEEP = {WHERE_TESTS_WAIT, WHERE_A_DELAY_IS_MADE}


def test_names_say_what_they_mean() -> None:
    names = [(path, name) for path in SOURCES + TESTS for name in (path.stem, *_defined_in(path))]
    assert [f"{_short(path)}: {name}" for path, name in names if _says_nothing(name)] == []


def test_a_file_does_one_thing_and_is_short() -> None:
    lengths = {_short(path): len(path.read_text().splitlines()) for path in SOURCES}
    assert {name: length for name, length in lengths.items() if length > LONGEST_FILE} == {}


def test_each_exception_from_a_rule_names_the_rule_and_the_reason() -> None:
    here = Path(__file__)
    lines = [(path, line) for path in SOURCES + TESTS if path != here for line in path.read_text().splitlines()]
    exceptions = [(path, line) for path, line in lines if EXCEPTION.search(line)]
    assert [f"{_short(path)}: {line}" for path, line in exceptions if not EXCEPTION_WITH_REASON.search(line)] == []


def test_tests_wait_for_a_condition_and_never_sleep() -> None:
    nodes = [(path, node) for path in TESTS if path not in MAY_SLEEP for node in ast.walk(_tree(path))]
    assert [
        f"{_short(path)}:{node.lineno}" for path, node in nodes if isinstance(node, ast.Call) and _sleeps(node)
    ] == []


def _short(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def _defined_in(path: Path) -> list[str]:
    definitions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return [node.name for node in ast.walk(_tree(path)) if isinstance(node, definitions)]


def _says_nothing(name: str) -> bool:
    words = [word.lower() for word in re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+", name)]
    return bool(SAY_NOTHING.intersection(words)) or (len(words) > 1 and words[0] in SAY_NOTHING_IN_FRONT)


def _sleeps(call: ast.Call) -> bool:
    """Whether it lets time pass; `sleep(0)` only lets the others run."""
    called = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    first = call.args[0] if call.args else None
    return called == "sleep" and not (isinstance(first, ast.Constant) and first.value == 0)
