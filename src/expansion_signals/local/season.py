"""A season of the sample product on record: each account has a story, and together they raise every signal.

For `backtest`, where weeks pass in seconds: `python -m expansion_signals.local.season > season.jsonl`.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from expansion_signals.model.events import ACCOUNT_UPDATED, BUILT_IN_PREFIX, USAGE_RECORDED
from expansion_signals.model.instants import DAY, HOUR, MINUTE, format_instant, parse_instant

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from expansion_signals.model.instants import Instant

START = parse_instant("2026-09-01T00:00:00Z")
DAYS = 84
_MORNING = 9 * HOUR


@dataclass
class _Record:
    """What happens, put down with its time; `events` are sorted by it at the end."""

    events: list[tuple[Instant, Mapping[str, Any]]] = field(default_factory=list)

    def put(self, account: str, day: float, kind: str, data: Mapping[str, Any], source: str = "/apps/web") -> None:
        """Put an event down on this day of the season, at nine in the morning plus the day's fraction."""
        time = START + int(day * DAY) // MINUTE * MINUTE + _MORNING
        event = {
            "specversion": "1.0",
            "id": f"{account}-{len(self.events)}",
            "source": source,
            "type": kind,
            "subject": account,
            "time": format_instant(time),
            "datacontenttype": "application/json",
            "data": data,
        }
        self.events.append((time, event))

    def profile(self, account: str, plan: str, *, day: float = -0.3, version: int = 1, **snapshot: object) -> None:
        """Put the account on a plan; its periods are months of the calendar."""
        period = {"unit": "month", "anchor": "2026-01-01T00:00:00Z"}
        data = {"version": version, "plan": plan, "period": period, **snapshot}
        self.put(account, day, ACCOUNT_UPDATED, data, "/billing")

    def use(self, account: str, day: float, amount: float, meter: str = "api_calls") -> None:
        """Report usage of a meter."""
        self.put(account, day, USAGE_RECORDED, {"meter": meter, "value": str(amount), "user": "ada"})

    def tell(self, account: str, day: float, noun: str, **data: object) -> None:
        """Report anything else that is built in."""
        self.put(account, day, f"{BUILT_IN_PREFIX}{noun}.v1", data)


def season() -> Iterator[Mapping[str, Any]]:
    """Yield the events of the whole season, in the order of their time."""
    record = _Record()
    for story in (_crowd, _limits, _trends, _people, _seats, _interests, _leaving, _ready):
        story(record)
    for _, event in sorted(record.events, key=lambda placed: placed[0]):
        yield event


def _crowd(record: _Record) -> None:
    """Twenty quiet accounts on `free`, and one that uses more than all of them: a power user."""
    for number in range(20):
        record.profile(f"quiet-{number:02d}", "free")
        for day in range(60, DAYS):
            record.use(f"quiet-{number:02d}", day, 5 + number % 3)
    record.profile("busy", "free")
    for day in range(60, DAYS):
        record.use("busy", day, 30)


def _limits(record: _Record) -> None:
    """A quota is reached, hit, given back, and reached again; milestones are passed on the way."""
    record.profile("quota", "free")
    for day, amount in ((1, 700), (2, 150), (3, -200), (4, 250), (5, 100)):
        record.use("quota", day, amount)
    record.tell("quota", 6, "limit.hit", meter="api_calls", user="ada")


def _trends(record: _Record) -> None:
    """One account grows, one falls, one will run out, one stores more and more, one renews soon."""
    for account in ("growing", "falling", "running-out", "storing"):
        record.profile(account, "team")
    record.profile("renewing", "team", renewal_at="2026-12-20T00:00:00Z")
    for day in range(DAYS):
        record.use("growing", day, 100 if day < DAYS // 2 else 150)
        record.use("falling", day, 300 if day < DAYS // 2 else 60)
        record.use("storing", day, 0.2 if day < DAYS // 2 else 20 + day, "storage_gb")
        record.use("renewing", day, 10)
        if day % 30 < 20:  # noqa: PLR2004 -- it begins each month so
            record.use("running-out", day, 800)


def _people(record: _Record) -> None:
    """Somebody tries what is locked, others come from new places, and use what nobody used before."""
    record.profile("curious", "free")
    for hour, user in enumerate(("ada", "ada", "ada", "bob")):
        record.tell("curious", 3 + hour / 24, "feature.attempted", feature="sso", user=user, surface="settings")
    for day in (5, 6):
        record.tell("curious", day, "support.ticket_opened", feature="sso")
    record.profile("spreading", "business")
    record.tell("spreading", 0, "user.active", user="ada", network="n-0", department="sales", region="emea")
    for day, network, department, region in ((40, "n-1", "legal", "apac"), (41, "n-2", "finance", "amer")):
        record.tell("spreading", day, "user.active", user="bob", network=network, department=department, region=region)
    record.tell("spreading", 42, "user.active", user="cyd", network="n-3", department="sales", region="emea")
    record.tell("spreading", 0, "feature.used", feature="api_calls", user="ada")
    for day, feature in ((40, "exports"), (45, "sso")):
        record.tell("spreading", day, "feature.used", feature=feature, user="ada")


def _seats(record: _Record) -> None:
    """A plan of three seats: two members, and people who are invited until nobody fits any more."""
    record.profile("crowded", "free", members=["ada"])
    for day, invite in ((10, "i-1"), (11, "i-2"), (12, "i-3")):
        record.tell("crowded", day, "seat.invited", invite=invite, user="ada", invitee=f"p-{invite}")


def _interests(record: _Record) -> None:
    """What an account does elsewhere: it connects, shares, exports, looks at another product and asks for it."""
    record.profile("looking", "team")
    record.tell("looking", 10, "integration.connected", integration="slack", user="ada")
    record.tell("looking", 11, "feedback.given", kind="request", product="analytics")
    for number in range(6):
        day = 20 + number
        record.tell("looking", day, "content.shared", user="ada", recipient=f"guest-{number}", external=True)
        record.tell("looking", day, "data.exported", user="ada", destination="excel")
        record.tell("looking", day, "interest.shown", product="analytics", user="ada", how="view")


def _leaving(record: _Record) -> None:
    """Somebody begins to cancel."""
    record.profile("leaving", "team")
    record.tell("leaving", 50, "subscription.cancel_requested", user="ada", reason="too expensive")


def _ready(record: _Record) -> None:
    """A team of five on a plan for fewer that is refused at its limit again and again: a lead."""
    record.profile("ready", "free", annual_value={"amount": "2400", "currency": "USD"}, owner="dana@example.com")
    for number in range(5):
        record.tell("ready", 60 + number / 24, "user.active", user=f"u-{number}")
    for number in range(3):
        record.tell("ready", 61 + number / 24, "limit.hit", meter="api_calls", user="u-0")


if __name__ == "__main__":
    for event in season():
        sys.stdout.write(json.dumps(event, separators=(",", ":")) + "\n")
