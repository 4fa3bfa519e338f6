"""Rules and catalog as code: loaded, validated whole, versioned. Pure."""

from __future__ import annotations
