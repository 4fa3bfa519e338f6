"""A codec that tells, as it reads profiles, which of them name what the catalog does not have (semantics 2.8)."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from expansion_signals.detect.unknown_names import unknown_names
from expansion_signals.wire.codec import CloudEventsCodec

if TYPE_CHECKING:
    from expansion_signals.model.accounts import AccountUpdate
    from expansion_signals.model.records import Record
    from expansion_signals.pipeline.epochs import Epochs
    from expansion_signals.worker.metrics import Metrics

log = logging.getLogger(__name__)

_MOST_NAMES, _LONGEST_NAME = 100, 80


class ProfileTellingCodec(CloudEventsCodec):
    """Counts such profiles in `metrics`, and logs each name once, the first hundred: they come from outside."""

    def __init__(self, epochs: Epochs, metrics: Metrics, **settings: Any) -> None:  # noqa: ANN401 -- the codec's own
        super().__init__(**settings)
        self._epochs = epochs
        self._metrics = metrics
        self._told: set[str] = set()

    def account_update(self, record: Record) -> AccountUpdate:
        """Decode as any codec does, and tell."""
        update = super().account_update(record)
        if update.snapshot is not None:
            unknown = unknown_names(update.snapshot, self._epochs.configuration.catalog)
            self._metrics.profiles_of_unknown_plans.inc(unknown.plan is not None)
            self._metrics.profiles_with_unknown_names.inc(bool(unknown.limits or unknown.add_ons))
            for name in unknown.described():
                self._tell(name[:_LONGEST_NAME])
        return update

    def _tell(self, name: str) -> None:
        if name not in self._told and len(self._told) < _MOST_NAMES:
            self._told.add(name)
            log.warning("the catalog does not know %s, which a profile names: `account show` tells whose", ascii(name))
