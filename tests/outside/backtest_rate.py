"""What an event costs a backtest: `python tests/outside/backtest_rate.py [--events 1000000]`, microseconds of CPU.

Figures, not claims: nothing is asserted. A month of the sample's product, evenly over days and hours: accounts
whose use is Zipf-distributed, each on a plan of which it uses a part; a tenth of the events tells what people do. The
command is started as people start it, once with limits alone and once with all rules of the sample: its start and its
report are in the figures.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1]))

import expansion_signals.local
from expansion_signals.model.events import ACCOUNT_UPDATED, BUILT_IN_PREFIX, USAGE_RECORDED
from expansion_signals.model.instants import DAY, MILLISECOND, format_instant, parse_instant

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

BEGIN = parse_instant("2026-09-01T00:00:00Z")
ZIPF = 1.1
USERS = 40
SAMPLE = Path(expansion_signals.local.__file__).parent / "sample"
LIMITS = """
rules:
  - {id: api-quota, signal: limit_reached, meter: api_calls, at: [80%, 100%, every 5000 after 100%]}
  - {id: storage-nearly-full, signal: limit_reached, meter: storage_gb, at: [80%, 90%, 100%, every 50 after 100%]}
  - {id: exports-left, signal: limit_reached, meter: exports, at: [80%, 1 remaining, 100%]}
  - {id: projects-full, signal: limit_reached, meter: projects, at: [80%, 100%]}
"""

PLANS = {"business": (0.05, 200_000, 500), "team": (0.30, 20_000, 50), "free": (1.0, 1_000, 1)}
"""Each plan with the part of the accounts down to which it goes, the busiest first, and its calls and GB."""

DEEDS = {
    "call": 0.6,
    "store": 0.2,
    "export": 0.08,
    "create": 0.02,
    "user.active": 0.05,
    "feature.used": 0.02,
    "feature.attempted": 0.01,
    "content.shared": 0.01,
    "limit.hit": 0.01,
}
"""What is done, with its part of the events."""


class Load(NamedTuple):
    """So many events, over so many days, of so many accounts."""

    events: int
    days: int
    accounts: int


class Account(NamedTuple):
    """An account, its plan, and the calls and GB that one event of it brings on average."""

    name: str
    plan: str
    calls: float
    stored: float


def accounts_of(load: Load, draw: random.Random) -> Iterator[tuple[Account, float]]:
    """Yield the accounts, the busiest first, with their part of the events.

    Each uses 3 to 120 % of its plan a month.
    """
    weights = [1 / rank**ZIPF for rank in range(1, load.accounts + 1)]
    for number, weight in enumerate(weights):
        part = weight / sum(weights)
        plan, (_, calls, gigabytes) = next(
            (name, terms) for name, terms in PLANS.items() if number < terms[0] * load.accounts
        )
        used = draw.uniform(0.03, 1.2) / max(1, part * load.events) * load.days / 30
        account = Account(f"acct-{number:05}", plan, used * calls / DEEDS["call"], used * gigabytes / DEEDS["store"])
        yield account, part


def lines_of(load: Load) -> Iterator[str]:
    """Yield who the accounts are, then what they do."""
    draw = random.Random(7)  # noqa: S311 -- a load, not a secret
    accounts, parts = zip(*accounts_of(load, draw), strict=True)
    for account in accounts:
        month = {"unit": "month", "anchor": format_instant(BEGIN)}
        yield line_of(account.name, 0, BEGIN, ACCOUNT_UPDATED, {"version": 1, "plan": account.plan, "period": month})
    doing = draw.choices(accounts, cum_weights=list(accumulate(parts)), k=load.events)
    deeds = draw.choices(list(DEEDS), weights=list(DEEDS.values()), k=load.events)
    for number, (account, deed) in enumerate(zip(doing, deeds, strict=True), 1):
        time = BEGIN + number * load.days * DAY // (load.events + 1) // MILLISECOND * MILLISECOND
        yield line_of(account.name, number, time, *done(account, deed, draw))


def done(account: Account, deed: str, draw: random.Random) -> tuple[str, Mapping[str, Any]]:  # noqa: PLR0911 -- a deed each
    """Return the type and the data of an event."""
    user = f"u-{draw.randrange(USERS)}"
    match deed:
        case "call":
            amount = round(draw.uniform(0, 2 * account.calls)) + 1
            return USAGE_RECORDED, {"meter": "api_calls", "value": str(amount), "user": user}
        case "store":
            amount = f"{draw.uniform(0, 2 * account.stored):.3f}"
            return USAGE_RECORDED, {"meter": "storage_gb", "value": amount, "user": user}
        case "export":
            return "com.acme.report.exported", {"user": user}
        case "create":
            return "com.acme.project.created", {"user": user}
        case "limit.hit":
            return f"{BUILT_IN_PREFIX}{deed}.v1", {"meter": "api_calls", "user": user}
        case "feature.used" | "feature.attempted":
            return f"{BUILT_IN_PREFIX}{deed}.v1", {
                "feature": draw.choice(["sso", "audit_log", "exports"]),
                "user": user,
            }
        case "content.shared":
            data = {"user": user, "recipient": f"guest-{draw.randrange(9)}", "external": True}
            return f"{BUILT_IN_PREFIX}{deed}.v1", data
        case _:
            return f"{BUILT_IN_PREFIX}{deed}.v1", {"user": user}


def line_of(account: str, number: int, time: int, kind: str, data: Mapping[str, Any]) -> str:
    """Return an event as a line of a file."""
    event = {
        "specversion": "1.0",
        "id": f"e-{number}",
        "source": "/apps/web",
        "type": kind,
        "subject": account,
        "time": format_instant(time),
        "datacontenttype": "application/json",
        "data": data,
    }
    return json.dumps(event, separators=(",", ":")) + "\n"


def measured(configuration: Path, recorded: Path, report: Path) -> tuple[float, float]:
    """Return the CPU seconds, and the peak in MB, of a backtest that writes its report here."""
    command = [sys.executable, "-m", "expansion_signals", "backtest", "--config", str(configuration)]
    environment = {name: value for name, value in os.environ.items() if name != "EXPANSION_SIGNALS_CONFIG"}
    process = subprocess.Popen(
        [*command, "--input", str(recorded), "--report", str(report)], env=environment, stdout=subprocess.DEVNULL
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, process.returncode
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def main() -> None:
    """Make the load, play it under both, and print a line each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--accounts", type=int, default=1_000)
    parser.add_argument("--only", choices=["limits", "sample"])
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        recorded, limits, report = directory / "events.jsonl", directory / "limits", directory / "report.json"
        with recorded.open("w") as file:
            file.writelines(lines_of(Load(asked.events, asked.days, asked.accounts)))
        limits.mkdir()
        (limits / "catalog.yaml").write_text((SAMPLE / "catalog.yaml").read_text())
        (limits / "rules.yaml").write_text(LIMITS)
        for form, configuration in {"limits": limits, "sample": SAMPLE}.items():
            if asked.only in (None, form):
                seconds, peak = measured(configuration, recorded, report)
                told = json.loads(report.read_text())["totals"]
                each = seconds / asked.events * 1e6
                print(f"{form}: {each:.1f} µs CPU an event, {seconds:.1f} s, {peak:.0f} MB; {json.dumps(told)}")  # noqa: T201 -- what it is for


if __name__ == "__main__":
    main()
