"""When Python looks for cycles: rarely. A poll makes tens of thousands of objects and no cycle to speak of."""

from __future__ import annotations

import gc

_ALLOCATIONS = 100_000
"""Net allocations between two looks at the young: some polls. Measured: a third of the worker's CPU at 700."""

_YOUNG_LOOKS, _MIDDLE_LOOKS = 50, 1_000


def look_rarely() -> None:
    """Leave out what is there for good from now on, and look at the rest rarely."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_ALLOCATIONS, _YOUNG_LOOKS, _MIDDLE_LOOKS)
