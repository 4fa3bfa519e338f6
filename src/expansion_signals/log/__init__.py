"""The log: what reads and writes Kafka. No other part but `sdk` imports a Kafka client.

aiokafka retries within itself and writes a line each time; what matters of that reaches the caller as
`LogUnavailable` or `RejectedState`. So its loggers are quiet, unless the deployment has set their level.
"""

from __future__ import annotations

import logging

_driver = logging.getLogger("aiokafka")
if _driver.level == logging.NOTSET:
    _driver.setLevel(logging.CRITICAL)
