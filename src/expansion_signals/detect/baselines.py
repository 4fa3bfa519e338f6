"""Levels that an account update sets, so that a product can adopt in the middle of a period (semantics 2.9)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from expansion_signals.model.amounts import scale

if TYPE_CHECKING:
    from expansion_signals.model.accounts import Account
    from expansion_signals.model.catalog import Catalog, Meter
    from expansion_signals.model.instants import Instant


class ScaledBaseline(NamedTuple):
    """The level of a meter as of an instant, scaled by its precision."""

    meter: Meter
    level: int
    as_of: Instant


def baselines(account: Account, before: Account | None, catalog: Catalog) -> list[ScaledBaseline]:
    """Return the baselines that are new with this snapshot; a repeated one sets nothing.

    Those of meters that the catalog does not have are passed over, and of `unique` meters: a number names nobody.

    Raises:
        RejectedRecord: `precision` or `overflow`: a level that the meter cannot stand at.
    """
    known = before.usage if before else {}
    found = []
    for key, baseline in account.usage.items():
        meter = catalog.meters.get(key)
        if meter is not None and meter.aggregation != "unique" and known.get(key) != baseline:
            found.append(ScaledBaseline(meter, scale(baseline.value, meter.precision), baseline.as_of))
    return found
