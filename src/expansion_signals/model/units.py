"""Units as people read them beside a number."""

from __future__ import annotations


def counted(unit: str, *, one: bool) -> str:
    """Return the unit as it follows a number: `1 call`, `2 calls`, `2 entries`, `2 boxes`, `2 GB`, `2 seats`."""
    if one or not (unit.isalpha() and unit.islower()) or unit.endswith("s"):
        return unit
    if unit.endswith("y") and unit[-2:-1] not in set("aeiou"):
        return f"{unit[:-1]}ies"
    return f"{unit}es" if unit.endswith(("x", "z", "ch", "sh")) else f"{unit}s"
