"""Verbs over readings: which evidence a change of a counter is (semantics 3 to 6)."""

from __future__ import annotations
