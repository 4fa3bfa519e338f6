"""The two stages of a worker, by the names that topics, state and pages call them."""

from __future__ import annotations

STAGES = ("metering", "deciding")
