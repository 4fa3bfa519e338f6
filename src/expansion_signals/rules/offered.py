"""What a catalog offers for rules to name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from expansion_signals.rules.built_in import SEATS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from expansion_signals.model.catalog import Catalog
    from expansion_signals.rules.findings import Findings


@dataclass(frozen=True, slots=True)
class Offered:
    """The catalog as far as it is right, and all that its file names: no rule is blamed for the catalog's mistakes.

    `limited` are the meters for which at least one plan has a limit.
    """

    catalog: Catalog
    meters: Sequence[str]
    features: Sequence[str]
    plans: Sequence[str]
    limited: frozenset[str]

    @classmethod
    def of(cls, catalog: Catalog, findings: Findings) -> Offered:
        """Return what the catalog read with these findings offers to rules."""
        keys = (plan.child("key") for plan in findings.entries("plans"))
        plans = tuple(str(key.value) for key in keys if key is not None)
        return cls(catalog, (*findings.names("meters"), SEATS), findings.names("features"), plans, _limited(catalog))


def _limited(catalog: Catalog) -> frozenset[str]:
    return frozenset(
        meter
        for plan in catalog.plans.values()
        for name, entitlement in plan.includes.items()
        if entitlement.limit is not None
        and name in catalog.features
        and (meter := catalog.features[name].meter) is not None
    )
