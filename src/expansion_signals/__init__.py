"""Expansion Signals: finds the moment an existing customer is ready for more, from product usage."""

from __future__ import annotations
