"""Configurations with few rules or many, that fire the same triggers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.stage import CONFIGURATION
from benchmarks.workload import METERS

if TYPE_CHECKING:
    from pathlib import Path

_LIMIT = "  - {{id: limit-{number}, signal: limit_reached, meter: {meter}, at: [80%, 100%]{when}}}"
_MILESTONE = "  - {{id: milestone-{number}, signal: milestone, meter: {meter}, at: [{far}]}}"
_DAILY = "  - {id: heavy-users, signal: power_user_reached, meter: api_calls}"
"""Without it nothing would be summed up once a day, for which `benchmarks.prefill` waits."""

_FAR = 10**12
_NEVER = ", when: plan = enterprise"


def with_rules(folder: Path, count: int) -> Path:
    """Write the benchmark's catalog and policy with so many rules to a folder, and return it.

    Those of the three limits fire. Of the others, one half is judged at each of these limits and then held back by its
    condition; the other waits for a milestone that nobody reaches.
    """
    folder.mkdir(exist_ok=True)
    (folder / "catalog.yaml").write_text((CONFIGURATION / "catalog.yaml").read_text())
    meters = list(METERS)
    rules = [_LIMIT.format(number=number, meter=meter, when="") for number, meter in enumerate(meters)]
    rules.append(_DAILY)
    for number in range(len(rules), count):
        meter = meters[number // 2 % len(meters)]
        further = _LIMIT if number % 2 else _MILESTONE
        rules.append(further.format(number=number, meter=meter, when=_NEVER, far=_FAR + number))
    policy = (CONFIGURATION / "rules.yaml").read_text().rpartition("\npolicy:\n")[2]
    (folder / "rules.yaml").write_text("\n".join(["rules:", *rules, "policy:", policy]))
    return folder
