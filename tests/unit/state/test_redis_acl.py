"""The user of least privilege is granted what the code sends, and nothing beside it."""

from __future__ import annotations

import re
from pathlib import Path

import expansion_signals.state

STATE = Path(expansion_signals.state.__file__).parent
ACL = Path(__file__).parents[3] / "deploy/redis-acl.conf"

OF_THE_CLIENT = {
    *("auth", "hello", "ping", "select", "script|load", "scan"),
    *("cluster|slots", "cluster|nodes", "command", "readonly", "asking"),
}
"""What redis-py sends by itself or by methods of its own."""

IN_LUA = re.compile(r"(?:redis\.p?call|in_pieces)\('([A-Z]+)'")
IN_PYTHON = re.compile(r"\(\s*\"([A-Z]{3,})\"\s*,")


def granted() -> set[str]:
    [user] = [line for line in ACL.read_text().splitlines() if line.startswith("user ")]
    return {word[1:] for word in user.split() if word.startswith("+")}


def sent() -> set[str]:
    lua = {name for path in (STATE / "lua").glob("*.lua") for name in IN_LUA.findall(path.read_text())}
    python = {name for path in STATE.glob("*.py") for name in IN_PYTHON.findall(path.read_text())}
    return {name.lower() for name in lua | python}


def test_every_command_that_is_sent_is_granted() -> None:
    assert sent() - granted() == set()


def test_nothing_is_granted_that_is_not_sent() -> None:
    assert granted() - sent() - OF_THE_CLIENT == set()


def test_every_command_that_is_granted_is_in_the_list_for_people() -> None:
    listed = {
        word for line in ACL.read_text().splitlines() if line.startswith("# ") for word in re.findall(r"[a-z|]+", line)
    }
    assert granted() - listed == set()
