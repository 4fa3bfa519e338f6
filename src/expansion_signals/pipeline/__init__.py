"""The order of steps, from a poll of the log to a commit; I/O only through ports."""

from __future__ import annotations
