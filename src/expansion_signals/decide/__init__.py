"""Decisions: what becomes of each signal. Pure: values in, values out, time is an argument."""

from __future__ import annotations
