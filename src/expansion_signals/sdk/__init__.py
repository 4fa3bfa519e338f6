"""What product apps and notification services import: it needs kafka-python and `crc32c`, and no other library.

```python
from expansion_signals.sdk import Emitter, Subscriber

with Emitter("localhost:9092", source="/apps/web") as emit:
    emit.usage("acct-1", meter="api_calls", value=1, user="u-42")

for trigger in Subscriber("localhost:9092", group="mailer", topics=["expansion-limit-reached"]):
    send(trigger.data.why)
    trigger.done()
```
"""

from __future__ import annotations

from expansion_signals.errors import Rejected, RejectedEvent, Retryable, TriggerTaken
from expansion_signals.sdk.emitter import Emitter
from expansion_signals.sdk.parked_triggers import Parking
from expansion_signals.sdk.subscriber import Subscriber
from expansion_signals.sdk.triggers import Trigger, TriggerData
from expansion_signals.security import KafkaSecurity

__all__ = [
    "Emitter",
    "KafkaSecurity",
    "Parking",
    "Rejected",
    "RejectedEvent",
    "Retryable",
    "Subscriber",
    "Trigger",
    "TriggerData",
    "TriggerTaken",
]
