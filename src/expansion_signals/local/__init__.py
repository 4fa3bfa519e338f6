"""For trying it out: an embedded broker, an embedded Redis and a simulated product. Nothing here is durable."""

from __future__ import annotations
