"""The pipeline without servers: for tests of rules, and for trying rules out on recorded events.

```python
from expansion_signals.testing import Pipeline

pipeline = Pipeline("config")
pipeline.account_updated("acct-1", plan="free")
pipeline.usage("acct-1", meter="api_calls", value=800)
assert pipeline.fired("acct-1") == ["api-quota 80%"]
```

In pytest the fixture `expansion` is such a pipeline.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from expansion_signals.sdk import Trigger
    from expansion_signals.testing.pipeline import Pipeline
    from expansion_signals.testing.published import DeadLetter, Decision, PublishedEvent

__all__ = ["DeadLetter", "Decision", "Pipeline", "PublishedEvent", "Trigger"]

_HOMES = {
    "DeadLetter": "expansion_signals.testing.published",
    "Decision": "expansion_signals.testing.published",
    "Pipeline": "expansion_signals.testing.pipeline",
    "PublishedEvent": "expansion_signals.testing.published",
    "Trigger": "expansion_signals.sdk",
}


def __getattr__(name: str) -> object:
    """Import what is asked for: pytest reads the plugin in this folder in every run, of whatever project."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
