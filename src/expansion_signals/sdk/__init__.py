"""What product apps and notification services import: it needs kafka-python and `crc32c`, and no other library.

```python
from expansion_signals.sdk import Subscriber

for trigger in Subscriber("localhost:9092", group="mailer", topics=["expansion-limit-reached"]):
    send(trigger.data.why)
    trigger.done()
```
"""

from __future__ import annotations

from expansion_signals.errors import Rejected, Retryable, TriggerTaken
from expansion_signals.sdk.parked_triggers import Parking
from expansion_signals.sdk.subscriber import Subscriber
from expansion_signals.sdk.triggers import Trigger, TriggerData
from expansion_signals.security import KafkaSecurity

__all__ = ["KafkaSecurity", "Parking", "Rejected", "Retryable", "Subscriber", "Trigger", "TriggerData", "TriggerTaken"]
