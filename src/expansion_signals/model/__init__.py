"""The nouns: frozen values without clock and without I/O."""

from __future__ import annotations
