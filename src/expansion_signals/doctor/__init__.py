"""Looks at everything the program stands on, and has it judged: what `expansion-signals doctor` and a start tell."""

from __future__ import annotations
