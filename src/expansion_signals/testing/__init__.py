"""The pipeline without servers: for trying rules out on recorded events."""

from __future__ import annotations
