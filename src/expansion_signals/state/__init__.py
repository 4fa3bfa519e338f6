"""Where counters, watermarks, marks and identities are kept: Redis, and the memory store that is its reference."""

from __future__ import annotations
