"""A whole walk of the janitor over a test's state, and the catalog that it judges by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.model.catalog import Catalog, Meter
from expansion_signals.model.readings import Counter
from kept_state import WHOLE_WALK
from sample_batches import NOVEMBER

if TYPE_CHECKING:
    from kept_state import Kept

USERS = Counter("users", "", NOVEMBER)
NODES = 3
"""In a Cluster, a step of the scan looks at one of them."""

CATALOG = Catalog(
    currency="USD",
    meters={
        "calls": Meter("calls", "e", "sum", "call"),
        "peak": Meter("peak", "e", "max", "call"),
        "size": Meter("size", "e", "latest", "GB", per="never"),
        "files": Meter("files", "e", "sum", "file", per="never"),
        "hourly": Meter("hourly", "e", "count", "call", per="hour"),
        "users": Meter("users", "e", "unique", "user"),
    },
    features={},
    plans={},
    add_ons={},
)


async def sweep(kept: Kept) -> int:
    """Let another worker look at every key; return how much of it was old."""
    expiry = kept.expiry(count=WHOLE_WALK)
    return sum([await expiry.next_accounts(CATALOG) for _ in range(NODES)])
