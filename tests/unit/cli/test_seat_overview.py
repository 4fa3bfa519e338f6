"""Seats in `account show`: how many are used, by whom, of how many, and where thresholds stand."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING, Any

from rich.console import Console

from expansion_signals.cli.account_document import document_of
from expansion_signals.cli.account_overview import overview_of
from expansion_signals.cli.account_view import lines_of
from expansion_signals.model.accounts import succeed
from expansion_signals.model.instants import DAY, HOUR
from expansion_signals.model.notes import Note
from expansion_signals.model.standing import AccountStanding
from expansion_signals.model.windows import last_days
from expansion_signals.rules.loading import load
from seated_account import START, SeatedAccount
from watched_account import CATALOG

if TYPE_CHECKING:
    from expansion_signals.cli.account_overview import Overview

RULES = "rules: [{id: seats, signal: seat_limit_approached, at: [80%, 100%]}]"
CONFIGURATION = load({"catalog.yaml": CATALOG, "rules.yaml": RULES})


def overview(account: SeatedAccount, *, after: int = HOUR) -> Overview:
    notes = {subject: Note(1, text) for subject, text in account.texts.items()}
    profile = succeed(None, account.profile, START) if account.profile else None
    standing = AccountStanding("acct-1", 1, profile, {}, {}, {}, 0, {}, None, {}, notes=notes)
    return overview_of(standing, CONFIGURATION, START + after, last_days(START + after, 14))


def told(account: SeatedAccount, *, after: int = HOUR) -> dict[str, Any]:
    seats: dict[str, Any] = document_of(overview(account, after=after))["seats"]
    return seats


def printed(account: SeatedAccount) -> str:
    console = Console(file=StringIO(), width=80)
    for line in lines_of(overview(account)):
        console.print(line)
    return console.file.getvalue()  # type: ignore[attr-defined]


def invited() -> SeatedAccount:
    account = SeatedAccount(members=3)
    account.invite("i-1")
    return account


def test_a_script_reads_what_is_used_by_whom_and_of_how_many() -> None:
    seats = told(invited())
    assert {name: seats[name] for name in ("used", "members", "pending", "allowance", "utilization")} == {
        "used": "4",
        "members": "3",
        "pending": "1",
        "allowance": "5",
        "utilization": "0.8",
    }


def test_a_script_reads_where_thresholds_stand() -> None:
    thresholds = told(invited())["thresholds"]
    assert [(each["written"], each["state"], each["at"], each["to_go"]) for each in thresholds] == [
        ("80%", "fired", "4", None),
        ("100%", "armed", "5", "1"),
    ]


def test_a_person_reads_the_same() -> None:
    lines = printed(invited())
    assert "seats  4 of 5 seats (80 %), 1 left, hard limit\n  3 members, 1 pending invite\n" in lines
    assert "fires at 5, 1 to go" in lines


def test_an_invite_that_has_expired_by_now_is_left_out() -> None:
    assert told(invited(), after=15 * DAY)["used"] == "3"


def test_where_no_rule_has_looked_at_a_seat_there_is_nothing_to_tell() -> None:
    account = SeatedAccount()
    account.texts.clear()
    assert (told(account), "seats  " in printed(account)) == (None, False)


def test_seats_of_an_account_not_yet_known_have_no_allowance() -> None:
    account = SeatedAccount(members=None)
    account.activate("eve")
    assert (told(account)["used"], told(account)["allowance"]) == ("1", None)
